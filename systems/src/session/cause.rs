//! Causes for which sessions end.

/// Cause for which a session ended; also the label of the disconnect metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DisconnectCause {
    /// The client closed on purpose.
    ClientClosed,
    /// The connection broke.
    ConnectionLost,
    /// No valid handshake in time.
    HandshakeTimeout,
    /// The token was refused.
    HandshakeRefused,
    /// The database was away, so nobody could enter.
    Unavailable,
    /// Too many undecodable or forbidden frames.
    Malformed,
    /// A frame above the limit.
    Oversize,
    /// Sent faster than allowed for too long.
    Flood,
    /// Read too slowly: its reliable queue overflowed.
    SlowReader,
    /// A write did not finish in time.
    WriteTimeout,
    /// Pings went unanswered.
    PongTimeout,
    /// The same user entered from another connection.
    DualConnection,
    /// The same session resumed on a new connection.
    Replaced,
    /// A displaced session tried to replace the newer one.
    Displaced,
    /// The server stops.
    Shutdown,
}

impl DisconnectCause {
    /// All causes.
    pub const ALL: [Self; 15] = [
        Self::ClientClosed,
        Self::ConnectionLost,
        Self::HandshakeTimeout,
        Self::HandshakeRefused,
        Self::Unavailable,
        Self::Malformed,
        Self::Oversize,
        Self::Flood,
        Self::SlowReader,
        Self::WriteTimeout,
        Self::PongTimeout,
        Self::DualConnection,
        Self::Replaced,
        Self::Displaced,
        Self::Shutdown,
    ];

    /// The metric label.
    pub const fn label(self) -> &'static str {
        match self {
            Self::ClientClosed => "client_closed",
            Self::ConnectionLost => "connection_lost",
            Self::HandshakeTimeout => "handshake_timeout",
            Self::HandshakeRefused => "handshake_refused",
            Self::Unavailable => "unavailable",
            Self::Malformed => "malformed",
            Self::Oversize => "oversize",
            Self::Flood => "flood",
            Self::SlowReader => "slow_reader",
            Self::WriteTimeout => "write_timeout",
            Self::PongTimeout => "pong_timeout",
            Self::DualConnection => "dual_connection",
            Self::Replaced => "replaced",
            Self::Displaced => "displaced",
            Self::Shutdown => "shutdown",
        }
    }

    /// Whether the session may be resumed: neither side ended it on purpose.
    pub const fn is_accident(self) -> bool {
        matches!(
            self,
            Self::ConnectionLost | Self::SlowReader | Self::WriteTimeout | Self::PongTimeout
        )
    }
}
