//! Refusals and failures of operations of the node.

use std::time::Duration;

use components::Reason;
use integrations::ProviderError;
use store::StoreError;

/// A refused or failed operation. Nothing of the operation happened, whatever the variant.
#[derive(thiserror::Error, Debug)]
pub enum NodeError {
    /// The operation breaks a rule.
    #[error("{0}")]
    Refused(Reason),
    /// The operation breaks a rule that the second field states more precisely than the reason.
    #[error("{0}: {1}")]
    Invalid(Reason, String),
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
    /// A refusal with a sentence for people.
    pub fn invalid(reason: Reason, message: impl Into<String>) -> Self {
        Self::Invalid(reason, message.into())
    }

    /// Reason that clients see.
    pub fn reason(&self) -> Reason {
        match self {
            Self::Refused(reason) | Self::Invalid(reason, _) => *reason,
            Self::Unavailable => Reason::Unavailable,
            Self::TooMany(_) => Reason::TooManyRequests,
            Self::Provider(_) => Reason::ProviderFailed,
            Self::Internal(_) => Reason::InternalError,
        }
    }

    /// Whether something that the operation needs does not exist.
    pub fn is_absence(&self) -> bool {
        self.reason().status() == NOT_FOUND
    }
}

/// Status of reasons that name something absent.
const NOT_FOUND: u16 = 404;

impl From<Reason> for NodeError {
    fn from(reason: Reason) -> Self {
        Self::Refused(reason)
    }
}

impl From<StoreError> for NodeError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(source) => {
                tracing::warn!(error = %source, "the database is unavailable");
                Self::Unavailable
            }
            StoreError::ActivityNotFound => Reason::ActivityNotFound.into(),
            StoreError::AttributeNotFound => Reason::AttributeNotFound.into(),
            StoreError::ObjectNotFound => Reason::ObjectNotFound.into(),
            StoreError::UserNotFound => Reason::UserNotFound.into(),
            StoreError::WalletNotFound => Reason::WalletNotFound.into(),
            StoreError::AssetNotFound | StoreError::NodeNotFound | StoreError::PluginNotFound => {
                Reason::NotFound.into()
            }
            StoreError::LastWallet => Reason::LastWallet.into(),
            StoreError::HasWallet | StoreError::WalletTaken => Reason::WalletTaken.into(),
            error if error.is_conflict() => Reason::Conflict.into(),
            other => Self::Internal(Box::new(other)),
        }
    }
}
