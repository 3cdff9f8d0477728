//! State of each session's view of movement, and its plan for this tick.

use bevy_ecs::prelude::{Component, Has, Query, Res, ResMut, Resource, With};

use super::{
    dragged::DraggedObjects,
    handles::{CellKey, Handle, HandleTable},
    interest::Interest,
    needed::NeededFrames,
    resync::ResyncKey,
};
use crate::{
    session::{Dialect, Joining, Link, UnicastQueue},
    world::live::{Settings, Tick},
};

/// Most buckets of the world that are repeated in one message to a session that missed them.
const REPEATED: u32 = 4;

/// Movement that one session has and has missed. Every field but `missed` and `plan` changes at
/// deliveries only.
#[derive(Component, Clone, Copy, Default)]
pub(crate) struct ViewerState {
    /// Dialect of movement for it.
    pub(crate) dialect: Dialect,
    /// The last tick whose positions were delivered.
    positions: u64,
    /// The cell that it looked out from in that tick.
    centre: CellKey,
    /// Buckets of the world that it has missed, as bits, out of `buckets`.
    missed: u128,
    buckets: u64,
    /// The first tick whose bucket it has missed.
    missed_since: u64,
    /// The bucket from which on missed ones are repeated next.
    next_bucket: u32,
    /// Bytes of movement it may still get; below 0 it has to wait.
    allowance: i64,
    /// Movement that it gets in this tick, if it is still able to take it when frames are
    /// delivered.
    pub(crate) plan: Option<Plan>,
}

/// Movement for one session in one tick.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    /// Index of the frames of users in [`NeededFrames`].
    pub(crate) users: u32,
    /// Index of the frames of dragged objects, if there is news of any.
    pub(crate) objects: Option<u32>,
}

/// Number of sessions that got no movement in the running tick because their writers were busy.
#[derive(Resource, Default)]
pub(crate) struct Skipped(pub(crate) u64);

impl ViewerState {
    /// A session that gets its snapshot in this tick.
    fn new(dialect: Dialect, tick: u64) -> Self {
        Self {
            dialect,
            positions: tick,
            // No cell of the grid, so that the first comparison sees a change.
            centre: (i32::MAX, i32::MAX),
            ..Self::default()
        }
    }

    /// Whether there may be movement that the session has not got.
    fn has_news(&self, centre: Option<CellKey>, interest: &Interest, dragged: u64) -> bool {
        self.positions < interest.last_sent
            || self.missed != 0
            || self.positions < dragged
            || centre.is_some_and(|centre| centre != self.centre)
    }

    /// Whether it has got all movement before this tick.
    fn in_sync(&self, interest: &Interest, centre: CellKey) -> bool {
        self.positions >= interest.last_sent_before && self.missed == 0 && self.centre == centre
    }

    /// Notes the buckets missed since the last delivery. Noting the same twice changes nothing.
    fn note_missed(&mut self, interest: &Interest) {
        if self.missed != 0 && self.buckets != interest.buckets {
            self.missed = all(interest.buckets);
        }
        if self.positions < interest.last_sent_before {
            if self.missed == 0 {
                self.missed_since = self.positions + 1;
            }
            let ticks = (self.positions + 1..=interest.last_sent_before).rev();
            for tick in ticks.take(interest.buckets as usize) {
                self.missed |= 1 << (tick % interest.buckets);
            }
        }
        if self.needs_no_buckets(interest) {
            self.missed = 0;
        }
        self.buckets = interest.buckets;
    }

    /// Whether buckets are unused: everybody is near and nothing can get lost.
    fn needs_no_buckets(&self, interest: &Interest) -> bool {
        interest.all_near && self.dialect != Dialect::V2Datagrams
    }

    /// The buckets to repeat now: those next in the round, so that each is repeated at last.
    fn next_missed(&self) -> u128 {
        let behind = !(u128::MAX << (self.next_bucket % 128));
        let (mut ahead, mut behind) = (self.missed & !behind, self.missed & behind);
        let mut repeated = 0;
        for _ in 0..REPEATED {
            let from = if ahead != 0 { &mut ahead } else { &mut behind };
            let lowest = *from & from.wrapping_neg();
            repeated |= lowest;
            *from ^= lowest;
        }
        repeated
    }

    /// The frames that bring the session back in step.
    fn resync(&mut self, tick: u64, interest: &Interest, centre: CellKey) -> ResyncKey {
        self.note_missed(interest);
        let buckets = if self.needs_no_buckets(interest) {
            0
        } else {
            self.next_missed() | 1 << (tick % interest.buckets)
        };
        ResyncKey {
            dialect: self.dialect,
            centre,
            changed_cell: self.centre != centre,
            since: self.positions,
            buckets,
            buckets_since: if self.missed == 0 {
                tick
            } else {
                self.missed_since
            },
        }
    }

    /// Notes that the planned movement was delivered.
    pub(crate) fn advance(&mut self, tick: u64, centre: CellKey, buckets: u128, bytes: usize) {
        self.positions = tick;
        self.centre = centre;
        self.missed &= !buckets;
        if buckets != 0 {
            self.next_bucket = 128 - buckets.leading_zeros();
        }
        self.allowance -= bytes as i64;
    }
}

/// Starts over for sessions that entered in this tick.
pub(crate) fn reset_viewers(
    tick: Res<Tick>,
    mut joining: Query<(&Link, &mut ViewerState, &mut UnicastQueue), With<Joining>>,
) {
    for (link, mut viewer, mut queue) in &mut joining {
        *viewer = ViewerState::new(link.0.dialect(), tick.0);
        queue.clear();
    }
}

/// Decides for each session which movement it gets in this tick, and lists the frames for it.
/// Builds the grid only if a session needs it.
pub(crate) fn plan_deliveries(
    tick: Res<Tick>,
    settings: Res<Settings>,
    mut interest: ResMut<Interest>,
    mut table: ResMut<HandleTable>,
    mut dragged: ResMut<DraggedObjects>,
    mut needed: ResMut<NeededFrames>,
    mut skipped: ResMut<Skipped>,
    mut sessions: Query<(&Handle, &Link, &mut ViewerState, Has<Joining>)>,
) {
    let (tick, settings) = (tick.0, &settings.0);
    let budget = i64::try_from(settings.pose_budget).unwrap_or(i64::MAX);
    let refill = (budget / i64::from(settings.tick_rate.max(1))).max(1);
    needed.clear();
    dragged.clear_needed();
    for (handle, link, mut viewer, is_joining) in &mut sessions {
        viewer.allowance = viewer.allowance.saturating_add(refill).min(refill);
        let index = handle.0 as usize;
        let centre = table.sent.get(index).map(|sent| sent.centre);
        let has_news = !is_joining
            && viewer.allowance >= 0
            && viewer.has_news(centre, &interest, dragged.last());
        if !has_news {
            continue;
        }
        // A slow reader gets fewer positions, never late ones.
        if !link.0.is_idle() {
            skipped.0 += 1;
            continue;
        }
        interest.build_grid(&mut table, tick, &settings.interest, settings.tick_rate);
        let Some(centre) = table.sent.get(index).map(|sent| sent.centre) else {
            continue;
        };
        let users = if viewer.in_sync(&interest, centre) {
            needed.cell(viewer.dialect, centre, &interest.grid)
        } else {
            let key = viewer.resync(tick, &interest, centre);
            needed.resync(key)
        };
        let objects = dragged.want(viewer.dialect, viewer.positions);
        viewer.plan = Some(Plan { users, objects });
    }
}

/// The bits of all buckets.
fn all(buckets: u64) -> u128 {
    u128::MAX >> (128 - buckets.clamp(1, 128))
}
