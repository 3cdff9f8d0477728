//! Refusals of contents and failures of storage.

use std::io;

/// A content that is refused, or storage that failed.
#[derive(Debug, thiserror::Error)]
pub enum MediaError {
    /// The content is larger than its kind may be.
    #[error("larger than {limit} bytes")]
    TooLarge {
        /// Largest size in bytes.
        limit: u64,
    },
    /// The bytes are of no type that the endpoint takes.
    #[error("{0}")]
    UnsupportedType(&'static str),
    /// The bytes break a rule of their type, which is named.
    #[error("{0}")]
    Invalid(String),
    /// Other content lies at the key, which is never overwritten.
    #[error("other content has the key of this one")]
    Conflict,
    /// As much work waits as may.
    #[error("too much work is waiting")]
    Busy,
    /// The disk is full.
    #[error("no space is left")]
    Full,
    /// The storage has no such content.
    #[error("there is no such content")]
    NotFound,
    /// The storage does not answer, or answers with an error.
    #[error("the storage failed: {0}")]
    Storage(#[source] opendal::Error),
    /// A file could not be read or written.
    #[error("a file failed: {0}")]
    Io(#[source] io::Error),
    /// A defect of this crate or of one that it uses.
    #[error("internal: {0}")]
    Internal(String),
}

/// Results of this crate.
pub type Result<T> = std::result::Result<T, MediaError>;

impl MediaError {
    /// A content that breaks a rule.
    pub(crate) fn invalid(rule: impl Into<String>) -> Self {
        Self::Invalid(rule.into())
    }
}

impl From<io::Error> for MediaError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full,
            io::ErrorKind::NotFound => Self::NotFound,
            _ => Self::Io(error),
        }
    }
}

impl From<opendal::Error> for MediaError {
    fn from(error: opendal::Error) -> Self {
        match error.kind() {
            opendal::ErrorKind::NotFound => Self::NotFound,
            opendal::ErrorKind::ConditionNotMatch | opendal::ErrorKind::AlreadyExists => {
                Self::Conflict
            }
            _ => Self::Storage(error),
        }
    }
}
