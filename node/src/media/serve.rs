//! Contents by name, as they are served.

use std::{ops::Range, sync::Arc};

use bytes::Bytes;
use components::Reason;
use futures_util::Stream;
use media::{Digest, Kind, MediaError, bundle::Listing};
use store::BlobRow;

use super::{Library, MAX_NAME, digest_of, upload::LISTING, variants::Recipe};
use crate::{Node, NodeError, Result};

/// Largest file that is kept in memory.
const MAX_HOT: u64 = 1 << 20;

/// A content that may be served.
#[derive(Clone, Debug)]
pub struct MediaFile {
    /// Facts about it.
    pub row: Arc<BlobRow>,
    /// Media type that it is served as.
    pub mime: String,
}

impl MediaFile {
    /// Name of the content.
    pub fn digest(&self) -> Digest {
        digest_of(&self.row)
    }

    /// Number of bytes.
    pub fn size(&self) -> u64 {
        self.row.blob.size
    }
}

/// A small file in memory.
#[derive(Clone, Debug)]
pub struct Texture {
    /// The file.
    pub bytes: Bytes,
    /// Media type.
    pub mime: Arc<str>,
    /// Width in pixels; 0 for what is no picture.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
}

impl Node {
    /// A content by any of its names, to be served as `kind`, or as whatever it is.
    ///
    /// # Errors
    /// `absent` if there is none, `MediaBlocked`.
    pub async fn media_file(
        &self,
        name: &str,
        kind: Option<Kind>,
        absent: Reason,
    ) -> Result<MediaFile> {
        let row = self.find_media(name).await?.ok_or(absent)?;
        if kind.is_some_and(|kind| row.blob.kinds & kind.bit() == 0) {
            return Err(absent.into());
        }
        Library::check_state(&row, absent)?;
        let mime = row.blob.mime.clone();
        Ok(MediaFile { row, mime })
    }

    /// The row of a content in any state.
    pub(super) async fn find_media(&self, name: &str) -> Result<Option<Arc<BlobRow>>> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric();
        if name.is_empty() || name.len() > MAX_NAME || !name.bytes().all(plain) {
            return Ok(None);
        }
        let name = match name.len() {
            32 | 64 => name.to_ascii_lowercase(),
            _ => name.to_owned(),
        };
        let library = &self.media;
        if let Some(found) = library.names.get(&name).await
            && found.is_some()
        {
            return Ok(found);
        }
        let look_up = async {
            let mut row = self.store().media(&name).await?;
            if row.is_none() && !*library.seeded.borrow() {
                // Contents that ship with the program may be on their way in.
                let mut seeded = library.seeded.subscribe();
                let _ = seeded.wait_for(|done| *done).await;
                row = self.store().media(&name).await?;
            }
            Ok::<_, NodeError>(row.map(Arc::new))
        };
        library
            .names
            .try_get_with(name.clone(), look_up)
            .await
            .map_err(|error| shared(&error))
    }

    /// A file of a bundle.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn plugin_file(&self, hash: &str, path: &str) -> Result<MediaFile> {
        let absent = Reason::NotFound;
        let listing = self.listing(hash).await?;
        let digest = listing.find(path).ok_or(absent)?;
        let file = self
            .media_file(&digest.to_string(), Some(Kind::Plugin), absent)
            .await?;
        Ok(MediaFile {
            mime: media::bundle::mime_of(path).to_owned(),
            ..file
        })
    }

    /// The list of files of a bundle.
    ///
    /// # Errors
    /// `PluginNotFound`.
    pub(crate) async fn listing(&self, hash: &str) -> Result<Listing> {
        let absent = Reason::PluginNotFound;
        let bundle = self.media_file(hash, Some(Kind::Plugin), absent).await?;
        if bundle.mime != LISTING {
            return Err(absent.into());
        }
        let text = self.media_bytes(&bundle).await?;
        Listing::parse(&text.bytes)
            .ok_or_else(|| NodeError::Internal("the list of a bundle is broken".into()))
    }

    /// Numbers of contents and bytes.
    ///
    /// # Errors
    /// Only those of the store.
    pub async fn media_totals(&self) -> Result<store::MediaTotals> {
        Ok(self.store().media_totals().await?)
    }

    /// Names of the variants that were made of a picture.
    ///
    /// # Errors
    /// Only those of the store.
    pub async fn variants_of(&self, file: &MediaFile) -> Result<Vec<String>> {
        Ok(self.store().media_recipes(&file.row.blob.digest).await?)
    }

    /// Whether a content is small enough to be kept in memory.
    pub fn is_small(&self, file: &MediaFile) -> bool {
        file.size() <= MAX_HOT
    }

    /// All bytes of a small content, from memory if they were asked for before.
    ///
    /// # Errors
    /// `NotFound` if they are gone, `Unavailable`.
    pub async fn media_bytes(&self, file: &MediaFile) -> Result<Texture> {
        let digest = file.digest();
        let load = async {
            let bytes = self.media.storage.read(&digest.blob_key()).await?;
            let (width, height) = file.row.blob.size_px.unwrap_or_default();
            Ok::<_, NodeError>(Texture {
                bytes,
                mime: file.row.blob.mime.as_str().into(),
                width,
                height,
            })
        };
        self.media
            .hot
            .try_get_with((digest, Recipe::Original), load)
            .await
            .map_err(|error| shared(&error))
    }

    /// A range of the bytes of a content.
    ///
    /// # Errors
    /// `NotFound` if they are gone, `Unavailable`.
    pub async fn media_stream(
        &self,
        file: &MediaFile,
        range: Range<u64>,
    ) -> Result<impl Stream<Item = std::result::Result<Bytes, MediaError>> + Send + use<>> {
        let key = file.digest().blob_key();
        Ok(self.media.storage.stream(&key, range).await?)
    }
}

/// An error of a computation that several requests waited for, for one of them.
pub(super) fn shared(error: &Arc<NodeError>) -> NodeError {
    match &**error {
        NodeError::Refused(reason) => NodeError::Refused(*reason),
        NodeError::Invalid(reason, sentence) => NodeError::Invalid(*reason, sentence.clone()),
        NodeError::Unavailable => NodeError::Unavailable,
        NodeError::TooMany(wait) => NodeError::TooMany(*wait),
        other => NodeError::Internal(other.to_string().into()),
    }
}
