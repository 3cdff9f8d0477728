//! Names of contents in everything that is stored.
//!
//! Hashes are in attributes of every kind, profiles, activities, plugins, libraries and objects,
//! and plugins may put them wherever they like. So all of it is searched, instead of keeping
//! account of some places: a place that nobody thought of loses nothing.

use sea_orm::{ConnectionTrait, Statement, TryGetable};

use crate::{Result, Store, database::sql::get};

/// Rows that are searched at one time.
const BATCH: i64 = 500;

/// Texts of a table that may have names in them: the table, its key, and an expression.
const TEXTS: [(&str, &str, &str); 13] = [
    ("node_attribute", "plugin_id, attribute_name", "value"),
    (
        "object_attribute",
        "object_id, plugin_id, attribute_name",
        "value",
    ),
    (
        "object_user_attribute",
        "object_id, user_id, plugin_id, attribute_name",
        "value",
    ),
    (
        "user_attribute",
        "user_id, plugin_id, attribute_name",
        "value",
    ),
    (
        "user_user_attribute",
        "source_user_id, target_user_id, plugin_id, attribute_name",
        "value",
    ),
    ("attribute_type", "plugin_id, attribute_name", "options"),
    ("\"user\"", "user_id", "profile"),
    ("activity", "activity_id", "data"),
    ("plugin", "plugin_id", "meta"),
    ("asset_2d", "asset_2d_id", "meta"),
    ("asset_3d", "asset_3d_id", "meta"),
    ("asset_3d_user", "asset_3d_id, user_id", "meta"),
    ("object", "object_id", "options"),
];

/// Columns with ids of models.
const MODELS: [(&str, &str); 3] = [
    ("asset_3d_user", "asset_3d_id"),
    ("object", "asset_3d_id"),
    ("object_type", "asset_3d_id"),
];

impl Store {
    /// Calls `visit` with every text that may have names of contents in it, and with the id of
    /// every model that somebody uses.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn visit_media_texts(&self, mut visit: impl FnMut(&str)) -> Result<()> {
        let snapshot = self.snapshot().await?;
        for (table, key, column) in TEXTS {
            let mut offset = 0;
            loop {
                let select = format!(
                    "SELECT CAST({column} AS TEXT) AS text FROM {table} ORDER BY {key} LIMIT {BATCH} OFFSET {offset}"
                );
                let found = texts::<_, String>(&snapshot, select).await?;
                for text in found.iter().flatten() {
                    visit(text);
                }
                if (found.len() as i64) < BATCH {
                    break;
                }
                offset += BATCH;
            }
        }
        for (table, column) in MODELS {
            let select = format!("SELECT DISTINCT {column} AS text FROM {table}");
            for id in texts::<_, uuid::Uuid>(&snapshot, select)
                .await?
                .iter()
                .flatten()
            {
                visit(&id.to_string());
            }
        }
        snapshot.commit().await?;
        Ok(())
    }
}

async fn texts<C: ConnectionTrait, T: TryGetable>(
    db: &C,
    select: String,
) -> Result<Vec<Option<T>>> {
    let statement = Statement::from_string(db.get_database_backend(), select);
    let rows = db.query_all_raw(statement).await?;
    rows.iter().map(|row| get(row, "text")).collect()
}
