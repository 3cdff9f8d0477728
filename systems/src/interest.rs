//! Who hears of whom in this tick, and how often at all.
//!
//! * Near (the nine cells around a viewer): in every tick in which somebody moved.
//! * Middle (the sixteen around those): a few times a second, cell by cell in turns.
//! * Everybody: each tick a slice of the whole world is told to all, so that within one round of slices everybody has
//!   heard where everybody is who moved, whatever the grid says.
//!
//! All viewers in a cell hear the same, so that what they hear is put together once for all of them.

pub(crate) mod grid;
mod options;
pub(crate) mod select;

use bevy_ecs::prelude::{Res, ResMut, Resource};
use bevy_ecs::world::World;

use crate::live::{Settings, Tick};
use crate::seats::Seats;
use grid::Grid;
pub use options::{InterestOptions, MAX_SLICES};
use select::{MIDDLE, NEAR, Selection};

/// What is told in this tick, and to whom.
#[derive(Resource, Default)]
pub(crate) struct Interest {
    pub(crate) grid: Grid,
    /// The tick that the grid was built in.
    built: u64,
    /// Everybody is near to everybody.
    pub(crate) all_near: bool,
    /// What those near by are told, by cell of those who moved.
    pub(crate) near: Selection,
    /// What those in the middle distance are told, likewise.
    pub(crate) middle: Selection,
    /// What everybody is told.
    pub(crate) slice: Vec<u32>,
    /// Where everybody is near to everybody, the slice that is told once more to those who may have lost a datagram.
    pub(crate) repeated: Vec<u32>,
    /// Into how many slices the world is divided: handle % slices == tick % slices is told to all.
    pub(crate) slices: u64,
    /// The last tick before this one in which anybody was told anything.
    pub(crate) told_before: u64,
    /// The last tick in which anybody was told anything, this one included.
    pub(crate) told: u64,
    /// Until this tick there may be something to tell.
    busy_until: u64,
}

pub(crate) fn insert_resources(world: &mut World) {
    world.init_resource::<Seats>();
    world.insert_resource(Interest {
        slices: 1,
        ..Interest::default()
    });
}

/// Decides who is told to whom.
pub(crate) fn decide(
    tick: Res<Tick>,
    settings: Res<Settings>,
    mut seats: ResMut<Seats>,
    mut interest: ResMut<Interest>,
) {
    let (tick, options) = (tick.0, &settings.0.interest);
    let interest = &mut *interest;
    interest.near.clear();
    interest.middle.clear();
    interest.slice.clear();
    interest.repeated.clear();
    interest.told_before = interest.told;
    let middle_ticks = options.middle_ticks(settings.0.tick_rate);
    if seats.last_change == tick {
        interest.busy_until = tick + MAX_SLICES.max(middle_ticks);
    }
    if tick > interest.busy_until {
        return;
    }
    interest.build_grid(&mut seats, tick, options, settings.0.tick_rate);
    let seats = &mut *seats;
    interest.cut_slice(seats, tick);
    let near_waits = interest.select_near(seats, tick, options);
    let middle_waits = interest.select_middle(seats, tick, middle_ticks, options);
    if near_waits || middle_waits {
        interest.busy_until = tick + MAX_SLICES.max(middle_ticks);
    }
    if !interest.is_quiet() {
        interest.told = tick;
    }
}

impl Interest {
    /// Whether nobody is told anything in this tick.
    pub(crate) fn is_quiet(&self) -> bool {
        self.near.is_empty()
            && self.middle.is_empty()
            && self.slice.is_empty()
            && self.repeated.is_empty()
    }

    /// Sorts everybody into cells, if that has not been done in this tick, and lets viewers' cells follow them.
    pub(crate) fn build_grid(
        &mut self,
        seats: &mut Seats,
        tick: u64,
        options: &InterestOptions,
        tick_rate: u32,
    ) {
        if self.built == tick {
            return;
        }
        self.built = tick;
        let users = seats.taken();
        // Not to and fro where people come and go.
        let limit = options.all_near
            + if self.all_near {
                options.all_near / 4
            } else {
                0
            };
        self.all_near = users <= limit;
        self.slices = options.slices(tick_rate, users);
        self.grid.begin(users);
        let seated = seats.told.iter_mut().zip(&seats.seated).enumerate();
        for (handle, (told, seat)) in seated.filter(|(_, (told, _))| told.taken) {
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

    /// The slice of the world that everybody is told in this tick.
    fn cut_slice(&mut self, seats: &mut Seats, tick: u64) {
        let slices = self.slices as usize;
        let first = (tick % self.slices) as usize;
        let slice = seats.told.iter_mut().enumerate().skip(first);
        if self.all_near {
            // Everybody has been told already, some by datagrams.
            let since_last_turn = tick.saturating_sub(self.slices);
            let moved = slice
                .step_by(slices)
                .filter(|(_, told)| told.taken && told.changed > since_last_turn);
            self.repeated.extend(moved.map(|(handle, _)| handle as u32));
            return;
        }
        for (handle, told) in slice.step_by(slices) {
            if told.taken && told.changed > told.all {
                (told.near, told.middle, told.all) = (tick, tick, tick);
                self.slice.push(handle as u32);
            }
        }
    }

    fn select_near(&mut self, seats: &mut Seats, tick: u64, options: &InterestOptions) -> bool {
        let wait = self.near.select(
            &self.grid,
            &seats.told,
            NEAR,
            options.near_cap.max(options.all_near),
            |_| true,
            |told| told.near,
        );
        for handle in self.near.all() {
            let told = &mut seats.told[*handle as usize];
            told.near = tick;
            if self.all_near {
                (told.middle, told.all) = (tick, tick);
            }
        }
        wait
    }

    fn select_middle(
        &mut self,
        seats: &mut Seats,
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
            &seats.told,
            MIDDLE,
            options.middle_cap,
            // Neighbours in both directions have different turns, so that each tick has as much to say.
            |(x, z)| (i64::from(x) + 2 * i64::from(z)).rem_euclid(turns) == turn,
            |told| told.middle,
        );
        for handle in self.middle.all() {
            seats.told[*handle as usize].middle = tick;
        }
        wait
    }
}

#[cfg(test)]
mod tests;
