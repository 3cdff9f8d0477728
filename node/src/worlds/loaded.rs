//! The loaded worlds of the node: loading on first entry, unloading when idle, and the order of
//! structural changes.

mod connections;
mod doubt;
mod simulator;
mod slot;
mod write_behind;

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, atomic::AtomicU64},
    time::Duration,
};

use components::{Reason, Transform, TransformNoScale, Umid};
use parking_lot::Mutex;
use store::Store;
use systems::{Effect, LiveWorld, WorldContext, WorldHandle, WorldState};
use tokio::{sync::mpsc, task::JoinSet, time::timeout};
use tokio_util::sync::CancellationToken;

use crate::{
    Directory, NodeError, NodeOptions, Result,
    media::render::Renders,
    objects::state,
    social::calendar::{self, Calendar},
};
use simulator::{Hosted, Simulator, Ticks};
use slot::{Loaded, Slot};
use write_behind::{Sink, WriteBehind};

pub(crate) use connections::Connections;

/// Time for which a change waits for the write lock of a world. Longer than any transaction may
/// take; who still waits then finds the database away.
const WRITE_LOCK_TIMEOUT: Duration = Duration::from_secs(10);

/// Longest time of the end of a world at shutdown.
const STOP_TIMEOUT: Duration = Duration::from_secs(3);

/// Figures of a loaded world for the outside.
#[derive(Clone, Debug, PartialEq)]
pub struct WorldStatus {
    /// The world.
    pub id: Umid,
    /// Number of users in it.
    pub users: usize,
    /// Moving average of the time a tick took.
    pub tick_mean: Duration,
    /// Longest tick of the last ten seconds.
    pub tick_max: Duration,
}

/// The worlds of a node.
pub struct Worlds {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    directory: Arc<Directory>,
    options: NodeOptions,
    slots: Mutex<HashMap<Umid, Arc<Slot>>>,
    simulator: Simulator,
    write_behind: Arc<WriteBehind>,
    calendar: Calendar,
    connections: Connections,
    renders: Renders,
    /// As many of the store's doubts as have been settled.
    settled: AtomicU64,
    stop: CancellationToken,
}

impl Worlds {
    pub(crate) fn start(
        store: Store,
        directory: Arc<Directory>,
        options: &NodeOptions,
        renders: Renders,
        stop: CancellationToken,
    ) -> Self {
        let (idle, idle_worlds) = mpsc::unbounded_channel();
        let write_behind = WriteBehind::start(store.clone(), stop.clone());
        let simulator = Simulator::start(options.simulation_threads, options.unload_after, idle);
        let inner = Arc::new(Inner {
            store,
            directory,
            options: options.clone(),
            slots: Mutex::default(),
            simulator,
            write_behind,
            calendar: Calendar::default(),
            connections: Connections::default(),
            renders,
            settled: AtomicU64::new(0),
            stop,
        });
        tokio::spawn(unload_idle(Arc::clone(&inner), idle_worlds));
        tokio::spawn(start_events(Arc::clone(&inner)));
        tokio::spawn(doubt::settle_all(Arc::clone(&inner)));
        Self { inner }
    }

    /// The way into a world, which is loaded if it is not yet.
    ///
    /// # Errors
    /// `WorldNotFound`; `Unavailable` if the database is away, or if the world failed again and
    /// again.
    pub async fn open(&self, world: Umid) -> Result<WorldHandle> {
        if !self.inner.directory.is_world(world) {
            return Err(Reason::WorldNotFound.into());
        }
        let slot = self.inner.slot(world);
        if let Some(handle) = slot.handle() {
            return Ok(handle);
        }
        let _held = timeout(WRITE_LOCK_TIMEOUT, slot.write_lock.lock())
            .await
            .map_err(|_| NodeError::Unavailable)?;
        match slot.handle() {
            Some(handle) => Ok(handle),
            None => self.inner.load(&slot, world).await,
        }
    }

    /// Runs `change` (checks, one durable transaction, update of the directory) while no other
    /// structural change of this world runs. The effects it returns reach the world, if it is
    /// loaded, before the next change starts: what clients hear has the order of what is stored.
    ///
    /// # Errors
    /// Those of `change`; `Unavailable` if it does not get the write lock in time.
    pub async fn change<T, F>(&self, world: Umid, change: F) -> Result<T>
    where
        F: Future<Output = Result<(T, Vec<Effect>)>>,
    {
        let slot = self.inner.slot(world);
        let _held = timeout(WRITE_LOCK_TIMEOUT, slot.write_lock.lock())
            .await
            .map_err(|_| NodeError::Unavailable)?;
        self.inner.settle(&slot, world).await?;
        let doubts = self.inner.store.doubts();
        let changed = change.await;
        if changed.is_err() && doubts.has_changed().unwrap_or_default() {
            slot.doubt();
        }
        let (value, effects) = changed?;
        self.render(&effects);
        if let Some(handle) = slot.handle() {
            self.inner.calendar.follow(world, &effects);
            send(&handle, effects).await;
        }
        Ok(value)
    }

    /// Has pictures made of what changes say, where it asks for them.
    pub(crate) fn render(&self, effects: &[Effect]) {
        let catalogue = self.inner.directory.catalogue();
        self.inner.renders.follow(effects, &catalogue);
    }

    /// Effects for every loaded world.
    pub async fn announce(&self, effects: Vec<Effect>) {
        for handle in self.inner.handles() {
            send(&handle, effects.clone()).await;
        }
    }

    /// Effects for the worlds that any of these users is in.
    pub(crate) async fn announce_to(&self, users: &[Umid], effects: Vec<Effect>) {
        for world in self.inner.connections.worlds_of(users) {
            let slot = self.inner.slots.lock().get(&world).cloned();
            if let Some(handle) = slot.and_then(|slot| slot.handle()) {
                send(&handle, effects.clone()).await;
            }
        }
    }

    /// Users in a world; none if it is not loaded.
    pub async fn online_users(&self, world: Umid) -> Vec<Umid> {
        match self.inner.handle(world) {
            Some(handle) => handle.users().await.unwrap_or_default(),
            None => Vec::new(),
        }
    }

    /// Position of a user in a world; `None` if the user is not there.
    pub async fn user_pose(&self, world: Umid, user: Umid) -> Option<TransformNoScale> {
        self.inner.handle(world)?.user_pose(user).await
    }

    /// Present transform of an object; `None` if the world is not loaded or does not have it.
    pub async fn object_transform(&self, world: Umid, object: Umid) -> Option<Transform> {
        self.inner.handle(world)?.object_transform(object).await
    }

    /// Everybody with a live session, in a world or not.
    pub fn connected_users(&self) -> HashSet<Umid> {
        self.inner.connections.users()
    }

    /// Brings those metrics up to date that are only looked at when somebody asks.
    pub(crate) fn record_metrics(&self) {
        let handles = self.inner.handles();
        let users = || handles.iter().map(WorldHandle::user_count);
        metrics::gauge!("odyssey_users").set(users().sum::<usize>() as f64);
        metrics::gauge!("odyssey_users_fullest_world").set(users().max().unwrap_or(0) as f64);
        self.inner.write_behind.record_metrics();
    }

    /// The loaded worlds and how they do, by id.
    pub fn status(&self) -> Vec<WorldStatus> {
        let slots = self.inner.slots.lock();
        let mut status: Vec<_> = slots
            .iter()
            .filter_map(|(id, slot)| slot.status(*id))
            .collect();
        status.sort_unstable_by_key(|world| world.id);
        status
    }

    pub(crate) fn connections(&self) -> Connections {
        self.inner.connections.clone()
    }

    /// A last position that is not in the database yet.
    pub(crate) fn unsaved_position(&self, world: Umid, user: Umid) -> Option<TransformNoScale> {
        self.inner.write_behind.position(world, user)
    }

    /// Ends a world, if it is loaded; everybody in it is put out.
    pub(crate) async fn close(&self, world: Umid) {
        if let Some(handle) = self.inner.handle(world)
            && timeout(STOP_TIMEOUT, handle.stop(true)).await.is_err()
        {
            tracing::error!(%world, "world did not end in time");
        }
    }

    /// Ends all worlds and writes what is unsaved.
    pub(crate) async fn shutdown(&self) {
        // All at once: each ends in its own next tick, and a node has more worlds than ticks until
        // it has to be gone.
        let mut ends = JoinSet::new();
        for handle in self.inner.handles() {
            ends.spawn(async move {
                if timeout(STOP_TIMEOUT, handle.stop(true)).await.is_err() {
                    tracing::error!(world = %handle.id(), "world did not end in time");
                }
            });
        }
        ends.join_all().await;
        if let Err(error) = self.inner.write_behind.flush().await {
            tracing::error!(%error, "the last positions and transforms could not be saved");
        }
    }
}

async fn send(handle: &WorldHandle, effects: Vec<Effect>) {
    for effect in effects {
        if handle.apply(effect).await.is_err() {
            // The world has ended; when it is loaded again, it reads what was stored.
            return;
        }
    }
}

/// Unloads worlds that the simulator reports as idle.
async fn unload_idle(inner: Arc<Inner>, mut idle: mpsc::UnboundedReceiver<Umid>) {
    while let Some(Some(world)) = inner.stop.run_until_cancelled(idle.recv()).await {
        inner.unload(world).await;
    }
}

/// Tells the worlds that are loaded of events as they start. Each world in a task of its own: one
/// whose inbox is full keeps nobody else waiting.
async fn start_events(inner: Arc<Inner>) {
    while let Some(started) = inner
        .stop
        .run_until_cancelled(inner.calendar.started())
        .await
    {
        let mut by_world: HashMap<Umid, Vec<Effect>> = HashMap::new();
        for (world, event) in started {
            by_world
                .entry(world)
                .or_default()
                .push(Effect::EventStart(event));
        }
        for (world, events) in by_world {
            let slot = inner.slots.lock().get(&world).cloned();
            if let Some(handle) = slot.and_then(|slot| slot.handle()) {
                tokio::spawn(async move { send(&handle, events).await });
            }
        }
    }
}

impl Inner {
    fn slot(&self, world: Umid) -> Arc<Slot> {
        Arc::clone(self.slots.lock().entry(world).or_default())
    }

    /// The way into a world, if it is loaded.
    fn handle(&self, world: Umid) -> Option<WorldHandle> {
        self.slots.lock().get(&world)?.handle()
    }

    fn handles(&self) -> Vec<WorldHandle> {
        self.slots
            .lock()
            .values()
            .filter_map(|slot| slot.handle())
            .collect()
    }

    /// Builds a world from the database. The caller has the world's write lock.
    async fn load(&self, slot: &Arc<Slot>, world: Umid) -> Result<WorldHandle> {
        if self.stop.is_cancelled() || slot.is_quarantined() {
            return Err(NodeError::Unavailable);
        }
        // Rows that the world left behind when it was last unloaded have to be in the database
        // before it is read.
        self.write_behind.flush().await?;
        let rows = self
            .store
            .load_world(world)
            .await?
            .ok_or(Reason::WorldNotFound)?;
        let objects = rows.len();
        let events = calendar::events(&rows);
        let state = WorldState {
            id: world,
            node: self.directory.node(),
            objects: rows.into_iter().map(state).collect(),
        };
        let catalogue = self.directory.catalogue();
        let context = WorldContext {
            options: self.options.world.clone(),
            catalogue: Arc::clone(&catalogue),
            authority: self.directory.authority(),
            persist: Box::new(Sink(Arc::clone(&self.write_behind))),
        };
        let (mut live, handle) = LiveWorld::new(state, context);
        for extension in self.options.extensions.iter() {
            live.extend(extension);
        }
        let ticks = Arc::new(Ticks::default());
        slot.set(Loaded {
            handle: handle.clone(),
            ticks: Arc::clone(&ticks),
        });
        let hosted = Hosted::new(
            world,
            live,
            self.options.world.period(),
            ticks,
            Arc::clone(slot),
        );
        self.simulator.host(hosted);
        self.calendar.load(world, &events);
        // A catalogue that was swapped before the world could be told of it.
        let newest = self.directory.catalogue();
        if !Arc::ptr_eq(&catalogue, &newest) {
            send(&handle, vec![Effect::Catalogue(newest)]).await;
        }
        tracing::info!(%world, objects, "world loaded");
        Ok(handle)
    }

    async fn unload(&self, world: Umid) {
        let Some(slot) = self.slots.lock().get(&world).cloned() else {
            return;
        };
        let _held = slot.write_lock.lock().await;
        let Some(handle) = slot.handle() else { return };
        if !handle.stop(false).await {
            return;
        }
        slot.clear();
        self.calendar.unload(world);
        tracing::info!(%world, "world unloaded");
        let mut slots = self.slots.lock();
        // Two references: the map's and ours. With more, a task waits for the write lock and needs
        // to find this slot again.
        if Arc::strong_count(&slot) == 2 {
            slots.remove(&world);
        }
    }
}
