//! The order of a tick.

use bevy_ecs::prelude::{IntoScheduleConfigs, Schedule, SystemSet};
use bevy_ecs::schedule::SingleThreadedExecutor;

use crate::persistence;
use crate::replication::{assemble, deliver, handles, interest, runs, snapshot};
use crate::session::resume;
use crate::simulation::{dragging, movement, presence};
use crate::world::inbox;

/// What a tick does, in order; the points where other systems may be added.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WorldSet {
    /// Drains the inbox and applies its commands: entering, leaving, locks, edits, effects. Lets go of those whose hold is
    /// over.
    Ingest,
    /// Lets the world move on: takes the newest pose of each session.
    Simulate,
    /// Decides who hears of whom in this tick.
    Interest,
    /// Turns changes into frames, each once, shared by all its receivers.
    Encode,
    /// Hands each session its frames; never waits.
    Publish,
    /// Hands changed durable state to the write-behind.
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

    /// Its name, also as the label of a metric.
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

/// The schedule of one tick.
pub(crate) fn build() -> Schedule {
    let mut schedule = Schedule::default();
    // Fixed cost per tick decides here, not parallelism: the multi-threaded executor costs 30 µs even when idle.
    schedule.set_executor(SingleThreadedExecutor::new());
    for (earlier, later) in WorldSet::ALL.iter().zip(WorldSet::ALL.iter().skip(1)) {
        schedule.configure_sets((*earlier, *later).chain());
    }
    schedule.add_systems(
        (
            inbox::drain_inbox,
            inbox::apply_commands,
            // Last: who comes back in the last moment is back.
            resume::release_overdue,
        )
            .chain()
            .in_set(WorldSet::Ingest),
    );
    schedule.add_systems(movement::take_poses.in_set(WorldSet::Simulate));
    schedule.add_systems(
        (handles::note_moves, interest::decide)
            .chain()
            .in_set(WorldSet::Interest),
    );
    schedule.add_systems(
        (
            movement::announce_moved_objects,
            presence::announce_departures,
            presence::announce_arrivals,
            snapshot::prepare_snapshots,
            assemble::begin_tick,
            dragging::begin_tick,
            runs::encode_poses,
        )
            .chain()
            .in_set(WorldSet::Encode),
    );
    schedule.add_systems(
        (deliver::publish, presence::finish_joins)
            .chain()
            .in_set(WorldSet::Publish),
    );
    schedule.add_systems(persistence::hand_over.in_set(WorldSet::Persist));
    schedule
}
