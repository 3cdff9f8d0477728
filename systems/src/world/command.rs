//! Commands: the input of a world, in the order in which it is applied.

use std::{sync::Arc, time::Duration};

use bevy_ecs::world::World;
use components::{
    AttributeId, Catalogue, JsonMap, ObjectState, Profile, Transform, TransformNoScale, Umid,
};
use posbus::{ActivityUpdate, EventStart};
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

use crate::{SessionLink, session::resume::GraceGuard};

/// One entry of a world's inbox. Commands of older connections of a user are ignored.
pub(crate) enum Command {
    /// A session enters.
    Enter(Box<Entrant>),
    /// A session leaves.
    Leave { user: Umid, connection: u64 },
    /// The connection of a session broke.
    Detach {
        user: Umid,
        connection: u64,
        /// The user leaves if the session is not back within this time.
        grace: Duration,
        /// Dropped when the user is not detached any more.
        guard: GraceGuard,
    },
    /// A session asks whether it can come back. Answers the tick, or `None`; after a tick, an
    /// [`Entrant`] of that session is expected.
    Resume {
        user: Umid,
        session_id: Umid,
        answer: oneshot::Sender<Option<u64>>,
    },
    /// A session acts.
    Act {
        user: Umid,
        connection: u64,
        action: ClientAction,
    },
    /// A durable change was made elsewhere.
    Effect(Effect),
    /// Reads the world between two commands.
    Query(Box<dyn FnOnce(&World) + Send + Sync>),
    /// Ends the world. Answers true and ends, or false if users are in it and `force` is not set.
    Stop {
        /// Ends with users inside as well; they leave first.
        force: bool,
        done: oneshot::Sender<bool>,
    },
}

/// A user who enters, with the session.
pub struct Entrant {
    /// Id, name and avatar.
    pub profile: Profile,
    /// Chosen by the client, kept over its automatic reconnects.
    pub session_id: Umid,
    /// Chosen by the server, unique per connection.
    pub connection: u64,
    /// Link to the session.
    pub link: Arc<SessionLink>,
    /// Last position of this user in this world.
    pub last_position: Option<TransformNoScale>,
}

/// Action of a session in a world (docs/spec/posbus.md §5). Movement bypasses the inbox.
#[derive(Clone, Debug, PartialEq)]
pub enum ClientAction {
    /// Requests the edit lock of an object.
    Lock(Umid),
    /// Releases the edit lock of an object.
    Unlock(Umid),
    /// Moves a locked object.
    MoveObject(Umid, Transform),
    /// Greets another user.
    HighFive {
        /// The user to greet.
        receiver: Umid,
        /// A few words.
        message: String,
    },
}

/// A stored change of one attribute.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AttributeChange {
    /// The attribute.
    pub attribute: AttributeId,
    /// The new value; null when `removed`.
    pub value: Option<JsonMap>,
    /// Options of the row.
    pub options: Option<JsonMap>,
    /// Whether the row is gone.
    pub removed: bool,
}

/// A change that is already durable and now reaches the loaded world (docs/spec/model.md §9).
#[derive(Clone, Debug)]
pub enum Effect {
    /// An object was created, or its name, assets, options or owner were edited.
    Object(Box<ObjectState>),
    /// An object and all below it were deleted.
    RemoveObjects {
        /// The object that was deleted.
        root: Umid,
        /// It and its descendants.
        removed: Vec<Umid>,
    },
    /// The stored transform of an object changed.
    ObjectTransform {
        /// The object.
        object: Umid,
        /// Its new place.
        transform: Transform,
    },
    /// An attribute of an object changed.
    ObjectAttribute {
        /// The object.
        object: Umid,
        /// The change.
        change: AttributeChange,
    },
    /// An attribute of a user in an object changed.
    ObjectUserAttribute {
        /// The object.
        object: Umid,
        /// The user.
        user: Umid,
        /// The change.
        change: AttributeChange,
    },
    /// An attribute of a user changed.
    UserAttribute {
        /// The user.
        user: Umid,
        /// The change.
        change: AttributeChange,
    },
    /// An attribute from one user to another changed.
    UserUserAttribute {
        /// The user whose attribute it is.
        source: Umid,
        /// The other user.
        target: Umid,
        /// The change.
        change: AttributeChange,
    },
    /// Name, avatar or guest flag of a user changed.
    Profile(Profile),
    /// A text for one user.
    Notice {
        /// The receiver.
        user: Umid,
        /// The text.
        text: String,
    },
    /// Something happened on a timeline.
    Activity(Box<ActivityUpdate>),
    /// A calendar event starts. This is not stored.
    EventStart(EventStart),
    /// A user asks everybody in the world to come.
    FlyToMe {
        /// The user to fly to.
        pilot: Umid,
    },
    /// Owners, roles or memberships changed: held locks are rechecked.
    RolesChanged,
    /// Types or assets changed.
    Catalogue(Arc<Catalogue>),
}
