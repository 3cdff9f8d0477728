//! How late the swarm itself is: a short timer on the runtime of the bots. A generator that is late measures itself.

use std::time::Duration;

use hdrhistogram::Histogram;
use tokio::time::{Instant, sleep_until};

use crate::{histogram, ledger::Stamp};

/// Time between two looks.
const PERIOD: Duration = Duration::from_millis(5);

/// Measures how much later than asked a timer fires, from one moment to another. After a long pause each look that was due
/// in it counts, as every bot that should have acted then was late too.
pub(crate) async fn measure(from: Instant, until: Instant) -> Histogram<u64> {
    let mut lag = histogram::empty();
    let mut due = from;
    while due < until {
        sleep_until(due).await;
        let late = Instant::now().saturating_duration_since(due).as_secs_f64();
        lag.saturating_record((late * f64::from(Stamp::PER_SECOND)) as u64);
        due += PERIOD;
    }
    lag
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::{Instant, advance};

    use super::measure;
    use crate::Quantiles;

    #[tokio::test(start_paused = true)]
    async fn a_pause_of_the_runtime_counts_for_all_that_was_due_in_it() {
        let start = Instant::now();
        let measuring = tokio::spawn(measure(start, start + Duration::from_secs(1)));
        tokio::task::yield_now().await;
        advance(Duration::from_millis(500)).await;
        let lag = Quantiles::of(&measuring.await.expect("ends"));
        assert_eq!(lag.count, 200);
        assert!((490.0..=500.0).contains(&lag.max), "{lag:?}");
        assert!(lag.p90 > 300.0 && lag.p50 < 10.0, "{lag:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_runtime_that_is_never_late_has_no_lag() {
        let start = Instant::now();
        let lag = Quantiles::of(&measure(start, start + Duration::from_secs(1)).await);
        assert!(lag.max <= 1.0, "the timer's own grain: {lag:?}");
    }
}
