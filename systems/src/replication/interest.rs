//! Who hears of whom in this tick, and how often at all.
//!
//! * Near (the nine cells around a viewer): in every tick in which somebody moved.
//! * Middle (the sixteen around those): a few times a second, cell by cell in turns.
//! * Everybody: each tick a bucket of the whole world is told to all, so that within one round of buckets everybody has
//!   heard where everybody is who moved, whatever the grid says.
//!
//! All viewers in a cell hear the same, so that what they hear is put together once for all of them.

pub(crate) mod grid;
mod options;
pub(crate) mod select;

use bevy_ecs::prelude::{Res, ResMut, Resource};

use super::handles::HandleTable;
use crate::world::live::{Settings, Tick};
use grid::Grid;
pub use options::{InterestOptions, MAX_BUCKETS};
use select::{MIDDLE, NEAR, Selection};

/// What is told in this tick, and to whom.
#[derive(Resource)]
pub(crate) struct Interest {
    pub(crate) grid: Grid,
    /// The tick that the grid was built in.
    built: u64,
    /// Number of grids built so far.
    pub(super) grids_built: u64,
    /// Everybody is near to everybody.
    pub(crate) all_near: bool,
    /// What those near by are told, by cell of those who moved.
    pub(crate) near: Selection,
    /// What those in the middle distance are told, likewise.
    pub(crate) middle: Selection,
    /// What everybody is told.
    pub(crate) bucket: Vec<u32>,
    /// Where everybody is near to everybody, the bucket that is told once more to those who may have lost a datagram.
    pub(crate) repeated: Vec<u32>,
    /// Into how many buckets the world is divided: handle % buckets == tick % buckets is told to all.
    pub(crate) buckets: u64,
    /// The last tick before this one in which anybody was told anything.
    pub(crate) last_sent_before: u64,
    /// The last tick in which anybody was told anything, this one included.
    pub(crate) last_sent: u64,
    /// Until this tick there may be something to tell.
    busy_until: u64,
}

impl Default for Interest {
    fn default() -> Self {
        Self {
            grid: Grid::default(),
            built: 0,
            grids_built: 0,
            all_near: false,
            near: Selection::default(),
            middle: Selection::default(),
            bucket: Vec::new(),
            repeated: Vec::new(),
            buckets: 1,
            last_sent_before: 0,
            last_sent: 0,
            busy_until: 0,
        }
    }
}

/// Decides which movers are sent to which ring of viewers in this tick.
pub(crate) fn select_movers(
    tick: Res<Tick>,
    settings: Res<Settings>,
    mut table: ResMut<HandleTable>,
    mut interest: ResMut<Interest>,
) {
    let (tick, options) = (tick.0, &settings.0.interest);
    let interest = &mut *interest;
    interest.near.clear();
    interest.middle.clear();
    interest.bucket.clear();
    interest.repeated.clear();
    interest.last_sent_before = interest.last_sent;
    let middle_ticks = options.middle_ticks(settings.0.tick_rate);
    if table.last_change == tick {
        interest.busy_until = tick + MAX_BUCKETS.max(middle_ticks);
    }
    if tick > interest.busy_until {
        return;
    }
    interest.build_grid(&mut table, tick, options, settings.0.tick_rate);
    let table = &mut *table;
    interest.choose_bucket(table, tick);
    let near_waits = interest.select_near(table, tick, options);
    let middle_waits = interest.select_middle(table, tick, middle_ticks, options);
    if near_waits || middle_waits {
        interest.busy_until = tick + MAX_BUCKETS.max(middle_ticks);
    }
    if !interest.is_quiet() {
        interest.last_sent = tick;
    }
}

impl Interest {
    /// Whether nobody is told anything in this tick.
    pub(crate) fn is_quiet(&self) -> bool {
        self.near.is_empty()
            && self.middle.is_empty()
            && self.bucket.is_empty()
            && self.repeated.is_empty()
    }

    /// Sorts everybody into cells, if that has not been done in this tick, and lets viewers' cells follow them.
    pub(crate) fn build_grid(
        &mut self,
        table: &mut HandleTable,
        tick: u64,
        options: &InterestOptions,
        tick_rate: u32,
    ) {
        if self.built == tick {
            return;
        }
        self.built = tick;
        self.grids_built += 1;
        let users = table.taken();
        // Not to and fro where people come and go.
        let limit = options.all_near
            + if self.all_near {
                options.all_near / 4
            } else {
                0
            };
        self.all_near = users <= limit;
        self.buckets = options.buckets(tick_rate, users);
        self.grid.begin(users);
        let movers = table.sent.iter_mut().zip(&table.movers).enumerate();
        for (handle, (told, seat)) in movers.filter(|(_, (told, _))| told.taken) {
            let position = seat.pose.position;
            let cell = if self.all_near {
                told.centre = (0, 0);
                (0, 0)
            } else {
                let (size, margin) = (options.cell, options.hysteresis);
                told.centre = grid::follow(told.centre, position, size, margin);
                grid::cell_of(position, size)
            };
            self.grid.add(handle as u32, cell);
            if told.centre != cell {
                self.grid.intern(told.centre);
            }
        }
        self.grid.finish();
    }

    /// The bucket of the world that everybody is told in this tick.
    fn choose_bucket(&mut self, table: &mut HandleTable, tick: u64) {
        let buckets = self.buckets as usize;
        let first = (tick % self.buckets) as usize;
        let bucket = table.sent.iter_mut().enumerate().skip(first);
        if self.all_near {
            // Everybody has been told already, some by datagrams.
            let since_last_turn = tick.saturating_sub(self.buckets);
            let moved = bucket
                .step_by(buckets)
                .filter(|(_, told)| told.taken && told.changed > since_last_turn);
            self.repeated.extend(moved.map(|(handle, _)| handle as u32));
            return;
        }
        for (handle, told) in bucket.step_by(buckets) {
            if told.taken && told.changed > told.all {
                (told.near, told.middle, told.all) = (tick, tick, tick);
                self.bucket.push(handle as u32);
            }
        }
    }

    fn select_near(
        &mut self,
        table: &mut HandleTable,
        tick: u64,
        options: &InterestOptions,
    ) -> bool {
        let wait = self.near.select(
            &self.grid,
            &table.sent,
            NEAR,
            options.near_cap.max(options.all_near),
            |_| true,
            |told| told.near,
        );
        for handle in self.near.all() {
            let told = &mut table.sent[*handle as usize];
            told.near = tick;
            if self.all_near {
                (told.middle, told.all) = (tick, tick);
            }
        }
        wait
    }

    fn select_middle(
        &mut self,
        table: &mut HandleTable,
        tick: u64,
        turns: u64,
        options: &InterestOptions,
    ) -> bool {
        if self.all_near {
            return false;
        }
        let turns = turns as i64;
        let turn = (tick % turns as u64) as i64;
        let wait = self.middle.select(
            &self.grid,
            &table.sent,
            MIDDLE,
            options.middle_cap,
            // Neighbours in both directions have different turns, so that each tick has as much to say.
            |(x, z)| (i64::from(x) + 2 * i64::from(z)).rem_euclid(turns) == turn,
            |told| told.middle,
        );
        for handle in self.middle.all() {
            table.sent[*handle as usize].middle = tick;
        }
        wait
    }
}

#[cfg(test)]
mod tests;
