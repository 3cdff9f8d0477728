//! Why a bot was not there to the end.

use std::fmt;

/// Why a bot was not there to the end. Its text is the name under which it is counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Loss {
    /// No connection.
    Connect,
    /// The upgrade was refused with this HTTP status.
    Refused(u16),
    /// The token was refused.
    InvalidToken,
    /// There is no such world.
    NoSuchWorld,
    /// It was not let in in time.
    JoinTimeout,
    /// The server closed with this code and reason.
    Closed(u16, String),
    /// The connection ended without a word.
    Broken,
    /// A frame above what clients accept.
    Oversize,
    /// Something that the transport does not allow.
    Malformed,
    /// The server did not read.
    SendTimeout,
    /// The server does not speak version 2.
    NoVersion2,
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect => f.write_str("connect"),
            Self::Refused(status) => write!(f, "http_{status}"),
            Self::InvalidToken => f.write_str("invalid_token"),
            Self::NoSuchWorld => f.write_str("no_such_world"),
            Self::JoinTimeout => f.write_str("join_timeout"),
            Self::Closed(code, reason) if reason.is_empty() => write!(f, "close_{code}"),
            Self::Closed(code, reason) => write!(f, "close_{code}_{reason}"),
            Self::Broken => f.write_str("broken"),
            Self::Oversize => f.write_str("oversize"),
            Self::Malformed => f.write_str("malformed"),
            Self::SendTimeout => f.write_str("send_timeout"),
            Self::NoVersion2 => f.write_str("no_version_2"),
        }
    }
}
