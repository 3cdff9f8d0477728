//! A seat for each user in the world: a small integer handle (docs/protocol.md, *Handles*), and what of their movement has
//! been told to whom.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use bevy_ecs::prelude::{Component, Query, Res, ResMut, Resource};
use components::{Pose, TransformNoScale, Umid};

use crate::world::live::{Settings, Tick};

/// A user's place in [`HandleTable`].
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Handle(pub(crate) u32);

/// Coordinates of a cell of the interest grid.
pub(crate) type CellKey = (i32, i32);

/// What decides who hears of a user; apart from what is said, so that a pass over all users stays in the cache.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SendState {
    /// Somebody sits here.
    pub(crate) taken: bool,
    /// The tick of the last move.
    pub(crate) changed: u64,
    /// The tick in which those near by were last told.
    pub(crate) near: u64,
    /// The tick in which those in the middle distance were last told.
    pub(crate) middle: u64,
    /// The tick in which everybody was last told.
    pub(crate) all: u64,
    /// The cell that the user looks out from; it follows them with hysteresis.
    pub(crate) centre: CellKey,
}

/// Who sits on a seat, and where they are.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Mover {
    pub(crate) user: Umid,
    pub(crate) pose: TransformNoScale,
}

/// All table, by handle.
#[derive(Resource, Default)]
pub(crate) struct HandleTable {
    pub(crate) sent: Vec<SendState>,
    pub(crate) movers: Vec<Mover>,
    free: BinaryHeap<Reverse<u32>>,
    /// Handles that were given back, and when.
    resting: VecDeque<(u64, u32)>,
    taken: usize,
    /// The last tick in which anybody moved.
    pub(crate) last_change: u64,
}

impl HandleTable {
    /// Gives a newcomer the smallest free handle. Where they are is about to be announced to all.
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
            // Of no importance: the cell is looked up before anybody is told anything.
            centre: (i32::MAX, i32::MAX),
        };
        self.movers[index] = Mover { user, pose };
        self.taken += 1;
        Handle(handle)
    }

    /// The user has left; the handle rests before somebody else gets it.
    pub(crate) fn leave(&mut self, tick: u64, handle: Handle) {
        if let Some(told) = self.sent.get_mut(handle.0 as usize) {
            told.taken = false;
            self.taken -= 1;
            self.resting.push_back((tick, handle.0));
        }
    }

    /// How many table are taken.
    pub(crate) fn taken(&self) -> usize {
        self.taken
    }

    /// Makes handles free again that have rested for so many ticks.
    fn wake(&mut self, tick: u64, rest: u64) {
        while let Some((since, handle)) = self.resting.front().copied()
            && since + rest <= tick
        {
            self.resting.pop_front();
            self.free.push(Reverse(handle));
        }
    }
}

/// How long a handle rests, in seconds: longer than any datagram is under way.
const REST: u64 = 10;

/// Notes who moved in this tick.
pub(crate) fn note_moves(
    tick: Res<Tick>,
    settings: Res<Settings>,
    mut table: ResMut<HandleTable>,
    users: Query<(&Handle, &Pose)>,
) {
    let table = &mut *table;
    table.wake(tick.0, REST * u64::from(settings.0.tick_rate));
    for (handle, pose) in &users {
        if pose.changed != tick.0 {
            continue;
        }
        let index = handle.0 as usize;
        let (Some(told), Some(movers)) = (table.sent.get_mut(index), table.movers.get_mut(index))
        else {
            continue;
        };
        // Who enters in this tick is announced with this pose.
        if movers.pose != pose.transform {
            movers.pose = pose.transform;
            told.changed = tick.0;
            table.last_change = tick.0;
        }
    }
}
