//! JSON the way the reference's JavaScript clients see it (docs/spec/posbus.md §3.4).

use indexmap::IndexMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use serde_json::{Map, Value};

use crate::{Message, MessageType, error::JsonError, gotiny};

/// Whole f32 below this are exact in every notation.
const MAX_EXACT: f32 = 16_777_216.0;

/// Prints the shortest text that reads back as the same f32; whole numbers without a fraction.
pub(crate) fn float<S: Serializer>(value: &f32, serializer: S) -> Result<S::Ok, S::Error> {
    let value = *value;
    let is_minus_zero = value == 0.0 && value.is_sign_negative();
    if value.trunc() == value && value.abs() < MAX_EXACT && !is_minus_zero {
        serializer.serialize_i32(value as i32)
    } else {
        serializer.serialize_f32(value)
    }
}

/// Reads an f32 that has a place on the number line (docs/spec/posbus.md §2).
pub(crate) fn finite<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f32, D::Error> {
    let value = f32::deserialize(deserializer)?;
    if value.is_finite() {
        Ok(value)
    } else {
        Err(D::Error::custom("number does not fit 32 bits"))
    }
}

/// An empty list is null, as nil and empty are one on the wire.
pub(crate) fn null_if_empty<T: Serialize, S: Serializer>(
    list: &[T],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    if list.is_empty() {
        serializer.serialize_none()
    } else {
        list.serialize(serializer)
    }
}

/// As [`null_if_empty`].
pub(crate) fn null_if_empty_map<S: Serializer>(
    map: &IndexMap<String, String>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    if map.is_empty() {
        serializer.serialize_none()
    } else {
        map.serialize(serializer)
    }
}

/// Bytes as base64 text.
pub(crate) mod base64_bytes {
    use base64::{Engine, prelude::BASE64_STANDARD};
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(crate) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        if bytes.is_empty() {
            serializer.serialize_none()
        } else {
            serializer.serialize_str(&BASE64_STANDARD.encode(bytes))
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<u8>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?.unwrap_or_default();
        BASE64_STANDARD.decode(text).map_err(D::Error::custom)
    }
}

impl Message {
    /// Builds a message from its JavaScript name and object. Missing and null fields mean zero
    /// values, unknown ones are ignored. A whole number is an `int` as a value of a map and a
    /// `float64` in a list; written with a fraction (`1.0`) it is a `float64` everywhere.
    ///
    /// # Errors
    /// If the name is unknown or the object does not have the shape of the message.
    pub fn from_json(name: &str, object: Value) -> Result<Self, JsonError> {
        let message_type = MessageType::from_name(name).ok_or(JsonError::UnknownName)?;
        Self::from_object(message_type, zero_nulls(message_type, object)?)
    }
}

/// Prepares an object for reading: null fields vanish, so that they become zero values like missing
/// ones. Dynamic values, where null is a value, stay as they are.
pub(crate) fn zero_nulls(message_type: MessageType, object: Value) -> Result<Value, JsonError> {
    let mut fields = fields(object)?;
    let dynamic = match message_type {
        MessageType::AttributeValueChanged => {
            fields.get("value").map(|value| (value, gotiny::MAX_DEPTH))
        }
        // Slot types are one level around the maps.
        MessageType::ObjectData => fields
            .get("entries")
            .map(|value| (value, gotiny::MAX_DEPTH + 1)),
        MessageType::EventStart => {
            for value in fields.values_mut().filter(|value| value.is_null()) {
                *value = Value::String(String::new());
            }
            return Ok(Value::Object(fields));
        }
        _ => None,
    };
    match dynamic {
        Some((value, max_depth)) => {
            if depth(value) > max_depth {
                return Err(JsonError::TooDeep);
            }
            fields.retain(|_, value| !value.is_null());
        }
        None => remove_nulls(&mut fields),
    }
    Ok(Value::Object(fields))
}

/// As [`zero_nulls`] for a message without dynamic values.
pub(crate) fn zero_all_nulls(object: Value) -> Result<Value, JsonError> {
    let mut fields = fields(object)?;
    remove_nulls(&mut fields);
    Ok(Value::Object(fields))
}

/// The fields of a message.
fn fields(object: Value) -> Result<Map<String, Value>, JsonError> {
    match object {
        Value::Null => Ok(Map::new()),
        Value::Object(fields) => Ok(fields),
        _ => Err(JsonError::NotAnObject),
    }
}

fn remove_nulls(fields: &mut Map<String, Value>) {
    fields.retain(|_, value| !value.is_null());
    for value in fields.values_mut() {
        match value {
            Value::Object(fields) => remove_nulls(fields),
            Value::Array(elements) => {
                for element in elements {
                    if let Value::Object(fields) = element {
                        remove_nulls(fields);
                    }
                }
            }
            _ => {}
        }
    }
}

/// Depth of nested maps and lists.
fn depth(value: &Value) -> usize {
    match value {
        Value::Array(elements) => 1 + elements.iter().map(depth).max().unwrap_or(0),
        Value::Object(map) => 1 + map.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}
