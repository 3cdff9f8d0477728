//! The file: a gzipped tar of a manifest, of lines of JSON and of contents. The same world gives
//! the same bytes.
//!
//! Reading trusts nothing: names, order, sizes and hashes have to be those of the manifest,
//! everything has a cap, and no more than a line is held in memory.

use std::{
    collections::{BTreeSet, HashSet},
    fs::File,
    io::{BufRead, BufReader, Read, Write},
    path::Path,
};

use anyhow::{Context, bail, ensure};
use components::{JsonMap, Umid};
use flate2::{Compression, GzBuilder, bufread::GzDecoder};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tar::{Archive, Builder, EntryType, Header};

use crate::{
    contents::{self, Content, ModelEntry},
    lines::{AttributeLine, ObjectLine, PersonalLine},
};

/// Name of the format in the manifest.
const FORMAT: &str = "odyssey-world";
/// Version that is written. Those before it are read: version 1 has no contents.
const VERSION: u32 = 2;

const MANIFEST: &str = "manifest.json";
/// The world and its objects.
pub(crate) const OBJECTS: &str = "objects.jsonl";
/// Attributes of users in them.
pub(crate) const PEOPLE: &str = "people.jsonl";

/// Most objects of a world.
pub(crate) const MAX_OBJECTS: usize = 100_000;
/// Most bytes of a manifest: hashes of media for the largest world.
const MAX_MANIFEST: u64 = 16 << 20;
/// Most bytes of a file inside: some KiB for each of the most objects.
const MAX_FILE: u64 = 512 << 20;
/// Most bytes of a line: an object with all its attributes.
pub(crate) const MAX_LINE: usize = 1 << 20;
/// Bytes of a content that are read at once.
const CHUNK: usize = 64 << 10;
/// Most zeros at the end of a tar.
const MAX_PADDING: u64 = 64 << 10;

/// Contents of an archive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    format: String,
    version: u32,
    pub(crate) world: WorldName,
    /// Objects, the world included.
    pub(crate) objects: usize,
    /// Attributes of objects.
    pub(crate) attributes: usize,
    /// Attributes of users in objects.
    pub(crate) personal: usize,
    files: Vec<Listed>,
    /// Hashes of pictures, sounds and models that are shown, that no node has by itself and that
    /// are not in the archive.
    media: BTreeSet<String>,
    /// Pictures, sounds and models, by digest.
    #[serde(default)]
    pub(crate) contents: Vec<Content>,
    /// Uploaded models that objects show.
    #[serde(default)]
    pub(crate) models: Vec<ModelEntry>,
}

/// Identity of the world.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WorldName {
    pub(crate) id: Umid,
    name: String,
}

/// A file in the archive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Listed {
    name: String,
    size: u64,
    /// In lower-case hexadecimal.
    sha256: String,
}

impl Manifest {
    /// Returns id, name and counts of the world in one line.
    pub fn summary(&self) -> String {
        // Names may hold anything.
        let name = self.world.name.escape_debug();
        let bytes: u64 = self.contents.iter().map(|content| content.size).sum();
        let mut summary = format!(
            "world {} \"{name}\": {} objects, {} attributes, {} media files of {bytes} bytes",
            self.world.id,
            self.objects,
            self.attributes,
            self.contents.len()
        );
        if !self.media.is_empty() {
            summary += &format!(", without {} that were not found", self.media.len());
        }
        summary
    }

    /// Pictures, sounds and models in the archive.
    pub fn contents(&self) -> &[Content] {
        &self.contents
    }

    fn check(&self) -> anyhow::Result<()> {
        ensure!(self.format == FORMAT, "this is no archive of a world");
        ensure!(
            (1..=VERSION).contains(&self.version),
            "the archive is of version {}, this program reads up to {VERSION}",
            self.version
        );
        let names: Vec<&str> = self.files.iter().map(|file| file.name.as_str()).collect();
        ensure!(
            names == [OBJECTS] || names == [OBJECTS, PEOPLE],
            "the manifest lists unexpected files"
        );
        ensure!(
            self.objects <= MAX_OBJECTS,
            "{} objects are more than the {MAX_OBJECTS} that a world may have",
            self.objects
        );
        for file in &self.files {
            ensure!(
                file.size <= MAX_FILE,
                "{} has {} bytes, more than {MAX_FILE}",
                file.name,
                file.size
            );
        }
        contents::check(&self.contents)
    }
}

/// Names and contents of files, in order.
pub(crate) type Files = Vec<(&'static str, Vec<u8>)>;

/// Makes the manifest, without contents, and the files of an archive.
pub(crate) fn pack(
    objects: &[ObjectLine],
    people: Option<Vec<PersonalLine>>,
) -> anyhow::Result<(Manifest, Files)> {
    let world = objects.first().context("a world has at least itself")?;
    let mut media = BTreeSet::new();
    for object in objects {
        media.extend(object.asset_3d.map(|asset| asset.simple().to_string()));
        for AttributeLine { value, .. } in &object.attributes {
            value.iter().for_each(|map| collect_hashes(map, &mut media));
        }
    }
    let mut files = vec![(OBJECTS, lines(objects)?)];
    let personal = people.as_ref().map_or(0, Vec::len);
    if let Some(people) = &people {
        for PersonalLine { attribute, .. } in people {
            let value = attribute.value.iter();
            value.for_each(|map| collect_hashes(map, &mut media));
        }
        files.push((PEOPLE, lines(people)?));
    }
    let listed = files.iter().map(|(name, bytes)| Listed {
        name: (*name).to_owned(),
        size: bytes.len() as u64,
        sha256: hex::encode(Sha256::digest(bytes)),
    });
    let manifest = Manifest {
        format: FORMAT.to_owned(),
        version: VERSION,
        world: WorldName {
            id: world.id,
            name: world.name().unwrap_or_default().to_owned(),
        },
        objects: objects.len(),
        attributes: objects.iter().map(|object| object.attributes.len()).sum(),
        personal,
        files: listed.collect(),
        media,
        contents: Vec::new(),
        models: Vec::new(),
    };
    Ok((manifest, files))
}

impl Manifest {
    /// Adds contents and models; `known` are names of contents that nobody has to look for.
    pub(crate) fn carry(
        &mut self,
        contents: Vec<Content>,
        models: Vec<ModelEntry>,
        known: &HashSet<String>,
    ) {
        self.media.retain(|name| !known.contains(name));
        self.contents = contents;
        self.models = models;
    }
}

fn lines<T: Serialize>(rows: &[T]) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    for row in rows {
        serde_json::to_writer(&mut bytes, row)?;
        bytes.push(b'\n');
    }
    Ok(bytes)
}

/// Collects values named `…hash` that look like the MD5 or the SHA-256 of media.
fn collect_hashes(map: &JsonMap, found: &mut BTreeSet<String>) {
    let is_hash = |text: &str| {
        matches!(text.len(), 32 | 64)
            && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    };
    for (key, value) in map {
        match value {
            Value::String(text) if key.ends_with("hash") && is_hash(text) => {
                found.insert(text.clone());
            }
            Value::Object(inner) => collect_hashes(inner, found),
            Value::Array(list) => list
                .iter()
                .filter_map(Value::as_object)
                .for_each(|inner| collect_hashes(inner, found)),
            _ => {}
        }
    }
}

/// Writes an archive; `open` reads a content.
pub(crate) fn write<R: Read>(
    to: &mut impl Write,
    manifest: &Manifest,
    files: &[(&str, Vec<u8>)],
    open: impl Fn(&Content) -> anyhow::Result<R>,
) -> anyhow::Result<()> {
    // No time, no name, no operating system: nothing but the world itself decides about the bytes.
    let gzip = GzBuilder::new()
        .mtime(0)
        .operating_system(255)
        .write(to, Compression::default());
    let mut tar = Builder::new(gzip);
    let mut text = serde_json::to_vec_pretty(manifest)?;
    text.push(b'\n');
    append(&mut tar, MANIFEST, text.len() as u64, &text[..])?;
    for (name, bytes) in files {
        append(&mut tar, name, bytes.len() as u64, &bytes[..])?;
    }
    for content in &manifest.contents {
        let path = content.path();
        let mut hashed = Hashed::new(open(content)?);
        append(&mut tar, &path, content.size, &mut hashed).with_context(|| path.clone())?;
        ensure!(
            hashed.finish() == content.digest,
            "{path} is damaged; odyssey media scrub finds all that are"
        );
    }
    tar.into_inner()?.finish()?;
    Ok(())
}

fn append<W: Write>(
    tar: &mut Builder<W>,
    name: &str,
    size: u64,
    bytes: impl Read,
) -> anyhow::Result<()> {
    let mut header = Header::new_ustar();
    header.set_entry_type(EntryType::Regular);
    header.set_path(name)?;
    header.set_size(size);
    header.set_mode(0o600);
    header.set_mtime(0);
    header.set_uid(0);
    header.set_gid(0);
    header.set_cksum();
    Ok(tar.append(&header, bytes)?)
}

/// Reads an archive to its end and calls `visit` with the name of the file and each of its lines;
/// contents go where `save` says.
///
/// # Errors
/// The first part that is not as it has to be. What was visited before means nothing then.
pub(crate) fn read<W: Write>(
    path: &Path,
    visit: &mut dyn FnMut(&str, &[u8]) -> anyhow::Result<()>,
    save: &mut dyn FnMut(&Content) -> anyhow::Result<W>,
) -> anyhow::Result<Manifest> {
    let file = File::open(path)?;
    ensure!(file.metadata()?.is_file(), "this is no regular file");
    let mut tar = Archive::new(GzDecoder::new(BufReader::new(file)));
    // Raw: long names, links and other extensions become entries of their own, which are refused.
    let mut entries = tar.entries()?.raw(true);

    let mut entry = next(&mut entries, MANIFEST)?;
    ensure!(entry.size() <= MAX_MANIFEST, "the manifest is too long");
    let mut text = Vec::new();
    entry.read_to_end(&mut text).context("the manifest")?;
    let manifest: Manifest = serde_json::from_slice(&text).context("the manifest")?;
    manifest.check()?;
    for listed in &manifest.files {
        let entry = next(&mut entries, &listed.name)?;
        ensure!(
            entry.size() == listed.size,
            "{} is not as long as the manifest says",
            listed.name
        );
        let hash = read_lines(entry, &listed.name, visit)?;
        ensure!(
            hash == listed.sha256,
            "{} is not what the manifest says: its hash differs",
            listed.name
        );
    }
    for content in &manifest.contents {
        let path = content.path();
        let entry = next(&mut entries, &path)?;
        ensure!(
            entry.size() == content.size,
            "{path} is not as long as the manifest says"
        );
        let mut hashed = Hashed::new(entry);
        let mut to = save(content)?;
        copy(&mut hashed, &mut to).with_context(|| path.clone())?;
        ensure!(
            hashed.finish() == content.digest,
            "{path} is not what its name says: its hash differs"
        );
    }
    ensure!(
        entries.next().is_none(),
        "there is more in it than the manifest lists"
    );

    let mut rest = tar.into_inner();
    let mut padding = Vec::new();
    (&mut rest)
        .take(MAX_PADDING + 1)
        .read_to_end(&mut padding)
        .context("the end of the file")?;
    ensure!(
        padding.len() as u64 <= MAX_PADDING && padding.iter().all(|byte| *byte == 0),
        "something follows after the archive"
    );
    ensure!(
        rest.into_inner().fill_buf()?.is_empty(),
        "something follows after the archive"
    );
    Ok(manifest)
}

fn next<'a, R: Read + 'a>(
    entries: &mut tar::Entries<'a, R>,
    name: &str,
) -> anyhow::Result<tar::Entry<'a, R>> {
    let Some(entry) = entries.next() else {
        bail!("{name} is missing");
    };
    let entry = entry.context("this is no archive of a world")?;
    let expected = entry.header().entry_type() == EntryType::Regular
        && entry.path_bytes().as_ref() == name.as_bytes();
    ensure!(expected, "expected {name} and found something else");
    Ok(entry)
}

/// Visits all lines of a file and returns its SHA-256 in hexadecimal.
fn read_lines(
    entry: impl Read,
    name: &str,
    visit: &mut dyn FnMut(&str, &[u8]) -> anyhow::Result<()>,
) -> anyhow::Result<String> {
    let mut hash = Sha256::new();
    let mut reader = BufReader::new(entry);
    let mut line = Vec::new();
    for number in 1_u64.. {
        line.clear();
        (&mut reader)
            .take(MAX_LINE as u64 + 1)
            .read_until(b'\n', &mut line)
            .with_context(|| format!("{name}, line {number}"))?;
        if line.is_empty() {
            break;
        }
        ensure!(
            line.ends_with(b"\n"),
            "{name}, line {number}: longer than {MAX_LINE} bytes, or cut off"
        );
        hash.update(&line);
        visit(name, &line).with_context(|| format!("{name}, line {number}"))?;
    }
    Ok(hex::encode(hash.finalize()))
}

fn copy(from: &mut impl Read, to: &mut impl Write) -> std::io::Result<()> {
    let mut chunk = vec![0; CHUNK];
    loop {
        match from.read(&mut chunk)? {
            0 => return to.flush(),
            read => to.write_all(&chunk[..read])?,
        }
    }
}

/// A reader that hashes what it reads.
struct Hashed<R> {
    inner: R,
    hash: Sha256,
}

impl<R: Read> Hashed<R> {
    fn new(inner: R) -> Self {
        let hash = Sha256::new();
        Self { inner, hash }
    }

    /// SHA-256 of all that was read, in lower-case hexadecimal.
    fn finish(self) -> String {
        hex::encode(self.hash.finalize())
    }
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
        let read = self.inner.read(to)?;
        self.hash.update(&to[..read]);
        Ok(read)
    }
}
