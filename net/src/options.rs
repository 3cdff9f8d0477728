//! Options of the whole crate; every default carries its reason.

mod session;

use std::time::Duration;

use crate::limits::LimitOptions;

pub use session::SessionOptions;

/// Options of the HTTP side.
#[derive(Clone, Debug)]
pub struct NetOptions {
    /// Origins whose pages may call the API and open sessions, as `https://host[:port]`. Default
    /// empty, which allows all: tokens travel in a header that a foreign page cannot make a browser
    /// add, and existing clients are served from elsewhere.
    pub allowed_origins: Vec<String>,
    /// Longest time of a request. Default 30 s: longer than any healthy answer, far shorter than
    /// the 120 s after which clients give up.
    pub request_timeout: Duration,
    /// Limits of one address.
    pub limits: LimitOptions,
    /// Options of sessions.
    pub session: SessionOptions,
    /// Connections that may be open at the same time, of all addresses together. Default 20,000:
    /// each costs a file descriptor, and the kernel's backlog is a better place to wait than this
    /// program's memory.
    pub max_connections: usize,
}

impl Default for NetOptions {
    fn default() -> Self {
        Self {
            allowed_origins: Vec::new(),
            request_timeout: Duration::from_secs(30),
            limits: LimitOptions::default(),
            session: SessionOptions::default(),
            max_connections: 20_000,
        }
    }
}
