//! Messages about users in a world and their positions.

use serde::{Deserialize, Serialize};

use crate::{TransformNoScale, Umid, json, wire::wire_struct};

/// Users appeared, or changed: receivers treat it as an upsert.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AddUsers {
    /// The users.
    #[serde(serialize_with = "json::null_if_empty")]
    pub users: Vec<UserData>,
}
wire_struct!(AddUsers, users);

/// A user as others see them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct UserData {
    /// The user.
    pub id: Umid,
    /// Display name.
    pub name: String,
    /// Media hash, absolute URL, or empty.
    pub avatar: String,
    /// Position and rotation of the user.
    pub transform: TransformNoScale,
    /// True if the user has no account.
    pub is_guest: bool,
}
wire_struct!(UserData, id, name, avatar, transform, is_guest);

/// Users left.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RemoveUsers {
    /// The users.
    #[serde(serialize_with = "json::null_if_empty")]
    pub users: Vec<Umid>,
}
wire_struct!(RemoveUsers, users);

/// Users moved.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct UsersTransformList {
    /// One entry per user.
    #[serde(serialize_with = "json::null_if_empty")]
    pub value: Vec<UserTransform>,
}
wire_struct!(UsersTransformList, value);

/// Position and rotation of one user: 22 to 46 bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct UserTransform {
    /// The user.
    pub id: Umid,
    /// Position and rotation of the user.
    pub transform: TransformNoScale,
}
wire_struct!(UserTransform, id, transform);
