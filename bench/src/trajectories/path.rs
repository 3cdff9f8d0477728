//! Path of a bot: a pure function of seed, bot and pattern, the same on every machine.

use std::f32::consts::{PI, TAU};

use crate::trajectories::Pattern;

/// Square metres per bot such that about 64 others are within 64 m: π · 64² / 64.
const AREA_PER_BOT: f32 = 64.0 * PI;
/// Edge of the cell of a crowd in metres; it lies between 0 and this on both axes, as a server's
/// grid would have it.
const CROWD_EDGE: f32 = 64.0;
/// A crowd keeps this far from the edges of its cell, in metres.
const CROWD_MARGIN: f32 = 1.0;
/// Slowest and fastest walk in metres per second: strolling and running.
const SPEED: (f32, f32) = (1.0, 5.0);
/// Angle that a walker turns per second at most, in radians either way.
const TURN: f32 = 3.0;

/// A place on the ground.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    /// Metres along x.
    pub x: f32,
    /// Metres along z.
    pub z: f32,
    /// Direction in which the bot looks, in radians from 0 to 2π.
    pub yaw: f32,
}

/// The path of one bot.
#[derive(Clone, Debug)]
pub struct Path {
    random: SplitMix,
    gait: Gait,
    /// Corners of the square it stays in: lowest and highest x and z.
    bounds: (f32, f32),
    /// Metres per update.
    stride: f32,
    /// Radians it turns at most with an update.
    turn: f32,
    place: Place,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gait {
    Walk,
    Jump,
    Stand,
}

impl Path {
    /// The path of bot number `bot` of `users`, with `rate` updates per second.
    pub fn new(seed: u64, bot: u32, users: u32, pattern: Pattern, rate: f64) -> Self {
        let mut random = SplitMix::new(seed, bot);
        let pattern = match (pattern, bot % 10) {
            (Pattern::Mixed, 0..=5) => Pattern::Walk,
            (Pattern::Mixed, 6 | 7) => Pattern::Crowd,
            (Pattern::Mixed, 8) => Pattern::Teleport,
            (Pattern::Mixed, _) => Pattern::Idle,
            (pattern, _) => pattern,
        };
        let bounds = match pattern {
            Pattern::Crowd => (CROWD_MARGIN, CROWD_EDGE - CROWD_MARGIN),
            _ => {
                let half = (users.max(1) as f32 * AREA_PER_BOT).sqrt() / 2.0;
                (-half, half)
            }
        };
        let gait = match pattern {
            Pattern::Teleport => Gait::Jump,
            Pattern::Idle => Gait::Stand,
            _ => Gait::Walk,
        };
        let seconds = 1.0 / rate as f32;
        let place = Place {
            x: random.between(bounds),
            z: random.between(bounds),
            yaw: random.between((0.0, TAU)),
        };
        let stride = random.between(SPEED) * seconds;
        Self {
            random,
            gait,
            bounds,
            stride,
            turn: TURN * seconds,
            place,
        }
    }

    /// Its current place: at first its start.
    pub fn place(&self) -> Place {
        self.place
    }

    /// Goes on to the place of the next update. None if it stands for ever.
    pub fn next_place(&mut self) -> Option<Place> {
        match self.gait {
            Gait::Stand => return None,
            Gait::Jump => {
                self.place = Place {
                    x: self.random.between(self.bounds),
                    z: self.random.between(self.bounds),
                    yaw: self.random.between((0.0, TAU)),
                };
            }
            Gait::Walk => {
                let turned = self.place.yaw + self.random.between((-self.turn, self.turn));
                let x = self.place.x + self.stride * turned.cos();
                let z = self.place.z + self.stride * turned.sin();
                let inside = |value: f32| value >= self.bounds.0 && value <= self.bounds.1;
                // At the edge it stays and turns round.
                self.place = if inside(x) && inside(z) {
                    let yaw = turned.rem_euclid(TAU);
                    Place { x, z, yaw }
                } else {
                    let yaw = (turned + PI).rem_euclid(TAU);
                    Place { yaw, ..self.place }
                };
            }
        }
        Some(self.place)
    }
}

/// SplitMix64: small, and the same numbers for ever, which generators of libraries do not promise.
#[derive(Clone, Debug)]
struct SplitMix(u64);

impl SplitMix {
    fn new(seed: u64, bot: u32) -> Self {
        let mut seeds = Self(seed);
        // Neighbouring seeds and neighbouring bots have nothing in common.
        Self(seeds.next().wrapping_add(Self(u64::from(bot)).next()))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn between(&mut self, (low, high): (f32, f32)) -> f32 {
        // 24 bits are what a float can tell apart.
        let unit = (self.next() >> 40) as f32 / (1_u32 << 24) as f32;
        low + unit * (high - low)
    }
}

#[cfg(test)]
mod tests {
    use super::{CROWD_EDGE, Path, Place, SPEED};
    use crate::trajectories::Pattern;

    fn walk(seed: u64, bot: u32, pattern: Pattern) -> Vec<Place> {
        let mut path = Path::new(seed, bot, 500, pattern, 10.0);
        let start = path.place();
        let on = std::iter::from_fn(|| path.next_place()).take(2_000);
        std::iter::once(start).chain(on).collect()
    }

    fn distance(one: Place, other: Place) -> f32 {
        (one.x - other.x).hypot(one.z - other.z)
    }

    #[test]
    fn the_same_seed_gives_the_same_path_and_another_one_does_not() {
        for pattern in [
            Pattern::Walk,
            Pattern::Crowd,
            Pattern::Teleport,
            Pattern::Idle,
            Pattern::Mixed,
        ] {
            assert_eq!(walk(7, 3, pattern), walk(7, 3, pattern));
            assert_ne!(walk(7, 3, pattern), walk(8, 3, pattern));
            assert_ne!(walk(7, 3, pattern), walk(7, 13, pattern));
        }
    }

    #[test]
    fn walkers_walk_and_jumpers_jump() {
        let longest = SPEED.1 / 10.0 + 1e-3;
        for pattern in [Pattern::Walk, Pattern::Crowd] {
            let steps = walk(1, 0, pattern);
            let far = steps
                .windows(2)
                .find(|pair| distance(pair[0], pair[1]) > longest);
            assert_eq!(far, None);
        }
        let jumps = walk(1, 0, Pattern::Teleport);
        assert!(
            jumps
                .windows(2)
                .any(|pair| distance(pair[0], pair[1]) > 50.0)
        );
        assert_eq!(walk(1, 0, Pattern::Idle).len(), 1);
    }

    #[test]
    fn a_crowd_stays_in_its_cell() {
        for bot in 0..50 {
            let inside = |value: f32| value > 0.0 && value < CROWD_EDGE;
            assert!(
                walk(1, bot, Pattern::Crowd)
                    .iter()
                    .all(|place| inside(place.x) && inside(place.z))
            );
        }
    }

    #[test]
    fn about_64_others_are_near_whatever_the_number_of_walkers() {
        for users in [1_000, 4_000] {
            let mut paths: Vec<_> = (0..users)
                .map(|bot| Path::new(5, bot, users, Pattern::Walk, 10.0))
                .collect();
            for path in &mut paths {
                for _ in 0..300 {
                    path.next_place();
                }
            }
            let near = |one: &Path| {
                let others = paths
                    .iter()
                    .filter(|other| distance(one.place(), other.place()) < 64.0);
                others.count() - 1
            };
            let mean = paths.iter().map(near).sum::<usize>() as f64 / f64::from(users);
            assert!((48.0..70.0).contains(&mean), "{mean} near each of {users}");
        }
    }

    #[test]
    fn a_mixture_has_something_of_everything() {
        let lengths: Vec<_> = (0..10)
            .map(|bot| walk(1, bot, Pattern::Mixed).len())
            .collect();
        assert_eq!(lengths.iter().filter(|length| **length == 1).count(), 1);
        let crowd = |bot: u32| {
            walk(1, bot, Pattern::Mixed)
                .iter()
                .all(|place| place.x > 0.0 && place.x < CROWD_EDGE)
        };
        assert!(crowd(6) && crowd(7));
    }
}
