//! Frames of users' movement that sessions need in this tick, each listed once.

use std::collections::HashMap;

use bevy_ecs::prelude::Resource;

use super::{handles::CellKey, interest::grid::Grid, resync::ResyncKey};
use crate::session::Dialect;

/// Not listed yet.
const NONE: u32 = u32::MAX;

/// Frames that one or more sessions need.
#[derive(Clone, Copy, Debug)]
pub(crate) enum NeededFrame {
    /// News for sessions in step that look out from a cell.
    Cell {
        dialect: Dialect,
        /// The cell.
        centre: CellKey,
    },
    /// Frames for sessions that missed something.
    Resync(ResyncKey),
}

/// The list of this tick, filled by Interest. All memory is kept between ticks.
#[derive(Resource, Default)]
pub(crate) struct NeededFrames {
    list: Vec<NeededFrame>,
    /// By dialect and cell of the grid, the index in the list.
    by_cell: [Vec<u32>; 3],
    resyncs: HashMap<ResyncKey, u32>,
}

impl NeededFrame {
    /// The cell to look out from.
    pub(crate) fn centre(&self) -> CellKey {
        match self {
            Self::Cell { centre, .. } => *centre,
            Self::Resync(key) => key.centre,
        }
    }

    /// The buckets of the world that are repeated, as bits.
    pub(crate) fn repeated_buckets(&self) -> u128 {
        match self {
            Self::Cell { .. } => 0,
            Self::Resync(key) => key.buckets,
        }
    }
}

impl NeededFrames {
    /// Frames in the order of their indices.
    pub(crate) fn list(&self) -> &[NeededFrame] {
        &self.list
    }

    /// Whether any session in step speaks a dialect that `speaks` accepts.
    pub(crate) fn any_cell(&self, speaks: impl Fn(Dialect) -> bool) -> bool {
        self.by_cell
            .iter()
            .zip([Dialect::V1, Dialect::V2, Dialect::V2Datagrams])
            .any(|(cells, dialect)| !cells.is_empty() && speaks(dialect))
    }

    pub(super) fn clear(&mut self) {
        self.list.clear();
        self.resyncs.clear();
        for cells in &mut self.by_cell {
            cells.clear();
        }
    }

    /// Index of the news around a cell.
    pub(super) fn cell(&mut self, dialect: Dialect, centre: CellKey, grid: &Grid) -> u32 {
        let next = self.list.len() as u32;
        let cells = &mut self.by_cell[dialect as usize];
        if cells.is_empty() {
            cells.resize(grid.cells().len(), NONE);
        }
        // The grid has a cell for every viewer; without one there is nothing to share.
        let known = grid
            .find(centre)
            .and_then(|cell| cells.get_mut(cell as usize));
        if let Some(known) = known {
            if *known != NONE {
                return *known;
            }
            *known = next;
        }
        self.list.push(NeededFrame::Cell { dialect, centre });
        next
    }

    /// Index of the frames for sessions that missed the same.
    pub(super) fn resync(&mut self, key: ResyncKey) -> u32 {
        let next = self.list.len() as u32;
        *self.resyncs.entry(key).or_insert_with(|| {
            self.list.push(NeededFrame::Resync(key));
            next
        })
    }
}
