//! Frames that bring a session back in step: its writer was busy, its budget was used up, or it
//! looks out from another cell now.

use posbus::{
    MAX_SERVER_FRAME,
    v2::{self, encode_groups},
};

use super::{
    assemble::{CellFrames, FrameRange},
    handles::{CellKey, HandleTable, SendState},
    interest::{
        Interest,
        select::{MIDDLE, NEAR},
    },
    runs::quantized,
};
use crate::session::Dialect;

/// Movement that a session missed. Sessions that missed the same get the same frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ResyncKey {
    pub(crate) dialect: Dialect,
    /// The cell that the session looks out from.
    pub(crate) centre: CellKey,
    /// The session has changed its cell: users who have come near by that may have moved
    /// unnoticed.
    pub(crate) changed_cell: bool,
    /// The session has all movement near by up to this tick.
    pub(crate) since: u64,
    /// The buckets of the world to be repeated, as bits.
    pub(crate) buckets: u128,
    /// The first tick whose bucket was missed.
    pub(crate) buckets_since: u64,
}

impl ResyncKey {
    /// Whether a user is among the repeated buckets.
    fn repeats(&self, handle: u32, sent: &SendState, interest: &Interest) -> bool {
        let bucket = u64::from(handle) % interest.buckets;
        let since = match interest.all_near {
            // A bucket then holds the movers sent in the round before it.
            true => (self.buckets_since + 1).saturating_sub(interest.buckets),
            false => self.buckets_since,
        };
        self.buckets >> bucket & 1 == 1 && sent.all >= since
    }

    /// Whether the session lacks the last move of a user in one of its rings, which was last sent
    /// to that ring at `sent_at`.
    fn is_news(&self, sent: &SendState, sent_at: u64) -> bool {
        sent_at > self.since || self.changed_cell && sent.changed > sent.all
    }
}

fn near(sent: &SendState) -> u64 {
    sent.near
}

fn middle(sent: &SendState) -> u64 {
    sent.middle
}

impl CellFrames {
    /// Frames for sessions that missed this much.
    pub(super) fn resync(
        &mut self,
        missed: &ResyncKey,
        tick: u64,
        interest: &Interest,
        table: &HandleTable,
    ) -> FrameRange {
        let start = self.len();
        self.add_buckets(missed, interest, table);
        if missed.dialect == Dialect::V2Datagrams {
            self.finish_poses(tick, MAX_SERVER_FRAME);
        }
        let reliable = self.len();
        self.add_around(missed, interest, table);
        match missed.dialect {
            Dialect::V1 => {
                self.finish_list();
                self.range(start)
            }
            Dialect::V2 => {
                self.finish_poses(tick, MAX_SERVER_FRAME);
                self.range(start)
            }
            Dialect::V2Datagrams => {
                self.finish_poses(tick, v2::MAX_DATAGRAM);
                self.split_range(start, reliable)
            }
        }
    }

    fn add_buckets(&mut self, missed: &ResyncKey, interest: &Interest, table: &HandleTable) {
        let mut buckets = missed.buckets;
        while buckets != 0 {
            let bucket = buckets.trailing_zeros();
            buckets &= buckets - 1;
            let handles = (bucket..table.sent.len() as u32).step_by(interest.buckets as usize);
            let handles = handles.filter(|handle| {
                let sent = &table.sent[*handle as usize];
                sent.taken && missed.repeats(*handle, sent, interest)
            });
            self.add(missed.dialect, handles, interest.buckets as u32, table);
        }
    }

    fn add_around(&mut self, missed: &ResyncKey, interest: &Interest, table: &HandleTable) {
        for (ring, sent_at) in [(NEAR, near as fn(&SendState) -> u64), (MIDDLE, middle)] {
            for cell in interest.grid.around(missed.centre, ring.inner, ring.outer) {
                let handles = interest.grid.members(cell).iter().copied();
                let handles = handles.filter(|handle| {
                    let sent = &table.sent[*handle as usize];
                    missed.is_news(sent, sent_at(sent)) && !missed.repeats(*handle, sent, interest)
                });
                self.add(missed.dialect, handles, 1, table);
            }
        }
    }

    /// Adds users in rising order of handles.
    fn add(
        &mut self,
        dialect: Dialect,
        handles: impl Iterator<Item = u32>,
        stride: u32,
        table: &HandleTable,
    ) {
        if dialect == Dialect::V1 {
            for handle in handles {
                self.add_user(table, handle);
            }
            return;
        }
        let builder = &mut self.builder;
        builder.entries.clear();
        builder
            .entries
            .extend(handles.map(|handle| quantized(table, handle)));
        if !builder.entries.is_empty() {
            encode_groups(&builder.entries, stride, &mut builder.body);
        }
    }
}
