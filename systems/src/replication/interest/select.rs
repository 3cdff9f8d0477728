//! Whom those in one ring of distance are told of in this tick: everybody who moved, and in a crowd those first who were
//! told of longest ago.

use std::ops::Range;

use super::grid::Grid;
use crate::replication::handles::SendState;

/// A ring of cells around a viewer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ring {
    /// Distance in cells at least.
    pub(crate) inner: i32,
    /// Distance in cells at most.
    pub(crate) outer: i32,
}

/// The cell of the viewer and those around it.
pub(crate) const NEAR: Ring = Ring { inner: 0, outer: 1 };
/// Those around these.
pub(crate) const MIDDLE: Ring = Ring { inner: 2, outer: 2 };

/// The users that are told of, by cell.
#[derive(Default)]
pub(crate) struct Selection {
    handles: Vec<u32>,
    cells: Vec<Range<usize>>,
    /// For each cell, the part of its users that may be told of.
    shares: Vec<f32>,
}

impl Selection {
    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        self.handles.clear();
        self.cells.clear();
    }

    /// Whether nobody is told of.
    pub(crate) fn is_empty(&self) -> bool {
        self.handles.is_empty()
    }

    /// Those of one cell, in rising order of handles.
    pub(crate) fn of(&self, cell: u32) -> &[u32] {
        let range = self.cells.get(cell as usize).cloned();
        range
            .and_then(|range| self.handles.get(range))
            .unwrap_or(&[])
    }

    /// Everybody.
    pub(crate) fn all(&self) -> &[u32] {
        &self.handles
    }

    /// Selects from the cells that are `due` those who moved since `told_at`, so that no viewer hears of many more than `cap` in
    /// a ring. Answers whether somebody has to wait.
    pub(crate) fn select(
        &mut self,
        grid: &Grid,
        told: &[SendState],
        ring: Ring,
        cap: usize,
        due: impl Fn((i32, i32)) -> bool,
        told_at: impl Fn(&SendState) -> u64,
    ) -> bool {
        self.clear();
        for (index, cell) in grid.cells().iter().enumerate() {
            let start = self.handles.len();
            if due(cell.key) {
                let moved = grid.members(index as u32).iter().filter(|handle| {
                    let told = &told[**handle as usize];
                    told.changed > told_at(told)
                });
                self.handles.extend(moved);
            }
            self.cells.push(start..self.handles.len());
        }
        // As long as all together are not too many, nobody sees too many.
        if self.handles.len() <= cap || !self.share_out(grid, ring, cap) {
            return false;
        }
        self.trim(|handle| told_at(&told[handle as usize]));
        true
    }

    /// Gives each cell the largest share that suits all who look at it. Answers whether that is less than everything anywhere.
    fn share_out(&mut self, grid: &Grid, ring: Ring, cap: usize) -> bool {
        self.shares.clear();
        self.shares.resize(self.cells.len(), 1.0);
        let mut scarce = false;
        for viewer in grid.cells() {
            let around = || grid.around(viewer.key, ring.inner, ring.outer);
            let seen: usize = around().map(|cell| self.cells[cell as usize].len()).sum();
            if seen > cap {
                scarce = true;
                let share = cap as f32 / seen as f32;
                for cell in around() {
                    let of_cell = &mut self.shares[cell as usize];
                    *of_cell = of_cell.min(share);
                }
            }
        }
        scarce
    }

    /// Keeps the share of each cell: who has waited longest.
    fn trim(&mut self, waiting_since: impl Fn(u32) -> u64) {
        let mut kept = 0;
        for (range, share) in self.cells.iter_mut().zip(&self.shares) {
            let candidates = &mut self.handles[range.clone()];
            // At least one, so that everybody's turn comes.
            let keep = ((candidates.len() as f32 * share) as usize)
                .max(1)
                .min(candidates.len());
            if keep < candidates.len() {
                candidates
                    .select_nth_unstable_by_key(keep, |handle| (waiting_since(*handle), *handle));
                candidates[..keep].sort_unstable();
            }
            self.handles
                .copy_within(range.start..range.start + keep, kept);
            *range = kept..kept + keep;
            kept += keep;
        }
        self.handles.truncate(kept);
    }
}
