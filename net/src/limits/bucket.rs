//! A token bucket: so many per second, and a reserve for bursts.

use std::time::Duration;

use tokio::time::Instant;

/// Seconds' worth of requests that may come at once after a pause.
const BURST_SECONDS: f64 = 5.0;
/// The longest wait that is ever told; a rate of zero would mean for ever.
const MAX_WAIT: Duration = Duration::from_secs(3600);

/// Rate at which a bucket fills, and its capacity.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rate {
    per_second: f64,
    burst: f64,
}

impl Rate {
    /// Nothing odd gets through: a rate that is not a number or negative allows nothing.
    pub(super) fn new(per_second: f64) -> Self {
        let per_second = per_second.max(0.0);
        let burst = if per_second > 0.0 {
            (per_second * BURST_SECONDS).max(1.0)
        } else {
            0.0
        };
        Self { per_second, burst }
    }
}

/// Remainder of a rate.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bucket {
    tokens: f64,
    updated: Instant,
}

impl Bucket {
    pub(super) fn full(rate: Rate, now: Instant) -> Self {
        Self {
            tokens: rate.burst,
            updated: now,
        }
    }

    /// Takes `cost`, or what the bucket holds when full if that is less; otherwise tells when there
    /// will be enough.
    pub(super) fn take(&mut self, cost: f64, rate: Rate, now: Instant) -> Result<(), Duration> {
        self.tokens = self.level(rate, now);
        self.updated = now;
        let cost = if rate.burst > 0.0 {
            cost.min(rate.burst)
        } else {
            cost
        };
        if self.tokens >= cost {
            self.tokens -= cost;
            return Ok(());
        }
        let seconds = (cost - self.tokens) / rate.per_second;
        Err(Duration::try_from_secs_f64(seconds)
            .unwrap_or(MAX_WAIT)
            .min(MAX_WAIT))
    }

    pub(super) fn is_full(&self, rate: Rate, now: Instant) -> bool {
        self.level(rate, now) >= rate.burst
    }

    fn level(&self, rate: Rate, now: Instant) -> f64 {
        (self.tokens + now.duration_since(self.updated).as_secs_f64() * rate.per_second)
            .min(rate.burst)
    }
}
