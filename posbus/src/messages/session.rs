//! Connecting and being somewhere.

use serde::{Deserialize, Serialize};

use crate::{SignalType, Umid, Vec3, wire::wire_struct};

/// The first message of a client: who it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct HandShake {
    /// Version of the handshake itself: 1.
    pub handshake_version: i64,
    /// Version of the protocol the client would like to speak.
    pub protocol_version: i64,
    /// JWT whose `sub` is `user_id` (docs/spec/posbus.md §1.3).
    pub token: String,
    /// The user.
    pub user_id: Umid,
    /// Fresh per explicit connect, kept over automatic reconnects; may be nil.
    pub session_id: Umid,
}
wire_struct!(
    HandShake,
    handshake_version,
    protocol_version,
    token,
    user_id,
    session_id
);

/// A client enters a world.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TeleportRequest {
    /// The world.
    pub target: Umid,
}
wire_struct!(TeleportRequest, target);

/// One of a few fixed things to say, either way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Signal {
    /// The signal.
    pub value: SignalType,
}
wire_struct!(Signal, value);

/// First message on entry: identity of the world. It clears the client's state of another world.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SetWorld {
    /// The world.
    pub id: Umid,
    /// Its name.
    pub name: String,
    /// Its avatar controller asset, or nil.
    pub avatar: Umid,
    /// The user who owns it.
    pub owner: Umid,
    /// The same asset once more.
    pub avatar_3d_asset_id: Umid,
}
wire_struct!(SetWorld, id, name, avatar, owner, avatar_3d_asset_id);

/// From the server the spawn point, from a client where its user is now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MyTransform {
    /// Absolute world position.
    pub position: Vec3,
    /// Euler angles in radians.
    pub rotation: Vec3,
}
wire_struct!(MyTransform, position, rotation);
