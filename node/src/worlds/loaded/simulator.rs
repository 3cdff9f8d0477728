//! The threads that tick worlds. A panic in one world ends that world only.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
        mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    },
    thread,
    time::{Duration, Instant},
};

use components::Umid;
use metrics::{Counter, Gauge, Histogram};
use systems::{LiveWorld, TickReport, WorldSet};
use tokio::sync::mpsc::UnboundedSender;

use super::slot::Slot;

/// Interval at which the queues of a world's sessions are looked at.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);

/// Niceness of the threads, as `nice(2)` takes it.
const NICE: i32 = -10;

/// Over how long the longest tick is remembered.
const MAX_WINDOW: Duration = Duration::from_secs(10);

/// Times of the ticks of a world; written by its thread, read by anybody.
#[derive(Default)]
pub(crate) struct Ticks {
    mean: AtomicU64,
    max: AtomicU64,
    previous_max: AtomicU64,
}

impl Ticks {
    /// Mean and maximum.
    pub(crate) fn read(&self) -> (Duration, Duration) {
        let max = self
            .max
            .load(Ordering::Relaxed)
            .max(self.previous_max.load(Ordering::Relaxed));
        (
            Duration::from_nanos(self.mean.load(Ordering::Relaxed)),
            Duration::from_nanos(max),
        )
    }

    fn record(&self, took: Duration) {
        let took = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        let mean = self.mean.load(Ordering::Relaxed);
        let mean = if mean == 0 {
            took
        } else {
            mean - mean / 16 + took / 16
        };
        self.mean.store(mean, Ordering::Relaxed);
        self.max.fetch_max(took, Ordering::Relaxed);
    }

    fn next_window(&self) {
        self.previous_max
            .store(self.max.swap(0, Ordering::Relaxed), Ordering::Relaxed);
    }
}

/// A world and the time of its next tick.
pub(crate) struct Hosted {
    id: Umid,
    live: LiveWorld,
    period: Duration,
    due: Instant,
    ticks: Arc<Ticks>,
    window: Instant,
    /// When the queues of its sessions were last looked at.
    looked: Option<Instant>,
    /// Since when nobody is in it.
    empty_since: Instant,
    slot: Arc<Slot>,
}

impl Hosted {
    pub(crate) fn new(
        id: Umid,
        mut live: LiveWorld,
        period: Duration,
        ticks: Arc<Ticks>,
        slot: Arc<Slot>,
    ) -> Self {
        let now = Instant::now();
        live.time_sets();
        Self {
            id,
            live,
            period,
            due: now,
            ticks,
            window: now,
            looked: None,
            empty_since: now,
            slot,
        }
    }
}

/// The simulation threads; they end when this is dropped and their worlds have ended.
pub(crate) struct Simulator {
    threads: Vec<Sender<Hosted>>,
    next: AtomicUsize,
}

impl Simulator {
    pub(crate) fn start(
        threads: usize,
        unload_after: Duration,
        idle: UnboundedSender<Umid>,
    ) -> Self {
        let spawn = |number: usize| {
            let (sender, receiver) = channel();
            let worker = Worker {
                incoming: receiver,
                worlds: Vec::new(),
                unload_after,
                idle: idle.clone(),
                metrics: Metrics::new(),
            };
            let spawned = thread::Builder::new()
                .name(format!("sim-{number}"))
                .spawn(move || {
                    // A tick that is due comes before requests and histories of chains, where the
                    // system allows it (docs/operations.md).
                    let _ = rustix::process::nice(NICE);
                    worker.run();
                });
            if let Err(error) = spawned {
                tracing::error!(%error, "a simulation thread could not be started");
                return None;
            }
            Some(sender)
        };
        Self {
            threads: (0..threads.max(1)).filter_map(spawn).collect(),
            next: AtomicUsize::new(0),
        }
    }

    /// Adds a world to the threads, round-robin.
    pub(crate) fn host(&self, world: Hosted) {
        let next = self.next.fetch_add(1, Ordering::Relaxed);
        let thread = next
            .checked_rem(self.threads.len())
            .and_then(|index| self.threads.get(index));
        if thread.is_none_or(|thread| thread.send(world).is_err()) {
            // The world is dropped, which its handle shows.
            tracing::error!("no simulation thread takes a world");
        }
    }
}

/// Metric handles, kept: looking them up costs an allocation each time.
struct Metrics {
    tick: Histogram,
    sets: [Histogram; WorldSet::ALL.len()],
    inbox: Histogram,
    queue: Histogram,
    overruns: Counter,
    poses_skipped: Counter,
    panics: Counter,
    worlds: Gauge,
}

impl Metrics {
    fn new() -> Self {
        Self {
            tick: metrics::histogram!("odyssey_tick_seconds"),
            sets: WorldSet::ALL
                .map(|set| metrics::histogram!("odyssey_tick_set_seconds", "set" => set.name())),
            inbox: metrics::histogram!("odyssey_inbox_commands"),
            queue: metrics::histogram!("odyssey_session_queue_bytes"),
            overruns: metrics::counter!("odyssey_tick_overruns_total"),
            poses_skipped: metrics::counter!("odyssey_poses_skipped_total"),
            panics: metrics::counter!("odyssey_world_panics_total"),
            worlds: metrics::gauge!("odyssey_worlds_loaded"),
        }
    }
}

impl Metrics {
    /// Records what only says something about a world with people in it.
    fn look_inside(&self, world: &mut Hosted, waiting: usize, now: Instant) {
        self.inbox.record(waiting as f64);
        for (set, took) in self
            .sets
            .iter()
            .zip(world.live.set_times().unwrap_or_default())
        {
            set.record(took);
        }
        if world
            .looked
            .is_none_or(|looked| now - looked > LOOK_INTERVAL)
        {
            world.looked = Some(now);
            self.queue.record(world.live.fullest_queue() as f64);
        }
    }
}

struct Worker {
    incoming: Receiver<Hosted>,
    worlds: Vec<Hosted>,
    unload_after: Duration,
    idle: UnboundedSender<Umid>,
    metrics: Metrics,
}

impl Worker {
    fn run(mut self) {
        loop {
            let arrived = match self.worlds.iter().map(|world| world.due).min() {
                None => self
                    .incoming
                    .recv()
                    .map_err(|_| RecvTimeoutError::Disconnected),
                Some(due) => self
                    .incoming
                    .recv_timeout(due.saturating_duration_since(Instant::now())),
            };
            match arrived {
                Ok(world) => {
                    self.metrics.worlds.increment(1.0);
                    self.worlds.push(world);
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) if self.worlds.is_empty() => return,
                Err(RecvTimeoutError::Disconnected) => {
                    // No more worlds will come, those here go on until they are stopped.
                    let due = self.worlds.iter().map(|world| world.due).min();
                    thread::sleep(due.map_or(Duration::ZERO, |due| {
                        due.saturating_duration_since(Instant::now())
                    }));
                }
            }
            self.tick_due();
        }
    }

    fn tick_due(&mut self) {
        let now = Instant::now();
        let mut index = 0;
        while let Some(world) = self.worlds.get_mut(index) {
            let goes_on =
                world.due > now || tick(world, &self.metrics, self.unload_after, &self.idle);
            if goes_on {
                index += 1;
            } else {
                self.metrics.worlds.decrement(1.0);
                let ended = self.worlds.swap_remove(index);
                // Dropping what a panic left behind may panic as well.
                let _ = catch_unwind(AssertUnwindSafe(|| drop(ended)));
            }
        }
    }
}

/// Ticks one world; false when it has ended.
fn tick(
    world: &mut Hosted,
    metrics: &Metrics,
    unload_after: Duration,
    idle: &UnboundedSender<Umid>,
) -> bool {
    let waiting = world.live.waiting_commands();
    let started = Instant::now();
    let report = catch_unwind(AssertUnwindSafe(|| world.live.tick()));
    let finished = Instant::now();
    let took = finished - started;
    metrics.tick.record(took);
    world.ticks.record(took);
    if finished - world.window > MAX_WINDOW {
        world.window = finished;
        world.ticks.next_window();
    }
    let Ok(TickReport {
        users,
        poses_skipped,
        stopped,
    }) = report
    else {
        metrics.panics.increment(1);
        world.slot.failed();
        tracing::error!(world = %world.id, "a tick panicked; the world ends and is loaded again on the next entry");
        return false;
    };
    metrics.poses_skipped.increment(poses_skipped);
    world.due += world.period;
    if world.due < finished {
        // Overrun: what is late is skipped, never caught up with.
        metrics.overruns.increment(1);
        world.due = finished + world.period;
    }
    if users > 0 {
        world.empty_since = finished;
        metrics.look_inside(world, waiting, finished);
    } else if finished - world.empty_since > unload_after {
        world.empty_since = finished;
        // Without a receiver the node is stopping anyway.
        let _ = idle.send(world.id);
    }
    !stopped
}
