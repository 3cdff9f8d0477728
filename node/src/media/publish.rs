//! Contents on a node of IPFS of the operator's own, from where others can fetch them.
//!
//! A published content cannot be taken back from those who have fetched it, so only what everybody
//! may see anyway is one: models that their owners share in the library, and what the operator
//! names.
//! The pins under the name of this node are the record of it; nothing is kept twice.

use std::{collections::HashSet, sync::Arc};

use components::Reason;
use futures_util::TryStreamExt as _;
use integrations::KuboOptions;
use media::Digest;
use sha2::{Digest as _, Sha256};

use super::MediaFile;
use crate::{Node, NodeError, Result};

/// Result of publishing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Publication {
    /// Contents that are pinned now, those included that were before.
    pub contents: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Names that were not published, and why.
    pub refused: Vec<(String, String)>,
}

/// Result of a comparison, as CIDs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// Pinned, and the bytes are ours.
    pub whole: Vec<String>,
    /// Pinned, and not what it claims to be, or not readable there.
    pub broken: Vec<String>,
    /// Pinned, and no longer ours.
    pub unknown: Vec<String>,
}

impl Node {
    /// Publishes contents: those of these names, or, without any, all models that are shared in the
    /// library. Only says what it would do if `dry`.
    ///
    /// # Errors
    /// `Invalid` if no node of IPFS is configured; those of talking to it.
    pub async fn publish_media(
        self: &Arc<Self>,
        names: &[String],
        dry: bool,
        mut progress: impl FnMut(&Publication),
    ) -> Result<Publication> {
        let kubo = self.kubo()?;
        let names = match names.is_empty() {
            true => self.shared_models().await?,
            false => names.to_vec(),
        };
        let referenced = self.referenced_media().await?;
        let mut known = HashSet::new();
        let mut done = Publication::default();
        for name in names {
            match self.may_be_published(&name, &referenced).await {
                // One content has several names.
                Ok(file) if !known.insert(file.digest()) => {}
                Ok(file) => {
                    if !dry {
                        self.publish(kubo, &file).await?;
                    }
                    done.contents += 1;
                    done.bytes += file.size();
                }
                Err(NodeError::Refused(reason)) => {
                    done.refused.push((name, reason.to_string()));
                }
                Err(error) => return Err(error),
            }
            progress(&done);
        }
        Ok(done)
    }

    /// Reads back what is pinned under the name of this node, and compares it.
    ///
    /// # Errors
    /// `Invalid` if no node of IPFS is configured; those of talking to it.
    pub async fn verify_published(
        self: &Arc<Self>,
        mut progress: impl FnMut(&Verified),
    ) -> Result<Verified> {
        let kubo = self.kubo()?;
        let outbound = &self.third_parties.outbound;
        let mut verified = Verified::default();
        for cid in kubo.pins(outbound, &self.pin_name()).await? {
            match self.media_file(&cid, None, Reason::NotFound).await {
                Ok(file) => {
                    let mut hash = Sha256::new();
                    let take = |chunk: &[u8]| hash.update(chunk);
                    let read = kubo.read(outbound, &cid, file.size(), take).await;
                    let same = Digest::from(<[u8; 32]>::from(hash.finalize())) == file.digest();
                    match read {
                        Ok(()) if same => verified.whole.push(cid),
                        _ => verified.broken.push(cid),
                    }
                }
                Err(NodeError::Refused(_)) => verified.unknown.push(cid),
                Err(error) => return Err(error),
            }
            progress(&verified);
        }
        Ok(verified)
    }

    /// Takes the pins of contents away; how many there were.
    ///
    /// # Errors
    /// `Invalid` if no node of IPFS is configured; those of talking to it.
    pub async fn unpublish_media(&self, names: &[String]) -> Result<u64> {
        let kubo = self.kubo()?;
        let outbound = &self.third_parties.outbound;
        let pins = kubo.pins(outbound, &self.pin_name()).await?;
        let mut taken = 0;
        for name in names {
            // A content that is no longer ours is known by its CID only.
            let cid = match self.find_media(name).await? {
                Some(row) => row.blob.cid.clone(),
                None => name.clone(),
            };
            if pins.contains(&cid) {
                kubo.unpin(outbound, &cid).await?;
                taken += 1;
            }
        }
        Ok(taken)
    }

    fn kubo(&self) -> Result<&KuboOptions> {
        self.options().media.kubo.as_ref().ok_or_else(|| {
            let why = "no node of IPFS is configured: media.ipfs.api";
            NodeError::invalid(Reason::InvalidRequestBody, why.to_owned())
        })
    }

    /// Name of the pins, which tells this node's from others'.
    fn pin_name(&self) -> String {
        format!("odyssey {}", self.id())
    }

    /// Names of models that their owners share with everybody.
    async fn shared_models(&self) -> Result<Vec<String>> {
        let models = self.store().shared_models().await?;
        Ok(models.iter().map(|id| id.simple().to_string()).collect())
    }

    /// The content of a name, if it is one that everybody may see.
    async fn may_be_published(
        &self,
        name: &str,
        referenced: &HashSet<Digest>,
    ) -> Result<MediaFile> {
        let file = self.media_file(name, None, Reason::NotFound).await?;
        // Without a reference it may be an upload that its user has not shown to anybody.
        if !referenced.contains(&file.digest()) {
            return Err(Reason::NotFound.into());
        }
        if self.store().is_private_model(&file.row.blob.digest).await? {
            return Err(Reason::Forbidden.into());
        }
        Ok(file)
    }

    async fn publish(&self, kubo: &KuboOptions, file: &MediaFile) -> Result<()> {
        let outbound = &self.third_parties.outbound;
        let bytes = self.media_stream(file, 0..file.size()).await?;
        let bytes = bytes.map_err(std::io::Error::other);
        let cid = kubo.add(outbound, file.size(), bytes).await?;
        if cid != file.row.blob.cid {
            tracing::error!(digest = %file.digest(), ours = file.row.blob.cid, theirs = cid,
                "IPFS names a content otherwise; it was not pinned");
            let why = format!(
                "IPFS names {} {cid}, not {}",
                file.digest(),
                file.row.blob.cid
            );
            return Err(integrations::ProviderError::Malformed("Kubo", why).into());
        }
        Ok(kubo.pin(outbound, &cid, &self.pin_name()).await?)
    }
}
