//! What reaches a world from outside, in the order in which it is applied.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use bevy_ecs::world::World;
use components::{
    AttributeId, Catalogue, JsonMap, ObjectState, Profile, Transform, TransformNoScale, Umid,
};
use posbus::{ActivityUpdate, EventStart};
use tokio::sync::oneshot;

use crate::SessionLink;

/// One entry of a world's inbox.
pub enum Command {
    /// A session enters.
    Enter(Box<Entrant>),
    /// A session leaves.
    Leave {
        /// Whose.
        user: Umid,
        /// Which connection; a late message of an older one is ignored.
        connection: u64,
    },
    /// The connection of a session broke: its user is held in the world, and leaves if the session is not back in time.
    Drop {
        /// Whose.
        user: Umid,
        /// Which connection; a late message of an older one is ignored.
        connection: u64,
        /// For how long the user is held.
        hold: Duration,
        /// Lives as long as the user is held: what ends with that ends when this is dropped.
        kept: Box<dyn Any + Send + Sync>,
    },
    /// A session asks whether it is in this world still. Answers the tick, or `None`; if it is, an [`Entrant`] of that
    /// session is expected next.
    Claim {
        /// Whose.
        user: Umid,
        /// Which session.
        session_id: Umid,
        /// The answer.
        answer: oneshot::Sender<Option<u64>>,
    },
    /// A session did something.
    Client {
        /// Whose.
        user: Umid,
        /// Which connection; a late message of an older one is ignored.
        connection: u64,
        /// What.
        action: ClientAction,
    },
    /// A durable change was made elsewhere.
    Effect(Effect),
    /// Reads (or, in tests, prepares) the world between two commands.
    Inspect(Box<dyn FnOnce(&mut World) + Send + Sync>),
    /// The world is to end. Answers true and ends, or false if somebody is in it and `force` is not set.
    Stop {
        /// End even with people inside; they are sent out first.
        force: bool,
        /// The answer.
        done: oneshot::Sender<bool>,
    },
}

/// Who enters, and by which connection.
pub struct Entrant {
    /// Who.
    pub profile: Profile,
    /// Chosen by the client, kept over its automatic reconnects.
    pub session_id: Umid,
    /// Chosen by the server, unique per connection.
    pub connection: u64,
    /// The way back to the session.
    pub link: Arc<SessionLink>,
    /// Where this user last was in this world.
    pub last_position: Option<TransformNoScale>,
}

/// What a session may do in a world (spec posbus §4.4), besides moving, which bypasses the inbox.
#[derive(Clone, Debug, PartialEq)]
pub enum ClientAction {
    /// Asks for the edit lock of an object.
    Lock(Umid),
    /// Gives it back.
    Unlock(Umid),
    /// Moves a locked object.
    MoveObject(Umid, Transform),
    /// Greets another user.
    HighFive {
        /// Whom.
        receiver: Umid,
        /// With which words.
        message: String,
    },
}

/// A stored change of one attribute.
#[derive(Clone, Debug)]
pub struct AttributeChange {
    /// Which attribute.
    pub attribute: AttributeId,
    /// The new value; null when `removed`.
    pub value: Option<JsonMap>,
    /// Options of the row.
    pub options: Option<JsonMap>,
    /// Whether the row is gone.
    pub removed: bool,
}

/// A change that is already durable and now reaches the loaded world (design §5).
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
        /// Which object.
        object: Umid,
        /// Where it is now.
        transform: Transform,
    },
    /// An attribute of an object changed.
    ObjectAttribute {
        /// Whose.
        object: Umid,
        /// What changed.
        change: AttributeChange,
    },
    /// An attribute of a user in an object changed.
    ObjectUserAttribute {
        /// In which object.
        object: Umid,
        /// Whose.
        user: Umid,
        /// What changed.
        change: AttributeChange,
    },
    /// An attribute of a user changed.
    UserAttribute {
        /// Whose.
        user: Umid,
        /// What changed.
        change: AttributeChange,
    },
    /// An attribute from one user to another changed.
    UserUserAttribute {
        /// Whose.
        source: Umid,
        /// Towards whom.
        target: Umid,
        /// What changed.
        change: AttributeChange,
    },
    /// A user's name or avatar changed, or a guest is none any more.
    Profile(Profile),
    /// A text for one user.
    Notice {
        /// For whom.
        user: Umid,
        /// What to tell.
        text: String,
    },
    /// Something happened on a timeline: everybody is told.
    Activity(Box<ActivityUpdate>),
    /// An event starts: everybody is told. Nothing is stored of that.
    EventStart(EventStart),
    /// A user asks everybody in the world to come.
    FlyToMe {
        /// Who asks.
        pilot: Umid,
    },
    /// Owners, roles or memberships changed: held locks are rechecked.
    RolesChanged,
    /// Types or assets changed.
    Catalogue(Arc<Catalogue>),
}
