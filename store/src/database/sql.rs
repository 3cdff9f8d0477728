//! Pieces of SQL that the two databases spell differently.

use sea_orm::{ColIdx, DbBackend, QueryResult, TryGetable};

use crate::Result;

/// Rows per statement: far below the number of values either database takes in one.
pub(crate) const BATCH: usize = 1000;

/// No tree is deeper than this; it also ends the walk should a cycle ever get into the table.
pub(crate) const MAX_DEPTH: u32 = 1000;

/// `tree(id, depth)`: $1 and all below it, at most $2 levels down. The node, being its own parent,
/// is not its own child.
pub(crate) const TREE: &str = "WITH RECURSIVE tree(id, depth) AS (\
    SELECT object_id, 0 FROM object WHERE object_id = $1 \
    UNION \
    SELECT o.object_id, t.depth + 1 FROM object o JOIN tree t ON o.parent_id = t.id \
    WHERE t.depth < $2 AND o.object_id <> $1) ";

/// The name in a value of the attribute `name`; some clients write it under another key.
pub(crate) fn display_name(backend: DbBackend, column: &str) -> String {
    format!(
        "COALESCE({}, {})",
        text_at(backend, column, "name"),
        text_at(backend, column, "value")
    )
}

/// The text at a key of a JSON column; NULL if there is none, if it is empty, or if it is anything
/// but a text.
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
