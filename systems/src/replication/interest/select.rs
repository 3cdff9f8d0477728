//! Selects the movers that are sent to one ring of viewers in this tick: all of them, and in a
//! crowd those first that were sent longest ago.

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
/// The cells around [`NEAR`].
pub(crate) const MIDDLE: Ring = Ring { inner: 2, outer: 2 };

/// Selected movers, by cell.
#[derive(Default)]
pub(crate) struct Selection {
    handles: Vec<u32>,
    cells: Vec<Range<usize>>,
    /// For each cell, the share of its movers that is kept.
    shares: Vec<f32>,
}

impl Selection {
    /// Removes all movers.
    pub(crate) fn clear(&mut self) {
        self.handles.clear();
        self.cells.clear();
    }

    /// Whether no mover is selected.
    pub(crate) fn is_empty(&self) -> bool {
        self.handles.is_empty()
    }

    /// Movers of one cell, in rising order of handles.
    pub(crate) fn of(&self, cell: u32) -> &[u32] {
        let range = self.cells.get(cell as usize).cloned();
        range
            .and_then(|range| self.handles.get(range))
            .unwrap_or(&[])
    }

    /// Movers of all cells.
    pub(crate) fn all(&self) -> &[u32] {
        &self.handles
    }

    /// Selects from the cells that are `due` the users that moved since `sent_at`, so that no
    /// viewer gets many more than `cap` of a ring. Returns whether any mover has to wait.
    pub(crate) fn select(
        &mut self,
        grid: &Grid,
        states: &[SendState],
        ring: Ring,
        cap: usize,
        due: impl Fn((i32, i32)) -> bool,
        sent_at: impl Fn(&SendState) -> u64,
    ) -> bool {
        self.clear();
        for (index, cell) in grid.cells().iter().enumerate() {
            let start = self.handles.len();
            if due(cell.key) {
                let moved = grid.members(index as u32).iter().filter(|handle| {
                    let state = &states[**handle as usize];
                    state.changed > sent_at(state)
                });
                self.handles.extend(moved);
            }
            self.cells.push(start..self.handles.len());
        }
        // If the movers of all cells are within the cap, those of every ring are.
        if self.handles.len() <= cap || !self.compute_shares(grid, ring, cap) {
            return false;
        }
        self.trim(|handle| sent_at(&states[handle as usize]));
        true
    }

    /// Computes the largest share of each cell that keeps all its viewers within `cap`. Returns
    /// whether any share is below 1.
    fn compute_shares(&mut self, grid: &Grid, ring: Ring, cap: usize) -> bool {
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

    /// Keeps the share of each cell: the movers that have waited longest.
    fn trim(&mut self, waiting_since: impl Fn(u32) -> u64) {
        let mut kept = 0;
        for (range, share) in self.cells.iter_mut().zip(&self.shares) {
            let candidates = &mut self.handles[range.clone()];
            // At least one, so that every mover is sent at last.
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
