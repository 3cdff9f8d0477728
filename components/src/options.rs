//! Object options (docs/spec/model.md §4.2): the closed set of keys there is, and what the server
//! acts on, read from merged JSON.

mod schema;

use serde_json::Value;

use crate::{ChildPlacement, JsonMap, TransformNoScale, Umid, Vec3, merge};

pub use schema::{OptionsError, checked_options};

/// Place where users enter a world.
pub type SpawnPoint = TransformNoScale;

/// The effective options of an object: its own merged over those of its type.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ObjectOptions {
    /// Sent to clients, which hide the gizmo when false. Default true.
    pub editable: bool,
    /// Whether the object shows on the mini-map.
    pub minimap: bool,
    /// Object types that may be created directly below; empty allows nothing.
    pub allowed_children: Vec<Umid>,
    /// Largest number of direct children.
    pub child_limit: Option<u64>,
    /// Place where users enter; read from the object's own options.
    pub spawn_point: Option<SpawnPoint>,
    /// Placement rules for children without a transform of their own, by object type; the nil id is
    /// the fallback group.
    pub child_placement: Option<JsonMap>,
    /// Whether every user may put objects directly below: the sub option `spawn_by_user`.
    pub spawn_by_user: bool,
}

impl ObjectOptions {
    /// Merges own options over the type's; malformed keys count as absent.
    pub fn effective(own: Option<&JsonMap>, of_type: &JsonMap) -> Self {
        let own = own.map_or(Value::Null, |map| Value::Object(map.clone()));
        let merged = merge(&own, &Value::Object(of_type.clone()));
        let visible = merged.get("visible").and_then(Value::as_u64);
        Self {
            editable: merged
                .get("editable")
                .and_then(Value::as_bool)
                .unwrap_or(true),
            minimap: merged
                .get("minimap")
                .and_then(Value::as_bool)
                .unwrap_or(visible == Some(1)),
            allowed_children: ids(merged.get("allowed_children")),
            child_limit: merged.get("child_limit").and_then(Value::as_u64),
            spawn_point: own.get("spawn_point").and_then(spawn_point),
            child_placement: merged
                .get("child_placement")
                .and_then(Value::as_object)
                .cloned(),
            spawn_by_user: merged
                .get("subs")
                .and_then(|subs| subs.get("spawn_by_user"))
                .and_then(Value::as_bool)
                .unwrap_or(false),
        }
    }

    /// Whether a rule says where a child of this type stands that has no transform of its own.
    pub fn places(&self, object_type: Umid) -> bool {
        let rules = self.child_placement.as_ref();
        rules.is_some_and(|rules| ChildPlacement::parse(rules).0.group(object_type).is_some())
    }
}

fn ids(list: Option<&Value>) -> Vec<Umid> {
    let texts = list
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str);
    texts
        .filter_map(|text| Umid::parse_str(text).ok())
        .collect()
}

/// Reads `{position, rotation}`; absent members are zero, a non-finite one voids the whole point.
fn spawn_point(value: &Value) -> Option<SpawnPoint> {
    value.as_object()?;
    let vector = |key: &str| {
        let axis = |axis: &str| {
            value
                .get(key)
                .and_then(|v| v.get(axis))
                .and_then(Value::as_f64)
                .unwrap_or(0.0) as f32
        };
        Vec3 {
            x: axis("x"),
            y: axis("y"),
            z: axis("z"),
        }
    };
    let point = SpawnPoint {
        position: vector("position"),
        rotation: vector("rotation"),
    };
    point.is_finite().then_some(point)
}
