//! Users: those who are in a world right now.

use std::collections::BTreeSet;

use bevy_ecs::prelude::{Bundle, Component};
use serde::{Deserialize, Serialize};

use crate::{TransformNoScale, Umid};

/// Public profile of a user.
#[derive(Component, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// The user's id.
    pub user: Umid,
    /// Display name.
    pub name: String,
    /// Media hash or absolute URL of the avatar picture, or empty.
    pub avatar: String,
    /// Whether the account is a guest.
    pub is_guest: bool,
}

/// The connection that a user is in the world with.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session {
    /// Chosen by the client, kept over its automatic reconnects.
    pub session_id: Umid,
    /// Chosen by the server, unique per connection: tells a late message of an old connection from
    /// the present one.
    pub connection: u64,
}

/// Pose of a user and the time of its last change.
#[derive(Component, Clone, Copy, Debug, PartialEq)]
pub struct Pose {
    /// Position and rotation.
    pub transform: TransformNoScale,
    /// The tick in which it last changed.
    pub changed: u64,
}

/// The objects whose edit lock a user holds.
#[derive(Component, Clone, Debug, Default, PartialEq, Eq)]
pub struct HeldLocks(pub BTreeSet<Umid>);

/// All components of a user.
#[derive(Bundle, Clone, Debug)]
pub struct UserBundle {
    /// The user.
    pub profile: Profile,
    /// By which connection.
    pub session: Session,
    /// The place.
    pub pose: Pose,
    /// Holding what.
    pub locks: HeldLocks,
}
