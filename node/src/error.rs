//! What can go wrong in an operation of the node, sorted by what the caller did or can do about it.

use std::time::Duration;

use integrations::ProviderError;
use store::StoreError;

/// A refused or failed operation. Nothing of the operation happened, whatever the variant.
///
/// The `&'static str` is the stable code that clients see as `reason` (spec rest §1.2).
#[derive(thiserror::Error, Debug)]
pub enum NodeError {
    /// The thing does not exist.
    #[error("not found: {0}")]
    NotFound(&'static str),
    /// The caller may not do this.
    #[error("forbidden: {0}")]
    Forbidden(&'static str),
    /// The request makes no sense or breaks a rule; the second field tells a human which.
    #[error("{0}: {1}")]
    Invalid(&'static str, String),
    /// The state of things forbids it.
    #[error("conflict: {0}")]
    Conflict(&'static str),
    /// The database is away or the world is too busy; trying again later may succeed.
    #[error("temporarily unavailable")]
    Unavailable,
    /// The caller asks for this too often; how long to wait.
    #[error("too many, wait {0:?}")]
    TooMany(Duration),
    /// A third party did not do its part.
    #[error("{0}")]
    Provider(#[from] ProviderError),
    /// A defect of this program; for the log, never for the caller.
    #[error("internal error: {0}")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// The result of every operation of this crate.
pub type Result<T> = std::result::Result<T, NodeError>;

impl NodeError {
    /// A request that breaks a rule: the stable code and a sentence for a human.
    pub fn invalid(reason: &'static str, message: impl Into<String>) -> Self {
        Self::Invalid(reason, message.into())
    }
}

impl From<StoreError> for NodeError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(source) => {
                tracing::warn!(error = %source, "the database is unavailable");
                Self::Unavailable
            }
            StoreError::ActivityNotFound => Self::NotFound("activity_not_found"),
            StoreError::AttributeNotFound => Self::NotFound("attribute_not_found"),
            StoreError::ObjectNotFound => Self::NotFound("object_not_found"),
            StoreError::UserNotFound => Self::NotFound("user_not_found"),
            StoreError::WalletNotFound => Self::NotFound("wallet_not_found"),
            StoreError::AssetNotFound | StoreError::NodeNotFound | StoreError::PluginNotFound => {
                Self::NotFound("not_found")
            }
            StoreError::LastWallet => Self::Conflict("last_wallet"),
            StoreError::HasWallet | StoreError::WalletTaken => {
                Self::Conflict("wallet_already_exists")
            }
            error if error.is_conflict() => Self::Conflict("conflict"),
            other => Self::Internal(Box::new(other)),
        }
    }
}
