//! Duration of each set of a tick, on request. Nothing in the world reads this clock, so that a
//! world under a stopwatch gives the same bytes as one without.

use std::time::{Duration, Instant};

use bevy_ecs::{
    prelude::{IntoScheduleConfigs, ResMut, Resource, Schedule},
    world::World,
};

use crate::world::schedule::WorldSet;

const SETS: usize = WorldSet::ALL.len();

/// Times at which the last tick passed the borders of its sets, the first and the last included.
#[derive(Resource)]
pub(crate) struct Stopwatch([Instant; SETS + 1]);

/// Adds a system at each border, which takes about 30 ns; a world without them pays nothing.
pub(crate) fn install(world: &mut World, schedule: &mut Schedule) {
    if world.contains_resource::<Stopwatch>() {
        return;
    }
    world.insert_resource(Stopwatch([Instant::now(); SETS + 1]));
    for border in 0..=SETS {
        let pass = move |mut stopwatch: ResMut<Stopwatch>| {
            if let Some(mark) = stopwatch.0.get_mut(border) {
                *mark = Instant::now();
            }
        };
        let before = border.checked_sub(1).and_then(|set| WorldSet::ALL.get(set));
        match (before, WorldSet::ALL.get(border)) {
            (Some(before), Some(after)) => {
                schedule.add_systems(pass.after(*before).before(*after));
            }
            (Some(before), None) => {
                schedule.add_systems(pass.after(*before));
            }
            (None, Some(after)) => {
                schedule.add_systems(pass.before(*after));
            }
            (None, None) => {}
        }
    }
}

impl Stopwatch {
    /// Durations of the sets in the last tick, in order.
    pub(crate) fn read(&self) -> [Duration; SETS] {
        let mut borders = self.0.iter().zip(self.0.iter().skip(1));
        [(); SETS].map(|()| {
            borders
                .next()
                .map_or(Duration::ZERO, |(from, to)| to.duration_since(*from))
        })
    }
}
