//! Hands each session the frames of this tick.

use std::sync::Arc;

use bevy_ecs::prelude::{Component, Query, Res, ResMut, Resource};
use bevy_ecs::system::SystemParam;
use bytes::Bytes;

use super::{Batch, Dialect, Link, Mailbox, Outgoing};
use crate::WorldOptions;
use crate::delta::{CatchUp, Encoded, Gathered};
use crate::dragging::Dragged;
use crate::interest::Interest;
use crate::live::{Identity, Settings, Tick};
use crate::presence::Joining;
use crate::seats::{CellKey, Handle, Seats};

/// How many slices of the world are repeated in one message to a session that missed them.
const REPEATED: u32 = 4;

/// How far a session has been told.
#[derive(Component, Clone, Copy)]
pub(crate) struct Received {
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
    slices: u64,
    /// The first tick whose slice it has missed.
    missed_since: u64,
    /// The slice from which on missed ones are repeated next.
    turn: u32,
    /// How many bytes of movement it may still get; below 0 it has to wait.
    allowance: i64,
}

impl Received {
    /// A session that gets its snapshot in this tick.
    pub(crate) fn new(dialect: Dialect, tick: u64, joined_at: u32) -> Self {
        Self {
            dialect,
            poses: tick,
            joined_at,
            // Wherever it is, it will have come from elsewhere.
            centre: (i32::MAX, i32::MAX),
            missed: 0,
            slices: 0,
            missed_since: 0,
            turn: 0,
            allowance: 0,
        }
    }

    /// Whether it has got all there was before this tick.
    fn in_sync(&self, interest: &Interest, centre: CellKey) -> bool {
        self.poses >= interest.told_before && self.missed == 0 && self.centre == centre
    }

    /// Notes the slices missed since the last delivery.
    fn note_missed(&mut self, interest: &Interest) {
        if self.missed != 0 && self.slices != interest.slices {
            self.missed = all(interest.slices);
        }
        if self.poses < interest.told_before {
            if self.missed == 0 {
                self.missed_since = self.poses + 1;
            }
            let ticks = (self.poses + 1..=interest.told_before).rev();
            for tick in ticks.take(interest.slices as usize) {
                self.missed |= 1 << (tick % interest.slices);
            }
        }
        if self.hears_all_at_once(interest) {
            self.missed = 0;
        }
        self.slices = interest.slices;
    }

    /// Whether near is everybody and cannot get lost, so that there are no slices.
    fn hears_all_at_once(&self, interest: &Interest) -> bool {
        interest.all_near && self.dialect != Dialect::V2Datagrams
    }

    /// The slices to repeat now: those whose turn comes next, so that everyone's comes.
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
    fn catch_up(&mut self, tick: u64, interest: &Interest, centre: CellKey) -> CatchUp {
        self.note_missed(interest);
        let slices = if self.hears_all_at_once(interest) {
            0
        } else {
            self.repeat() | 1 << (tick % interest.slices)
        };
        CatchUp {
            dialect: self.dialect,
            centre,
            moved: self.centre != centre,
            since: self.poses,
            slices,
            slices_since: if self.missed == 0 {
                tick
            } else {
                self.missed_since
            },
        }
    }

    /// It has been told.
    fn told(&mut self, tick: u64, centre: CellKey, slices: u128) {
        self.poses = tick;
        self.centre = centre;
        self.missed &= !slices;
        if slices != 0 {
            self.turn = 128 - slices.leading_zeros();
        }
    }
}

/// What a session's movement is put together from.
#[derive(SystemParam)]
pub(crate) struct Movement<'w> {
    interest: ResMut<'w, Interest>,
    seats: ResMut<'w, Seats>,
    encoded: Res<'w, Encoded>,
    gathered: ResMut<'w, Gathered>,
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
    mut outgoing: ResMut<Outgoing>,
    mut movement: Movement,
    mut skipped: ResMut<Skipped>,
    mut sessions: Query<(
        &Handle,
        &Link,
        &mut Mailbox,
        &mut Received,
        Option<&Joining>,
    )>,
) {
    let (tick, settings) = (tick.0, &settings.0);
    let budget = i64::try_from(settings.pose_budget).unwrap_or(i64::MAX);
    let refill = (budget / i64::from(settings.tick_rate.max(1))).max(1);
    for (handle, link, mut mailbox, mut received, joining) in &mut sessions {
        received.allowance = received.allowance.saturating_add(refill).min(refill);
        let has_news =
            joining.is_none() && received.allowance >= 0 && movement.has_news(handle, &received);
        if !has_news && outgoing.is_empty() && mailbox.0.is_empty() && joining.is_none() {
            continue;
        }
        let (snapshot, first) = match joining {
            Some(joining) => (joining.snapshot.as_slice(), received.joined_at),
            None => (&[] as &[Arc<[Bytes]>], 0),
        };
        let frames = outgoing.merged(&mailbox, received.dialect, first);
        let idle = link.0.deliver(identity.world, snapshot, frames, |batch| {
            if has_news {
                movement.tell(tick, settings, handle, &mut received, batch);
            }
        });
        skipped.0 += u64::from(has_news && !idle);
        mailbox.0.clear();
    }
    outgoing.clear();
}

impl Movement<'_> {
    /// Whether there may be something that a session has not been told.
    fn has_news(&self, handle: &Handle, received: &Received) -> bool {
        let centre = self
            .seats
            .told
            .get(handle.0 as usize)
            .map(|told| told.centre);
        received.poses < self.interest.told
            || received.missed != 0
            || received.poses < self.dragged.last()
            || centre.is_some_and(|centre| centre != received.centre)
    }

    /// Tells a session, whose writer is idle, what is new to it.
    fn tell(
        &mut self,
        tick: u64,
        settings: &WorldOptions,
        handle: &Handle,
        received: &mut Received,
        batch: &mut Batch,
    ) {
        let (interest, seats) = (&mut *self.interest, &mut *self.seats);
        interest.build_grid(seats, tick, &settings.interest, settings.tick_rate);
        let Some(told) = seats.told.get(handle.0 as usize) else {
            return;
        };
        let centre = told.centre;
        let (portion, slices) = if received.in_sync(interest, centre) {
            let portion = self.gathered.shared(
                received.dialect,
                centre,
                tick,
                interest,
                &self.encoded,
                seats,
            );
            (portion, 0)
        } else {
            let missed = received.catch_up(tick, interest, centre);
            let portion = self.gathered.catch_up(missed, tick, interest, seats);
            (portion, missed.slices)
        };
        self.gathered.copy(&portion, batch);
        let objects = self
            .dragged
            .tell(received.dialect, received.poses, tick, batch);
        received.told(tick, centre, slices);
        received.allowance -= (portion.bytes + objects) as i64;
    }
}

/// The bits of all slices.
fn all(slices: u64) -> u128 {
    u128::MAX >> (128 - slices.clamp(1, 128))
}
