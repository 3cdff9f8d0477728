//! Contents: storage, checks, variants.

mod s3;
mod storage;
