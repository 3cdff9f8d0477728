//! Counts of the work that replication has done, for tests of the schedule.

use bevy_ecs::world::World;

use super::{
    assemble::CellFrames, dragged::DraggedObjects, encode::FrameEncoder, interest::Interest,
};
use crate::session::{BroadcastQueue, EndingSessions, Joining, UnicastQueue};

/// Work of a world since it was built, and what waits for delivery. A system may read it between
/// two sets to see what the first of them did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReplicationWork {
    /// Grids of users that were built.
    pub grids_built: u64,
    /// Frames that were encoded.
    pub frames_encoded: u64,
    /// Frames of events that wait in queues.
    pub frames_queued: usize,
    /// Parts of snapshots that wait for sessions that enter.
    pub snapshots_waiting: usize,
    /// Sessions that wait to be closed.
    pub sessions_ending: usize,
}

impl ReplicationWork {
    /// The work of a world so far.
    pub fn of(world: &mut World) -> Self {
        let mut queues = world.query::<&UnicastQueue>();
        let unicast: usize = queues.iter(world).map(UnicastQueue::len).sum();
        let mut joining = world.query::<&Joining>();
        let snapshots = joining.iter(world).map(|joining| joining.snapshot.len());
        let snapshots_waiting = snapshots.sum();
        Self {
            grids_built: world.resource::<Interest>().grids_built,
            frames_encoded: world.resource::<FrameEncoder>().made
                + world.resource::<CellFrames>().pool.made
                + world.resource::<DraggedObjects>().made,
            frames_queued: unicast + world.resource::<BroadcastQueue>().len(),
            snapshots_waiting,
            sessions_ending: world.resource::<EndingSessions>().len(),
        }
    }
}
