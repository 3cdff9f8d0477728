//! A loaded world: built from its durable state, fed through a handle, ticked from outside.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bevy_ecs::prelude::{Resource, Schedule};
use bevy_ecs::world::World;
use components::{Authority, Catalogue, ObjectState, Umid};
use parking_lot::RwLock;
use tokio::sync::{mpsc, oneshot};

use crate::replication::deliver::Skipped;
use crate::session::{BroadcastQueue, Link};
use crate::simulation::{objects, placement, presence};
use crate::world::command::Command;
use crate::world::inbox::Inbox;
use crate::world::schedule;
use crate::world::stopwatch::{self, Stopwatch};
use crate::{WorldOptions, WorldSet, persistence, replication};

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

/// What a world shares with its node.
pub struct WorldContext {
    /// How it runs.
    pub options: WorldOptions,
    /// Types and assets.
    pub catalogue: Arc<Catalogue>,
    /// Who is admin of what.
    pub authority: Arc<RwLock<Authority>>,
    /// Where changed transforms and positions go.
    pub persist: Box<dyn persistence::PersistSink>,
}

/// The number of the running tick: the only clock a world knows.
#[derive(Resource, Clone, Copy, Debug, Default)]
pub(crate) struct Tick(pub(crate) u64);

/// Which world this is, and on which node.
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

/// Who is to be told that the world has ended, which it does after this tick if anybody is.
#[derive(Resource, Default)]
pub(crate) struct Stopping(pub(crate) Option<oneshot::Sender<bool>>);

/// The world has ended; it may be loaded again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the world has ended")]
pub struct WorldEnded;

/// The way into a loaded world.
#[derive(Clone)]
pub struct WorldHandle {
    id: Umid,
    inbox: mpsc::Sender<Command>,
    users: Arc<AtomicUsize>,
}

impl WorldHandle {
    /// Which world.
    pub fn id(&self) -> Umid {
        self.id
    }

    /// Queues a command; waits while the inbox is full.
    ///
    /// # Errors
    /// If the world has ended.
    pub async fn send(&self, command: Command) -> Result<(), WorldEnded> {
        self.inbox.send(command).await.map_err(|_| WorldEnded)
    }

    /// Returns once the world has ended.
    pub async fn ended(&self) {
        self.inbox.closed().await;
    }

    /// Whether the world has ended.
    pub fn has_ended(&self) -> bool {
        self.inbox.is_closed()
    }

    /// How many users were in the world after its last tick.
    pub fn users(&self) -> usize {
        self.users.load(Ordering::Relaxed)
    }
}

/// What a tick left behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TickReport {
    /// How many users are in the world.
    pub users: usize,
    /// How often a session was not told of movement because its writer was busy.
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
        let (sender, receiver) = mpsc::channel(context.options.inbox_capacity);
        let users = Arc::new(AtomicUsize::new(0));
        let handle = WorldHandle {
            id: state.id,
            inbox: sender,
            users: Arc::clone(&users),
        };

        let mut world = World::new();
        world.insert_resource(Tick::default());
        world.insert_resource(Identity {
            world: state.id,
            node: state.node,
        });
        world.insert_resource(Inbox::new(receiver, context.options.inbox_capacity));
        world.insert_resource(Settings(context.options));
        world.insert_resource(Rights(context.authority));
        world.insert_resource(Stopping::default());
        world.insert_resource(BroadcastQueue::default());
        world.insert_resource(Skipped::default());
        objects::insert_resources(&mut world, context.catalogue);
        presence::insert_resources(&mut world);
        replication::insert_resources(&mut world);
        persistence::insert_resources(&mut world, context.persist);
        for object in state.objects {
            objects::load(&mut world, object);
        }
        placement::place_all(&mut world);

        (
            Self {
                world,
                schedule: schedule::build(),
                users,
            },
            handle,
        )
    }

    /// Runs one tick.
    pub fn tick(&mut self) -> TickReport {
        self.world.resource_mut::<Tick>().0 += 1;
        self.schedule.run(&mut self.world);
        self.world.clear_trackers();
        let users = self.world.resource::<presence::UserIndex>().len();
        self.users.store(users, Ordering::Relaxed);
        // Only now everything the world leaves behind has been handed over.
        let stopping = self.world.resource_mut::<Stopping>().0.take();
        let stopped = stopping.is_some();
        if let Some(done) = stopping {
            // Nobody waiting for the answer any more is fine.
            let _ = done.send(true);
        }
        TickReport {
            users,
            poses_skipped: std::mem::take(&mut self.world.resource_mut::<Skipped>().0),
            stopped,
        }
    }

    /// Measures from the next tick on how long each set takes.
    pub fn time_sets(&mut self) {
        stopwatch::install(&mut self.world, &mut self.schedule);
    }

    /// How long each set took in the last tick, in the order of [`WorldSet::ALL`](crate::WorldSet::ALL); `None` if it was not to be
    /// measured. What a tick takes beyond their sum is bookkeeping.
    pub fn set_times(&self) -> Option<[Duration; WorldSet::ALL.len()]> {
        self.world.get_resource::<Stopwatch>().map(Stopwatch::read)
    }

    /// How many commands wait for the next tick.
    pub fn waiting_commands(&self) -> usize {
        self.world.resource::<Inbox>().len()
    }

    /// Bytes of reliable messages that wait for the session with the most of them. Looks at every session: not for every tick.
    pub fn fullest_queue(&mut self) -> usize {
        let mut links = self.world.query::<&Link>();
        let queues = links.iter(&self.world).map(|link| link.0.queued_bytes());
        queues.max().unwrap_or(0)
    }

    /// Opens world and schedule for more systems; [`WorldSet`](crate::WorldSet) names the places.
    pub fn extend(&mut self, extend: impl FnOnce(&mut World, &mut Schedule)) {
        extend(&mut self.world, &mut self.schedule);
    }
}
