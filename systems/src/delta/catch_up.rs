//! What a session gets that has missed something: its writer was busy, or it looks out from another cell now.

use posbus::MAX_SERVER_FRAME;
use posbus::v2::{self, encode_groups};

use super::gather::{Gathered, Portion};
use super::pieces::quantized;
use crate::interest::Interest;
use crate::interest::select::{MIDDLE, NEAR};
use crate::network::Dialect;
use crate::seats::{CellKey, Seats, Told};

/// What was missed. Sessions that missed the same get the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct CatchUp {
    pub(crate) dialect: Dialect,
    /// The cell that the session looks out from.
    pub(crate) centre: CellKey,
    /// It has looked out from another one so far: who has come near by this may have moved unnoticed.
    pub(crate) moved: bool,
    /// Up to this tick everything near by was told.
    pub(crate) since: u64,
    /// The slices of the world to be repeated, as bits.
    pub(crate) slices: u128,
    /// The first tick whose slice was missed.
    pub(crate) slices_since: u64,
}

impl CatchUp {
    /// Whether a user is among the repeated slices.
    fn repeats(&self, handle: u32, told: &Told, interest: &Interest) -> bool {
        let slice = u64::from(handle) % interest.slices;
        let since = match interest.all_near {
            // A slice is then what was told in the round before it.
            true => (self.slices_since + 1).saturating_sub(interest.slices),
            false => self.slices_since,
        };
        self.slices >> slice & 1 == 1 && told.all >= since
    }

    /// Whether a user around is to be told of, who was last told of at `told_at` to those in the same ring.
    fn is_news(&self, told: &Told, told_at: u64) -> bool {
        told_at > self.since || self.moved && told.changed > told.all
    }
}

fn near(told: &Told) -> u64 {
    told.near
}

fn middle(told: &Told) -> u64 {
    told.middle
}

impl Gathered {
    /// What is to be told to who has missed this much. Put together on first use.
    pub(crate) fn catch_up(
        &mut self,
        missed: CatchUp,
        tick: u64,
        interest: &Interest,
        seats: &Seats,
    ) -> Portion {
        if let Some(portion) = self.catch_ups.get(&missed) {
            return portion.clone();
        }
        let start = self.len();
        self.add_slices(&missed, interest, seats);
        if missed.dialect == Dialect::V2Datagrams {
            self.finish_poses(tick, MAX_SERVER_FRAME);
        }
        let reliable = self.len();
        self.add_around(&missed, interest, seats);
        let portion = match missed.dialect {
            Dialect::V1 => {
                self.finish_list();
                self.portion(start)
            }
            Dialect::V2 => {
                self.finish_poses(tick, MAX_SERVER_FRAME);
                self.portion(start)
            }
            Dialect::V2Datagrams => {
                self.finish_poses(tick, v2::MAX_DATAGRAM);
                self.split_portion(start, reliable)
            }
        };
        self.catch_ups.insert(missed, portion.clone());
        portion
    }

    fn add_slices(&mut self, missed: &CatchUp, interest: &Interest, seats: &Seats) {
        let mut slices = missed.slices;
        while slices != 0 {
            let slice = slices.trailing_zeros();
            slices &= slices - 1;
            let handles = (slice..seats.told.len() as u32).step_by(interest.slices as usize);
            let handles = handles.filter(|handle| {
                let told = &seats.told[*handle as usize];
                told.taken && missed.repeats(*handle, told, interest)
            });
            self.add(missed.dialect, handles, interest.slices as u32, seats);
        }
    }

    fn add_around(&mut self, missed: &CatchUp, interest: &Interest, seats: &Seats) {
        for (ring, told_at) in [(NEAR, near as fn(&Told) -> u64), (MIDDLE, middle)] {
            for cell in interest.grid.around(missed.centre, ring.inner, ring.outer) {
                let handles = interest.grid.members(cell).iter().copied();
                let handles = handles.filter(|handle| {
                    let told = &seats.told[*handle as usize];
                    missed.is_news(told, told_at(told)) && !missed.repeats(*handle, told, interest)
                });
                self.add(missed.dialect, handles, 1, seats);
            }
        }
    }

    /// Adds users in rising order of handles.
    fn add(
        &mut self,
        dialect: Dialect,
        handles: impl Iterator<Item = u32>,
        stride: u32,
        seats: &Seats,
    ) {
        if dialect == Dialect::V1 {
            for handle in handles {
                self.add_user(seats, handle);
            }
            return;
        }
        let builder = &mut self.builder;
        builder.entries.clear();
        builder
            .entries
            .extend(handles.map(|handle| quantized(seats, handle)));
        if !builder.entries.is_empty() {
            encode_groups(&builder.entries, stride, &mut builder.body);
        }
    }
}
