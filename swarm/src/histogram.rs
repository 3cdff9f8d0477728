//! Distributions of times, recorded by many bots at once.

use hdrhistogram::Histogram;
use parking_lot::Mutex;
use serde::Serialize;

use crate::ledger::Stamp;

/// What is slower than a minute counts as a minute.
const LONGEST: u64 = 60 * Stamp::PER_SECOND as u64;
/// Significant decimal digits.
const DIGITS: u8 = 3;
/// Parts that bots share, so that they seldom wait for each other; one for each bot would take gigabytes.
const SHARDS: usize = 8;

/// An empty distribution of times in units of 10 µs.
pub(crate) fn empty() -> Histogram<u64> {
    Histogram::new_with_bounds(1, LONGEST, DIGITS)
        .expect("the bounds are constants that are in order")
}

/// A distribution that many record to.
pub(crate) struct Times(Vec<Mutex<Histogram<u64>>>);

impl Times {
    pub(crate) fn new() -> Self {
        Self((0..SHARDS).map(|_| Mutex::new(empty())).collect())
    }

    /// Records times in units of 10 µs, and forgets them.
    pub(crate) fn record(&self, bot: u32, times: &mut Vec<u32>) {
        let Some(shard) = self
            .0
            .get(bot as usize % SHARDS)
            .filter(|_| !times.is_empty())
        else {
            return;
        };
        let mut histogram = shard.lock();
        for time in times.drain(..) {
            histogram.saturating_record(u64::from(time));
        }
    }

    /// All parts together.
    pub(crate) fn quantiles(&self) -> Quantiles {
        let mut sum = empty();
        for shard in &self.0 {
            // Of equal bounds all, so nothing can be out of them.
            let _ = sum.add(&*shard.lock());
        }
        Quantiles::of(&sum)
    }
}

/// A distribution of times in milliseconds; all 0 if there were none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Quantiles {
    /// How many times.
    pub count: u64,
    /// Shortest.
    pub min: f64,
    /// Mean.
    pub mean: f64,
    /// Median.
    pub p50: f64,
    /// 90 % are at most this.
    pub p90: f64,
    /// 99 % are at most this.
    pub p99: f64,
    /// 99.9 % are at most this.
    pub p999: f64,
    /// Longest.
    pub max: f64,
}

impl Quantiles {
    pub(crate) fn of(histogram: &Histogram<u64>) -> Self {
        let milliseconds = |value: u64| value as f64 / Stamp::PER_MILLISECOND;
        let quantile = |share| milliseconds(histogram.value_at_quantile(share));
        if histogram.is_empty() {
            return Self::default();
        }
        Self {
            count: histogram.len(),
            min: milliseconds(histogram.min()),
            mean: histogram.mean() / Stamp::PER_MILLISECOND,
            p50: quantile(0.5),
            p90: quantile(0.9),
            p99: quantile(0.99),
            p999: quantile(0.999),
            max: milliseconds(histogram.max()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Quantiles, Times};

    #[test]
    fn times_of_all_bots_add_up() {
        let times = Times::new();
        assert_eq!(times.quantiles(), Quantiles::default());
        for bot in 0..100 {
            times.record(bot, &mut vec![(bot + 1) * 100]);
        }
        let quantiles = times.quantiles();
        assert_eq!(quantiles.count, 100);
        for (value, expected) in [
            (quantiles.p50, 50.0),
            (quantiles.p99, 99.0),
            (quantiles.max, 100.0),
        ] {
            assert!((value - expected).abs() < 0.1, "{quantiles:?}");
        }
    }

    #[test]
    fn what_takes_too_long_is_kept_as_the_longest() {
        let times = Times::new();
        times.record(0, &mut vec![u32::MAX]);
        let max = times.quantiles().max;
        assert!((59_900.0..60_200.0).contains(&max), "{max}");
    }
}
