//! Options as writers give them: decoded against the closed schema before they are stored
//! (docs/spec/model.md §4.2).

use serde_json::{Value, json};
use thiserror::Error;

use crate::{ChildPlacement, JsonMap, PlacementError, Umid};

/// Why options are not accepted from a writer.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum OptionsError {
    /// The value of a key is not what the key holds.
    #[error("option {key}: expected {expected}")]
    WrongType {
        /// The key.
        key: &'static str,
        /// Its content.
        expected: &'static str,
    },
    /// A placement rule makes no sense.
    #[error(transparent)]
    Placement(#[from] PlacementError),
}

/// The options as they are stored: known keys only, ids in lower case, points with all their
/// coordinates. A key that is null counts as absent, for merging cannot tell the two apart.
///
/// # Errors
/// The first key whose value is of the wrong type, or a placement rule that would be ignored on
/// load.
pub fn checked_options(options: &JsonMap) -> Result<JsonMap, OptionsError> {
    let mut checked = JsonMap::new();
    for (key, value) in options.iter().filter(|(_, value)| !value.is_null()) {
        let Some(entry) = SCHEMA.iter().find(|entry| entry.key == key) else {
            continue;
        };
        let value = (entry.read)(value).ok_or(OptionsError::WrongType {
            key: entry.key,
            expected: entry.expected,
        })?;
        if let ("child_placement", Value::Object(rules)) = (entry.key, &value) {
            ChildPlacement::validate(rules)?;
        }
        checked.insert(key.clone(), value);
    }
    Ok(checked)
}

/// A key, what it holds, and how that is read.
struct Entry {
    key: &'static str,
    expected: &'static str,
    read: fn(&Value) -> Option<Value>,
}

const fn entry(
    key: &'static str,
    expected: &'static str,
    read: fn(&Value) -> Option<Value>,
) -> Entry {
    Entry {
        key,
        expected,
        read,
    }
}

/// All keys there are.
const SCHEMA: [Entry; 15] = [
    entry("visible", "0, 1, 2 or 3", visibility),
    entry("editable", "true or false", flag),
    entry("private", "true or false", flag),
    entry("minimap", "true or false", flag),
    entry("spawn_point", "{position, rotation}", point),
    entry("child_placement", "an object", map),
    entry("allowed_children", "a list of object type ids", ids),
    entry("child_limit", "a whole number", count),
    entry("subs", "an object", map),
    entry("asset_2d_options", "anything", any),
    entry("asset_3d_options", "anything", any),
    entry("frame_templates", "an object", map),
    entry("default_tiles", "a list", list),
    entry("dashboard_plugins", "a list of texts", texts),
    entry("infoui_id", "an id", id),
];

fn any(value: &Value) -> Option<Value> {
    Some(value.clone())
}

fn flag(value: &Value) -> Option<Value> {
    value.is_boolean().then(|| value.clone())
}

fn map(value: &Value) -> Option<Value> {
    value.is_object().then(|| value.clone())
}

fn list(value: &Value) -> Option<Value> {
    value.is_array().then(|| value.clone())
}

fn count(value: &Value) -> Option<Value> {
    value.is_u64().then(|| value.clone())
}

fn visibility(value: &Value) -> Option<Value> {
    value
        .as_u64()
        .filter(|visible| *visible <= 3)
        .map(Value::from)
}

fn texts(value: &Value) -> Option<Value> {
    let texts = value.as_array()?.iter().all(Value::is_string);
    texts.then(|| value.clone())
}

fn id(value: &Value) -> Option<Value> {
    let id = Umid::try_parse(value.as_str()?).ok()?;
    Some(Value::from(id.to_string()))
}

fn ids(value: &Value) -> Option<Value> {
    value.as_array()?.iter().map(id).collect()
}

fn point(value: &Value) -> Option<Value> {
    value.as_object()?;
    let vector = |key: &str| vector(value.get(key).unwrap_or(&Value::Null));
    Some(json!({"position": vector("position")?, "rotation": vector("rotation")?}))
}

/// `{x, y, z}`; what is absent is zero, what does not fit a 32-bit float is refused.
fn vector(value: &Value) -> Option<Value> {
    if !(value.is_object() || value.is_null()) {
        return None;
    }
    let axis = |axis: &str| match value.get(axis) {
        None | Some(Value::Null) => Some(0.0),
        Some(number) => number
            .as_f64()
            .filter(|number| (*number as f32).is_finite()),
    };
    Some(json!({"x": axis("x")?, "y": axis("y")?, "z": axis("z")?}))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(options: Value) -> Result<Value, OptionsError> {
        checked_options(options.as_object().expect("an object")).map(Value::Object)
    }

    #[test]
    fn known_keys_are_kept_and_brought_into_form() {
        let written = json!({
            "visible": 1, "minimap": null, "editable": false, "unknown": 1, "child_limit": 0,
            "allowed_children": ["4ED3A5BB53F84511941B07902982C31C"],
            "spawn_point": {"position": {"x": 1, "y": 2.5}},
            "child_placement": {"00000000-0000-0000-0000-000000000000": {"algo": "sector"}},
            "subs": {"anything": [1, {"goes": null}]},
        });
        let expected = json!({
            "visible": 1, "editable": false, "child_limit": 0,
            "allowed_children": ["4ed3a5bb-53f8-4511-941b-07902982c31c"],
            "spawn_point": {
                "position": {"x": 1.0, "y": 2.5, "z": 0.0},
                "rotation": {"x": 0.0, "y": 0.0, "z": 0.0},
            },
            "child_placement": {"00000000-0000-0000-0000-000000000000": {"algo": "sector"}},
            "subs": {"anything": [1, {"goes": null}]},
        });
        assert_eq!(checked(written), Ok(expected));
    }

    #[test]
    fn values_of_the_wrong_type_are_refused() {
        for options in [
            json!({"visible": 4}),
            json!({"visible": "3"}),
            json!({"editable": 1}),
            json!({"private": "no"}),
            json!({"minimap": []}),
            json!({"spawn_point": [1, 2, 3]}),
            json!({"spawn_point": {"position": {"x": 1e300}}}),
            json!({"spawn_point": {"position": 5}}),
            json!({"child_placement": []}),
            json!({"allowed_children": "all"}),
            json!({"allowed_children": ["door"]}),
            json!({"child_limit": -1}),
            json!({"child_limit": 1.5}),
            json!({"subs": "none"}),
            json!({"frame_templates": 1}),
            json!({"default_tiles": {}}),
            json!({"dashboard_plugins": [1]}),
            json!({"infoui_id": "x"}),
        ] {
            let refused = checked(options.clone());
            assert!(
                matches!(refused, Err(OptionsError::WrongType { .. })),
                "{options}: {refused:?}"
            );
        }
    }

    #[test]
    fn placement_rules_are_checked_on_write() {
        let rules = json!({"child_placement": {"00000000-0000-0000-0000-000000000000": null}});
        assert!(matches!(checked(rules), Err(OptionsError::Placement(_))));
    }
}
