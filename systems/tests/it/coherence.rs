//! Everybody hears of everybody within the slowest period, whatever the distance, the dialect and
//! the crowd; who read slowly catches up.

use std::collections::{BTreeMap, BTreeSet};

use components::{TransformNoScale, Umid, Vec3};
use posbus::v2::QuantizedPose;
use rand::{Rng, SeedableRng, rngs::SmallRng};
use systems::{Dialect, InterestOptions, WorldOptions};
use testkit::world::*;

use crate::view::View;

/// The slowest period of the test worlds, in ticks.
const PERIOD: usize = 20;
const DIALECTS: [Dialect; 3] = [Dialect::V1, Dialect::V2, Dialect::V2Datagrams];

struct Person {
    client: Client,
    view: View,
    place: Vec3,
    /// Their places in each tick, the newest last.
    history: Vec<QuantizedPose>,
    /// Reads in one of so many ticks.
    pace: u32,
}

struct Town {
    stage: MemoryWorld,
    random: SmallRng,
    people: BTreeMap<Umid, Person>,
    next: u128,
    spread: f32,
}

impl Town {
    fn new(seed: u64, spread: f32, interest: InterestOptions) -> Self {
        let options = WorldOptions {
            interest,
            pose_budget: 1 << 30,
            ..WorldOptions::default()
        };
        let scene = WorldBuilder {
            options,
            ..WorldBuilder::default()
        };
        Self {
            stage: scene.open(),
            random: SmallRng::seed_from_u64(seed),
            people: BTreeMap::new(),
            next: 10_000,
            spread,
        }
    }

    fn enter(&mut self, pace: u32) {
        let user = id(self.next);
        let dialect = DIALECTS[(self.next % 3) as usize];
        self.next += 1;
        let person = Person {
            client: self.stage.enter_in(user, dialect),
            view: View::default(),
            place: Vec3::ZERO,
            history: Vec::new(),
            pace,
        };
        self.people.insert(user, person);
    }

    /// Some walk, some jump, some stand, some leave.
    fn live(&mut self) {
        let users: Vec<Umid> = self.people.keys().copied().collect();
        for user in users {
            let spread = self.spread;
            let random = &mut self.random;
            let person = self.people.get_mut(&user).expect("they are here");
            match random.random_range(0..100) {
                0 => {
                    person.place.x = random.random_range(-spread..spread);
                    person.place.z = random.random_range(-spread..spread);
                }
                1..50 => {
                    person.place.x += random.random_range(-2.0..2.0);
                    person.place.z += random.random_range(-2.0..2.0);
                }
                _ => continue,
            }
            let pose = TransformNoScale {
                position: person.place,
                rotation: Vec3::ZERO,
            };
            person.client.link.offer_pose(WORLD, pose);
        }
        if self.random.random_range(0..10) == 0 {
            self.enter(1);
        }
        if self.random.random_range(0..20) == 0 {
            let gone = self.random.random_range(0..self.people.len());
            let user = *self.people.keys().nth(gone).expect("they are here");
            let person = self.people.remove(&user).expect("they are here");
            self.stage.leave(&person.client);
        }
    }

    fn tick(&mut self) {
        self.stage.tick();
        for person in self.people.values_mut() {
            let pose = TransformNoScale {
                position: person.place,
                rotation: Vec3::ZERO,
            };
            person.history.push(QuantizedPose::new(&pose));
            if person.pace == 1 || self.random.random_range(0..person.pace) == 0 {
                person.view.read(&person.client);
            }
        }
    }

    /// Whether those who read at once know of everybody a place where that one was within the last
    /// `period` ticks.
    fn check(&self, period: usize, tick: usize) -> usize {
        let mut checked = 0;
        for viewer in self.people.values().filter(|viewer| viewer.pace == 1) {
            for (user, other) in &self.people {
                let Some(known) = viewer.view.known.get(user) else {
                    panic!("{user} is not known in tick {tick}");
                };
                let recent = other.history.iter().rev().take(period + 1);
                assert!(
                    recent.clone().any(|place| place == known),
                    "tick {tick}: {:?} knows {known:?} of {user}, who was at {:?}",
                    viewer.client.link.dialect(),
                    recent.collect::<Vec<_>>()
                );
                checked += 1;
            }
        }
        checked
    }
}

#[test]
fn nobody_is_out_of_date_by_more_than_the_slowest_period() {
    for (seed, spread, people) in [(1, 50.0, 120), (2, 400.0, 150), (3, 5_000.0, 100)] {
        let mut town = Town::new(seed, spread, InterestOptions::default());
        for _ in 0..people {
            town.enter(1);
        }
        let mut checked = 0;
        for tick in 0..200 {
            town.live();
            town.tick();
            if tick > 0 && tick % 4 == 0 {
                checked += town.check(PERIOD, tick);
            }
        }
        assert!(checked > 100_000);
    }
}

/// Also where everybody is near to everybody, and all else would go into datagrams.
#[test]
fn losing_every_datagram_delays_by_at_most_the_slowest_period() {
    for people in [10, 120] {
        let mut stage = WorldBuilder::default().open();
        let viewer = stage.enter_in(id(1), Dialect::V2Datagrams);
        let movers: Vec<_> = (0..people)
            .map(|number| (id(100 + number), stage.enter(id(100 + number))))
            .collect();
        let mut view = View::default();
        let mut tick = |stage: &mut MemoryWorld| {
            stage.tick();
            for batch in viewer.drain_batches() {
                for frame in &batch.frames {
                    view.apply(frame, Dialect::V2Datagrams);
                }
            }
        };
        let steps = PERIOD + 3;
        for step in 0..steps {
            for (number, (_, mover)) in movers.iter().enumerate() {
                // Not all stop in the same tick.
                if step + number % PERIOD < steps {
                    mover.link.offer_pose(WORLD, pose(step as f32));
                }
                mover.drain();
            }
            tick(&mut stage);
        }
        for _ in 0..PERIOD {
            tick(&mut stage);
        }
        for (number, (user, _)) in movers.iter().enumerate() {
            let last = pose((steps - 1 - number % PERIOD) as f32);
            let known = view.known.get(user);
            assert_eq!(
                known,
                Some(&QuantizedPose::new(&last)),
                "{number} of {people}"
            );
        }
    }
}

#[test]
fn in_a_world_above_its_capacity_the_period_is_longer_and_holds() {
    let interest = InterestOptions {
        bucket_cap: 3,
        near_cap: 10,
        middle_cap: 5,
        all_near: 0,
        ..InterestOptions::default()
    };
    let mut town = Town::new(4, 300.0, interest);
    for _ in 0..150 {
        town.enter(1);
    }
    for tick in 0..400 {
        town.live();
        town.tick();
        if tick > 0 && tick % 8 == 0 {
            // 150 users in slices of 3 take 50 ticks; the next doubling of 20 is 80.
            town.check(4 * PERIOD, tick);
        }
    }
}

#[test]
fn a_slow_reader_catches_up_once_all_stand_still() {
    let mut town = Town::new(5, 300.0, InterestOptions::default());
    for number in 0..120 {
        town.enter(1 + number % 12);
    }
    for _ in 0..120 {
        town.live();
        town.tick();
    }
    for person in town.people.values_mut() {
        person.pace = 1;
    }
    for _ in 0..3 * PERIOD {
        town.tick();
    }
    for viewer in town.people.values() {
        for (user, other) in &town.people {
            assert_eq!(viewer.view.known.get(user), other.history.last());
        }
    }
    // Then there is nothing to say.
    for _ in 0..2 * PERIOD {
        town.tick();
        assert!(town.people.values().all(|person| person.view.bytes == 0));
    }
}

#[test]
fn near_users_are_sent_every_tick_and_far_ones_seldom() {
    let mut stage = WorldBuilder {
        options: WorldOptions {
            interest: InterestOptions {
                all_near: 0,
                ..InterestOptions::default()
            },
            ..WorldOptions::default()
        },
        ..WorldBuilder::default()
    }
    .open();
    let viewers = DIALECTS.map(|dialect| stage.enter_in(id(200 + dialect as u128), dialect));
    let places = [(ANN, 50.0), (BOB, 140.0), (EVE, 900.0)];
    let movers = places.map(|(user, x)| (stage.enter(user), x));
    stage.tick();
    let mut views = viewers.map(|viewer| (viewer, View::default()));
    for (viewer, view) in &mut views {
        viewer.link.offer_pose(WORLD, pose(1.0));
        view.read(viewer);
    }
    let mut heard: Vec<BTreeMap<Umid, usize>> = vec![BTreeMap::new(); 3];
    for step in 0..100 {
        for (mover, x) in &movers {
            let step = pose(x + if step % 2 == 0 { 0.5 } else { 0.0 });
            mover.link.offer_pose(WORLD, step);
            mover.drain();
        }
        stage.tick();
        for ((viewer, view), heard) in views.iter_mut().zip(&mut heard) {
            view.read(viewer);
            let told: BTreeSet<Umid> = view.heard.iter().copied().collect();
            assert_eq!(told.len(), view.heard.len(), "each at most once a message");
            for user in told {
                *heard.entry(user).or_default() += 1;
            }
        }
    }
    for heard in heard {
        let times = [ANN, BOB, EVE].map(|user| heard.get(&user).copied().unwrap_or(0));
        assert_eq!(times[0], 100, "near: every tick");
        assert!((20..=26).contains(&times[1]), "middle: {times:?}");
        assert!((4..=6).contains(&times[2]), "far: {times:?}");
    }
}
