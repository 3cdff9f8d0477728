//! Positions and rotations as the API writes them (docs/spec/rest.md §1).

use components::{Transform, Vec3};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Three 32-bit floats; absent ones are 0.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = Vector)]
pub(super) struct Vector {
    x: f32,
    y: f32,
    z: f32,
}

/// Place of an object, its rotation (Euler angles in radians) and its size (factor per
/// axis).
#[derive(Clone, Copy, Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = Transform)]
pub(super) struct Placement {
    #[serde(default)]
    position: Vector,
    #[serde(default)]
    rotation: Vector,
    /// 1 on each axis if absent.
    #[serde(default = "natural_size")]
    scale: Vector,
}

fn natural_size() -> Vector {
    Vec3::ONE.into()
}

impl From<Vec3> for Vector {
    fn from(vector: Vec3) -> Self {
        Self {
            x: vector.x,
            y: vector.y,
            z: vector.z,
        }
    }
}

impl From<Vector> for Vec3 {
    fn from(vector: Vector) -> Self {
        Self::new(vector.x, vector.y, vector.z)
    }
}

impl From<Transform> for Placement {
    fn from(transform: Transform) -> Self {
        Self {
            position: transform.position.into(),
            rotation: transform.rotation.into(),
            scale: transform.scale.into(),
        }
    }
}

impl From<Placement> for Transform {
    fn from(placement: Placement) -> Self {
        Self {
            position: placement.position.into(),
            rotation: placement.rotation.into(),
            scale: placement.scale.into(),
        }
    }
}
