//! Positions and rotations (docs/spec/posbus.md §3.2).

use serde::{Deserialize, Serialize};

use crate::{
    error::DecodeError,
    json,
    wire::{Reader, Wire, put_f32, wire_struct},
};

/// Three floats: a position in world units (y up), Euler angles in radians (x pitch, y yaw, z roll)
/// or a factor per axis.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Vec3 {
    /// Right-handed x, or pitch.
    #[serde(serialize_with = "json::float", deserialize_with = "json::finite")]
    pub x: f32,
    /// Up, or yaw.
    #[serde(serialize_with = "json::float", deserialize_with = "json::finite")]
    pub y: f32,
    /// Right-handed z, or roll.
    #[serde(serialize_with = "json::float", deserialize_with = "json::finite")]
    pub z: f32,
}

impl Vec3 {
    /// All components 0.
    pub const ZERO: Self = Self::new(0.0, 0.0, 0.0);
    /// All components 1: the neutral scale.
    pub const ONE: Self = Self::new(1.0, 1.0, 1.0);

    /// Puts three components together.
    pub const fn new(x: f32, y: f32, z: f32) -> Self {
        Self { x, y, z }
    }

    /// True if no component is NaN or infinite.
    pub const fn is_finite(&self) -> bool {
        self.x.is_finite() && self.y.is_finite() && self.z.is_finite()
    }
}

impl Wire for Vec3 {
    const MIN: usize = 3;

    fn put(&self, out: &mut Vec<u8>) {
        put_f32(self.x, out);
        put_f32(self.y, out);
        put_f32(self.z, out);
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            x: reader.f32()?,
            y: reader.f32()?,
            z: reader.f32()?,
        })
    }
}

/// Position, rotation and scale of an object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Transform {
    /// Absolute world position.
    pub position: Vec3,
    /// Euler angles in radians.
    pub rotation: Vec3,
    /// Factor per axis.
    pub scale: Vec3,
}
wire_struct!(Transform, position, rotation, scale);

impl Transform {
    /// True if no float in it is NaN or infinite.
    pub const fn is_finite(&self) -> bool {
        self.position.is_finite() && self.rotation.is_finite() && self.scale.is_finite()
    }
}

/// Position and rotation of a user.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TransformNoScale {
    /// Absolute world position.
    pub position: Vec3,
    /// Euler angles in radians; any range, some clients put a direction vector here.
    pub rotation: Vec3,
}
wire_struct!(TransformNoScale, position, rotation);

impl TransformNoScale {
    /// True if no float in it is NaN or infinite.
    pub const fn is_finite(&self) -> bool {
        self.position.is_finite() && self.rotation.is_finite()
    }
}
