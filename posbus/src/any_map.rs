//! `StringAnyMap`: a JSON object that travels as a gotiny blob (docs/spec/posbus.md §3.3), and its
//! JSON text.
//!
//! The wire knows two number types, JSON text one. In memory an integer [`Number`] is an `int` and
//! a float one a `float64`. In text a whole `float64` is written with a fraction (`1.0`) where it
//! is the value of a map, and without (`1`) in a list; reading reverses that. So the recordings of
//! the reference come out of their JSON, and what was printed reads back.

use indexmap::IndexMap;
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    ser::{SerializeMap, SerializeSeq},
};
use serde_json::{Number, Value};

use crate::{
    error::DecodeError,
    gotiny,
    wire::{Reader, Wire},
};

/// A JSON object: `map[string]any` of the reference. Keeps the order of its keys.
pub type StringAnyMap = serde_json::Map<String, Value>;

/// Largest magnitude up to which every whole f64 is exact.
const MAX_EXACT: f64 = 9_007_199_254_740_992.0;

/// Makes every number a `float64`, the only number type a server sends (docs/spec/posbus.md §3.3).
pub fn normalize_numbers(map: &mut StringAnyMap) {
    map.values_mut().for_each(normalize);
}

fn normalize(value: &mut Value) {
    match value {
        Value::Number(number) => to_float(number),
        Value::Array(elements) => elements.iter_mut().for_each(normalize),
        Value::Object(map) => normalize_numbers(map),
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

fn to_float(number: &mut Number) {
    if let Some(float) = number.as_f64().and_then(Number::from_f64) {
        *number = float;
    }
}

impl Wire for StringAnyMap {
    const MIN: usize = 1;

    fn put(&self, out: &mut Vec<u8>) {
        gotiny::put_map(self, out);
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        gotiny::take_map(reader)
    }
}

pub(crate) fn serialize_value<S: Serializer>(
    value: &Option<StringAnyMap>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    value.as_ref().map(PrintMap).serialize(serializer)
}

pub(crate) fn serialize_entries<S: Serializer>(
    entries: &IndexMap<String, Option<StringAnyMap>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    if entries.is_empty() {
        return serializer.serialize_none();
    }
    let entries = entries
        .iter()
        .map(|(key, value)| (key, value.as_ref().map(PrintMap)));
    serializer.collect_map(entries)
}

pub(crate) fn deserialize_value<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<StringAnyMap>, D::Error> {
    let mut map = Option::<StringAnyMap>::deserialize(deserializer)?;
    map.iter_mut()
        .flat_map(StringAnyMap::values_mut)
        .for_each(type_numbers);
    Ok(map)
}

pub(crate) fn deserialize_entries<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<IndexMap<String, Option<StringAnyMap>>, D::Error> {
    let mut entries = Option::<IndexMap<String, Option<StringAnyMap>>>::deserialize(deserializer)?
        .unwrap_or_default();
    entries
        .values_mut()
        .flatten()
        .flat_map(StringAnyMap::values_mut)
        .for_each(type_numbers);
    Ok(entries)
}

/// Gives the numbers below the value of a map the types they have on the wire.
fn type_numbers(value: &mut Value) {
    match value {
        Value::Array(elements) => {
            for element in elements {
                match element {
                    Value::Number(number) => to_float(number),
                    other => type_numbers(other),
                }
            }
        }
        Value::Object(map) => map.values_mut().for_each(type_numbers),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Prints a map.
struct PrintMap<'a>(&'a StringAnyMap);

impl Serialize for PrintMap<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut entries = serializer.serialize_map(Some(self.0.len()))?;
        for (key, value) in self.0 {
            match value {
                Value::Number(number) => entries.serialize_entry(key, number)?,
                other => entries.serialize_entry(key, &PrintElement(other))?,
            }
        }
        entries.end()
    }
}

/// Prints an element of a list, or anything that is not a number.
struct PrintElement<'a>(&'a Value);

impl Serialize for PrintElement<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Number(number) => match number.as_f64() {
                Some(float) if number.is_f64() && is_plain_whole(float) => {
                    serializer.serialize_i64(float as i64)
                }
                _ => number.serialize(serializer),
            },
            Value::Array(elements) => {
                let mut list = serializer.serialize_seq(Some(elements.len()))?;
                for element in elements {
                    list.serialize_element(&PrintElement(element))?;
                }
                list.end()
            }
            Value::Object(map) => PrintMap(map).serialize(serializer),
            other => other.serialize(serializer),
        }
    }
}

/// True if the number can be written as an integer and read back the same; -0 cannot.
fn is_plain_whole(float: f64) -> bool {
    float.trunc() == float && float.abs() <= MAX_EXACT && (float != 0.0 || float.is_sign_positive())
}
