//! Options of sessions; every default carries its reason.

use std::time::Duration;

/// Options of sessions.
#[derive(Clone, Debug)]
pub struct SessionOptions {
    /// Time within which a client has to send its handshake. Default 10 s: a phone on a bad network
    /// needs a few.
    pub handshake_timeout: Duration,
    /// Time between pings. Default 30 s: existing clients and proxies expect at most 54 s
    /// (docs/spec/posbus.md §1.1).
    pub ping_interval: Duration,
    /// Time for which a client may stay silent, pongs included, before it counts as gone. Default
    /// 60 s.
    pub silence_timeout: Duration,
    /// Longest time of one write. Default 10 s, then the connection counts as stuck.
    pub write_timeout: Duration,
    /// Whether messages of one session are rate_limited. Default true.
    pub rate_limited: bool,
    /// Messages per second that a session may send. Default 120: existing clients send eight at
    /// most, a native client at 60 Hz passes with as much again for everything else.
    pub messages_per_second: f64,
    /// Messages that may come at once. Default 240.
    pub message_burst: f64,
    /// Time for which a session may go on sending more than is read. Default 30 s.
    pub flood_timeout: Duration,
    /// Time for which the user of a broken connection stays in the world, and can come back unseen.
    /// Default 15 s: a change of network or a reload of the page takes a few seconds, and users who
    /// really left disappear soon. With 0 they leave at once.
    pub grace: Duration,
}

impl Default for SessionOptions {
    fn default() -> Self {
        Self {
            handshake_timeout: Duration::from_secs(10),
            ping_interval: Duration::from_secs(30),
            silence_timeout: Duration::from_secs(60),
            write_timeout: Duration::from_secs(10),
            rate_limited: true,
            messages_per_second: 120.0,
            message_burst: 240.0,
            flood_timeout: Duration::from_secs(30),
            grace: Duration::from_secs(15),
        }
    }
}
