//! The slot of one world: its loaded state and its write lock.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use components::Umid;
use parking_lot::Mutex;
use systems::WorldHandle;

use super::{WorldStatus, simulator::Ticks};

/// A world that failed this often within [`FAILURE_WINDOW`] is not loaded again until the window
/// has passed.
const MAX_FAILURES: usize = 3;
const FAILURE_WINDOW: Duration = Duration::from_secs(60);

/// The place of one world.
#[derive(Default)]
pub(crate) struct Slot {
    /// Held while the world is loaded, unloaded or structurally changed.
    pub(crate) write_lock: tokio::sync::Mutex<()>,
    loaded: Mutex<Option<Loaded>>,
    failures: Mutex<Vec<Instant>>,
    /// Whether it is unknown if a change of the world was stored.
    in_doubt: AtomicBool,
}

pub(crate) struct Loaded {
    pub(crate) handle: WorldHandle,
    pub(crate) ticks: Arc<Ticks>,
}

impl Slot {
    /// The way into the world, if it is loaded and alive.
    pub(crate) fn handle(&self) -> Option<WorldHandle> {
        let loaded = self.loaded.lock();
        loaded
            .as_ref()
            .filter(|loaded| !loaded.handle.has_ended())
            .map(|loaded| loaded.handle.clone())
    }

    pub(crate) fn set(&self, loaded: Loaded) {
        *self.loaded.lock() = Some(loaded);
    }

    pub(crate) fn clear(&self) {
        *self.loaded.lock() = None;
    }

    /// It is unknown whether a change of the world was stored.
    pub(super) fn doubt(&self) {
        self.in_doubt.store(true, Ordering::Release);
    }

    /// Memory is what is stored.
    pub(super) fn trust(&self) {
        self.in_doubt.store(false, Ordering::Release);
    }

    pub(super) fn is_in_doubt(&self) -> bool {
        self.in_doubt.load(Ordering::Acquire)
    }

    /// The world's tick panicked.
    pub(crate) fn failed(&self) {
        let mut failures = self.failures.lock();
        failures.retain(|failure| failure.elapsed() < FAILURE_WINDOW);
        failures.push(Instant::now());
    }

    pub(crate) fn is_quarantined(&self) -> bool {
        let failures = self.failures.lock();
        failures
            .iter()
            .filter(|failure| failure.elapsed() < FAILURE_WINDOW)
            .count()
            >= MAX_FAILURES
    }

    pub(crate) fn status(&self, id: Umid) -> Option<WorldStatus> {
        let loaded = self.loaded.lock();
        let loaded = loaded
            .as_ref()
            .filter(|loaded| !loaded.handle.has_ended())?;
        let (tick_mean, tick_max) = loaded.ticks.read();
        Some(WorldStatus {
            id,
            users: loaded.handle.user_count(),
            tick_mean,
            tick_max,
        })
    }
}
