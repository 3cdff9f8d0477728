//! Uploads: let in, written to the disk while they are hashed, checked, given their place,
//! recorded.

use std::{sync::Arc, time::Instant};

use bytes::Bytes;
use components::{Reason, Umid};
use media::{Digest, Format, Kind, MediaError, Published, Spooled, Urgency, bundle, cid};
use store::{BlobRow, BlobState, DigestBytes, NewBlob, StoreError};
use uuid::Builder;

use super::{Library, MediaFile, admission::Permit};
use crate::{Caller, Node, NodeError, Result};

/// Media type of the list of files that stands for a bundle.
pub(super) const LISTING: &str = "application/vnd.odyssey.plugin";

/// An upload under way. Dropping it removes what has come.
pub struct Upload {
    node: Arc<Node>,
    caller: Caller,
    kind: Kind,
    arriving: media::Arriving,
    permit: Permit,
    /// Bytes that the user had at the beginning, and may have.
    usage: u64,
    quota: u64,
    begun: Instant,
}

/// A content that was stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored {
    /// The content.
    pub row: BlobRow,
    /// Whether it was there before.
    pub known: bool,
    /// Id of the model, for a model.
    pub model: Option<Umid>,
}

impl Stored {
    /// Public name of the content.
    pub fn hash(&self) -> String {
        Digest::from(self.row.blob.digest).to_string()
    }
}

impl Node {
    /// Lets an upload begin, before any byte of it is read. `announced` is its size, if the client
    /// tells.
    ///
    /// # Errors
    /// `GuestsNotPermitted` for sound and video of guests, `NotAdmin` for bundles of those who are
    /// not admin of the node, `TooLarge`, `QuotaExceeded`, `StorageFull`, `Busy`, `TooMany`.
    pub async fn begin_upload(
        self: &Arc<Self>,
        caller: Caller,
        kind: Kind,
        announced: Option<u64>,
    ) -> Result<Upload> {
        match kind {
            Kind::Audio | Kind::Video if caller.is_guest => {
                return Err(Reason::GuestsNotPermitted.into());
            }
            Kind::Plugin => self.require_admin(caller, self.id())?,
            _ => {}
        }
        let library = &self.media;
        let limit = library.options.limits.bytes(kind);
        if announced.is_some_and(|size| size > limit) {
            return Err(MediaError::TooLarge { limit }.into());
        }
        let permit = library.admission.enter(caller.user).await?;
        self.check_space().await?;
        let quota = match caller.is_guest {
            true => library.options.quotas.guest,
            false => library.options.quotas.user,
        };
        let usage = self.store().media_usage(caller.user).await?;
        if usage.saturating_add(announced.unwrap_or(1)) > quota {
            return Err(quota_exceeded(quota));
        }
        Ok(Upload {
            node: Arc::clone(self),
            caller,
            kind,
            arriving: library.spool.begin(limit)?,
            permit,
            usage,
            quota,
            begun: Instant::now(),
        })
    }

    /// Whether there is room for anything.
    async fn check_space(&self) -> Result<()> {
        let library = &self.media;
        let quotas = &library.options.quotas;
        let (free, all) = library.spool.space()?;
        if free < all / 100 * u64::from(quotas.free_percent) {
            return Err(Reason::StorageFull.into());
        }
        let total = match library.admission.known_total() {
            Some(total) => total,
            None => {
                let totals = self.store().media_totals().await?;
                library.admission.set_total(totals.bytes);
                totals.bytes
            }
        };
        match total > quotas.node {
            true => Err(Reason::StorageFull.into()),
            false => Ok(()),
        }
    }

    /// Checks a content that has arrived, gives it its place and records it.
    pub(super) async fn store_media(
        &self,
        spooled: Spooled,
        kind: Kind,
        owner: Option<Umid>,
        aliases: Vec<String>,
    ) -> Result<Stored> {
        if spooled.size() == 0 {
            return Err(NodeError::invalid(
                Reason::InvalidMedia,
                "the file is empty",
            ));
        }
        let checked = self.media.check(spooled, kind).await?;
        let mut aliases = aliases;
        let model = match kind {
            Kind::Model => {
                let id = model_id(&checked.spooled.digest());
                aliases.push(id.simple().to_string());
                Some(id)
            }
            _ => None,
        };
        self.place_files(&checked).await?;
        let placed = self
            .place(&checked.spooled, &checked.blob, owner, &aliases)
            .await?;
        Ok(Stored { model, ..placed })
    }

    /// As [`Self::store_media`], for what ships with the program.
    pub(super) async fn store_shipped(&self, spooled: Spooled, kind: Kind) -> Result<Stored> {
        let mut checked = self.media.check(spooled, kind).await?;
        checked.blob.pinned = true;
        self.place_files(&checked).await?;
        self.place(&checked.spooled, &checked.blob, None, &[]).await
    }

    /// Publishes and records the files of a bundle.
    async fn place_files(&self, checked: &Checked) -> Result<()> {
        for (spooled, path) in &checked.files {
            let mut blob = plain_blob(spooled, bundle::mime_of(path), Kind::Plugin);
            blob.pinned = checked.blob.pinned;
            self.place(spooled, &blob, None, &[]).await?;
        }
        Ok(())
    }

    /// Publishes and records a content.
    pub(super) async fn place(
        &self,
        spooled: &Spooled,
        blob: &NewBlob,
        owner: Option<Umid>,
        aliases: &[String],
    ) -> Result<Stored> {
        let name = spooled.digest().to_string();
        // Nobody deletes the bytes between the moment that they are found and that they are owned.
        let _placing = self.media.placing.read().await;
        let present = self.store().media(&name).await?;
        if present
            .as_ref()
            .is_some_and(|row| row.state == BlobState::Blocked)
        {
            return Err(Reason::UploadBlocked.into());
        }
        let is_live = present.is_some_and(|row| row.state == BlobState::Live);
        // A shipped content is put back if it is gone.
        if !is_live || blob.pinned {
            let published = self.media.storage.publish(spooled).await?;
            if published == Published::Known {
                tracing::debug!(%name, "the bytes lay there already");
            }
        }
        let mut aliases = aliases.to_vec();
        aliases.push(blob.cid.clone());
        let recorded = self.store().record_media(blob, owner, &aliases).await;
        let recorded = recorded.map_err(|error| match error {
            StoreError::Duplicate => NodeError::Refused(Reason::HashConflict),
            other => other.into(),
        })?;
        for name in aliases.iter().chain([&name]) {
            self.media.names.invalidate(name).await;
        }
        Ok(Stored {
            row: recorded.row,
            known: recorded.known,
            model: None,
        })
    }
}

impl Upload {
    /// Takes the next bytes; waits for the disk.
    ///
    /// # Errors
    /// `TooLarge`, `QuotaExceeded`, `StorageFull`.
    pub async fn write(&mut self, bytes: Bytes) -> Result<()> {
        let under_way = self.permit.count(bytes.len() as u64);
        if self.usage.saturating_add(under_way) > self.quota {
            return Err(quota_exceeded(self.quota));
        }
        Ok(self.arriving.write(bytes).await?)
    }

    /// Bytes so far.
    pub fn size(&self) -> u64 {
        self.arriving.size()
    }

    /// Checks and stores what has come.
    ///
    /// # Errors
    /// `UnsupportedType`, `InvalidMedia`, `UploadBlocked`, `HashConflict`, `StorageFull`, `Busy`.
    pub async fn finish(self) -> Result<Stored> {
        let size = self.arriving.size();
        let kind = self.kind;
        let finished = async {
            let spooled = self.arriving.finish().await?;
            let owner = Some(self.caller.user);
            self.node
                .store_media(spooled, kind, owner, Vec::new())
                .await
        };
        let finished = finished.await;
        match &finished {
            Ok(stored) => {
                self.node.admit(kind, stored);
                metrics::counter!("odyssey_media_received_bytes_total", "kind" => kind.name())
                    .increment(size);
                let outcome = if stored.known { "known" } else { "new" };
                metrics::counter!("odyssey_media_uploads_total", "kind" => kind.name(), "outcome" => outcome)
                    .increment(1);
                tracing::info!(
                    user = %self.caller.user, kind = kind.name(), size, digest = stored.hash(),
                    mime = stored.row.blob.mime, known = stored.known,
                    duration_ms = self.begun.elapsed().as_millis() as u64, "uploaded"
                );
            }
            Err(error) => {
                let reason = error.reason().code();
                metrics::counter!("odyssey_media_refused_total", "kind" => kind.name(), "reason" => reason)
                    .increment(1);
            }
        }
        finished
    }
}

impl Node {
    /// Makes what clients will ask for soonest of a new content.
    fn admit(self: &Arc<Self>, kind: Kind, stored: &Stored) {
        if kind != Kind::Image || stored.known {
            return;
        }
        let node = Arc::clone(self);
        let file = MediaFile {
            mime: stored.row.blob.mime.clone(),
            row: Arc::new(stored.row.clone()),
        };
        tokio::spawn(async move {
            let made = node.stop.run_until_cancelled(node.make_ahead(&file)).await;
            // They are made when somebody asks.
            if let Some(Err(error)) = made {
                tracing::debug!(%error, "variants were not made ahead");
            }
        });
    }
}

/// The id of a model: the first half of its digest as a UUID of version 8.
fn model_id(digest: &Digest) -> Umid {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest.bytes()[..16]);
    Builder::from_custom_bytes(bytes).into_uuid()
}

fn quota_exceeded(quota: u64) -> NodeError {
    let sentence = format!("the account has {quota} bytes for uploads");
    NodeError::invalid(Reason::QuotaExceeded, sentence)
}

/// A content whose bytes are right.
struct Checked {
    spooled: Spooled,
    blob: NewBlob,
    /// Files of a bundle with their paths.
    files: Vec<(Spooled, String)>,
}

/// Digests of the chunks of a content, if there are several.
fn chunks_of(spooled: &Spooled) -> Vec<DigestBytes> {
    let leaves = &spooled.tree().leaves;
    if leaves.len() < 2 {
        return Vec::new();
    }
    let digests = leaves.iter().filter_map(cid::digest_of);
    digests.map(|(_, digest)| *digest.bytes()).collect()
}

/// Facts about bytes of any type.
pub(super) fn plain_blob(spooled: &Spooled, mime: &str, kind: Kind) -> NewBlob {
    NewBlob {
        digest: *spooled.digest().bytes(),
        size: spooled.size(),
        mime: mime.to_owned(),
        kinds: kind.bit(),
        size_px: None,
        frames: None,
        duration_ms: None,
        geometry: None,
        has_alpha: false,
        cid: spooled.tree().root.to_string(),
        chunks: chunks_of(spooled),
        warnings: Vec::new(),
        pinned: false,
    }
}

impl Library {
    /// Checks a content of a kind, on the threads for it.
    async fn check(&self, spooled: Spooled, kind: Kind) -> Result<Checked> {
        let format = Format::expect(spooled.head(), kind)?;
        let (spool, limits) = (self.spool.clone(), self.options.limits);
        let checked = move || match kind {
            Kind::Image => {
                let picture = media::clean(format, &spooled.read()?, &limits.pictures)?;
                let spooled = spool.keep(&picture.bytes)?;
                let blob = NewBlob {
                    size_px: Some((picture.width, picture.height)),
                    frames: Some(picture.frames),
                    has_alpha: picture.has_alpha,
                    ..plain_blob(&spooled, format.mime(), kind)
                };
                Ok(Checked::of(spooled, blob))
            }
            Kind::Audio | Kind::Video => {
                let found = media::probe(spooled.open()?, format, kind, &limits.play)?;
                let mut blob = NewBlob {
                    size_px: found.size,
                    duration_ms: found.duration,
                    ..plain_blob(&spooled, found.format.mime(), kind)
                };
                if found.duration.is_none() {
                    blob.warnings
                        .push("the container does not tell the duration".to_owned());
                }
                Ok(Checked::of(spooled, blob))
            }
            Kind::Model => {
                let file = std::io::BufReader::new(spooled.open()?);
                let model = media::check_model(file, &limits.models)?;
                let blob = NewBlob {
                    geometry: Some((model.triangles, model.vertices)),
                    warnings: model.warnings,
                    ..plain_blob(&spooled, format.mime(), kind)
                };
                Ok(Checked::of(spooled, blob))
            }
            Kind::Plugin => {
                let mut files = Vec::new();
                let packed = spooled.size();
                let bundle =
                    bundle::unpack(spooled.open()?, packed, &limits.bundles, |path, bytes| {
                        let file = spool.keep(&bytes)?;
                        let digest = file.digest();
                        files.push((file, path.to_owned()));
                        Ok(digest)
                    })?;
                let listing = spool.keep(bundle.listing().as_bytes())?;
                let blob = plain_blob(&listing, LISTING, kind);
                Ok(Checked {
                    spooled: listing,
                    blob,
                    files,
                })
            }
        };
        Ok(self.pool.run(Urgency::Now, checked).await?)
    }
}

impl Checked {
    fn of(spooled: Spooled, blob: NewBlob) -> Self {
        Self {
            spooled,
            blob,
            files: Vec::new(),
        }
    }
}
