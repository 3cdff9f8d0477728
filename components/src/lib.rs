//! Parts of a world: ids, maths, options, permissions and the ECS components of objects and
//! users.
//!
//! Plain data without I/O. This crate must not know a database, a socket or a clock; the only
//! neighbour it knows is `posbus`, whose value types (ids, vectors, transforms) are the one
//! vocabulary for positions in the whole program.

mod activity;
mod attribute;
mod authority;
mod catalogue;
pub mod ids;
mod merge;
mod object;
mod options;
mod placement;
mod reason;
mod user;

pub use activity::ActivityKind;
pub use attribute::{
    AttributeId, AttributeOptions, AttributeState, AttributeTarget, ContentType, Permissions,
    PosbusAuto, RenderAuto, Role, Roles, Scope,
};
pub use authority::Authority;
pub use catalogue::{Asset3d, Catalogue, ObjectType};
pub use merge::merge;
pub use object::{
    Assets, Attributes, CreatedAt, Id, LockHolder, Name, ObjectBundle, ObjectState, Options, Owner,
    Parent, Placed, RenderSlots, SlotValue, TypeRef,
};
pub use options::{ObjectOptions, OptionsError, SpawnPoint, checked_options};
pub use placement::{Anchor, ChildPlacement, Placement, PlacementError};
pub use posbus::{ActivityData, Transform, TransformNoScale, Umid, Vec3};
pub use reason::Reason;
pub use user::{HeldLocks, Pose, Profile, Session, UserBundle};

/// A JSON object as stored in attribute values and options; keeps the order of its keys.
pub type JsonMap = serde_json::Map<String, serde_json::Value>;
