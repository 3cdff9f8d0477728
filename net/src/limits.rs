//! Limits of one address: requests, connections and failed handshakes (docs/spec/rest.md
//! §5).
//!
//! Token buckets per address in bounded memory. This module must not know what is asked for, only
//! how often.

mod address;
mod bucket;
mod slot;
mod uploads;

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use axum::http::HeaderMap;
use parking_lot::Mutex;
use serde::Deserialize;
use tokio::time::Instant;

use self::bucket::{Bucket, Rate};

pub use self::address::Network;

pub(crate) use self::{address::customer, slot::Slot, uploads::Uploads};

/// Addresses that are told apart at once; further ones share one entry until old ones are
/// forgotten. About 16 MiB.
const MAX_ADDRESSES: usize = 65_536;
/// Interval of the search for entries that no longer matter: the search reads the whole map.
const PRUNE_INTERVAL: Duration = Duration::from_secs(1);
/// The entry that addresses share when the map is full.
const OVERFLOW: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
/// Cost of a write in requests: it reaches the disk and every session of a world.
const WRITE_COST: f64 = 4.0;
/// Delay after the first failed handshake.
const FIRST_DELAY: Duration = Duration::from_secs(1);
/// Longest delay after failed handshakes.
const MAX_DELAY: Duration = Duration::from_secs(30);
/// Failed handshakes beyond which the delay does not grow: 2⁵ s is above the longest.
const MAX_FAILURES: u32 = 5;
/// Time without a failure that makes up for one.
const FORGIVE_AFTER: Duration = Duration::from_secs(60);

/// Limits of one address; an IPv6 address stands for its /64, which is what one customer
/// gets.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LimitOptions {
    /// Whether anything is limited. Default true; load tests from one machine turn it off.
    pub enabled: bool,
    /// Requests per second, writes counting fourfold. Default 100, with bursts of 500: the UI asks
    /// for each avatar it sees, and an office shares one address.
    pub requests: f64,
    /// Logins, challenges and new guests per second. Default 5, with bursts of 25: a class entering
    /// at once passes, making guests to fill the database does not.
    pub auth_requests: f64,
    /// Live connections. Default 500.
    pub connections: u32,
    /// New connections per second. Default 20, with bursts of 100.
    pub new_connections: f64,
    /// Proxies whose `X-Forwarded-For` is believed, as addresses or networks (`10.0.0.0/8`).
    /// Default none.
    pub trusted_proxies: Vec<Network>,
}

impl Default for LimitOptions {
    fn default() -> Self {
        Self {
            enabled: true,
            requests: 100.0,
            auth_requests: 5.0,
            connections: 500,
            new_connections: 20.0,
            trusted_proxies: Vec::new(),
        }
    }
}

/// Kind of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestKind {
    /// Changes nothing.
    Read,
    /// Changes something.
    Write,
    /// Makes or proves an identity.
    Auth,
}

/// Too many requests; the time after which the next one would pass.
#[derive(thiserror::Error, Clone, Copy, Debug, PartialEq, Eq)]
#[error("too many requests, try again in {0:?}")]
pub struct RetryAfter(pub Duration);

/// Why a connection is refused.
#[derive(thiserror::Error, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The address has as many connections as it may.
    #[error("too many connections from this address")]
    TooMany,
    /// The address connects too often.
    #[error("too many new connections from this address, try again in {0:?}")]
    TooFast(Duration),
}

/// The limits of all addresses.
#[derive(Debug)]
pub struct Limits {
    enabled: bool,
    requests: Rate,
    auth_requests: Rate,
    new_connections: Rate,
    connections: u32,
    trusted_proxies: Vec<Network>,
    entries: Mutex<Entries>,
}

#[derive(Debug)]
struct Entries {
    by_address: HashMap<IpAddr, Entry>,
    pruned: Instant,
}

/// State of an address.
#[derive(Debug)]
struct Entry {
    requests: Bucket,
    auth_requests: Bucket,
    new_connections: Bucket,
    connections: u32,
    failures: u32,
    /// When the last failure was added, or the last one forgiven.
    failed: Instant,
}

impl Limits {
    /// Limits by these options, with nothing remembered.
    pub fn new(options: &LimitOptions) -> Arc<Self> {
        Arc::new(Self {
            enabled: options.enabled,
            requests: Rate::new(options.requests),
            auth_requests: Rate::new(options.auth_requests),
            new_connections: Rate::new(options.new_connections),
            connections: options.connections,
            trusted_proxies: options.trusted_proxies.clone(),
            entries: Mutex::new(Entries {
                by_address: HashMap::new(),
                pruned: Instant::now(),
            }),
        })
    }

    /// The address a request really comes from: that of the peer or, behind trusted proxies, the
    /// right-most hop of `X-Forwarded-For` that is not one of them; what stands further left is the
    /// client's own claim.
    pub fn client_address(&self, peer: SocketAddr, headers: &HeaderMap) -> IpAddr {
        address::client(peer.ip(), headers, &self.trusted_proxies)
    }

    /// Counts a request.
    ///
    /// # Errors
    /// [`RetryAfter`] if the address has asked too much; the request is not counted then.
    pub fn request(&self, address: IpAddr, kind: RequestKind) -> Result<(), RetryAfter> {
        if !self.enabled {
            return Ok(());
        }
        let now = Instant::now();
        self.entry(address, now, |_, entry| {
            match kind {
                RequestKind::Read => entry.requests.take(1.0, self.requests, now),
                RequestKind::Write => entry.requests.take(WRITE_COST, self.requests, now),
                RequestKind::Auth => entry.auth_requests.take(1.0, self.auth_requests, now),
            }
            .map_err(RetryAfter)
        })
    }

    /// Counts a connection for as long as the permit lives.
    ///
    /// # Errors
    /// See [`Refused`].
    pub fn connection(self: &Arc<Self>, address: IpAddr) -> Result<ConnectionPermit, Refused> {
        if !self.enabled {
            return Ok(ConnectionPermit { held: None });
        }
        let now = Instant::now();
        self.entry(address, now, |key, entry| {
            if entry.connections >= self.connections {
                return Err(Refused::TooMany);
            }
            entry
                .new_connections
                .take(1.0, self.new_connections, now)
                .map_err(Refused::TooFast)?;
            entry.connections += 1;
            Ok(ConnectionPermit {
                held: Some((Arc::clone(self), key)),
            })
        })
    }

    /// Remembers a failed handshake and tells how long to wait before closing the connection: one
    /// second, doubling with each failure to half a minute, and less again as time passes without
    /// one.
    pub fn handshake_failed(&self, address: IpAddr) -> Duration {
        if !self.enabled {
            return Duration::ZERO;
        }
        let now = Instant::now();
        self.entry(address, now, |_, entry| {
            entry.forgive(now);
            let delay = FIRST_DELAY
                .saturating_mul(1 << entry.failures)
                .min(MAX_DELAY);
            entry.failures = (entry.failures + 1).min(MAX_FAILURES);
            entry.failed = now;
            delay
        })
    }

    /// Runs `f` on the entry of an address, or on the shared one when there is no room for another.
    fn entry<T>(
        &self,
        address: IpAddr,
        now: Instant,
        f: impl FnOnce(IpAddr, &mut Entry) -> T,
    ) -> T {
        let mut key = customer(address);
        let mut entries = self.entries.lock();
        if now.duration_since(entries.pruned) >= PRUNE_INTERVAL {
            entries.pruned = now;
            entries
                .by_address
                .retain(|_, entry| self.matters(entry, now));
        }
        if entries.by_address.len() >= MAX_ADDRESSES && !entries.by_address.contains_key(&key) {
            key = OVERFLOW;
        }
        let entry = entries.by_address.entry(key).or_insert_with(|| Entry {
            requests: Bucket::full(self.requests, now),
            auth_requests: Bucket::full(self.auth_requests, now),
            new_connections: Bucket::full(self.new_connections, now),
            connections: 0,
            failures: 0,
            failed: now,
        });
        f(key, entry)
    }

    /// Whether an entry differs from a fresh one.
    fn matters(&self, entry: &mut Entry, now: Instant) -> bool {
        entry.forgive(now);
        entry.connections > 0
            || entry.failures > 0
            || !entry.requests.is_full(self.requests, now)
            || !entry.auth_requests.is_full(self.auth_requests, now)
            || !entry.new_connections.is_full(self.new_connections, now)
    }
}

impl Entry {
    fn forgive(&mut self, now: Instant) {
        while self.failures > 0 && now.duration_since(self.failed) >= FORGIVE_AFTER {
            self.failures -= 1;
            self.failed += FORGIVE_AFTER;
        }
    }
}

/// A counted connection; dropping it frees its place.
#[derive(Debug)]
#[must_use = "the connection counts only as long as the permit lives"]
pub struct ConnectionPermit {
    held: Option<(Arc<Limits>, IpAddr)>,
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        if let Some((limits, key)) = self.held.take()
            && let Some(entry) = limits.entries.lock().by_address.get_mut(&key)
        {
            entry.connections = entry.connections.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests;
