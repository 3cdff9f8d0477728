//! Pictures, sounds and models of a world: found by the names in its rows, carried by their
//! digests.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    io::Read,
};

use anyhow::{Context, ensure};
use components::{JsonMap, Umid};
use futures_util::TryStreamExt;
use media::{Digest, Kind, Storage, names_in};
use serde::{Deserialize, Serialize};
use store::{BlobState, Store};
use tokio::runtime::Handle;
use tokio_util::io::{StreamReader, SyncIoBridge};

use crate::file::Files;

/// Most contents of a world.
const MAX_CONTENTS: usize = 100_000;
/// Most bytes of a content.
const MAX_CONTENT: u64 = 1 << 30;
/// Longest other name of a content.
const MAX_NAME: usize = 128;
/// Names that are looked up in one statement.
const BATCH: usize = 500;

/// A content in an archive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Content {
    /// SHA-256 of the bytes in lower-case hexadecimal; the file is `contents/<digest>`.
    pub digest: String,
    /// Number of bytes.
    pub size: u64,
    /// Kinds that it may be served as: `image`, `audio`, `video`, `model`.
    kinds: Vec<String>,
    /// Names other than the digest by which the world refers to it.
    pub names: Vec<String>,
}

/// A model that was uploaded: nodes that do not have it get it under the same id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ModelEntry {
    pub(crate) id: Umid,
    pub(crate) meta: JsonMap,
}

impl Content {
    /// Name of the file in the archive.
    pub(crate) fn path(&self) -> String {
        format!("contents/{}", self.digest)
    }

    /// Kinds that it may be served as.
    pub fn kinds(&self) -> Vec<Kind> {
        let is_listed = |kind: &Kind| self.kinds.iter().any(|name| name == kind.name());
        Kind::ALL.into_iter().filter(is_listed).collect()
    }

    fn check(&self) -> anyhow::Result<()> {
        let digest: Option<Digest> = self.digest.parse().ok();
        ensure!(
            digest.is_some_and(|digest| digest.to_string() == self.digest),
            "the manifest lists a content without a digest"
        );
        ensure!(
            (1..=MAX_CONTENT).contains(&self.size),
            "content {} has {} bytes, none or more than {MAX_CONTENT}",
            self.digest,
            self.size
        );
        let kinds = self.kinds();
        ensure!(
            !kinds.is_empty() && kinds.len() == self.kinds.len() && !kinds.contains(&Kind::Plugin),
            "content {} is of an unknown kind",
            self.digest
        );
        let plain = |name: &String| {
            (1..=MAX_NAME).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric())
        };
        ensure!(
            self.names.iter().all(plain),
            "content {} has a name that is not one of letters and digits",
            self.digest
        );
        Ok(())
    }
}

/// Checks the list of a manifest.
pub(crate) fn check(contents: &[Content]) -> anyhow::Result<()> {
    ensure!(
        contents.len() <= MAX_CONTENTS,
        "{} contents are more than {MAX_CONTENTS}",
        contents.len()
    );
    contents.iter().try_for_each(Content::check)?;
    ensure!(
        contents.is_sorted_by(|one, next| one.digest < next.digest),
        "the manifest lists a content twice, or not in order"
    );
    Ok(())
}

/// Contents that rows refer to, and all names that they were found by. What ships with every node
/// is left out.
pub(crate) async fn find(
    store: &Store,
    files: &Files,
) -> anyhow::Result<(Vec<Content>, HashSet<String>)> {
    let mut names = HashSet::new();
    for (_, lines) in files {
        names_in(&String::from_utf8_lossy(lines), &mut names);
    }
    let mut found: BTreeMap<Digest, BTreeSet<String>> = BTreeMap::new();
    for digest in names.iter().filter_map(|name| name.parse().ok()) {
        found.entry(digest).or_default();
    }
    let names: Vec<String> = names.into_iter().collect();
    for batch in names.chunks(BATCH) {
        for (name, digest) in store.media_aliases(batch).await? {
            found.entry(digest.into()).or_default().insert(name);
        }
    }
    let (mut contents, mut known) = (Vec::new(), HashSet::new());
    for (digest, names) in found {
        let Some(row) = store.media(&digest.to_string()).await? else {
            continue;
        };
        let is_kind = |kind: &Kind| row.blob.kinds & kind.bit() != 0 && *kind != Kind::Plugin;
        let kinds: Vec<Kind> = Kind::ALL.into_iter().filter(is_kind).collect();
        if row.state != BlobState::Live || kinds.is_empty() {
            continue;
        }
        known.extend(names.iter().cloned().chain([digest.to_string()]));
        if !row.blob.pinned {
            contents.push(Content {
                digest: digest.to_string(),
                size: row.blob.size,
                kinds: kinds.iter().map(|kind| kind.name().to_owned()).collect(),
                names: names.into_iter().collect(),
            });
        }
    }
    Ok((contents, known))
}

/// Reads a content from the storage; only on threads that may block.
pub(crate) fn open(
    storage: &Storage,
    runtime: &Handle,
    content: &Content,
) -> anyhow::Result<impl Read + use<>> {
    let digest: Digest = content.digest.parse()?;
    let pieces = runtime
        .block_on(storage.stream(&digest.blob_key(), 0..content.size))
        .with_context(|| format!("content {digest}"))?;
    let pieces = Box::pin(pieces.map_err(std::io::Error::other));
    let reader = StreamReader::new(pieces);
    Ok(SyncIoBridge::new_with_handle(reader, runtime.clone()))
}
