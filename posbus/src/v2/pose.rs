//! Position and rotation of a user in whole numbers (docs/protocol.md, *Quantisation*).

use std::f64::consts::TAU;

use serde::{Deserialize, Serialize};

use super::UNITS_PER_METRE;
use crate::{TransformNoScale, Vec3};

/// Largest magnitude of a coordinate, in units.
pub(super) const MAX_UNITS: i32 = 1 << 29;
/// Steps of a full turn.
const TURN: u16 = 512;

/// A place in units of 1/64 m within ±2^29 and angles in steps of 1/512 turn, 0 to 511.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct QuantizedPose {
    /// Right-handed x in units.
    pub x: i32,
    /// Up, in units.
    pub y: i32,
    /// Right-handed z in units.
    pub z: i32,
    /// Rotation about x in steps.
    pub pitch: u16,
    /// Rotation about y in steps.
    pub yaw: u16,
    /// Rotation about z in steps.
    pub roll: u16,
}

impl QuantizedPose {
    /// The nearest pose. Coordinates out of bounds are clamped, numbers that are not finite become
    /// 0.
    pub fn new(transform: &TransformNoScale) -> Self {
        let TransformNoScale { position, rotation } = transform;
        Self {
            x: units(position.x),
            y: units(position.y),
            z: units(position.z),
            pitch: steps(rotation.x),
            yaw: steps(rotation.y),
            roll: steps(rotation.z),
        }
    }

    /// The place in metres, off by 1/128 m at most, and the angles in radians from −π up to below
    /// π, off by 0.36° at most.
    pub fn transform(&self) -> TransformNoScale {
        let metres = |units: i32| units as f32 / UNITS_PER_METRE;
        TransformNoScale {
            position: Vec3::new(metres(self.x), metres(self.y), metres(self.z)),
            rotation: Vec3::new(radians(self.pitch), radians(self.yaw), radians(self.roll)),
        }
    }

    /// The coordinates, clamped to the bounds.
    pub(super) fn units(&self) -> [i32; 3] {
        [self.x, self.y, self.z].map(|units| units.clamp(-MAX_UNITS, MAX_UNITS))
    }
}

/// Pose of the user with a handle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoseEntry {
    /// Handle of the user in this world (docs/protocol.md, *Handles*).
    pub handle: u32,
    /// Position and rotation.
    pub pose: QuantizedPose,
}

fn units(metres: f32) -> i32 {
    let bound = f64::from(MAX_UNITS);
    let units = f64::from(metres) * f64::from(UNITS_PER_METRE);
    round(units.clamp(-bound, bound), metres) as i32
}

fn steps(radians: f32) -> u16 {
    let steps = round(f64::from(radians) * (f64::from(TURN) / TAU), radians);
    (steps as i64 & i64::from(TURN - 1)) as u16
}

/// Half away from zero, as a cast cuts off the rest. An f32 times a constant is exact enough in 64
/// bits that the half that is added never lifts what is below it. What is no number is 0.
fn round(value: f64, source: f32) -> f64 {
    if source.is_finite() {
        value + 0.5_f64.copysign(value)
    } else {
        0.0
    }
}

fn radians(steps: u16) -> f32 {
    let steps = i32::from(steps % TURN);
    let turn = i32::from(TURN);
    let signed = if steps < turn / 2 {
        steps
    } else {
        steps - turn
    };
    (f64::from(signed) * TAU / f64::from(turn)) as f32
}
