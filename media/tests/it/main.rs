//! Contents: storage, checks, variants.

mod bundles;
mod models;
mod mutations;
mod pictures;
mod s3;
mod sound;
mod storage;
