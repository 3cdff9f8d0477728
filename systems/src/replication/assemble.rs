//! Frames for all sessions that look out from one cell: the encoded runs around it, in one buffer.

use std::ops::Range;

use bevy_ecs::prelude::{Res, ResMut, Resource};
use bytes::Bytes;
use posbus::{
    MAX_LIST_ENTRIES, MAX_SERVER_FRAME, MessageType,
    v2::{self, PoseEntry},
};

use super::{
    frame_pool::FramePool,
    handles::{CellKey, HandleTable},
    interest::{
        Interest,
        select::{MIDDLE, NEAR, Selection},
    },
    needed::{NeededFrame, NeededFrames},
    runs::{EncodedRun, EncodedRuns, RunsByDialect, entry},
};
use crate::{
    session::{Batch, Dialect},
    world::live::Tick,
};

/// Length of the footer of a frame in bytes.
const FOOTER: usize = 4;

/// The frames of users' movement that one session gets, as ranges of [`CellFrames`].
#[derive(Clone, Debug, Default)]
pub(crate) struct FrameRange {
    frames: Range<usize>,
    datagrams: Range<usize>,
    /// Length of all of them together.
    pub(crate) bytes: usize,
}

/// The frames of users' movement in this tick. All memory is kept between ticks.
#[derive(Resource, Default)]
pub(crate) struct CellFrames {
    pub(super) pool: FramePool,
    frames: Vec<Bytes>,
    /// By index in [`NeededFrames`].
    ranges: Vec<FrameRange>,
    pub(super) builder: Builder,
}

/// Frames in the making.
#[derive(Default)]
pub(super) struct Builder {
    /// Encoded users of a version 1 list, or groups of version 2.
    pub(super) body: Vec<u8>,
    /// Number of users in a version 1 list.
    users: usize,
    pub(super) entries: Vec<PoseEntry>,
    frame: Vec<u8>,
}

/// Makes the frames that sessions need in this tick.
pub(crate) fn assemble(
    tick: Res<Tick>,
    interest: Res<Interest>,
    table: Res<HandleTable>,
    runs: Res<RunsByDialect>,
    needed: Res<NeededFrames>,
    mut cell_frames: ResMut<CellFrames>,
) {
    let cell_frames = &mut *cell_frames;
    cell_frames.frames.clear();
    cell_frames.ranges.clear();
    cell_frames.pool.begin();
    for needed in needed.list() {
        let range = match needed {
            NeededFrame::Cell { dialect, centre } => match dialect {
                Dialect::V1 => cell_frames.list(*centre, &interest, &runs.v1, &table),
                Dialect::V2 => cell_frames.poses(*centre, tick.0, &interest, &runs.v2),
                Dialect::V2Datagrams => cell_frames.datagrams(*centre, tick.0, &interest, &runs.v2),
            },
            NeededFrame::Resync(key) => cell_frames.resync(key, tick.0, &interest, &table),
        };
        cell_frames.ranges.push(range);
    }
}

impl CellFrames {
    /// Copies the frames of an index in [`NeededFrames`]. Returns their length in bytes.
    pub(crate) fn copy(&self, index: u32, batch: &mut Batch) -> usize {
        let Some(range) = self.ranges.get(index as usize) else {
            return 0;
        };
        let frames = |range: &Range<usize>| self.frames.get(range.clone()).unwrap_or(&[]);
        batch.frames.extend_from_slice(frames(&range.frames));
        batch.datagrams.extend_from_slice(frames(&range.datagrams));
        range.bytes
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
                .add_users(runs.bytes(run), run.users, &mut self.pool, &mut self.frames)
                .unwrap_or_else(|_| {
                    // The run exceeds a frame, which only odd options make possible.
                    for handle in handles {
                        self.builder
                            .add_user(table, *handle, &mut self.pool, &mut self.frames);
                    }
                });
        };
        add(runs.bucket(), &interest.bucket);
        each_around(centre, interest, runs, |run, selection, cell| {
            add(run, selection.of(cell));
        });
        self.builder.finish_list(&mut self.pool, &mut self.frames);
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

    /// As [`Self::poses`], but movement near by goes into datagrams. The bucket does not: no viewer
    /// may miss it.
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

    /// Ends version 2 frames: as many as it takes to keep each within `limit` bytes.
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
            self.frames.push(self.pool.frame(frame));
            rest = left;
        }
        body.clear();
    }

    pub(super) fn finish_list(&mut self) {
        self.builder.finish_list(&mut self.pool, &mut self.frames);
    }

    pub(super) fn add_user(&mut self, table: &HandleTable, handle: u32) {
        self.builder
            .add_user(table, handle, &mut self.pool, &mut self.frames);
    }

    /// Number of frames.
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

/// Error: the run does not fit a frame.
struct TooLong;

impl Builder {
    /// Adds encoded users to a version 1 list; ends a frame before one that has no room for them.
    fn add_users(
        &mut self,
        bytes: &[u8],
        users: usize,
        pool: &mut FramePool,
        frames: &mut Vec<Bytes>,
    ) -> Result<(), TooLong> {
        if bytes.len() > MAX_LIST_ENTRIES {
            return Err(TooLong);
        }
        if self.body.len() + bytes.len() > MAX_LIST_ENTRIES {
            self.finish_list(pool, frames);
        }
        self.body.extend_from_slice(bytes);
        self.users += users;
        Ok(())
    }

    fn add_user(
        &mut self,
        table: &HandleTable,
        handle: u32,
        pool: &mut FramePool,
        frames: &mut Vec<Bytes>,
    ) {
        let start = self.body.len();
        entry(table, handle).encode_body(&mut self.body);
        if self.body.len() > MAX_LIST_ENTRIES {
            let entry = self.body.split_off(start);
            self.finish_list(pool, frames);
            self.body.extend_from_slice(&entry);
        }
        self.users += 1;
    }

    fn finish_list(&mut self, pool: &mut FramePool, frames: &mut Vec<Bytes>) {
        if self.users > 0 {
            self.frame.clear();
            posbus::list_frame(
                MessageType::UsersTransformList,
                self.users,
                &self.body,
                &mut self.frame,
            );
            frames.push(pool.frame(&self.frame));
        }
        self.body.clear();
        self.users = 0;
    }
}
