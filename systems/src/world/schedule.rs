//! The order of a tick.

use bevy_ecs::{
    prelude::{IntoScheduleConfigs, Schedule, SystemSet},
    schedule::SingleThreadedExecutor,
};

use crate::{
    persistence, replication,
    session::resume,
    simulation::movement,
    world::{events, inbox},
};

/// The sets of a tick, in order. Other systems may be added to each
/// ([`WorldExtension`](crate::WorldExtension)).
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WorldSet {
    /// Drains the inbox, applies its commands to components (entering, leaving, locks, edits,
    /// effects) and records what happened as [`TickEvents`](crate::TickEvents). Lets users leave
    /// whose grace period is over.
    Ingest,
    /// Moves the world on: takes the newest pose of each session.
    Simulate,
    /// Decides which movement each session gets, and at what rate. Owns the grid of users.
    Interest,
    /// Turns events and movement into frames, each once, shared by all its receivers.
    Encode,
    /// Delivers to each session its frames. Decides nothing, makes nothing, never waits.
    Publish,
    /// Submits changed durable state to the write-behind.
    Persist,
}

impl WorldSet {
    /// All sets in the order in which they run.
    pub const ALL: [Self; 6] = [
        Self::Ingest,
        Self::Simulate,
        Self::Interest,
        Self::Encode,
        Self::Publish,
        Self::Persist,
    ];

    /// The name, also the label of a metric.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ingest => "ingest",
            Self::Simulate => "simulate",
            Self::Interest => "interest",
            Self::Encode => "encode",
            Self::Publish => "publish",
            Self::Persist => "persist",
        }
    }
}

/// The systems of this crate in a set: systems that are added to the set run after them.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct OwnSystems(pub(crate) WorldSet);

/// An empty schedule with the sets in order.
fn new_schedule() -> Schedule {
    let mut schedule = Schedule::default();
    // The fixed cost of a tick decides here, not parallelism: the multi-threaded executor costs 30
    // µs even when idle.
    schedule.set_executor(SingleThreadedExecutor::new());
    for (earlier, later) in WorldSet::ALL.iter().zip(WorldSet::ALL.iter().skip(1)) {
        schedule.configure_sets((*earlier, *later).chain());
    }
    for set in WorldSet::ALL {
        schedule.configure_sets(OwnSystems(set).in_set(set));
    }
    schedule
}

/// The schedule of a world.
pub(crate) fn of_world() -> Schedule {
    let mut schedule = new_schedule();
    schedule.add_systems(
        (
            events::begin_tick,
            inbox::drain_inbox,
            inbox::apply_commands,
            // Last: a session that resumes in the last tick of its grace stays.
            resume::end_grace,
        )
            .chain()
            .in_set(OwnSystems(WorldSet::Ingest)),
    );
    schedule.add_systems(movement::take_poses.in_set(OwnSystems(WorldSet::Simulate)));
    replication::add_systems(&mut schedule);
    schedule.add_systems(persistence::submit.in_set(OwnSystems(WorldSet::Persist)));
    schedule
}

/// The schedule of a replica, whose events and moves are those of another world.
pub(crate) fn of_replica() -> Schedule {
    let mut schedule = new_schedule();
    replication::add_systems(&mut schedule);
    schedule
}
