//! Contents of worlds: uploads, names, delivery, variants of pictures, and what becomes of what
//! nobody refers to (docs/spec/media.md). Bytes are in the crate `media`, rows in the store.

mod admission;
mod collect;
mod import;
mod ipfs;
mod options;
mod publish;
pub(crate) mod render;
mod seed;
mod serve;
mod upload;
mod variants;

use std::{sync::Arc, time::Duration};

use components::Reason;
use media::{Digest, MediaError, Pool, Spool, Storage};
use moka::future::Cache;
use store::{BlobRow, BlobState};
use tokio::sync::{RwLock, watch};

use crate::{NodeError, Result};

use admission::Admission;
use variants::Recipe;

pub use collect::{Collected, Scrubbed};
pub use import::Imported;
pub use ipfs::{Block, ContentTree};
pub use options::{MediaLimits, MediaOptions, Quotas};
pub use publish::{Publication, Verified};
pub use serve::{MediaFile, Texture};
pub use upload::{Stored, Upload};
pub use variants::VariantRequest;

/// Names that are looked up from memory.
const NAMES: u64 = 32_768;
/// Longest name of a content.
const MAX_NAME: usize = 128;
/// Time for which a name without content is remembered: uploads are told, other processes are not.
const ABSENT_FOR: Duration = Duration::from_secs(5);

/// Contents of a node.
pub(crate) struct Library {
    storage: Storage,
    spool: Spool,
    pool: Pool,
    options: MediaOptions,
    admission: Arc<Admission>,
    /// Contents by name, in any state.
    names: Cache<String, Option<Arc<BlobRow>>>,
    /// Small files that are asked for again and again.
    hot: Cache<(Digest, Recipe), Texture>,
    /// Held shared while a content gets its place, alone while one loses it.
    placing: RwLock<()>,
    /// Set once everything that ships with the program has its place.
    seeded: watch::Sender<bool>,
}

impl Library {
    pub(crate) fn open(options: &MediaOptions) -> Result<Self> {
        let storage = Storage::open(&options.storage)?;
        let spool = Spool::open(options.spool.clone())?;
        // Nobody else uses the folder: what lies there was interrupted.
        let interrupted = spool.sweep(Duration::ZERO)?;
        if interrupted > 0 {
            tracing::info!(interrupted, "interrupted uploads were removed");
        }
        let pool = Pool::start(options.threads, options.waiting)?;
        Ok(Self {
            storage,
            spool,
            pool,
            admission: Arc::new(Admission::new(&options.quotas)),
            names: Cache::builder()
                .max_capacity(NAMES)
                .time_to_live(ABSENT_FOR)
                .build(),
            hot: Cache::builder()
                .max_capacity(options.hot)
                .weigher(|_, texture: &Texture| {
                    u32::try_from(texture.bytes.len() + 256).unwrap_or(u32::MAX)
                })
                .build(),
            placing: RwLock::default(),
            seeded: watch::Sender::new(false),
            options: options.clone(),
        })
    }

    /// Whether a content may be served.
    fn check_state(row: &BlobRow, absent: Reason) -> Result<()> {
        match row.state {
            BlobState::Live => Ok(()),
            BlobState::Tombstoned | BlobState::Quarantined => Err(absent.into()),
            BlobState::Blocked => Err(Reason::MediaBlocked.into()),
        }
    }
}

/// The digest of a stored row.
fn digest_of(row: &BlobRow) -> Digest {
    Digest::from(row.blob.digest)
}

impl From<MediaError> for NodeError {
    fn from(error: MediaError) -> Self {
        match error {
            MediaError::TooLarge { .. } => Self::Invalid(Reason::TooLarge, error.to_string()),
            MediaError::UnsupportedType(_) => {
                Self::Invalid(Reason::UnsupportedType, error.to_string())
            }
            MediaError::Invalid(_) => Self::Invalid(Reason::InvalidMedia, error.to_string()),
            MediaError::Conflict => Reason::HashConflict.into(),
            MediaError::Busy => Reason::Busy.into(),
            MediaError::Full => Reason::StorageFull.into(),
            MediaError::NotFound => Reason::NotFound.into(),
            MediaError::Storage(source) => {
                tracing::warn!(error = %source, "the storage of media is unavailable");
                Self::Unavailable
            }
            MediaError::Io(_) | MediaError::Internal(_) => Self::Internal(Box::new(error)),
        }
    }
}
