//! Contents of worlds: pictures, sound, video, models and bundles of plugins, each named by the
//! SHA-256 of its bytes (docs/spec/media.md).
//!
//! * [`Storage`] has the bytes, in files or in a bucket; [`Spool`] takes them in and hashes them.
//! * [`cid`]: the same content by the names of IPFS.
//!
//! This crate knows bytes only: whose they are and what they are called is in the database, what a
//! request looks like in `net`.

pub mod bundle;
pub mod cid;
mod digest;
mod error;
mod format;
mod frame;
mod model;
mod names;
mod picture;
mod pool;
mod probe;
mod storage;

pub use digest::{Digest, NotADigest};
pub use error::{MediaError, Result};
pub use format::{Format, Kind};
pub use frame::Frame;
pub use model::{Model, ModelLimits, check as check_model};
pub use names::names_in;
pub use picture::{
    Class, Encoding, Picture, PictureLimits, Pixels, Variant, animated, clean, poster, poster_name,
};
pub use pool::{Pool, Urgency};
pub use probe::{PlayLimits, Playable, probe};
pub use storage::{Arriving, Published, S3Options, Spool, Spooled, Storage, StorageOptions};
