//! Figures of the tick bench.

use std::time::Duration;

use serde::Serialize;

use crate::{
    Machine,
    tick::{Fit, TickOptions},
};

/// All figures of a bench.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Options of the bench.
    pub options: TickOptions,
    /// On which machine.
    pub machine: Machine,
    /// Ticks of these worlds per second.
    pub tick_rate: u32,
    /// The worlds, smallest first.
    pub cases: Vec<Case>,
    /// Growth of the tick with the number of users, for each number of objects.
    pub growth: Vec<Fit>,
}

/// One world.
#[derive(Clone, Debug, Serialize)]
pub struct Case {
    /// Users in it.
    pub users: u32,
    /// Objects in it.
    pub objects: u32,
    /// Times of whole ticks in microseconds.
    pub tick: Quantiles,
    /// Times of each set of systems, in the order in which they run.
    pub sets: Vec<SetCost>,
    /// Allocations of a tick; `None` if they were not counted.
    pub allocations: Option<Allocations>,
    /// Moves per second that the world was told of.
    pub moves_per_second: f64,
    /// Messages to the sessions.
    pub told: Delivered,
    /// Hash of all bytes that the watched sessions were given since they entered, in hex: equal
    /// options, equal bytes.
    pub trace: String,
}

/// Cost of one set of systems.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct SetCost {
    /// Its name.
    pub set: &'static str,
    /// Times in microseconds.
    #[serde(flatten)]
    pub took: Quantiles,
}

/// Allocations of a tick.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Allocations {
    /// Mean.
    pub mean: f64,
    /// The most of any tick.
    pub max: u64,
}

/// Messages to the sessions; bytes are those of PosBus, without the headers of a transport.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Delivered {
    /// Bytes of each session and second, of all messages.
    pub bytes_per_session_second: f64,
    /// Messages of each session and second.
    pub frames_per_session_second: f64,
    /// Places of others that each session was told of per second.
    pub updates_per_session_second: f64,
    /// Bytes of one of them in version 1, everything in their messages included; `None` if nobody
    /// was told any.
    pub bytes_per_update_v1: Option<f64>,
    /// And in version 2.
    pub bytes_per_update_v2: Option<f64>,
    /// Of the others who were there all the time and moved, the share that the worst informed of
    /// the watched sessions has heard of in the measured time; `None` if nobody moved.
    pub heard_of: Option<f64>,
}

/// A distribution, in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Quantiles {
    /// Mean.
    pub mean: f64,
    /// Median.
    pub p50: f64,
    /// 99 % are at most this.
    pub p99: f64,
    /// 99.9 % are at most this; with fewer than a thousand ticks the longest.
    pub p999: f64,
    /// Longest.
    pub max: f64,
}

impl Quantiles {
    /// Of these times; sorts them.
    pub(crate) fn of(times: &mut [Duration]) -> Self {
        times.sort_unstable();
        let microseconds = |time: Duration| time.as_secs_f64() * 1e6;
        let at = |share: f64| {
            // The nearest rank: a time that was really measured.
            let rank = (share * times.len() as f64).ceil() as usize;
            let time = times.get(rank.saturating_sub(1));
            time.map_or(0.0, |time| microseconds(*time))
        };
        let sum: Duration = times.iter().sum();
        Self {
            mean: microseconds(sum) / times.len().max(1) as f64,
            p50: at(0.5),
            p99: at(0.99),
            p999: at(0.999),
            max: at(1.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Quantiles;

    #[test]
    fn quantiles_are_times_that_were_measured() {
        let mut times: Vec<_> = (1..=1_000).rev().map(Duration::from_micros).collect();
        let quantiles = Quantiles::of(&mut times);
        let found = [quantiles.p50, quantiles.p99, quantiles.p999, quantiles.max];
        for (found, expected) in found.into_iter().zip([500.0, 990.0, 999.0, 1_000.0]) {
            assert!((found - expected).abs() < 1e-6, "{quantiles:?}");
        }
        assert!((quantiles.mean - 500.5).abs() < 1e-6, "{quantiles:?}");
    }

    #[test]
    fn no_times_have_no_quantiles() {
        assert_eq!(Quantiles::of(&mut []), Quantiles::default());
    }
}
