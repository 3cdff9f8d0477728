//! Placement of children without a transform of their own around their parent (docs/spec/model.md
//! §4.4).
//!
//! Pure mathematics: the same rule, parent, index and count always give the same place.

mod rules;

use std::f64::consts::{FRAC_PI_2, FRAC_PI_3, TAU};

use crate::Vec3;

pub use rules::{ChildPlacement, PlacementError};

/// Place of the parent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Anchor {
    /// Absolute position.
    pub position: Vec3,
    /// Heading in radians, as the placement of the parent itself gave it; 0 if it was not placed by
    /// a rule.
    pub heading: f64,
}

/// One rule: an algorithm with its options. Angles in radians, lengths in world units.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Placement {
    /// Evenly on a circle; `n` decides the distance of neighbours.
    Circular {
        /// Place of the first child.
        angle: f64,
        /// Radius.
        radius: f64,
        /// Height above the parent.
        shift: f64,
    },
    /// On a rising coil, independent of `n`.
    Helix {
        /// Between neighbours.
        angle: f64,
        /// Radius at the start.
        radius: f64,
        /// Growth of the radius per turn.
        growth: f64,
        /// Height of the first one above the parent.
        shift: f64,
        /// Height gained per turn.
        rise: f64,
    },
    /// Evenly on an arc around the parent's heading.
    Sector {
        /// Half aperture.
        angle: f64,
        /// Radius.
        radius: f64,
        /// Height above the parent.
        shift: f64,
    },
    /// On a flat spiral, independent of `n`.
    Spiral {
        /// Added to the index; not an angle, whatever the option is called.
        offset: f64,
        /// Rate at which the spiral opens.
        scale: f64,
        /// Length of its unit.
        radius: f64,
        /// Height above the parent.
        shift: f64,
    },
    /// On the cells of a honeycomb, ring by ring, independent of `n`.
    Hexaspiral {
        /// Distance of neighbours.
        cell: f64,
        /// Height above the parent.
        shift: f64,
        /// Whether the first one stands in the centre.
        centre: bool,
        /// Whether consecutive ones stand on opposite sides.
        scatter: bool,
        /// Largest displacement from the centre of a cell, in world units.
        displacement: f64,
    },
}

impl Placement {
    /// Position and heading (radians) of the child with this index among `count` children of its
    /// group, or `None` if the options lead out of what a float holds.
    pub fn place(&self, anchor: Anchor, index: usize, count: usize) -> Option<(Vec3, f64)> {
        let [x0, y0, z0] = [anchor.position.x, anchor.position.y, anchor.position.z].map(f64::from);
        let offset = self.offset(anchor.heading, index, count);
        let (x, z) = (round_tenth(x0 + offset.x), round_tenth(z0 + offset.z));
        let position = Vec3::new(x as f32, (y0 + offset.y) as f32, z as f32);
        let heading = (z - z0).atan2(x - x0);
        (position.is_finite() && heading.is_finite()).then_some((position, heading))
    }

    fn offset(&self, heading: f64, index: usize, count: usize) -> Offset {
        let i = index as f64;
        let n = count.max(1) as f64;
        match *self {
            Self::Circular {
                angle,
                radius,
                shift,
            } => Offset::polar(radius, -FRAC_PI_2 + angle + heading + TAU * i / n, shift),
            Self::Helix {
                angle,
                radius,
                growth,
                shift,
                rise,
            } => {
                let turns = i * angle / TAU;
                Offset::polar(
                    radius + growth * turns,
                    FRAC_PI_2 + heading + i * angle,
                    shift + rise * turns,
                )
            }
            Self::Sector {
                angle,
                radius,
                shift,
            } => {
                let aside = if count > 1 {
                    2.0 * angle * i / (n - 1.0) - angle
                } else {
                    0.0
                };
                Offset::polar(radius, heading + aside, shift)
            }
            Self::Spiral {
                offset,
                scale,
                radius,
                shift,
            } => {
                let s = (scale * (i + offset)).sqrt();
                Offset::polar(radius * s, FRAC_PI_2 + heading + s, shift)
            }
            Self::Hexaspiral {
                cell,
                shift,
                centre,
                scatter,
                displacement,
            } => {
                let (a, b) = honeycomb(if centre { index } else { index + 1 }, scatter);
                let (da, db) = displace(index, count, cell, shift, displacement);
                Offset {
                    x: (a + da) * cell,
                    y: shift,
                    z: (b + db) * cell,
                }
            }
        }
    }
}

struct Offset {
    x: f64,
    y: f64,
    z: f64,
}

impl Offset {
    fn polar(radius: f64, angle: f64, y: f64) -> Self {
        Self {
            x: radius * angle.cos(),
            y,
            z: radius * angle.sin(),
        }
    }
}

/// Half away from zero.
fn round_tenth(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

/// Unit coordinates of the `k`-th cell: the centre, then ring after ring of six sides each.
fn honeycomb(k: usize, scatter: bool) -> (f64, f64) {
    /// The sides in the order in which consecutive children take them.
    const SIDES: [usize; 6] = [0, 3, 5, 2, 4, 1];
    if k == 0 {
        return (0.0, 0.0);
    }
    let ring = (k as f64 / 3.0).sqrt().round().max(1.0) as usize;
    let first = 3 * ring * (ring - 1) + 1;
    let mut cell = k.saturating_sub(first);
    if scatter {
        let side = SIDES.get(cell % 6).copied().unwrap_or_default();
        cell = side * ring + cell / 6;
    }
    let (side, along) = ((cell / ring) as f64, (cell % ring) as f64 + 1.0);
    let (before, after) = ((side - 1.0) * FRAC_PI_3, (side + 1.0) * FRAC_PI_3);
    let ring = ring as f64;
    (
        ring * before.cos() + along * after.cos(),
        -ring * before.sin() - along * after.sin(),
    )
}

/// A displacement in units of a cell that looks random and is the same at every start.
fn displace(index: usize, count: usize, cell: f64, shift: f64, displacement: f64) -> (f64, f64) {
    if displacement <= 0.0 {
        return (0.0, 0.0);
    }
    let (i, n) = (index as u64, count as u64);
    let mut seed = i
        .wrapping_add(i.wrapping_mul(n))
        .wrapping_add(
            n.wrapping_mul(n)
                .wrapping_mul((cell * 100_000.0).floor() as i64 as u64),
        )
        .wrapping_add((shift * 100.0).floor() as i64 as u64);
    let direction = TAU * next_unit(&mut seed);
    let length = next_unit(&mut seed).sqrt() * displacement / cell;
    (length * direction.cos(), length * direction.sin())
}

/// SplitMix64, as a number in 0..1. Our own, because places must not move when a library changes
/// its generator.
fn next_unit(state: &mut u64) -> f64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^= z >> 31;
    (z >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::{JsonMap, Umid};

    const PARENT: Anchor = Anchor {
        position: Vec3::new(10.0, 5.0, -20.0),
        heading: 0.3,
    };

    fn rule(rule: Value) -> Placement {
        let rules = JsonMap::from_iter([(Umid::nil().to_string(), rule)]);
        let (placement, ignored) = ChildPlacement::parse(&rules);
        assert_eq!(ignored, []);
        *placement.group(Umid::nil()).expect("one rule").1
    }

    fn close(found: f64, expected: f64) -> bool {
        (found - expected).abs() <= 0.05
    }

    /// The check vectors of docs/spec/model.md §4.4: (index, x, y, z, heading) by rule and count.
    #[test]
    fn check_vectors() {
        let cases = [
            (
                json!({"options": {"R": 55, "angle": 30}}),
                5,
                vec![
                    (0, 50.3, 15.0, -57.4, -0.7481),
                    (1, 58.0, 15.0, 6.8, 0.5092),
                    (4, -13.1, 15.0, -69.9, -2.0043),
                ],
            ),
            (
                json!({"algo": "helix", "options": {"angle": 7.2, "helixVshift": 15, "spiralScale": 50}}),
                50,
                vec![
                    (0, -19.6, 15.0, 75.5, 1.8714),
                    (1, -31.7, 15.3, 72.0, 1.9964),
                    (41, 114.1, 27.3, 75.1, 0.7402),
                ],
            ),
            (
                json!({"algo": "sector", "options": {"angle": 60}}),
                1,
                vec![(0, 105.5, 15.0, 9.6, 0.3006)],
            ),
            (
                json!({"algo": "sector", "options": {"angle": 60}}),
                4,
                vec![
                    (0, 83.4, 15.0, -88.0, -0.7472),
                    (1, 109.9, 15.0, -24.9, -0.0490),
                    (3, 32.2, 15.0, 77.5, 1.3469),
                ],
            ),
            (
                json!({"algo": "spiral"}),
                6,
                vec![
                    (0, 10.0, 15.0, -20.0, 0.0),
                    (1, 109.7, 15.0, -320.1, -1.2500),
                    (5, -616.2, 15.0, 308.4, 2.6586),
                ],
            ),
        ];
        for (options, count, expected) in cases {
            let placement = rule(options.clone());
            for (index, x, y, z, heading) in expected {
                let (position, found) = placement.place(PARENT, index, count).expect("finite");
                let matches = close(position.x.into(), x)
                    && close(position.y.into(), y)
                    && close(position.z.into(), z)
                    && close(found, heading);
                assert!(matches, "{options} {index}: {position:?} {found}");
            }
        }
    }

    /// The check vectors of the honeycomb: (index, x, z).
    #[test]
    fn honeycomb_check_vectors() {
        let scattered = [
            (0, 10.0, -20.0),
            (1, 60.0, -20.0),
            (2, -40.0, -20.0),
            (3, 35.0, 23.3),
            (6, 35.0, -63.3),
            (7, 85.0, 23.3),
            (8, -65.0, -63.3),
        ];
        let in_order = [
            (0, 20.0, -20.0),
            (1, 15.0, -28.7),
            (5, 15.0, -11.3),
            (6, 25.0, -11.3),
            (7, 30.0, -20.0),
        ];
        let cases = [
            (json!({"algo": "hexaspiral"}), scattered.as_slice()),
            (
                json!({"algo": "hexaspiral", "options": {"Robject": 10, "Scatter": false, "DrawCenter": false}}),
                in_order.as_slice(),
            ),
        ];
        for (options, expected) in cases {
            let placement = rule(options.clone());
            for (index, x, z) in expected {
                let (position, _) = placement.place(PARENT, *index, 9).expect("finite");
                let matches = close(position.x.into(), *x)
                    && close(position.y.into(), 15.0)
                    && close(position.z.into(), *z);
                assert!(matches, "{options} {index}: {position:?}");
            }
        }
    }

    #[test]
    fn displaced_cells_stay_near_and_do_not_move_between_starts() {
        let tidy = rule(json!({"algo": "hexaspiral"}));
        let messy = rule(json!({"algo": "hexaspiral", "options": {"RandDisplacement": 5}}));
        let mut moved = 0;
        for index in 0..40 {
            let (from, _) = tidy.place(PARENT, index, 40).expect("finite");
            let (to, _) = messy.place(PARENT, index, 40).expect("finite");
            assert_eq!(
                messy.place(PARENT, index, 40).map(|place| place.0),
                Some(to)
            );
            let distance = (to.x - from.x).hypot(to.z - from.z);
            assert!(distance <= 5.2, "{index}: {distance}");
            moved += usize::from(distance > 0.5);
        }
        assert!(moved > 30, "only {moved} of 40 were displaced");
    }

    #[test]
    fn places_outside_of_floats_are_none() {
        for options in [
            json!({"algo": "circular", "options": {"R": 1e300}}),
            json!({"algo": "spiral", "options": {"angle": -5}}),
            json!({"algo": "hexaspiral", "options": {"Robject": 0, "RandDisplacement": 1}}),
        ] {
            assert_eq!(rule(options.clone()).place(PARENT, 1, 2), None, "{options}");
        }
    }
}
