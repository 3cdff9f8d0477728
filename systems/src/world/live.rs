//! A loaded world: built from its durable state, fed through a handle, ticked from outside.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bevy_ecs::{
    prelude::{Resource, Schedule},
    world::World,
};
use components::{Authority, Catalogue, ObjectState, Umid};
use parking_lot::RwLock;
use tokio::sync::{mpsc, oneshot};

use super::{
    events::TickEvents,
    extension::{ExtensionBuilder, WorldExtension},
    handle::WorldHandle,
    inbox::Inbox,
    record::{WorldFrame, WorldSnapshot},
    schedule::{self, WorldSet},
    stopwatch::{self, Stopwatch},
};
use crate::{
    WorldOptions,
    persistence::{self, PersistSink},
    replication::{self, Skipped},
    session::Link,
    simulation::{
        objects, placement,
        presence::{self, UserIndex},
    },
};

/// The durable state that a world is built from.
#[derive(Clone, Debug)]
pub struct WorldState {
    /// The world's id.
    pub id: Umid,
    /// The node it belongs to.
    pub node: Umid,
    /// The world object first, every parent before its children.
    pub objects: Vec<ObjectState>,
}

/// State and services that a world shares with its node.
pub struct WorldContext {
    /// Options of the world.
    pub options: WorldOptions,
    /// Types and assets.
    pub catalogue: Arc<Catalogue>,
    /// Admins of all objects.
    pub authority: Arc<RwLock<Authority>>,
    /// Receiver of changed transforms and positions.
    pub persist: Box<dyn PersistSink>,
}

/// Number of the running tick: the only clock a world knows.
#[derive(Resource, Clone, Copy, Debug, Default)]
pub(crate) struct Tick(pub(crate) u64);

/// Ids of the world and of its node.
#[derive(Resource, Clone, Copy)]
pub(crate) struct Identity {
    pub(crate) world: Umid,
    pub(crate) node: Umid,
}

/// Options of the world.
#[derive(Resource, Clone)]
pub(crate) struct Settings(pub(crate) WorldOptions);

/// Rights, shared with the node.
#[derive(Resource, Clone)]
pub(crate) struct Rights(pub(crate) Arc<RwLock<Authority>>);

/// Receiver of the answer to `Stop`; with one, the world ends after this tick.
#[derive(Resource, Default)]
pub(crate) struct Stopping(pub(crate) Option<oneshot::Sender<bool>>);

/// Outcome of a tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TickReport {
    /// Number of users in the world.
    pub users: usize,
    /// Number of sessions that got no movement because their writers were busy.
    pub poses_skipped: u64,
    /// The world has ended: it is not to be ticked again.
    pub stopped: bool,
}

/// One world with its schedule.
pub struct LiveWorld {
    world: World,
    schedule: Schedule,
    users: Arc<AtomicUsize>,
}

impl LiveWorld {
    /// Builds the world and the handle that feeds it.
    pub fn new(state: WorldState, context: WorldContext) -> (Self, WorldHandle) {
        let capacity = context.options.inbox_capacity;
        let (sender, receiver) = mpsc::channel(capacity);
        let users = Arc::new(AtomicUsize::new(0));
        let handle = WorldHandle::new(state.id, sender, Arc::clone(&users));
        let identity = Identity {
            world: state.id,
            node: state.node,
        };
        let mut world = new_world(identity, context.options, context.catalogue);
        world.insert_resource(Inbox::new(receiver, capacity));
        world.insert_resource(Rights(context.authority));
        world.insert_resource(Stopping::default());
        persistence::insert_resources(&mut world, context.persist);
        for object in state.objects {
            objects::load(&mut world, object);
        }
        placement::place_all(&mut world);
        let schedule = schedule::of_world();
        let live = Self {
            world,
            schedule,
            users,
        };
        (live, handle)
    }

    /// Runs one tick.
    pub fn tick(&mut self) -> TickReport {
        self.world.resource_mut::<Tick>().0 += 1;
        self.schedule.run(&mut self.world);
        self.world.clear_trackers();
        let users = self.world.resource::<UserIndex>().len();
        self.users.store(users, Ordering::Relaxed);
        // Only now everything unsaved has been submitted.
        let stopping = self.world.resource_mut::<Stopping>().0.take();
        let stopped = stopping.is_some();
        if let Some(done) = stopping {
            // The receiver may be gone.
            let _ = done.send(true);
        }
        TickReport {
            users,
            poses_skipped: take_skipped(&mut self.world),
            stopped,
        }
    }

    /// The state after the last tick, for a [`Replica`](crate::Replica) to start from.
    pub fn snapshot(&self) -> WorldSnapshot {
        WorldSnapshot::of(&self.world)
    }

    /// Events and moves of the last tick, for replicas. Costs nothing unless called.
    pub fn frame(&self) -> WorldFrame {
        WorldFrame::of(&self.world)
    }

    /// Measures the duration of each set from the next tick on.
    pub fn time_sets(&mut self) {
        stopwatch::install(&mut self.world, &mut self.schedule);
    }

    /// Duration of each set in the last tick, in the order of
    /// [`WorldSet::ALL`](crate::WorldSet::ALL); `None` if it was not to be measured. The rest of a
    /// tick is bookkeeping.
    pub fn set_times(&self) -> Option<[Duration; WorldSet::ALL.len()]> {
        self.world.get_resource::<Stopwatch>().map(Stopwatch::read)
    }

    /// Number of commands that wait for the next tick.
    pub fn waiting_commands(&self) -> usize {
        self.world.resource::<Inbox>().len()
    }

    /// Bytes of reliable messages that wait for the session with the most of them. Looks at every
    /// session: not for every tick.
    pub fn fullest_queue(&mut self) -> usize {
        let mut links = self.world.query::<&Link>();
        let queues = links.iter(&self.world).map(|link| link.0.queued_bytes());
        queues.max().unwrap_or(0)
    }

    /// Adds the systems and resources of an extension. Comes before the first tick.
    pub fn extend(&mut self, extension: &dyn WorldExtension) {
        extension.build(&mut ExtensionBuilder {
            world: &mut self.world,
            schedule: &mut self.schedule,
        });
    }
}

/// An ECS world without objects and users, and with all that replication needs.
pub(crate) fn new_world(
    identity: Identity,
    options: WorldOptions,
    catalogue: Arc<Catalogue>,
) -> World {
    let mut world = World::new();
    world.insert_resource(Tick::default());
    world.insert_resource(identity);
    world.insert_resource(Settings(options));
    world.insert_resource(TickEvents::default());
    objects::insert_resources(&mut world, catalogue);
    presence::insert_resources(&mut world);
    replication::insert_resources(&mut world);
    world
}

pub(crate) fn take_skipped(world: &mut World) -> u64 {
    std::mem::take(&mut world.resource_mut::<Skipped>().0)
}
