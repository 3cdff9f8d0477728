//! Pieces of SQL that the two databases spell differently.

use sea_orm::{ColIdx, DbBackend, QueryResult, TryGetable};

use crate::Result;

/// The text at a key of a JSON column; NULL if there is none, if it is empty, or if it is anything but a text.
pub(crate) fn text_at(backend: DbBackend, column: &str, key: &str) -> String {
    match backend {
        DbBackend::Sqlite => format!(
            "CASE WHEN json_type({column}, '$.{key}') = 'text' THEN NULLIF({column} ->> '$.{key}', '') END"
        ),
        _ => format!(
            "CASE WHEN jsonb_typeof({column} -> '{key}') = 'string' THEN NULLIF({column} ->> '{key}', '') END"
        ),
    }
}

/// Bytes as wallets are spelled when case-folded.
pub(crate) fn wallet_of(backend: DbBackend, column: &str) -> String {
    match backend {
        DbBackend::Sqlite => format!("'0x' || lower(hex({column}))"),
        _ => format!("'0x' || encode({column}, 'hex')"),
    }
}

/// `$first, $second …`: as many places as values.
pub(crate) fn places(first: usize, values: usize) -> String {
    let places: Vec<String> = (first..first + values).map(|n| format!("${n}")).collect();
    places.join(", ")
}

/// A column of a row.
pub(crate) fn get<T: TryGetable>(row: &QueryResult, column: impl ColIdx) -> Result<T> {
    Ok(T::try_get_by(row, column).map_err(sea_orm::DbErr::from)?)
}
