//! Close codes of WebSocket and QUIC connections.

use systems::DisconnectCause;

/// The code of a cause: standard ones where they fit, else 4000 and up, which clients only log
/// (docs/spec/posbus.md §1.2).
pub(crate) const fn close_code(cause: DisconnectCause) -> u16 {
    match cause {
        DisconnectCause::ClientClosed
        | DisconnectCause::ConnectionLost
        | DisconnectCause::Replaced => 1000,
        DisconnectCause::Oversize => 1009,
        DisconnectCause::Shutdown => 1001,
        DisconnectCause::Unavailable => 1013,
        DisconnectCause::HandshakeTimeout => 4000,
        DisconnectCause::HandshakeRefused => 4001,
        DisconnectCause::Malformed => 4002,
        DisconnectCause::Flood => 4003,
        DisconnectCause::SlowReader => 4004,
        DisconnectCause::WriteTimeout => 4005,
        DisconnectCause::PongTimeout => 4006,
        DisconnectCause::DualConnection => 4007,
        DisconnectCause::Displaced => 4008,
    }
}
