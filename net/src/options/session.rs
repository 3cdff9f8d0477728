//! Options of sessions; every default carries its reason.

use std::time::Duration;

/// How sessions behave.
#[derive(Clone, Debug)]
pub struct SessionOptions {
    /// How long a client may take to send its handshake. Default 10 s: a phone on a bad network needs a few.
    pub handshake_timeout: Duration,
    /// Time between pings. Default 30 s: existing clients and proxies expect at most 54 s
    /// (docs/spec/posbus.md §1.1).
    pub ping_interval: Duration,
    /// How long a client may stay silent, pongs included, before it counts as gone. Default 60 s.
    pub silence_timeout: Duration,
    /// How long one write may take. Default 10 s, then the connection counts as stuck.
    pub write_timeout: Duration,
    /// Whether messages of one session are paced. Default true.
    pub paced: bool,
    /// Messages per second that a session may send. Default 120: existing clients send eight at most, a native client
    /// at 60 Hz passes with as much again for everything else.
    pub messages_per_second: f64,
    /// Messages that may come at once. Default 240.
    pub message_burst: f64,
    /// How long a session may go on sending more than is read. Default 30 s.
    pub flood_timeout: Duration,
    /// For how long the user of a broken connection stays in the world, to come back as if nothing had happened. Default
    /// 15 s: a change of network and a reload of the page take a few; those who really went are not to stand around for
    /// longer. 0 holds nobody.
    pub hold: Duration,
}

impl Default for SessionOptions {
    fn default() -> Self {
        Self {
            handshake_timeout: Duration::from_secs(10),
            ping_interval: Duration::from_secs(30),
            silence_timeout: Duration::from_secs(60),
            write_timeout: Duration::from_secs(10),
            paced: true,
            messages_per_second: 120.0,
            message_burst: 240.0,
            flood_timeout: Duration::from_secs(30),
            hold: Duration::from_secs(15),
        }
    }
}
