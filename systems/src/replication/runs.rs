//! Positions that are sent in this tick, encoded once in each dialect that a session needs.

use std::ops::Range;

use bevy_ecs::prelude::{Res, ResMut, Resource};
use posbus::{
    UserTransform,
    v2::{PoseEntry, QuantizedPose, encode_groups},
};

use super::{
    handles::HandleTable,
    interest::{Interest, select::Selection},
    needed::NeededFrames,
};
use crate::session::Dialect;

/// Encoded users of one cell, or of one bucket of the world.
#[derive(Clone, Debug, Default)]
pub(crate) struct EncodedRun {
    range: Range<usize>,
    /// Number of users.
    pub(crate) users: usize,
}

/// Encoded users in one dialect, without the message around them.
#[derive(Default)]
pub(crate) struct EncodedRuns {
    bytes: Vec<u8>,
    near: Vec<EncodedRun>,
    middle: Vec<EncodedRun>,
    bucket: EncodedRun,
    repeated: EncodedRun,
}

/// Positions that are sent in this tick, in both dialects.
#[derive(Resource, Default)]
pub(crate) struct RunsByDialect {
    pub(crate) v1: EncodedRuns,
    pub(crate) v2: EncodedRuns,
    entries: Vec<PoseEntry>,
}

impl EncodedRuns {
    /// The bytes of a run.
    pub(crate) fn bytes(&self, run: &EncodedRun) -> &[u8] {
        self.bytes.get(run.range.clone()).unwrap_or(&[])
    }

    pub(crate) fn near(&self, cell: u32) -> Option<&EncodedRun> {
        self.near.get(cell as usize)
    }

    pub(crate) fn middle(&self, cell: u32) -> Option<&EncodedRun> {
        self.middle.get(cell as usize)
    }

    pub(crate) fn bucket(&self) -> &EncodedRun {
        &self.bucket
    }

    /// Users sent again, only to sessions that get datagrams.
    pub(crate) fn repeated(&self) -> &EncodedRun {
        &self.repeated
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.near.clear();
        self.middle.clear();
        self.bucket = EncodedRun::default();
        self.repeated = EncodedRun::default();
    }

    fn fill(&mut self, interest: &Interest, mut encode: impl FnMut(&[u32], u32, &mut Vec<u8>)) {
        let bytes = &mut self.bytes;
        let mut run = |handles: &[u32], stride: u32| {
            let start = bytes.len();
            if !handles.is_empty() {
                encode(handles, stride, bytes);
            }
            EncodedRun {
                range: start..bytes.len(),
                users: handles.len(),
            }
        };
        let cells = 0..interest.grid.cells().len() as u32;
        let mut all = |runs: &mut Vec<EncodedRun>, selection: &Selection| {
            if !selection.is_empty() {
                runs.extend(cells.clone().map(|cell| run(selection.of(cell), 1)));
            }
        };
        all(&mut self.near, &interest.near);
        all(&mut self.middle, &interest.middle);
        self.bucket = run(&interest.bucket, interest.buckets as u32);
        self.repeated = run(&interest.repeated, interest.buckets as u32);
    }
}

/// Encodes the positions that are sent in this tick, in the dialects of the sessions in step.
pub(crate) fn encode_runs(
    interest: Res<Interest>,
    table: Res<HandleTable>,
    needed: Res<NeededFrames>,
    mut encoded: ResMut<RunsByDialect>,
) {
    let RunsByDialect { v1, v2, entries } = &mut *encoded;
    v1.clear();
    v2.clear();
    if interest.is_quiet() {
        return;
    }
    let first = needed.any_cell(|dialect| dialect == Dialect::V1);
    let second = needed.any_cell(|dialect| dialect != Dialect::V1);
    if first {
        v1.fill(&interest, |handles, _, out| {
            for handle in handles {
                entry(&table, *handle).encode_body(out);
            }
        });
    }
    if second {
        v2.fill(&interest, |handles, stride, out| {
            entries.clear();
            entries.extend(handles.iter().map(|handle| quantized(&table, *handle)));
            encode_groups(entries, stride, out);
        });
    }
}

/// A user in version 1.
pub(crate) fn entry(table: &HandleTable, handle: u32) -> UserTransform {
    let movers = &table.movers[handle as usize];
    UserTransform {
        id: movers.user,
        transform: movers.pose,
    }
}

/// A user in version 2.
pub(crate) fn quantized(table: &HandleTable, handle: u32) -> PoseEntry {
    PoseEntry {
        handle,
        pose: QuantizedPose::new(&table.movers[handle as usize].pose),
    }
}
