//! Collection of contents that nobody refers to, and whether those that are kept are whole.
//!
//! References are found by reading everything that is stored, not by keeping account
//! (`store/src/media/references.rs`). A content without one is kept for a while, then tombstoned:
//! it is served no more, and lives again if it is uploaded or referred to. After another while it
//! is deleted.

use std::{collections::HashSet, sync::Arc, time::Duration};

use chrono::Utc;
use components::Reason;
use futures_util::StreamExt;
use media::{Digest, MediaError, bundle::Listing, names_in};
use store::{BlobRow, BlobState, DigestBytes};

use super::{digest_of, upload::LISTING};
use crate::{Caller, Node, NodeError, Result};

/// Contents that are looked at in one statement.
const BATCH: u64 = 500;
/// Time between two looks after interrupted uploads and the budget of variants.
const TIDY_EVERY: Duration = Duration::from_secs(600);
/// Looks between two collections: six hours.
const COLLECT_EVERY: u32 = 36;
/// Part of the contents that is read again in a day, in a thousand: each within three months.
const SCRUB_PER_MILLE: u16 = 10;
/// Looks between two scrubs: a day.
const SCRUB_EVERY: u32 = 144;

/// Effect of a collection, or what it would be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Collected {
    /// Contents that are referred to.
    pub referenced: u64,
    /// Contents that were tombstoned.
    pub tombstoned: u64,
    /// Contents that live again because something refers to them.
    pub revived: u64,
    /// Contents that were deleted.
    pub deleted: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Files without a row that were deleted.
    pub orphans: u64,
}

/// Result of reading contents again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scrubbed {
    /// Contents that are as they should be.
    pub whole: u64,
    /// Contents that are not, which are served no more.
    pub broken: u64,
    /// Contents that are not there.
    pub missing: u64,
}

impl Node {
    /// Tombstones and deletes what nobody refers to; with `dry` only says what it would do.
    /// `progress` gets what was done so far.
    ///
    /// # Errors
    /// Those of store and storage; what was done until then stays done.
    pub async fn collect_media(
        &self,
        dry: bool,
        mut progress: impl FnMut(&Collected),
    ) -> Result<Collected> {
        let referenced = self.referenced_media().await?;
        let mut collected = Collected {
            referenced: referenced.len() as u64,
            ..Collected::default()
        };
        let options = &self.media.options;
        let now = Utc::now();

        let before = now - options.unreferenced;
        let mut after = None;
        loop {
            let rows = self
                .store()
                .media_in_state(BlobState::Live, before, after, BATCH);
            let rows = rows.await?;
            let Some(last) = rows.last() else { break };
            after = Some(last.blob.digest);
            let idle = unreferenced(&rows, &referenced);
            collected.tombstoned += idle.len() as u64;
            if !dry {
                self.turn(&idle, BlobState::Live, BlobState::Tombstoned)
                    .await?;
            }
            progress(&collected);
        }

        let mut after = None;
        loop {
            let rows = self
                .store()
                .media_in_state(BlobState::Tombstoned, now, after, BATCH);
            let rows = rows.await?;
            let Some(last) = rows.last() else { break };
            after = Some(last.blob.digest);
            let wanted: Vec<DigestBytes> = rows
                .iter()
                .map(|row| row.blob.digest)
                .filter(|digest| referenced.contains(&Digest::from(*digest)))
                .collect();
            collected.revived += wanted.len() as u64;
            if !dry {
                self.turn(&wanted, BlobState::Tombstoned, BlobState::Live)
                    .await?;
            }
        }

        let before = Utc::now() - options.tombstoned;
        let mut after = None;
        loop {
            let rows = self
                .store()
                .media_in_state(BlobState::Tombstoned, before, after, BATCH);
            let rows = rows.await?;
            let Some(last) = rows.last() else { break };
            after = Some(last.blob.digest);
            for row in rows {
                if referenced.contains(&digest_of(&row)) {
                    continue;
                }
                if dry || self.delete_media(&row).await? {
                    collected.deleted += 1;
                    collected.bytes += row.blob.size;
                }
                progress(&collected);
            }
        }
        if !dry {
            metrics::counter!("odyssey_media_reclaimed_bytes_total").increment(collected.bytes);
        }
        Ok(collected)
    }

    /// Gives up a content that the caller has uploaded; one that the caller has not is no error.
    ///
    /// # Errors
    /// `NotFound` if there is no such content.
    pub async fn disown_media(&self, caller: Caller, name: &str) -> Result<()> {
        let row = self.find_media(name).await?.ok_or(Reason::NotFound)?;
        self.store()
            .disown_media(&row.blob.digest, caller.user)
            .await?;
        Ok(())
    }

    /// Takes a content out of service, whoever owns it.
    ///
    /// # Errors
    /// `NotAdmin`, `NotFound`.
    pub async fn withdraw_media(&self, caller: Caller, name: &str) -> Result<()> {
        self.require_admin(caller, self.id())?;
        let row = self.find_media(name).await?.ok_or(Reason::NotFound)?;
        self.turn(&[row.blob.digest], BlobState::Live, BlobState::Tombstoned)
            .await?;
        tracing::info!(admin = %caller.user, digest = %digest_of(&row), "a content was withdrawn");
        Ok(())
    }

    /// Forbids a content: it is served no more, and may not be uploaded again.
    ///
    /// # Errors
    /// `NotAdmin`, `NotFound`.
    pub async fn block_media(&self, caller: Caller, name: &str) -> Result<()> {
        self.require_admin(caller, self.id())?;
        let row = self.find_media(name).await?.ok_or(Reason::NotFound)?;
        for from in [
            BlobState::Live,
            BlobState::Tombstoned,
            BlobState::Quarantined,
        ] {
            self.turn(&[row.blob.digest], from, BlobState::Blocked)
                .await?;
        }
        tracing::info!(admin = %caller.user, digest = %digest_of(&row), "a content was blocked");
        Ok(())
    }

    async fn turn(&self, digests: &[DigestBytes], from: BlobState, to: BlobState) -> Result<()> {
        if digests.is_empty() {
            return Ok(());
        }
        self.store().set_media_state(digests, &[from], to).await?;
        for digest in digests {
            self.media.forget(Digest::from(*digest)).await;
        }
        Ok(())
    }

    /// Deletes a tombstoned content with all that was made of it; whether it still was one.
    async fn delete_media(&self, row: &BlobRow) -> Result<bool> {
        let digest = digest_of(row);
        let _alone = self.media.placing.write().await;
        if !self.store().forget_media(&row.blob.digest).await? {
            return Ok(false);
        }
        self.media.forget(digest).await;
        // A crash here leaves bytes without a row, which the next search for orphans finds.
        self.media.storage.delete(&digest.blob_key()).await?;
        self.media
            .storage
            .delete_all(&digest.variants_key())
            .await?;
        Ok(true)
    }

    /// All contents that something refers to.
    pub(super) async fn referenced_media(&self) -> Result<HashSet<Digest>> {
        let mut names = HashSet::new();
        self.store()
            .visit_media_texts(|text| names_in(text, &mut names))
            .await?;
        let mut referenced: HashSet<Digest> =
            names.iter().filter_map(|name| name.parse().ok()).collect();
        let mut after = String::new();
        loop {
            let aliases = self.store().media_names_after(&after, BATCH).await?;
            let Some((last, _)) = aliases.last() else {
                break;
            };
            after.clone_from(last);
            let known = aliases.iter().filter(|(name, _)| names.contains(name));
            referenced.extend(known.map(|(_, digest)| Digest::from(*digest)));
        }
        self.add_files_of_bundles(&mut referenced).await?;
        Ok(referenced)
    }

    /// Files of a bundle live as long as it does, be it referred to or only young.
    async fn add_files_of_bundles(&self, referenced: &mut HashSet<Digest>) -> Result<()> {
        let mut after = None;
        loop {
            let rows = self.store().media_after(after, BATCH).await?;
            let Some(last) = rows.last() else {
                return Ok(());
            };
            after = Some(last.blob.digest);
            for row in rows.iter().filter(|row| row.blob.mime == LISTING) {
                let bytes = match self.media.storage.read(&digest_of(row).blob_key()).await {
                    Err(MediaError::NotFound) => continue,
                    bytes => bytes?,
                };
                let listing = Listing::parse(&bytes);
                let files = listing.iter().flat_map(Listing::files);
                referenced.extend(files.map(|file| file.digest));
            }
        }
    }

    /// Deletes files of the storage that have no row and are older than an upload may take.
    ///
    /// # Errors
    /// Those of store and storage.
    pub async fn delete_orphans(&self, dry: bool) -> Result<u64> {
        let mut orphans = 0;
        let mut keys = std::pin::pin!(self.media.storage.list("blob/").await?);
        while let Some(entry) = keys.next().await {
            let (key, _) = entry?;
            let name = key.rsplit('/').next().unwrap_or_default();
            let Ok(digest) = name.parse::<Digest>() else {
                continue;
            };
            let _alone = self.media.placing.write().await;
            if self.store().media(name).await?.is_some() {
                continue;
            }
            orphans += 1;
            if !dry {
                self.media.storage.delete(&digest.blob_key()).await?;
            }
        }
        Ok(orphans)
    }

    /// Reads contents again and takes those out of service that are not what they should be.
    /// `per_mille` is the part of them that is read.
    ///
    /// # Errors
    /// Those of store and storage.
    pub async fn scrub_media(
        &self,
        per_mille: u16,
        mut progress: impl FnMut(&Scrubbed),
    ) -> Result<Scrubbed> {
        // Another part each day.
        let part = (Utc::now().timestamp() / 86_400) as u64;
        let chosen = |digest: &Digest| {
            let number = u64::from(digest.bytes()[0]) << 8 | u64::from(digest.bytes()[1]);
            (number + part * u64::from(per_mille)) % 1000 < u64::from(per_mille)
        };
        let mut scrubbed = Scrubbed::default();
        let mut after = None;
        loop {
            let rows = self.store().media_after(after, BATCH).await?;
            let Some(last) = rows.last() else {
                return Ok(scrubbed);
            };
            after = Some(last.blob.digest);
            for row in rows {
                let digest = digest_of(&row);
                if !chosen(&digest) || row.state != BlobState::Live {
                    continue;
                }
                match self.media.storage.digest(&digest.blob_key()).await {
                    Ok(found) if found == digest => scrubbed.whole += 1,
                    Ok(_) => {
                        scrubbed.broken += 1;
                        tracing::error!(%digest, "the bytes of a content are not what they were");
                        metrics::counter!("odyssey_media_scrub_errors_total").increment(1);
                        let digests = [*digest.bytes()];
                        self.turn(&digests, BlobState::Live, BlobState::Quarantined)
                            .await?;
                    }
                    Err(MediaError::NotFound) => {
                        scrubbed.missing += 1;
                        tracing::error!(%digest, "the bytes of a content are not there");
                        metrics::counter!("odyssey_media_scrub_errors_total").increment(1);
                    }
                    Err(error) => return Err(error.into()),
                }
                progress(&scrubbed);
            }
        }
    }

    /// Keeps storage and spool tidy until the node stops.
    pub(crate) async fn tend_media(self: Arc<Self>) {
        let mut looks = 0_u32;
        loop {
            let interrupted = self.media.options.interrupted;
            match self.media.spool.sweep(interrupted) {
                Ok(0) => {}
                Ok(files) => tracing::info!(files, "interrupted uploads were removed"),
                Err(error) => tracing::warn!(%error, "the spool could not be swept"),
            }
            let tended = async {
                self.trim_variants().await?;
                if looks % COLLECT_EVERY == COLLECT_EVERY - 1 {
                    let collected = self.collect_media(false, |_| {}).await?;
                    tracing::info!(?collected, "contents without references were collected");
                }
                if looks % SCRUB_EVERY == SCRUB_EVERY - 1 {
                    let scrubbed = self.scrub_media(SCRUB_PER_MILLE, |_| {}).await?;
                    tracing::info!(?scrubbed, "contents were read again");
                }
                Ok::<_, NodeError>(())
            };
            if let Err(error) = tended.await {
                tracing::warn!(%error, "media could not be tended");
            }
            looks = looks.wrapping_add(1);
            tokio::time::sleep(TIDY_EVERY).await;
        }
    }
}

fn unreferenced(rows: &[BlobRow], referenced: &HashSet<Digest>) -> Vec<DigestBytes> {
    rows.iter()
        .map(|row| row.blob.digest)
        .filter(|digest| !referenced.contains(&Digest::from(*digest)))
        .collect()
}
