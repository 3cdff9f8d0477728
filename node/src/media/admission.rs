//! Admission of uploads: how many and how much at one time.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use components::{Reason, Umid};
use parking_lot::Mutex;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use super::Quotas;
use crate::{NodeError, Result, rate_limiter::RateLimiter};

/// Time for which the number of bytes of the node is good enough.
const TOTAL_FOR: Duration = Duration::from_secs(10);

/// Time for which an upload waits for others.
const PATIENCE: Duration = Duration::from_secs(20);

/// Uploads under way.
pub(super) struct Admission {
    at_once: usize,
    /// Uploads of all users that may still begin.
    places: Arc<Semaphore>,
    rate: RateLimiter,
    /// Uploads and bytes of each user.
    under_way: Mutex<HashMap<Umid, (usize, u64)>>,
    /// Bytes of the node, and when they were counted.
    total: Mutex<Option<(Instant, u64)>>,
}

impl Admission {
    pub(super) fn new(quotas: &Quotas) -> Self {
        let per_minute = f64::from(quotas.per_minute);
        Self {
            at_once: quotas.at_once,
            places: Arc::new(Semaphore::new(quotas.all_at_once)),
            rate: RateLimiter::new(per_minute / 60.0, per_minute),
            under_way: Mutex::default(),
            total: Mutex::default(),
        }
    }

    /// Lets an upload of a user begin, when others have made room for it.
    pub(super) async fn enter(self: &Arc<Self>, user: Umid) -> Result<Permit> {
        self.rate.take(user).map_err(NodeError::TooMany)?;
        let mut permit = self.count_in(user)?;
        let place = timeout(PATIENCE, Arc::clone(&self.places).acquire_owned()).await;
        permit.place = place.ok().and_then(std::result::Result::ok);
        match permit.place.is_some() {
            true => Ok(permit),
            false => Err(Reason::Busy.into()),
        }
    }

    fn count_in(self: &Arc<Self>, user: Umid) -> Result<Permit> {
        let mut under_way = self.under_way.lock();
        let (uploads, _) = under_way.entry(user).or_default();
        if *uploads >= self.at_once {
            return Err(NodeError::TooMany(Duration::from_secs(1)));
        }
        *uploads += 1;
        Ok(Permit {
            admission: Arc::clone(self),
            user,
            bytes: 0,
            place: None,
        })
    }

    /// Bytes of the node as of late.
    pub(super) fn known_total(&self) -> Option<u64> {
        let total = self.total.lock();
        total
            .filter(|(since, _)| since.elapsed() < TOTAL_FOR)
            .map(|(_, total)| total)
    }

    pub(super) fn set_total(&self, total: u64) {
        *self.total.lock() = Some((Instant::now(), total));
    }
}

/// An upload that was let in, until this is dropped.
pub(super) struct Permit {
    admission: Arc<Admission>,
    user: Umid,
    bytes: u64,
    place: Option<OwnedSemaphorePermit>,
}

impl Permit {
    /// Counts bytes that have come; those of all uploads of the user that are under way.
    pub(super) fn count(&mut self, bytes: u64) -> u64 {
        self.bytes += bytes;
        let mut under_way = self.admission.under_way.lock();
        let (_, sum) = under_way.entry(self.user).or_default();
        *sum += bytes;
        *sum
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut under_way = self.admission.under_way.lock();
        if let Some((uploads, bytes)) = under_way.get_mut(&self.user) {
            *uploads -= 1;
            *bytes -= self.bytes;
            if *uploads == 0 {
                under_way.remove(&self.user);
            }
        }
    }
}
