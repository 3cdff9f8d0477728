//! Handles of users: small integers that name them on the wire (docs/protocol.md, *Handles*), and
//! the ticks in which each user's movement was last sent.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap, VecDeque},
};

use bevy_ecs::prelude::{Component, Query, Res, ResMut, Resource};
use components::{Pose, TransformNoScale, Umid};

use crate::{
    simulation::presence::UserIndex,
    world::{
        events::{TickEvents, WorldEvent},
        live::{Settings, Tick},
    },
};

/// Index of a user in the [`HandleTable`]. Replication gives one to each user.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Handle(pub(crate) u32);

impl Default for Handle {
    /// A user whose entry has not been processed yet.
    fn default() -> Self {
        Self(u32::MAX)
    }
}

/// Coordinates of a cell of the interest grid.
pub(crate) type CellKey = (i32, i32);

/// Ticks in which the position of a user was sent; apart from the position itself, so that a pass
/// over all users stays in the cache.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SendState {
    /// The handle is in use.
    pub(crate) taken: bool,
    /// The tick of the last move.
    pub(crate) changed: u64,
    /// The tick in which viewers near by were last sent it.
    pub(crate) near: u64,
    /// The tick in which viewers in the middle distance were last sent it.
    pub(crate) middle: u64,
    /// The tick in which everybody was last sent it.
    pub(crate) all: u64,
    /// The cell that the user looks out from; it follows them with hysteresis.
    pub(crate) centre: CellKey,
}

/// A user and their position.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Mover {
    pub(crate) user: Umid,
    pub(crate) pose: TransformNoScale,
}

/// All users by handle.
#[derive(Resource, Default)]
pub(crate) struct HandleTable {
    pub(crate) sent: Vec<SendState>,
    pub(crate) movers: Vec<Mover>,
    by_user: HashMap<Umid, u32>,
    free: BinaryHeap<Reverse<u32>>,
    /// Handles that were given back, with the tick of that.
    resting: VecDeque<(u64, u32)>,
    taken: usize,
    /// The last tick in which anybody moved.
    pub(crate) last_change: u64,
}

impl HandleTable {
    /// Gives a newcomer the smallest free handle. The entry position is sent to all otherwise.
    pub(crate) fn take(&mut self, tick: u64, user: Umid, pose: TransformNoScale) -> Handle {
        let handle = match self.free.pop() {
            Some(Reverse(handle)) => handle,
            None => {
                self.sent.push(SendState::default());
                self.movers.push(Mover::default());
                (self.sent.len() - 1) as u32
            }
        };
        let index = handle as usize;
        self.sent[index] = SendState {
            taken: true,
            changed: tick,
            near: tick,
            middle: tick,
            all: tick,
            // A placeholder: the grid sets the cell before anything is sent.
            centre: (i32::MAX, i32::MAX),
        };
        self.movers[index] = Mover { user, pose };
        self.by_user.insert(user, handle);
        self.taken += 1;
        Handle(handle)
    }

    /// Takes the handle of a user who left; it rests before another user gets it.
    pub(crate) fn give_back(&mut self, tick: u64, user: Umid) {
        let Some(handle) = self.by_user.remove(&user) else {
            return;
        };
        if let Some(sent) = self.sent.get_mut(handle as usize) {
            sent.taken = false;
            self.taken -= 1;
            self.resting.push_back((tick, handle));
        }
    }

    /// Number of handles in use.
    pub(crate) fn taken(&self) -> usize {
        self.taken
    }

    /// Frees handles that have rested for so many ticks.
    fn free_rested(&mut self, tick: u64, rest: u64) {
        while let Some((since, handle)) = self.resting.front().copied()
            && since + rest <= tick
        {
            self.resting.pop_front();
            self.free.push(Reverse(handle));
        }
    }
}

/// Rest of a handle in seconds: longer than any datagram is under way.
const REST: u64 = 10;

/// Gives handles to the users who entered in this tick and takes those of users who left.
pub(crate) fn assign_handles(
    tick: Res<Tick>,
    events: Res<TickEvents>,
    index: Res<UserIndex>,
    mut table: ResMut<HandleTable>,
    mut users: Query<&mut Handle>,
) {
    for event in events.iter() {
        match event {
            WorldEvent::UserEntered { profile, transform } => {
                let taken = table.take(tick.0, profile.user, *transform);
                let entity = index.get(profile.user);
                if let Some(mut handle) = entity.and_then(|entity| users.get_mut(entity).ok()) {
                    *handle = taken;
                }
            }
            WorldEvent::UserLeft { user } => table.give_back(tick.0, *user),
            _ => {}
        }
    }
}

/// Notes the users that moved in this tick.
pub(crate) fn note_moves(
    tick: Res<Tick>,
    settings: Res<Settings>,
    mut table: ResMut<HandleTable>,
    users: Query<(&Handle, &Pose)>,
) {
    let table = &mut *table;
    table.free_rested(tick.0, REST * u64::from(settings.0.tick_rate));
    for (handle, pose) in &users {
        if pose.changed != tick.0 {
            continue;
        }
        let index = handle.0 as usize;
        let (Some(sent), Some(mover)) = (table.sent.get_mut(index), table.movers.get_mut(index))
        else {
            continue;
        };
        // Users who enter in this tick are announced with this pose.
        if mover.pose != pose.transform {
            mover.pose = pose.transform;
            sent.changed = tick.0;
            table.last_change = tick.0;
        }
    }
}
