//! Options of contents; every default carries its reason.

use std::{path::PathBuf, time::Duration};

use integrations::KuboOptions;
use media::{Kind, ModelLimits, PictureLimits, PlayLimits, StorageOptions, bundle::BundleLimits};

/// Options of contents.
#[derive(Clone, Debug)]
pub struct MediaOptions {
    /// Storage of the bytes. Default the folder `media` in the working directory.
    pub storage: StorageOptions,
    /// Folder of uploads under way. Default `tmp` in the folder of the bytes: on the same file
    /// system a finished upload gets its place without being copied.
    pub spool: PathBuf,
    /// Threads for pictures and models. Default one for every two cores: worlds need the rest.
    pub threads: usize,
    /// Tasks of each urgency that may wait for a thread. Default 256.
    pub waiting: usize,
    /// Memory for small files that are asked for again and again, in bytes. Default 64 MiB.
    pub hot: u64,
    /// Bytes of stored variants; those not asked for longest go first. Default 10 GiB.
    pub variants: u64,
    /// Time for which an upload that nothing refers to is kept. Default 7 days: clients upload
    /// first and refer later.
    pub unreferenced: Duration,
    /// Time from then on in which an upload of the same bytes revives it. Default one day.
    pub tombstoned: Duration,
    /// Time after which an interrupted upload is removed. Default one hour.
    pub interrupted: Duration,
    /// Node of IPFS that contents can be published to. Default none.
    pub kubo: Option<KuboOptions>,
    /// Limits of contents.
    pub limits: MediaLimits,
    /// Limits of accounts.
    pub quotas: Quotas,
}

/// Limits of contents (docs/spec/media.md §1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MediaLimits {
    /// Bytes of a picture. Default 32 MiB.
    pub image: u64,
    /// Bytes of a sound. Default 64 MiB.
    pub audio: u64,
    /// Bytes of a video. Default 512 MiB.
    pub video: u64,
    /// Bytes of a model. Default 50,100,000: what existing clients send.
    pub model: u64,
    /// Bytes of a packed bundle. Default 20,000,000, as existing clients.
    pub plugin: u64,
    /// Limits of pictures.
    pub pictures: PictureLimits,
    /// Limits of sound and video.
    pub play: PlayLimits,
    /// Limits of models.
    pub models: ModelLimits,
    /// Limits of bundles.
    pub bundles: BundleLimits,
}

impl Default for MediaLimits {
    fn default() -> Self {
        Self {
            image: 32 << 20,
            audio: 64 << 20,
            video: 512 << 20,
            model: 50_100_000,
            plugin: 20_000_000,
            pictures: PictureLimits::default(),
            play: PlayLimits::default(),
            models: ModelLimits::default(),
            bundles: BundleLimits::default(),
        }
    }
}

impl MediaLimits {
    /// Bytes that a content of a kind may have.
    pub fn bytes(&self, kind: Kind) -> u64 {
        match kind {
            Kind::Image => self.image,
            Kind::Audio => self.audio,
            Kind::Video => self.video,
            Kind::Model => self.model,
            Kind::Plugin => self.plugin,
        }
    }
}

/// Limits of accounts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quotas {
    /// Bytes of a guest. Default 50 MiB: a model and some pictures.
    pub guest: u64,
    /// Bytes of a user. Default 2 GiB.
    pub user: u64,
    /// Bytes of the node. Default 100 GiB.
    pub node: u64,
    /// Uploads of a user in a minute. Default 60.
    pub per_minute: u32,
    /// Uploads of a user at one time. Default 8: browsers open six connections.
    pub at_once: usize,
    /// Uploads of all users at one time. Default 64: each takes a thread that writes.
    pub all_at_once: usize,
    /// Part of the disk that stays free, in percent. Default 5.
    pub free_percent: u8,
}

impl Default for Quotas {
    fn default() -> Self {
        Self {
            guest: 50 << 20,
            user: 2 << 30,
            node: 100 << 30,
            per_minute: 60,
            at_once: 8,
            all_at_once: 64,
            free_percent: 5,
        }
    }
}

impl MediaOptions {
    /// Files in a folder.
    pub fn files(root: PathBuf) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            spool: root.join("tmp"),
            storage: StorageOptions::Files { root },
            threads: (cores / 2).max(1),
            waiting: 256,
            kubo: None,
            hot: 64 << 20,
            variants: 10 << 30,
            unreferenced: Duration::from_secs(7 * 24 * 3600),
            tombstoned: Duration::from_secs(24 * 3600),
            interrupted: Duration::from_secs(3600),
            limits: MediaLimits::default(),
            quotas: Quotas::default(),
        }
    }
}

impl Default for MediaOptions {
    fn default() -> Self {
        Self::files(PathBuf::from("media"))
    }
}
