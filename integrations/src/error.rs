//! Failures outside, sorted by whose fault they are. No variant holds a key, an address with
//! its query, or what a provider wrote: all of these end in logs.

/// Why a provider did not do what it was asked.
#[derive(thiserror::Error, Debug, Clone, PartialEq, Eq)]
pub enum ProviderError {
    /// No connection, or it broke.
    #[error("{0} cannot be reached: {1}")]
    Unreachable(&'static str, String),
    /// The deadline passed, whatever was there by then.
    #[error("{0} does not answer in time")]
    Timeout(&'static str),
    /// It answered with this HTTP status.
    #[error("{0} answers {1}")]
    Status(&'static str, u16),
    /// The answer is larger than such an answer ever is.
    #[error("{0} sends too much")]
    TooLarge(&'static str),
    /// The answer is not what such an answer looks like.
    #[error("{0} sends something else than expected: {1}")]
    Malformed(&'static str, String),
    /// The address may not be fetched: its host is not on the list, or is not on the public
    /// Internet.
    #[error("fetching is refused: {0}")]
    Refused(&'static str),
    /// The key cannot be sent at all.
    #[error("the key for {0} holds characters that no key has")]
    UnusableKey(&'static str),
}

/// The result of all calls of this crate.
pub type Result<T> = std::result::Result<T, ProviderError>;
