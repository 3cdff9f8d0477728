//! Rate limit of a session: a token bucket whose emptiness slows its own reader down and nobody
//! else.

use std::time::Duration;

use tokio::time::Instant;

/// A token bucket.
pub(super) struct RateLimiter {
    rate: f64,
    burst: f64,
    tokens: f64,
    filled: Instant,
    /// Since when there has been no moment without waiting.
    strained: Option<Instant>,
}

impl RateLimiter {
    /// `rate` tokens per second, `burst` at most and at first.
    pub(super) fn new(rate: f64, burst: f64) -> Self {
        Self {
            rate,
            burst,
            tokens: burst,
            filled: Instant::now(),
            strained: None,
        }
    }

    /// Takes a token; tells how long to wait until it would have been there.
    pub(super) fn take(&mut self) -> Duration {
        let now = Instant::now();
        self.tokens = (self.tokens + (now - self.filled).as_secs_f64() * self.rate).min(self.burst);
        self.filled = now;
        self.tokens -= 1.0;
        if self.tokens >= self.burst / 2.0 {
            self.strained = None;
        }
        if self.tokens >= 0.0 {
            return Duration::ZERO;
        }
        self.strained.get_or_insert(now);
        Duration::from_secs_f64(-self.tokens / self.rate)
    }

    /// Takes more tokens for what turned out to cost more; whoever comes next waits for them.
    pub(super) fn charge(&mut self, tokens: f64) {
        self.tokens -= tokens;
    }

    /// For how long the bucket has been running dry again and again.
    pub(super) fn strained_for(&self) -> Duration {
        self.strained
            .map_or(Duration::ZERO, |since| since.elapsed())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::RateLimiter;

    #[tokio::test(start_paused = true)]
    async fn expensive_requests_use_more_of_the_quota() {
        let mut limiter = RateLimiter::new(10.0, 5.0);
        assert_eq!(limiter.take(), Duration::ZERO);
        limiter.charge(4.0);
        let wait = limiter.take();
        assert!(
            wait > Duration::from_millis(99) && wait < Duration::from_millis(101),
            "{wait:?}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_is_free_then_the_rate_holds_and_rest_heals() {
        let mut limiter = RateLimiter::new(10.0, 5.0);
        assert!((0..5).all(|_| limiter.take() == Duration::ZERO));
        let wait = limiter.take();
        assert!(
            wait > Duration::from_millis(99) && wait < Duration::from_millis(101),
            "{wait:?}"
        );
        tokio::time::advance(Duration::from_secs(3)).await;
        assert!(limiter.strained_for() >= Duration::from_secs(3));
        assert_eq!(limiter.take(), Duration::ZERO);
        assert_eq!(limiter.strained_for(), Duration::ZERO);
    }
}
