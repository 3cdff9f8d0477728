//! Hands each session the frames of this tick.

use std::sync::Arc;

use bevy_ecs::prelude::{Component, Query, Res, ResMut, Resource};
use bevy_ecs::system::SystemParam;
use bytes::Bytes;

use crate::WorldOptions;
use crate::replication::handles::{CellKey, Handle, HandleTable};
use crate::replication::interest::Interest;
use crate::replication::{assemble::CellFrames, resync::ResyncKey, runs::RunsByDialect};
use crate::session::{Batch, BroadcastQueue, Dialect, Link, UnicastQueue};
use crate::simulation::dragging::Dragged;
use crate::simulation::presence::Joining;
use crate::world::live::{Identity, Settings, Tick};

/// How many buckets of the world are repeated in one message to a session that missed them.
const REPEATED: u32 = 4;

/// How far a session has been told.
#[derive(Component, Clone, Copy)]
pub(crate) struct ViewerState {
    /// How it is told of movement.
    pub(crate) dialect: Dialect,
    /// The last tick whose poses it has got.
    pub(crate) poses: u64,
    /// In its first tick it gets frames for everybody only from this number on: the snapshot holds what came before.
    pub(crate) joined_at: u32,
    /// The cell it looked out from then.
    centre: CellKey,
    /// Slices of the world that it has missed, as bits, of so many.
    missed: u128,
    buckets: u64,
    /// The first tick whose bucket it has missed.
    missed_since: u64,
    /// The bucket from which on missed ones are repeated next.
    turn: u32,
    /// How many bytes of movement it may still get; below 0 it has to wait.
    allowance: i64,
}

impl ViewerState {
    /// A session that gets its snapshot in this tick.
    pub(crate) fn new(dialect: Dialect, tick: u64, joined_at: u32) -> Self {
        Self {
            dialect,
            poses: tick,
            joined_at,
            // Wherever it is, it will have come from elsewhere.
            centre: (i32::MAX, i32::MAX),
            missed: 0,
            buckets: 0,
            missed_since: 0,
            turn: 0,
            allowance: 0,
        }
    }

    /// Whether it has got all there was before this tick.
    fn in_sync(&self, interest: &Interest, centre: CellKey) -> bool {
        self.poses >= interest.last_sent_before && self.missed == 0 && self.centre == centre
    }

    /// Notes the buckets missed since the last delivery.
    fn note_missed(&mut self, interest: &Interest) {
        if self.missed != 0 && self.buckets != interest.buckets {
            self.missed = all(interest.buckets);
        }
        if self.poses < interest.last_sent_before {
            if self.missed == 0 {
                self.missed_since = self.poses + 1;
            }
            let ticks = (self.poses + 1..=interest.last_sent_before).rev();
            for tick in ticks.take(interest.buckets as usize) {
                self.missed |= 1 << (tick % interest.buckets);
            }
        }
        if self.hears_all_at_once(interest) {
            self.missed = 0;
        }
        self.buckets = interest.buckets;
    }

    /// Whether near is everybody and cannot get lost, so that there are no buckets.
    fn hears_all_at_once(&self, interest: &Interest) -> bool {
        interest.all_near && self.dialect != Dialect::V2Datagrams
    }

    /// The buckets to repeat now: those whose turn comes next, so that everyone's comes.
    fn repeat(&self) -> u128 {
        let behind = !(u128::MAX << (self.turn % 128));
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

    /// What it is to be told, if it is not in sync.
    fn resync(&mut self, tick: u64, interest: &Interest, centre: CellKey) -> ResyncKey {
        self.note_missed(interest);
        let buckets = if self.hears_all_at_once(interest) {
            0
        } else {
            self.repeat() | 1 << (tick % interest.buckets)
        };
        ResyncKey {
            dialect: self.dialect,
            centre,
            moved: self.centre != centre,
            since: self.poses,
            buckets,
            buckets_since: if self.missed == 0 {
                tick
            } else {
                self.missed_since
            },
        }
    }

    /// It has been told.
    fn told(&mut self, tick: u64, centre: CellKey, buckets: u128) {
        self.poses = tick;
        self.centre = centre;
        self.missed &= !buckets;
        if buckets != 0 {
            self.turn = 128 - buckets.leading_zeros();
        }
    }
}

/// What a session's movement is put together from.
#[derive(SystemParam)]
pub(crate) struct Movement<'w> {
    interest: ResMut<'w, Interest>,
    table: ResMut<'w, HandleTable>,
    encoded: Res<'w, RunsByDialect>,
    cell_frames: ResMut<'w, CellFrames>,
    dragged: ResMut<'w, Dragged>,
}

/// How often in the running tick a session was not told of movement because its writer was busy.
#[derive(Resource, Default)]
pub(crate) struct Skipped(pub(crate) u64);

/// One delivery a session and tick: snapshot for newcomers, then what happened, then who moved. Never waits.
pub(crate) fn publish(
    tick: Res<Tick>,
    identity: Res<Identity>,
    settings: Res<Settings>,
    mut broadcasts: ResMut<BroadcastQueue>,
    mut movement: Movement,
    mut skipped: ResMut<Skipped>,
    mut sessions: Query<(
        &Handle,
        &Link,
        &mut UnicastQueue,
        &mut ViewerState,
        Option<&Joining>,
    )>,
) {
    let (tick, settings) = (tick.0, &settings.0);
    let budget = i64::try_from(settings.pose_budget).unwrap_or(i64::MAX);
    let refill = (budget / i64::from(settings.tick_rate.max(1))).max(1);
    for (handle, link, mut unicast, mut viewer, joining) in &mut sessions {
        viewer.allowance = viewer.allowance.saturating_add(refill).min(refill);
        let has_news =
            joining.is_none() && viewer.allowance >= 0 && movement.has_news(handle, &viewer);
        if !has_news && broadcasts.is_empty() && unicast.0.is_empty() && joining.is_none() {
            continue;
        }
        let (snapshot, first) = match joining {
            Some(joining) => (joining.snapshot.as_slice(), viewer.joined_at),
            None => (&[] as &[Arc<[Bytes]>], 0),
        };
        let frames = broadcasts.merged(&unicast, viewer.dialect, first);
        let idle = link.0.deliver(identity.world, snapshot, frames, |batch| {
            if has_news {
                movement.tell(tick, settings, handle, &mut viewer, batch);
            }
        });
        skipped.0 += u64::from(has_news && !idle);
        unicast.0.clear();
    }
    broadcasts.clear();
}

impl Movement<'_> {
    /// Whether there may be something that a session has not been told.
    fn has_news(&self, handle: &Handle, viewer: &ViewerState) -> bool {
        let centre = self
            .table
            .sent
            .get(handle.0 as usize)
            .map(|told| told.centre);
        viewer.poses < self.interest.last_sent
            || viewer.missed != 0
            || viewer.poses < self.dragged.last()
            || centre.is_some_and(|centre| centre != viewer.centre)
    }

    /// Tells a session, whose writer is idle, what is new to it.
    fn tell(
        &mut self,
        tick: u64,
        settings: &WorldOptions,
        handle: &Handle,
        viewer: &mut ViewerState,
        batch: &mut Batch,
    ) {
        let (interest, table) = (&mut *self.interest, &mut *self.table);
        interest.build_grid(table, tick, &settings.interest, settings.tick_rate);
        let Some(told) = table.sent.get(handle.0 as usize) else {
            return;
        };
        let centre = told.centre;
        let (range, buckets) = if viewer.in_sync(interest, centre) {
            let range = self.cell_frames.shared(
                viewer.dialect,
                centre,
                tick,
                interest,
                &self.encoded,
                table,
            );
            (range, 0)
        } else {
            let missed = viewer.resync(tick, interest, centre);
            let range = self.cell_frames.resync(missed, tick, interest, table);
            (range, missed.buckets)
        };
        self.cell_frames.copy(&range, batch);
        let objects = self.dragged.tell(viewer.dialect, viewer.poses, tick, batch);
        viewer.told(tick, centre, buckets);
        viewer.allowance -= (range.bytes + objects) as i64;
    }
}

/// The bits of all buckets.
fn all(buckets: u64) -> u128 {
    u128::MAX >> (128 - buckets.clamp(1, 128))
}
