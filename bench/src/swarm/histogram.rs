//! Distributions of times. A swarm records millions a second, so recording one is one addition.

use serde::Serialize;

use crate::swarm::sent::Stamp;

/// Below this, 200 ms, times are told apart by 10 µs.
const FINE: u32 = 20_000;
/// Above, by 1 ms.
const COARSE: u32 = 100;
/// Anything slower than a minute counts as a minute.
const LONGEST: u32 = 60 * Stamp::PER_SECOND;

/// A distribution of times in units of 10 µs.
#[derive(Clone, Debug)]
pub(crate) struct Times(Vec<u64>);

impl Times {
    pub(crate) fn new() -> Self {
        let coarse = (LONGEST - FINE) / COARSE + 1;
        Self(vec![0; (FINE + coarse) as usize])
    }

    /// Records one time.
    pub(crate) fn record(&mut self, time: u32) {
        let time = time.min(LONGEST);
        let bin = if time < FINE {
            time
        } else {
            FINE + (time - FINE) / COARSE
        };
        if let Some(count) = self.0.get_mut(bin as usize) {
            *count += 1;
        }
    }

    pub(crate) fn add(&mut self, other: &Self) {
        for (count, more) in self.0.iter_mut().zip(&other.0) {
            *count += more;
        }
    }

    /// Number of times of at least `from` and below `to`, in milliseconds.
    pub(crate) fn between(&self, from: f64, to: f64) -> u64 {
        self.counts()
            .filter(|(time, _)| (from..to).contains(time))
            .map(|(_, count)| count)
            .sum()
    }

    pub(crate) fn quantiles(&self) -> Quantiles {
        let count: u64 = self.0.iter().sum();
        if count == 0 {
            return Quantiles::default();
        }
        let quantile = |share: f64| {
            let rank = (share * count as f64).ceil().max(1.0) as u64;
            let mut below = 0;
            let found = self.counts().find(|(_, here)| {
                below += here;
                below >= rank
            });
            found.map_or(0.0, |(time, _)| time)
        };
        let sum: f64 = self.counts().map(|(time, here)| time * here as f64).sum();
        Quantiles {
            count,
            min: quantile(0.0),
            mean: sum / count as f64,
            p50: quantile(0.5),
            p90: quantile(0.9),
            p99: quantile(0.99),
            p999: quantile(0.999),
            max: quantile(1.0),
        }
    }

    /// Milliseconds and how many took so long, where there are any.
    fn counts(&self) -> impl Iterator<Item = (f64, u64)> {
        let times = (0..FINE).chain((FINE..).step_by(COARSE as usize));
        times
            .zip(&self.0)
            .filter(|(_, count)| **count > 0)
            .map(|(time, count)| (f64::from(time) / Stamp::PER_MILLISECOND, *count))
    }
}

/// A distribution of times in milliseconds, exact to 0.01 ms below 200 ms and to 1 ms above; all 0
/// if there were none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Quantiles {
    /// Number of times.
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

#[cfg(test)]
mod tests {
    use super::{Quantiles, Times};

    #[test]
    fn quantiles_are_those_of_the_times() {
        let mut times = Times::new();
        assert_eq!(times.quantiles(), Quantiles::default());
        let mut more = Times::new();
        for time in 1..=100 {
            times.record(time * 100);
            more.record(time * 100 + 50_000);
        }
        let first = times.quantiles();
        assert_eq!(
            (first.count, first.min, first.p50, first.p99, first.max),
            (100, 1.0, 50.0, 99.0, 100.0)
        );
        assert!((first.mean - 50.5).abs() < 1e-6);
        times.add(&more);
        let both = times.quantiles();
        assert_eq!((both.count, both.p50, both.max), (200, 100.0, 600.0));
        assert_eq!(times.between(50.0, 501.5), 52);
    }

    #[test]
    fn overlong_values_are_recorded_as_the_longest() {
        let mut times = Times::new();
        times.record(u32::MAX);
        let max = times.quantiles().max;
        assert_eq!(max, 60_000.0);
    }
}
