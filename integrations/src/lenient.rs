//! Reading what providers write: their numbers are texts at times, their texts null, and fields
//! come and go.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// Longest text that is taken over, in bytes. Signed addresses of pictures have about 500.
const MAX_TEXT: usize = 4096;

/// A text; anything else counts as none.
pub(crate) fn text<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    match Value::deserialize(from)? {
        // PostgreSQL cannot store NUL.
        Value::String(text) if text.len() <= MAX_TEXT && !text.contains('\0') => Ok(text),
        Value::String(_) => Err(serde::de::Error::custom("a text is too long or holds NUL")),
        _ => Ok(String::new()),
    }
}

/// A whole number, perhaps written as text or as a truth value; anything else counts as 0.
pub(crate) fn number<'de, D: Deserializer<'de>>(from: D) -> Result<i64, D::Error> {
    Ok(match Value::deserialize(from)? {
        Value::Number(number) => number.as_i64().unwrap_or_default(),
        Value::String(text) => text.trim().parse().unwrap_or_default(),
        Value::Bool(yes) => i64::from(yes),
        _ => 0,
    })
}

/// A truth value; anything else counts as no.
pub(crate) fn flag<'de, D: Deserializer<'de>>(from: D) -> Result<bool, D::Error> {
    Ok(Value::deserialize(from)?.as_bool().unwrap_or_default())
}
