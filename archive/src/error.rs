//! Errors of exports and imports.

use store::StoreError;

/// Why a world was not exported or imported.
#[derive(thiserror::Error, Debug)]
pub enum ArchiveError {
    /// The file, or what it refers to, is not as it has to be; the text says what.
    #[error("{0}")]
    Refused(String),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<anyhow::Error> for ArchiveError {
    fn from(error: anyhow::Error) -> Self {
        match error.downcast::<StoreError>() {
            Ok(error) => Self::Store(error),
            Err(error) => Self::Refused(format!("{error:#}")),
        }
    }
}
