//! Limits of values of attributes: their size, and what the databases can hold.

use components::{AttributeId, JsonMap, Reason, ids};
use serde_json::Value;

use crate::{NodeError, Result};

/// Largest value, or value under one key, in bytes of JSON. Ten times what clients write; every
/// change of a published attribute goes to everybody in the world.
const MAX_VALUE: usize = 64 * 1024;
/// Size to which a value may grow key by key (comments, skyboxes) in bytes of JSON. It is read and
/// sent as a whole.
const MAX_GROWN: usize = 256 * 1024;
/// Longest key in bytes. Clients use ids and hashes.
const MAX_KEY: usize = 256;
/// Longest name of an object in characters: it stands above the object, and everybody in the world
/// gets it.
const MAX_NAME: usize = 256;

/// Refuses a whole value that is too large or cannot be stored.
pub(crate) fn check_value(id: &AttributeId, value: &JsonMap) -> Result<()> {
    check_map(value)?;
    for key in ["name", "value"] {
        check_display_name(id, key, value.get(key))?;
    }
    Ok(())
}

/// Refuses a name that is empty, too long or not a single line.
pub(crate) fn check_name(name: &str) -> Result<()> {
    let problem = if name.is_empty() {
        "the name is empty"
    } else if name.chars().count() > MAX_NAME {
        "the name is too long"
    } else if name.chars().any(char::is_control) {
        "the name has control characters"
    } else {
        return Ok(());
    };
    Err(NodeError::invalid(Reason::InvalidRequestBody, problem))
}

/// Refuses a JSON object that is too large or cannot be stored.
pub(crate) fn check_map(map: &JsonMap) -> Result<()> {
    check_size(size(map), MAX_VALUE)?;
    if map
        .iter()
        .any(|(key, value)| has_nul(key) || holds_nul(value))
    {
        return Err(unstorable());
    }
    Ok(())
}

/// Refuses a value under one key that is too large, cannot be stored, or would make the whole too
/// large.
pub(crate) fn check_entry(
    id: &AttributeId,
    key: &str,
    value: &Value,
    present: Option<&JsonMap>,
) -> Result<()> {
    check_key(key)?;
    check_size(size(value), MAX_VALUE)?;
    // Replaced bytes do not count, or a full attribute could not even be made smaller.
    let replaced = present.and_then(|map| map.get(key)).map_or(0, size);
    let grown = present.map_or(0, size).saturating_sub(replaced) + key.len() + size(value);
    check_size(grown, MAX_GROWN)?;
    if holds_nul(value) {
        return Err(unstorable());
    }
    check_display_name(id, key, Some(value))
}

/// Refuses any other JSON that is larger than `most` bytes or cannot be stored.
pub(crate) fn check_storable(value: &Value, most: usize) -> Result<()> {
    check_size(size(value), most)?;
    if holds_nul(value) {
        return Err(unstorable());
    }
    Ok(())
}

/// Refuses keys that are empty, too long or cannot be stored.
pub(crate) fn check_key(key: &str) -> Result<()> {
    if key.is_empty() || key.len() > MAX_KEY || has_nul(key) {
        return Err(NodeError::invalid(
            Reason::InvalidRequestBody,
            format!("a key has 1 to {MAX_KEY} bytes and no NUL"),
        ));
    }
    Ok(())
}

/// The core attribute `name` is the display name of its object, under either of two keys
/// (docs/spec/model.md §4.1).
fn check_display_name(id: &AttributeId, key: &str, value: Option<&Value>) -> Result<()> {
    if *id != ids::core("name") || !matches!(key, "name" | "value") {
        return Ok(());
    }
    match value.and_then(Value::as_str) {
        Some(name) => check_name(name),
        None => Ok(()),
    }
}

fn check_size(size: usize, most: usize) -> Result<()> {
    if size > most {
        return Err(NodeError::invalid(
            Reason::InvalidRequestBody,
            format!("the value is larger than {most} bytes"),
        ));
    }
    Ok(())
}

/// Bytes of a value as JSON. Values from JSON always serialise; one that did not would be refused.
fn size<T: serde::Serialize>(value: &T) -> usize {
    serde_json::to_vec(value).map_or(usize::MAX / 4, |json| json.len())
}

/// PostgreSQL cannot store the character NUL.
fn has_nul(text: &str) -> bool {
    text.contains('\0')
}

/// Whether NUL is anywhere in a value. The depth of parsed JSON is bounded by the parser.
fn holds_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => has_nul(text),
        Value::Array(list) => list.iter().any(holds_nul),
        Value::Object(map) => map
            .iter()
            .any(|(key, value)| has_nul(key) || holds_nul(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

fn unstorable() -> NodeError {
    NodeError::invalid(
        Reason::InvalidRequestBody,
        "the value contains the character NUL",
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn map(value: Value) -> JsonMap {
        value.as_object().cloned().expect("an object")
    }

    #[test]
    fn values_are_bounded_and_storable() {
        let id = ids::core("comments");
        let of_size = |size: usize| map(json!({"a": "x".repeat(size - r#"{"a":""}"#.len())}));
        assert!(check_value(&id, &of_size(MAX_VALUE)).is_ok());
        assert!(check_value(&id, &of_size(MAX_VALUE + 1)).is_err());
        assert!(check_value(&id, &map(json!({"a": [{"b\u{0}": 1}]}))).is_err());
        assert!(
            check_entry(&id, "k", &json!("v"), Some(&of_size(MAX_GROWN))).is_err(),
            "grown"
        );
        let full = of_size(MAX_GROWN);
        assert!(
            check_entry(&id, "a", &json!("v"), Some(&full)).is_ok(),
            "it becomes smaller"
        );
        assert!(check_entry(&id, "k", &json!(null), None).is_ok());
        for key in ["", "a\u{0}", &"k".repeat(MAX_KEY + 1)] {
            assert!(check_entry(&id, key, &json!(1), None).is_err(), "{key:?}");
        }
    }

    #[test]
    fn names_are_short_single_lines() {
        for name in ["", "a\nb", "\u{0}", &"x".repeat(MAX_NAME + 1)] {
            assert!(check_name(name).is_err(), "{name:?}");
        }
        assert!(check_name(&"🦀".repeat(MAX_NAME)).is_ok());
    }

    #[test]
    fn the_name_attribute_follows_the_rules_of_names() {
        let id = ids::core("name");
        assert!(check_value(&id, &map(json!({"name": "x".repeat(300)}))).is_err());
        assert!(check_value(&id, &map(json!({"value": "two\nlines"}))).is_err());
        assert!(check_entry(&id, "name", &json!(""), None).is_err());
        assert!(check_value(&id, &map(json!({"name": "ok", "auto_render_hash": "0"}))).is_ok());
        assert!(
            check_value(
                &ids::core("description"),
                &map(json!({"name": "two\nlines"}))
            )
            .is_ok()
        );
    }
}
