//! Messages about objects in a world and their attributes.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::{Asset3dType, StringAnyMap, Transform, Umid, any_map, json, wire::wire_struct};

/// Objects appeared, or changed: an object that exists is replaced.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AddObjects {
    /// The objects; parents before children in a snapshot.
    #[serde(serialize_with = "json::null_if_empty")]
    pub objects: Vec<ObjectDefinition>,
}
wire_struct!(AddObjects, objects);

/// An object as clients show it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ObjectDefinition {
    /// The object.
    pub id: Umid,
    /// Its parent: the node for a world object, nil if none.
    pub parent_id: Umid,
    /// The 3D asset, own or inherited from the object type, nil if none.
    pub asset_type: Umid,
    /// Way of loading the asset.
    pub asset_format: Asset3dType,
    /// Display name.
    pub name: String,
    /// Absolute, not relative to the parent.
    pub transform: Transform,
    /// True if editors may move it.
    pub is_editable: bool,
    /// Legacy, always false from a server.
    pub tethered_to_parent: bool,
    /// True if the minimap shows it.
    pub show_on_minimap: bool,
}
wire_struct!(
    ObjectDefinition,
    id,
    parent_id,
    asset_type,
    asset_format,
    name,
    transform,
    is_editable,
    tethered_to_parent,
    show_on_minimap
);

/// Objects are gone; children of a removed object go with it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RemoveObjects {
    /// The objects.
    #[serde(serialize_with = "json::null_if_empty")]
    pub objects: Vec<Umid>,
}
wire_struct!(RemoveObjects, objects);

/// An object moves: from an editor who holds its lock, or from the server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ObjectTransform {
    /// The object.
    pub id: Umid,
    /// Absolute transform.
    pub object_transform: Transform,
}
wire_struct!(ObjectTransform, id, object_transform);

/// Slot values of an object: all in a snapshot, one after a change (docs/spec/posbus.md §5.4).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ObjectData {
    /// The object.
    pub id: Umid,
    /// Slot type to slot name to value; the order is kept.
    #[serde(
        serialize_with = "any_map::serialize_entries",
        deserialize_with = "any_map::deserialize_entries"
    )]
    pub entries: IndexMap<String, Option<StringAnyMap>>,
}
wire_struct!(ObjectData, id, entries);

/// An editor selects an object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LockObject {
    /// The object.
    pub id: Umid,
}
wire_struct!(LockObject, id);

/// An editor deselects an object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct UnlockObject {
    /// The object.
    pub id: Umid,
}
wire_struct!(UnlockObject, id);

/// Holder of an object's lock (docs/spec/posbus.md §5.5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LockObjectResponse {
    /// The object.
    pub id: Umid,
    /// 1 if the request changed the lock, else 0.
    pub result: u32,
    /// The holder after the operation, nil if unlocked.
    pub lock_owner: Umid,
}
wire_struct!(LockObjectResponse, id, result, lock_owner);

/// A broadcast attribute changed (docs/spec/posbus.md §5.6).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AttributeValueChanged {
    /// The plugin that owns the attribute.
    pub plugin_id: Umid,
    /// Its name.
    pub attribute_name: String,
    /// [`Self::CHANGED`] or [`Self::REMOVED`].
    pub change_type: String,
    /// The whole new value; none when removed.
    #[serde(
        serialize_with = "any_map::serialize_value",
        deserialize_with = "any_map::deserialize_value"
    )]
    pub value: Option<StringAnyMap>,
    /// The object or user the attribute belongs to.
    pub target_id: Umid,
}
wire_struct!(
    AttributeValueChanged,
    plugin_id,
    attribute_name,
    change_type,
    value,
    target_id
);

impl AttributeValueChanged {
    /// Change type: created, or its value or options changed.
    pub const CHANGED: &'static str = "attribute_changed";
    /// Change type: removed.
    pub const REMOVED: &'static str = "attribute_removed";
}
