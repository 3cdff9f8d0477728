//! Rates at which movers are sent to viewers: the `[interest]` table.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use systems::{InterestOptions, MAX_BUCKETS};

use super::values;

/// See [`InterestOptions`].
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Interest {
    cell: f32,
    hysteresis: f32,
    #[serde(with = "values::duration")]
    middle_period: Duration,
    #[serde(with = "values::duration")]
    slowest_period: Duration,
    near_cap: usize,
    middle_cap: usize,
    bucket_cap: usize,
    all_near: usize,
}

impl Default for Interest {
    fn default() -> Self {
        let options = InterestOptions::default();
        Self {
            cell: options.cell,
            hysteresis: options.hysteresis,
            middle_period: options.middle_period,
            slowest_period: options.slowest_period,
            near_cap: options.near_cap,
            middle_cap: options.middle_cap,
            bucket_cap: options.bucket_cap,
            all_near: options.all_near,
        }
    }
}

impl Interest {
    pub(crate) fn options(&self) -> InterestOptions {
        InterestOptions {
            cell: self.cell,
            hysteresis: self.hysteresis,
            middle_period: self.middle_period,
            slowest_period: self.slowest_period,
            near_cap: self.near_cap,
            middle_cap: self.middle_cap,
            bucket_cap: self.bucket_cap,
            all_near: self.all_near,
        }
    }

    /// The first key whose value makes no sense, and why.
    pub(super) fn check(&self, tick_rate: u32) -> Result<(), (&'static str, String)> {
        let rules = [
            (
                self.cell.is_finite() && self.cell >= 1.0,
                "interest.cell",
                "must be at least 1 m",
            ),
            (
                self.hysteresis >= 0.0 && self.hysteresis < self.cell,
                "interest.hysteresis",
                "must be at least 0 and less than the cell",
            ),
            (
                !self.middle_period.is_zero() && self.middle_period <= self.slowest_period,
                "interest.middle_period",
                "must be more than 0 and not above slowest_period",
            ),
            (
                self.slowest_period.as_secs_f64() * f64::from(tick_rate) <= MAX_BUCKETS as f64,
                "interest.slowest_period",
                "must be at most 128 ticks",
            ),
            (self.near_cap > 0, "interest.near_cap", "must be at least 1"),
            (
                self.middle_cap > 0,
                "interest.middle_cap",
                "must be at least 1",
            ),
            (
                self.bucket_cap > 0,
                "interest.bucket_cap",
                "must be at least 1",
            ),
        ];
        match rules.into_iter().find(|(holds, ..)| !holds) {
            Some((_, key, why)) => Err((key, why.to_owned())),
            None => Ok(()),
        }
    }
}
