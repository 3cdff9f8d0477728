//! Messages for all who look out from one cell: the runs of what is around it, in one buffer.

use std::collections::HashMap;
use std::ops::Range;

use bevy_ecs::prelude::{ResMut, Resource};
use bytes::Bytes;
use posbus::v2::{self, PoseEntry};
use posbus::{MAX_LIST_ENTRIES, MAX_SERVER_FRAME, MessageType};

use super::frame_pool::FramePool;
use super::resync::ResyncKey;
use super::runs::{EncodedRun, EncodedRuns, RunsByDialect, entry};
use crate::replication::handles::{CellKey, HandleTable};
use crate::replication::interest::Interest;
use crate::replication::interest::select::{MIDDLE, NEAR, Selection};
use crate::session::{Batch, Dialect};

/// What ends a frame, in bytes.
const FOOTER: usize = 4;

/// What one session gets of others' movement: frames of [`CellFrames`].
#[derive(Clone, Debug, Default)]
pub(crate) struct FrameRange {
    frames: Range<usize>,
    datagrams: Range<usize>,
    /// Length of all of them together.
    pub(crate) bytes: usize,
}

/// The messages of this tick. All memory is kept between ticks.
#[derive(Resource, Default)]
pub(crate) struct CellFrames {
    arena: FramePool,
    frames: Vec<Bytes>,
    /// By dialect and cell, what those get who have got everything so far.
    by_cell: [Vec<Option<FrameRange>>; 3],
    /// What those get who have not.
    pub(super) resyncs: HashMap<ResyncKey, FrameRange>,
    pub(super) builder: Builder,
}

/// Messages in the making.
#[derive(Default)]
pub(super) struct Builder {
    /// RunsByDialect users of a version 1 list, or groups of version 2.
    pub(super) body: Vec<u8>,
    /// How many users are in a version 1 list.
    users: usize,
    pub(super) entries: Vec<PoseEntry>,
    frame: Vec<u8>,
}

/// Forgets the messages of the tick before.
pub(crate) fn begin_tick(mut cell_frames: ResMut<CellFrames>) {
    let cell_frames = &mut *cell_frames;
    cell_frames.frames.clear();
    cell_frames.resyncs.clear();
    for portions in &mut cell_frames.by_cell {
        portions.clear();
    }
    cell_frames.arena.begin();
}

impl CellFrames {
    /// Hands a range over.
    pub(crate) fn copy(&self, range: &FrameRange, batch: &mut Batch) {
        let frames = |range: &Range<usize>| self.frames.get(range.clone()).unwrap_or(&[]);
        batch.frames.extend_from_slice(frames(&range.frames));
        batch.datagrams.extend_from_slice(frames(&range.datagrams));
    }

    /// What a session in sync gets that looks out from a cell. Put together on first use.
    pub(crate) fn shared(
        &mut self,
        dialect: Dialect,
        centre: CellKey,
        tick: u64,
        interest: &Interest,
        encoded: &RunsByDialect,
        table: &HandleTable,
    ) -> FrameRange {
        let Some(cell) = interest.grid.find(centre) else {
            return FrameRange::default();
        };
        let (cell, cells) = (cell as usize, interest.grid.cells().len());
        let known = &mut self.by_cell[dialect as usize];
        known.resize(cells.max(known.len()), None);
        if let Some(range) = &known[cell] {
            return range.clone();
        }
        let range = match dialect {
            Dialect::V1 => self.list(centre, interest, &encoded.v1, table),
            Dialect::V2 => self.poses(centre, tick, interest, &encoded.v2),
            Dialect::V2Datagrams => self.datagrams(centre, tick, interest, &encoded.v2),
        };
        self.by_cell[dialect as usize][cell] = Some(range.clone());
        range
    }

    fn list(
        &mut self,
        centre: CellKey,
        interest: &Interest,
        runs: &EncodedRuns,
        table: &HandleTable,
    ) -> FrameRange {
        let start = self.frames.len();
        let mut add = |run: &EncodedRun, handles: &[u32]| {
            self.builder
                .add_users(
                    runs.bytes(run),
                    run.users,
                    &mut self.arena,
                    &mut self.frames,
                )
                .unwrap_or_else(|_| {
                    // More than fits a frame, as only odd options make it.
                    for handle in handles {
                        self.builder
                            .add_user(table, *handle, &mut self.arena, &mut self.frames);
                    }
                });
        };
        add(runs.bucket(), &interest.bucket);
        each_around(centre, interest, runs, |run, selection, cell| {
            add(run, selection.of(cell));
        });
        self.builder.finish_list(&mut self.arena, &mut self.frames);
        self.range(start)
    }

    fn poses(
        &mut self,
        centre: CellKey,
        tick: u64,
        interest: &Interest,
        runs: &EncodedRuns,
    ) -> FrameRange {
        let start = self.frames.len();
        let body = &mut self.builder.body;
        body.extend_from_slice(runs.bytes(runs.bucket()));
        each_around(centre, interest, runs, |run, _, _| {
            body.extend_from_slice(runs.bytes(run));
        });
        self.finish_poses(tick, MAX_SERVER_FRAME);
        self.range(start)
    }

    /// As [`Self::poses`], but what is near goes into datagrams, and the bucket, which nobody may miss, does not.
    fn datagrams(
        &mut self,
        centre: CellKey,
        tick: u64,
        interest: &Interest,
        runs: &EncodedRuns,
    ) -> FrameRange {
        let start = self.frames.len();
        let body = &mut self.builder.body;
        body.extend_from_slice(runs.bytes(runs.bucket()));
        body.extend_from_slice(runs.bytes(runs.repeated()));
        self.finish_poses(tick, MAX_SERVER_FRAME);
        let reliable = self.frames.len();
        let body = &mut self.builder.body;
        each_around(centre, interest, runs, |run, _, _| {
            body.extend_from_slice(runs.bytes(run));
        });
        self.finish_poses(tick, v2::MAX_DATAGRAM);
        self.split_range(start, reliable)
    }

    /// Ends version 2 messages: as many as it takes to keep each within `limit` bytes.
    pub(super) fn finish_poses(&mut self, tick: u64, limit: usize) {
        let Builder { body, frame, .. } = &mut self.builder;
        let mut rest = body.as_slice();
        while !rest.is_empty() {
            frame.clear();
            v2::begin_poses(tick, frame);
            let room = limit - frame.len() - FOOTER;
            let mut taken = if rest.len() <= room { rest.len() } else { 0 };
            while let Some(length) = v2::group_len(&rest[taken..])
                && (taken == 0 || taken + length <= room)
            {
                taken += length;
            }
            let (groups, left) = rest.split_at(taken.max(1).min(rest.len()));
            frame.extend_from_slice(groups);
            v2::finish_poses(frame);
            self.frames.push(self.arena.frame(frame));
            rest = left;
        }
        body.clear();
    }

    pub(super) fn finish_list(&mut self) {
        self.builder.finish_list(&mut self.arena, &mut self.frames);
    }

    pub(super) fn add_user(&mut self, table: &HandleTable, handle: u32) {
        self.builder
            .add_user(table, handle, &mut self.arena, &mut self.frames);
    }

    /// How many frames there are.
    pub(super) fn len(&self) -> usize {
        self.frames.len()
    }

    /// All frames from `start` on, reliably.
    pub(super) fn range(&self, start: usize) -> FrameRange {
        self.split_range(start, self.frames.len())
    }

    /// The frames from `start` on; those from `reliable` on as datagrams.
    pub(super) fn split_range(&self, start: usize, reliable: usize) -> FrameRange {
        let all = self.frames.get(start..).unwrap_or(&[]);
        FrameRange {
            frames: start..reliable,
            datagrams: reliable..self.frames.len(),
            bytes: all.iter().map(Bytes::len).sum(),
        }
    }
}

/// The runs around a cell.
fn each_around(
    centre: CellKey,
    interest: &Interest,
    runs: &EncodedRuns,
    mut each: impl FnMut(&EncodedRun, &Selection, u32),
) {
    if !interest.near.is_empty() {
        for cell in interest.grid.around(centre, NEAR.inner, NEAR.outer) {
            if let Some(run) = runs.near(cell) {
                each(run, &interest.near, cell);
            }
        }
    }
    if !interest.middle.is_empty() {
        for cell in interest.grid.around(centre, MIDDLE.inner, MIDDLE.outer) {
            if let Some(run) = runs.middle(cell) {
                each(run, &interest.middle, cell);
            }
        }
    }
}

/// A run that does not fit a frame.
struct TooLong;

impl Builder {
    /// Adds encoded users to a version 1 list; ends a frame before one that has no room for them.
    fn add_users(
        &mut self,
        bytes: &[u8],
        users: usize,
        arena: &mut FramePool,
        frames: &mut Vec<Bytes>,
    ) -> Result<(), TooLong> {
        if bytes.len() > MAX_LIST_ENTRIES {
            return Err(TooLong);
        }
        if self.body.len() + bytes.len() > MAX_LIST_ENTRIES {
            self.finish_list(arena, frames);
        }
        self.body.extend_from_slice(bytes);
        self.users += users;
        Ok(())
    }

    fn add_user(
        &mut self,
        table: &HandleTable,
        handle: u32,
        arena: &mut FramePool,
        frames: &mut Vec<Bytes>,
    ) {
        let start = self.body.len();
        entry(table, handle).encode_body(&mut self.body);
        if self.body.len() > MAX_LIST_ENTRIES {
            let entry = self.body.split_off(start);
            self.finish_list(arena, frames);
            self.body.extend_from_slice(&entry);
        }
        self.users += 1;
    }

    fn finish_list(&mut self, arena: &mut FramePool, frames: &mut Vec<Bytes>) {
        if self.users > 0 {
            self.frame.clear();
            posbus::list_frame(
                MessageType::UsersTransformList,
                self.users,
                &self.body,
                &mut self.frame,
            );
            frames.push(arena.frame(&self.frame));
        }
        self.body.clear();
        self.users = 0;
    }
}
