//! Objects: the things in a world, and the state from which a loaded world rebuilds them.

use std::collections::BTreeMap;

use bevy_ecs::prelude::{Bundle, Component};
use indexmap::IndexMap;
use serde_json::Value;

use crate::{AttributeId, AttributeState, JsonMap, ObjectOptions, Transform, Umid};

/// Everything durable about an object, as stored and as handed to a loaded world.
#[derive(Clone, Debug, PartialEq)]
pub struct ObjectState {
    /// The object's id.
    pub id: Umid,
    /// Its parent; the node for a world.
    pub parent: Umid,
    /// The user who owns it.
    pub owner: Umid,
    /// Its object type.
    pub object_type: Umid,
    /// Own 2D asset.
    pub asset_2d: Option<Umid>,
    /// Own 3D asset.
    pub asset_3d: Option<Umid>,
    /// Own options.
    pub options: Option<JsonMap>,
    /// Own transform; `None` leaves the place to the parent's placement rules.
    pub transform: Option<Transform>,
    /// Its attributes.
    pub attributes: Vec<AttributeState>,
    /// Creation time in microseconds since the Unix epoch; orders siblings.
    pub created_at: i64,
}

/// The id of an object.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Id(pub Umid);

/// The id of an object's parent.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parent(pub Umid);

/// The user who owns an object.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner(pub Umid);

/// The object type of an object.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
pub struct TypeRef(pub Umid);

/// Own assets of an object; absent ones are inherited from its type.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Assets {
    /// Behaviour and user interface.
    pub d2: Option<Umid>,
    /// Geometry.
    pub d3: Option<Umid>,
}

/// The display name of an object.
#[derive(Component, Clone, Debug, PartialEq, Eq)]
pub struct Name(pub String);

/// Effective options of an object.
#[derive(Component, Clone, Debug, Default, PartialEq)]
pub struct Options(pub ObjectOptions);

/// Transform of an object, absolute in world space.
#[derive(Component, Clone, Copy, Debug, PartialEq)]
pub struct Placed {
    /// The actual transform.
    pub transform: Transform,
    /// Heading in radians as its parent's placement rule gave it; feeds the placement of its own
    /// children.
    pub heading: f64,
    /// Whether the parent's placement rule decides, because the object has no transform of its own.
    pub automatic: bool,
}

/// When an object was created, in microseconds since the Unix epoch.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CreatedAt(pub i64);

/// The attributes of an object.
#[derive(Component, Clone, Debug, Default, PartialEq)]
pub struct Attributes(pub BTreeMap<AttributeId, AttributeState>);

/// Content of a render slot: a JSON value, null when the slot was emptied.
pub type SlotValue = Value;

/// The render slots of an object: slot type → slot name → value (docs/spec/posbus.md §5.4).
#[derive(Component, Clone, Debug, Default, PartialEq)]
pub struct RenderSlots(pub IndexMap<String, IndexMap<String, SlotValue>>);

/// Holder of the edit lock of an object; in memory only (docs/spec/posbus.md §5.5).
#[derive(Component, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LockHolder(pub Option<Umid>);

/// All components of an object.
#[derive(Bundle, Clone, Debug)]
pub struct ObjectBundle {
    /// Its id.
    pub id: Id,
    /// Its parent.
    pub parent: Parent,
    /// Its owner.
    pub owner: Owner,
    /// Its type.
    pub type_ref: TypeRef,
    /// Its own assets.
    pub assets: Assets,
    /// Its display name.
    pub name: Name,
    /// Its effective options.
    pub options: Options,
    /// Its place.
    pub placed: Placed,
    /// Its creation time.
    pub created_at: CreatedAt,
    /// Its attributes.
    pub attributes: Attributes,
    /// Its render slots.
    pub slots: RenderSlots,
    /// Its lock.
    pub lock: LockHolder,
}
