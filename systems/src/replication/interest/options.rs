//! Rates at which movers are sent to viewers; every default carries its reason.

use std::time::Duration;

/// Rings around a viewer, their rates, and what one message may hold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InterestOptions {
    /// Edge of a grid cell in metres. Default 64: the nine cells around a viewer reach at least as
    /// far as faces and gestures can be made out, and hold some hundred people in a busy place,
    /// which is what one message carries well.
    pub cell: f32,
    /// Distance in metres by which a viewer may leave their cell before it changes. Default 8: the
    /// cell of somebody who walks along a border stays, as each change costs a message of its own.
    pub hysteresis: f32,
    /// Period at which movers in the middle distance (two cells away) are sent. Default 250 ms: at
    /// that distance a step is a few pixels, and interpolation hides the rest.
    pub middle_period: Duration,
    /// Period within which every mover is sent to everybody in the world. Default 1 s: enough for a
    /// map, a list of people, and a first place to draw them when a viewer comes nearer.
    pub slowest_period: Duration,
    /// Most movers near by in one message; in a larger crowd those are first that were sent longest
    /// ago. Default 256: nobody follows more faces, and a crowd of any size costs each of its
    /// members the same.
    pub near_cap: usize,
    /// The same for the middle distance. Default 128: half, as it is less important.
    pub middle_cap: usize,
    /// Movers of the whole world that one tick sends to everybody. Default 256, which is 5,120
    /// people in a second at 20 Hz; in a larger world the slowest period doubles, and doubles
    /// again.
    pub bucket_cap: usize,
    /// Number of users up to which everybody is near to everybody, at any distance. Default 64:
    /// they fit a message, so that rings would only make them jerk.
    pub all_near: usize,
}

impl Default for InterestOptions {
    fn default() -> Self {
        Self {
            cell: 64.0,
            hysteresis: 8.0,
            middle_period: Duration::from_millis(250),
            slowest_period: Duration::from_secs(1),
            near_cap: 256,
            middle_cap: 128,
            bucket_cap: 256,
            all_near: 64,
        }
    }
}

/// Most ticks that the slowest period may last: the bits for missed buckets in a session's state.
pub const MAX_BUCKETS: u64 = 128;

impl InterestOptions {
    /// Distance in metres within which two users are always near: wherever in their cells they are,
    /// and however far over its border the viewer has gone.
    pub fn near_metres(&self) -> f32 {
        (self.cell - self.hysteresis).max(0.0)
    }

    /// Ticks of a cycle in which each cell of the middle distance is due once.
    pub(crate) fn middle_ticks(&self, tick_rate: u32) -> u64 {
        ticks(self.middle_period, tick_rate)
    }

    /// Number of buckets, one a tick, of a world with so many users.
    pub(crate) fn buckets(&self, tick_rate: u32, users: usize) -> u64 {
        let mut buckets = ticks(self.slowest_period, tick_rate).min(MAX_BUCKETS);
        while (buckets as usize).saturating_mul(self.bucket_cap) < users
            && buckets * 2 <= MAX_BUCKETS
        {
            buckets *= 2;
        }
        buckets
    }
}

/// A time in ticks, at least one.
fn ticks(period: Duration, tick_rate: u32) -> u64 {
    let ticks = (period.as_secs_f64() * f64::from(tick_rate)).round();
    (ticks as u64).max(1)
}
