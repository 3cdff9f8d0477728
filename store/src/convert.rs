//! Small translations between stored and plain values.

use chrono::{DateTime, SubsecRound, Utc};
use components::{JsonMap, Transform, Umid};
use sea_orm::JsonValue;

use crate::{Result, StoreError};

/// The present, in the microseconds that both databases keep.
pub(crate) fn now() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(6)
}

/// A stored JSON object; SQL NULL and JSON `null` are both nothing. So is, with a line in the log,
/// what is no object: somebody else may have written the row, and one odd row must not keep a whole
/// list or world from loading.
pub(crate) fn tolerant_map(
    value: Option<JsonValue>,
    what: impl std::fmt::Display,
) -> Option<JsonMap> {
    match value {
        None | Some(JsonValue::Null) => None,
        Some(JsonValue::Object(map)) => Some(map),
        Some(_) => {
            tracing::warn!("{what} is no JSON object and is ignored");
            None
        }
    }
}

/// As [`tolerant_map`], where it does not matter what exactly is odd.
pub(crate) fn optional_map(value: Option<JsonValue>) -> Result<Option<JsonMap>> {
    Ok(tolerant_map(value, "a stored value"))
}

/// A stored transform; one that cannot be read is logged and counts as none. Missing members and
/// nulls are zero.
pub(crate) fn tolerant_transform(value: Option<JsonValue>, object: Umid) -> Option<Transform> {
    let value = value.filter(|value| !value.is_null())?;
    let read = |value| serde_json::from_value::<Transform>(value);
    match read(value.clone()).or_else(|_| read(without_nulls(value))) {
        Ok(transform) => Some(transform),
        Err(error) => {
            tracing::warn!(%error, "the transform of object {object} is ignored");
            None
        }
    }
}

fn without_nulls(value: JsonValue) -> JsonValue {
    match value {
        JsonValue::Object(map) => map
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(key, value)| (key, without_nulls(value)))
            .collect(),
        other => other,
    }
}

/// As [`optional_map`], for columns where nothing is as good as empty.
pub(crate) fn map(value: JsonValue) -> Result<JsonMap> {
    Ok(optional_map(Some(value))?.unwrap_or_default())
}

/// For storing: nothing is SQL NULL.
pub(crate) fn optional_json(map: Option<&JsonMap>) -> Option<JsonValue> {
    map.cloned().map(JsonValue::Object)
}

/// A transform or the like as the JSON that is stored.
pub(crate) fn json<T: serde::Serialize>(value: &T) -> Result<JsonValue> {
    serde_json::to_value(value).map_err(|e| StoreError::Invalid(e.to_string()))
}

/// A string field of a JSON object; empty strings count as absent.
pub(crate) fn text<'a>(map: &'a JsonMap, key: &str) -> Option<&'a str> {
    map.get(key)
        .and_then(JsonValue::as_str)
        .filter(|text| !text.is_empty())
}

/// The form under which wallets are compared: chains do not tell the cases of their hex digits
/// apart.
pub(crate) fn fold_wallet(wallet: &str) -> String {
    wallet.trim().to_lowercase()
}

/// The form under which users are found by name; whatever the database makes of letters, it is the
/// same.
pub(crate) fn fold_name(profile: &JsonMap) -> Option<String> {
    text(profile, "name").map(str::to_lowercase)
}

/// The display name an attribute value holds.
pub(crate) fn display_name(value: Option<JsonValue>) -> Result<Option<String>> {
    let map = optional_map(value)?.unwrap_or_default();
    Ok(text(&map, "name")
        .or_else(|| text(&map, "value"))
        .map(str::to_owned))
}
