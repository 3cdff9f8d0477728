//! Options of a world; every default carries its reason.

use std::time::Duration;

use crate::{InterestOptions, QueueLimits};

/// Options of a world.
#[derive(Clone, Debug)]
pub struct WorldOptions {
    /// Ticks per second, 1–120. Default 20: half the tick (25 ms) plus one network trip stays well
    /// below what people notice, and the number of writes per second stays affordable.
    pub tick_rate: u32,
    /// Commands that may wait for a tick. Default 8,192: a burst of a thousand joins with room to
    /// spare; a sender that finds it full waits, and only that sender.
    pub inbox_capacity: usize,
    /// Longest time for which transforms of dragged objects stay unsaved. Default 500 ms: half of
    /// the promised second, because the write itself takes time too.
    pub persist_interval: Duration,
    /// Whether users enter where they left. Default true; false always uses the world's spawn
    /// point.
    pub restore_last_position: bool,
    /// Bytes per second of others' movement that one session gets at most. Default 256 KiB, or
    /// 2 Mbit/s: everything within the caps of [`InterestOptions`] passes in version 1. Movement
    /// above the budget is sent later, with the places of that moment.
    pub pose_budget: usize,
    /// Rates at which movers are sent to viewers.
    pub interest: InterestOptions,
    /// Limits of what may wait for one slow reader.
    pub queues: QueueLimits,
}

impl Default for WorldOptions {
    fn default() -> Self {
        Self {
            tick_rate: 20,
            inbox_capacity: 8_192,
            persist_interval: Duration::from_millis(500),
            restore_last_position: true,
            pose_budget: 256 * 1024,
            interest: InterestOptions::default(),
            queues: QueueLimits::default(),
        }
    }
}

impl WorldOptions {
    /// The time between two ticks.
    pub fn period(&self) -> Duration {
        Duration::from_secs(1) / self.tick_rate.max(1)
    }

    /// Length of the persist interval in ticks, at least one.
    pub(crate) fn persist_ticks(&self) -> u64 {
        self.ticks(self.persist_interval)
    }

    /// Length of a time in whole ticks, at least one.
    pub(crate) fn ticks(&self, time: Duration) -> u64 {
        let ticks = time.as_nanos() / self.period().as_nanos().max(1);
        u64::try_from(ticks).unwrap_or(u64::MAX).max(1)
    }
}
