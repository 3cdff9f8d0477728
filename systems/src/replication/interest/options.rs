//! Who is told of whom how often; every default carries its reason.

use std::time::Duration;

/// Rings around a viewer, their rates, and what one message may hold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InterestOptions {
    /// Edge of a grid cell in metres. Default 64: the nine cells around a viewer reach at least as far as faces and gestures
    /// can be made out, and hold some hundred people in a busy place, which is what one message carries well.
    pub cell: f32,
    /// How far a viewer may leave their cell before the next one becomes theirs, in metres. Default 8: who walks along a
    /// border does not change sides with every step, as each change costs a message of its own.
    pub hysteresis: f32,
    /// How often people in the middle distance (two cells away) are told of. Default every 250 ms: at that distance a
    /// step is a few pixels, and interpolation hides the rest.
    pub middle_period: Duration,
    /// How often at least everybody who moved is told to everybody in the world. Default 1 s: enough for a map, a list of
    /// people, and a first place to draw them when one comes nearer.
    pub slowest_period: Duration,
    /// How many people near by one message holds at most; in a larger crowd those come first who were told of longest ago.
    /// Default 256: nobody follows more faces, and a crowd of any size costs each of its members the same.
    pub near_cap: usize,
    /// The same for the middle distance. Default 128: half, as it is less important.
    pub middle_cap: usize,
    /// How many of the whole world a tick tells to everybody. Default 256, which is 5,120 people in a second at 20 Hz; in a
    /// larger world the slowest period doubles, and doubles again.
    pub bucket_cap: usize,
    /// Up to so many people everybody is near to everybody, wherever they are. Default 64: they fit a message, so that
    /// rings would only make them jerk.
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

/// Most ticks that the slowest period may last: what a session's note of missed buckets holds.
pub const MAX_BUCKETS: u64 = 128;

impl InterestOptions {
    /// Within this distance, in metres, everybody is near: wherever in their cell two people are, and however far over its
    /// border the viewer has gone.
    pub fn near_metres(&self) -> f32 {
        (self.cell - self.hysteresis).max(0.0)
    }

    /// In how many ticks the cells of the middle distance take turns.
    pub(crate) fn middle_ticks(&self, tick_rate: u32) -> u64 {
        ticks(self.middle_period, tick_rate)
    }

    /// In how many buckets, one a tick, a world of so many people is told to everybody.
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
