//! The users of a world by cell: a uniform grid without borders, rebuilt by counting sort.

use components::Vec3;

use crate::replication::handles::CellKey;

/// No cell.
const NONE: u32 = u32::MAX;

/// Largest coordinate of a cell, so that neighbours can be computed without overflow.
const EDGE: f32 = (1 << 29) as f32;

/// A cell with users in it, or with viewers that look out from it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cell {
    pub(crate) key: CellKey,
    start: u32,
    end: u32,
}

/// Users by cell. All memory is kept between ticks.
#[derive(Default)]
pub(crate) struct Grid {
    cells: Vec<Cell>,
    /// Open addressing: indices of `cells`. A power of two, at least half empty.
    table: Vec<u32>,
    /// (cell, handle) in rising order of handles.
    entries: Vec<(u32, u32)>,
    /// Handles, those of each cell together and in rising order.
    members: Vec<u32>,
}

/// The cell of a place, on a grid of cells of `size` metres.
pub(crate) fn cell_of(position: Vec3, size: f32) -> CellKey {
    let index = |metres: f32| (metres / size).floor().clamp(-EDGE, EDGE) as i32;
    (index(position.x), index(position.z))
}

/// The cell to look out from: `centre`, until its border lies more than `margin` metres behind.
pub(crate) fn follow(centre: CellKey, position: Vec3, size: f32, margin: f32) -> CellKey {
    let inside = |cell: i32, metres: f32| {
        let start = cell as f32 * size;
        metres >= start - margin && metres < start + size + margin
    };
    if inside(centre.0, position.x) && inside(centre.1, position.z) {
        centre
    } else {
        cell_of(position, size)
    }
}

impl Grid {
    /// Starts over, with room for `users` users.
    pub(crate) fn begin(&mut self, users: usize) {
        self.cells.clear();
        self.entries.clear();
        // The worst case: everybody alone in a cell, looking out from another one.
        let slots = (users * 4).next_power_of_two().max(16);
        self.table.clear();
        self.table.resize(slots, NONE);
    }

    /// Adds a user. Callers add users in rising order of handles.
    pub(crate) fn add(&mut self, handle: u32, key: CellKey) {
        let cell = self.intern(key);
        self.cells[cell as usize].end += 1;
        self.entries.push((cell, handle));
    }

    /// The index of a cell, which is added if it is missing.
    pub(crate) fn intern(&mut self, key: CellKey) -> u32 {
        let slot = self.slot(key);
        if self.table[slot] == NONE {
            self.table[slot] = self.cells.len() as u32;
            self.cells.push(Cell {
                key,
                start: 0,
                end: 0,
            });
        }
        self.table[slot]
    }

    /// Sorts the users by cell, by counting.
    pub(crate) fn finish(&mut self) {
        let mut next = 0;
        for cell in &mut self.cells {
            let count = cell.end;
            (cell.start, cell.end) = (next, next);
            next += count;
        }
        self.members.clear();
        self.members.resize(self.entries.len(), 0);
        for (cell, handle) in &self.entries {
            let cell = &mut self.cells[*cell as usize];
            self.members[cell.end as usize] = *handle;
            cell.end += 1;
        }
    }

    /// All cells.
    pub(crate) fn cells(&self) -> &[Cell] {
        &self.cells
    }

    /// The cell with a key, if the grid has it.
    pub(crate) fn find(&self, key: CellKey) -> Option<u32> {
        if self.cells.is_empty() {
            return None;
        }
        let cell = self.table[self.slot(key)];
        (cell != NONE).then_some(cell)
    }

    /// The users in a cell, in rising order of handles.
    pub(crate) fn members(&self, cell: u32) -> &[u32] {
        let Cell { start, end, .. } = self.cells[cell as usize];
        &self.members[start as usize..end as usize]
    }

    /// The cells around a key, at least `inner` and at most `outer` cells away, row by row.
    pub(crate) fn around(
        &self,
        key: CellKey,
        inner: i32,
        outer: i32,
    ) -> impl Iterator<Item = u32> + '_ {
        (-outer..=outer).flat_map(move |dz| {
            (-outer..=outer).filter_map(move |dx| {
                let ring = dx.abs().max(dz.abs());
                let found = (ring >= inner).then(|| self.find((key.0 + dx, key.1 + dz)));
                found.flatten()
            })
        })
    }

    /// The slot of a key in the table, or the free slot for it.
    fn slot(&self, key: CellKey) -> usize {
        let mask = self.table.len() - 1;
        let mut slot = hash(key) as usize & mask;
        while let Some(cell) = self.cells.get(self.table[slot] as usize) {
            if cell.key == key {
                break;
            }
            slot = (slot + 1) & mask;
        }
        slot
    }
}

/// Spreads neighbouring cells over the table (the finalizer of SplitMix64).
fn hash((x, z): CellKey) -> u64 {
    let mut bits = (x as u32 as u64) << 32 | z as u32 as u64;
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}
