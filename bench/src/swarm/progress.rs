//! Progress of a run: counters that bots keep, and a reporter that reads them.

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::swarm::{
    sent::Stamp,
    world::{Window, World},
};

/// Time between two messages of progress.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(500);

/// Progress of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Accounts are made.
    Guests,
    /// Bots enter.
    Ramp,
    /// Everybody hears of everybody.
    Settle,
    /// Anything that happens now counts.
    Measure,
    /// Nobody moves any more.
    Drain,
}

/// Phase of a run.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// Its progress.
    pub phase: Phase,
    /// Bots asked for.
    pub users: u32,
    /// Accounts made.
    pub guests: u32,
    /// Bots that entered.
    pub joined: u32,
    /// Bots that were lost.
    pub lost: u32,
    /// Frames received per second, by all bots.
    pub frames_per_second: f64,
    /// Updates seen per second, by all bots.
    pub updates_per_second: f64,
    /// Rest of the measurement; all of it before.
    pub left: Duration,
}

/// Counters for progress and for what is waited for.
#[derive(Default)]
pub(crate) struct Live {
    guests: AtomicU32,
    ramping: AtomicBool,
    joined: AtomicU32,
    /// Lost after they had joined.
    left: AtomicU32,
    /// Never joined.
    failed: AtomicU32,
    frames: AtomicU64,
    bytes: AtomicU64,
    updates: AtomicU64,
    /// Pairs of a bot and another one that it knows.
    known: AtomicU64,
}

impl Live {
    pub(crate) fn made_guests(&self, count: u32) {
        self.guests.store(count, Ordering::Relaxed);
    }

    pub(crate) fn start_ramp(&self) {
        self.ramping.store(true, Ordering::Relaxed);
    }

    pub(crate) fn joined(&self) {
        self.joined.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn lost(&self, had_joined: bool) {
        let lost = if had_joined { &self.left } else { &self.failed };
        lost.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn frame(&self, bytes: usize) {
        self.frames.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(crate) fn updates(&self, count: u64) {
        self.updates.fetch_add(count, Ordering::Relaxed);
    }

    /// Bytes received by all bots so far.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// A bot knew so many others and now so many.
    pub(crate) fn known(&self, before: u32, now: u32) {
        if before != now {
            // Wraps for a loss, which is a subtraction.
            let change = u64::from(now).wrapping_sub(u64::from(before));
            self.known.fetch_add(change, Ordering::Relaxed);
        }
    }

    pub(crate) fn anybody_joined(&self) -> bool {
        self.joined.load(Ordering::Relaxed) > 0
    }

    /// Number of bots that have joined or will never.
    pub(crate) fn arrived(&self) -> u32 {
        self.joined.load(Ordering::Relaxed) + self.failed.load(Ordering::Relaxed)
    }

    /// Whether everybody who is there knows everybody else.
    pub(crate) fn all_known(&self) -> bool {
        let joined = self.joined.load(Ordering::Relaxed);
        let present = u64::from(joined.saturating_sub(self.left.load(Ordering::Relaxed)));
        self.known.load(Ordering::Relaxed) >= present * present.saturating_sub(1)
    }
}

/// Tells of progress as long as it is held.
pub(crate) struct Reporting(tokio::task::JoinHandle<()>);

impl Reporting {
    /// Tells of the live counters of a run for so many users; of the world as soon as there is one.
    pub(crate) fn start(
        (users, whole): (u32, Duration),
        live: &Arc<Live>,
        world: &Arc<OnceLock<Arc<World>>>,
        progress: impl Fn(Progress) + Send + Sync + 'static,
    ) -> Self {
        let (live, world) = (Arc::clone(live), Arc::clone(world));
        Self(tokio::spawn(async move {
            let mut turns = interval(PROGRESS_INTERVAL);
            turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
            let (mut last, mut frames, mut updates) = (Instant::now(), 0, 0);
            loop {
                let now = turns.tick().await;
                let seconds = (now - last).as_secs_f64().max(1e-3);
                let rate = |before: &mut u64, counter: &AtomicU64| {
                    let count = counter.load(Ordering::Relaxed);
                    let new = count - std::mem::replace(before, count);
                    new as f64 / seconds
                };
                let window = world.get().and_then(|world| {
                    let window = *world.window.get()?;
                    Some((window, world.sent.now()))
                });
                let (phase, left) = phase(&live, window, whole);
                progress(Progress {
                    phase,
                    users,
                    guests: live.guests.load(Ordering::Relaxed),
                    joined: live.joined.load(Ordering::Relaxed),
                    lost: live.left.load(Ordering::Relaxed) + live.failed.load(Ordering::Relaxed),
                    frames_per_second: rate(&mut frames, &live.frames),
                    updates_per_second: rate(&mut updates, &live.updates),
                    left,
                });
                last = now;
            }
        }))
    }
}

impl Drop for Reporting {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn phase(live: &Live, window: Option<(Window, Stamp)>, whole: Duration) -> (Phase, Duration) {
    match window {
        Some((window, now)) if now >= window.end => (Phase::Drain, Duration::ZERO),
        Some((window, now)) if now >= window.start => {
            let left = u64::from(window.end.since(now)) * 10;
            (Phase::Measure, Duration::from_micros(left))
        }
        Some(_) => (Phase::Settle, whole),
        None if live.ramping.load(Ordering::Relaxed) => (Phase::Ramp, whole),
        None => (Phase::Guests, whole),
    }
}
