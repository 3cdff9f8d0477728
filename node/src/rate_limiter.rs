//! Rate limit of operations that cost money.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use components::Umid;
use parking_lot::Mutex;

/// Users told apart at once; further ones share one entry until old ones are forgotten.
const MAX_USERS: usize = 16_384;

/// So many per second and user, and some at once after a pause.
#[derive(Debug)]
pub(crate) struct RateLimiter {
    per_second: f64,
    burst: f64,
    /// Remainder, and the time of its computation.
    users: Mutex<HashMap<Umid, (f64, Instant)>>,
}

impl RateLimiter {
    pub(crate) fn new(per_second: f64, burst: f64) -> Self {
        Self {
            per_second,
            burst: burst.max(1.0),
            users: Mutex::default(),
        }
    }

    /// Takes one, or tells how long to wait for it.
    pub(crate) fn take(&self, user: Umid) -> Result<(), Duration> {
        self.take_at(user, Instant::now())
    }

    fn take_at(&self, user: Umid, now: Instant) -> Result<(), Duration> {
        let level = |(left, since): (f64, Instant)| {
            let refilled = now.saturating_duration_since(since).as_secs_f64() * self.per_second;
            (left + refilled).min(self.burst)
        };
        let mut users = self.users.lock();
        if users.len() >= MAX_USERS {
            users.retain(|_, entry| level(*entry) < self.burst);
        }
        let key = match users.len() < MAX_USERS || users.contains_key(&user) {
            true => user,
            false => Umid::nil(),
        };
        let left = users.get(&key).map_or(self.burst, |entry| level(*entry));
        if left < 1.0 {
            let wait = (1.0 - left) / self.per_second;
            return Err(Duration::try_from_secs_f64(wait).unwrap_or(Duration::from_secs(3600)));
        }
        users.insert(key, (left - 1.0, now));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_has_a_reserve_that_refills() {
        let limiter = RateLimiter::new(0.5, 2.0);
        let (one, two) = (Umid::from_u128(1), Umid::from_u128(2));
        let start = Instant::now();
        assert_eq!(limiter.take_at(one, start), Ok(()));
        assert_eq!(limiter.take_at(one, start), Ok(()));
        assert_eq!(limiter.take_at(one, start), Err(Duration::from_secs(2)));
        assert_eq!(
            limiter.take_at(two, start),
            Ok(()),
            "others are not concerned"
        );
        let later = start + Duration::from_secs(2);
        assert_eq!(limiter.take_at(one, later), Ok(()));
        assert!(limiter.take_at(one, later).is_err());
    }
}
