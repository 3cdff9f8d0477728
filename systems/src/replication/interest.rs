//! Selects the movers that are sent in this tick, by the distance of viewers.
//!
//! * Near (the nine cells around a viewer): in every tick in which somebody moved.
//! * Middle (the sixteen around those): a few times a second, each cell in its phase.
//! * Everybody: each tick sends one bucket of the whole world to all viewers, so that within one
//!   round of buckets every viewer gets every mover, whatever the grid says.
//!
//! All viewers in a cell get the same movers, so that their frames are assembled once.

pub(crate) mod grid;
mod options;
pub(crate) mod select;

use bevy_ecs::prelude::{Res, ResMut, Resource};

use super::handles::HandleTable;
use crate::world::live::{Settings, Tick};
use grid::Grid;
use select::{MIDDLE, NEAR, Selection};

pub use options::{InterestOptions, MAX_BUCKETS};

/// Movers that are sent in this tick, by ring of viewers.
#[derive(Resource)]
pub(crate) struct Interest {
    pub(crate) grid: Grid,
    /// The tick that the grid was built in.
    built: u64,
    /// Number of grids built so far.
    pub(super) grids_built: u64,
    /// Everybody is near to everybody.
    pub(crate) all_near: bool,
    /// Movers for viewers near by, by cell of the mover.
    pub(crate) near: Selection,
    /// Movers for viewers in the middle distance, by cell of the mover.
    pub(crate) middle: Selection,
    /// Movers for all viewers.
    pub(crate) bucket: Vec<u32>,
    /// The bucket that is sent again to viewers who may have lost a datagram, while everybody is
    /// near to everybody.
    pub(crate) repeated: Vec<u32>,
    /// Number of buckets of the world: movers with handle % buckets == tick % buckets are sent to
    /// all.
    pub(crate) buckets: u64,
    /// The last tick before this one in which any mover was sent.
    pub(crate) last_sent_before: u64,
    /// The last tick in which any mover was sent, this one included.
    pub(crate) last_sent: u64,
    /// The last tick in which a mover may have to be sent.
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
    interest.select_bucket(table, tick);
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
    /// Whether no mover is sent in this tick.
    pub(crate) fn is_quiet(&self) -> bool {
        self.near.is_empty()
            && self.middle.is_empty()
            && self.bucket.is_empty()
            && self.repeated.is_empty()
    }

    /// Builds the grid of this tick unless it is built, and moves the cells of viewers with them.
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
        // Hysteresis, as users come and go all the time.
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
        for (handle, (sent, mover)) in movers.filter(|(_, (sent, _))| sent.taken) {
            let position = mover.pose.position;
            let cell = if self.all_near {
                sent.centre = (0, 0);
                (0, 0)
            } else {
                let (size, margin) = (options.cell, options.hysteresis);
                sent.centre = grid::follow(sent.centre, position, size, margin);
                grid::cell_of(position, size)
            };
            self.grid.add(handle as u32, cell);
            if sent.centre != cell {
                self.grid.intern(sent.centre);
            }
        }
        self.grid.finish();
    }

    /// Selects the movers of this tick's bucket.
    fn select_bucket(&mut self, table: &mut HandleTable, tick: u64) {
        let buckets = self.buckets as usize;
        let first = (tick % self.buckets) as usize;
        let bucket = table.sent.iter_mut().enumerate().skip(first);
        if self.all_near {
            // Every viewer was sent them already, some by datagrams.
            let last_round = tick.saturating_sub(self.buckets);
            let moved = bucket
                .step_by(buckets)
                .filter(|(_, sent)| sent.taken && sent.changed > last_round);
            self.repeated.extend(moved.map(|(handle, _)| handle as u32));
            return;
        }
        for (handle, sent) in bucket.step_by(buckets) {
            if sent.taken && sent.changed > sent.all {
                (sent.near, sent.middle, sent.all) = (tick, tick, tick);
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
            |sent| sent.near,
        );
        for handle in self.near.all() {
            let sent = &mut table.sent[*handle as usize];
            sent.near = tick;
            if self.all_near {
                (sent.middle, sent.all) = (tick, tick);
            }
        }
        wait
    }

    fn select_middle(
        &mut self,
        table: &mut HandleTable,
        tick: u64,
        phases: u64,
        options: &InterestOptions,
    ) -> bool {
        if self.all_near {
            return false;
        }
        let phases = phases as i64;
        let phase = (tick % phases as u64) as i64;
        let wait = self.middle.select(
            &self.grid,
            &table.sent,
            MIDDLE,
            options.middle_cap,
            // Neighbours in both directions differ in phase, so that all ticks carry about the
            // same.
            |(x, z)| (i64::from(x) + 2 * i64::from(z)).rem_euclid(phases) == phase,
            |sent| sent.middle,
        );
        for handle in self.middle.all() {
            table.sent[*handle as usize].middle = tick;
        }
        wait
    }
}

#[cfg(test)]
mod tests;
