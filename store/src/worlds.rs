//! Contents of worlds, and the texts by which they describe themselves.
//!
//! In the folder: `explore` (lists and detail pages), `search` (by parts of names), `ownership` and
//! `docks`.

mod docks;
pub(crate) mod explore;
mod ownership;
pub(crate) mod search;

use components::{AttributeId, AttributeTarget, Umid};
use sea_orm::{ConnectionTrait, JsonValue, QueryResult, Statement, Value};

use crate::{
    AttributeRecord, Result, Store,
    attributes::set_sub,
    convert::{display_name, now, optional_map, text},
};

pub use docks::Docking;
pub use explore::WorldRow;
pub use ownership::HandOver;

/// An object by its name, as explorers list it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Landmark {
    /// The object.
    pub id: Umid,
    /// Its display name, empty if unset.
    pub name: String,
    /// Its description, empty if unset.
    pub description: String,
}

/// A condition on a world `o`: it is shown.
pub(crate) const IS_SHOWN: &str =
    "NOT EXISTS (SELECT 1 FROM archived_world x WHERE x.object_id = o.object_id)";

/// The attribute that describes, and its key.
const DESCRIPTION: &str = "description";

impl Store {
    /// An object and, after it, its direct children by time of creation, `limit` in all. Empty if
    /// there is no such object.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn landmarks(&self, object: Umid, limit: u32) -> Result<Vec<Landmark>> {
        let select = format!(
            "SELECT {LANDMARK} FROM object o \
             LEFT JOIN object_attribute a ON a.object_id = o.object_id AND a.plugin_id = $1 \
                AND a.attribute_name = 'name' \
             LEFT JOIN object_attribute d ON d.object_id = o.object_id AND d.plugin_id = $1 \
                AND d.attribute_name = 'description' \
             WHERE o.object_id = $2 OR o.parent_id = $2 \
             ORDER BY CASE WHEN o.object_id = $2 THEN 0 ELSE 1 END, o.created_at, o.object_id LIMIT $3"
        );
        let values: [Value; 3] = [
            components::ids::CORE_PLUGIN.into(),
            object.into(),
            i64::from(limit).into(),
        ];
        let select = Statement::from_sql_and_values(self.backend(), select, values);
        let rows = self.read().query_all_raw(select).await?;
        rows.iter().map(landmark).collect()
    }

    /// Sets one key of each of some attributes of an object, all or none. Returns the attributes as
    /// they are then.
    ///
    /// # Errors
    /// `Dangling` when the object or an attribute type does not exist.
    pub async fn set_texts(
        &self,
        object: Umid,
        texts: &[(AttributeId, &str, String)],
    ) -> Result<Vec<AttributeRecord>> {
        let (target, time) = (AttributeTarget::Object(object), now());
        let mut records = Vec::with_capacity(texts.len());
        let transaction = self.begin().await?;
        for (id, key, text) in texts {
            let value = JsonValue::from(text.as_str());
            records.push(set_sub(&transaction, target, id, key, &value, time).await?);
        }
        self.commit(transaction).await?;
        Ok(records)
    }
}

/// The columns of a [`Landmark`]: of an object `o`, its name `a` and its description `d`.
pub(crate) const LANDMARK: &str = "o.object_id, a.value AS name, d.value AS description";
pub(crate) fn landmark(row: &QueryResult) -> Result<Landmark> {
    let description = optional_map(row.try_get("", "description")?)?.unwrap_or_default();
    Ok(Landmark {
        id: row.try_get("", "object_id")?,
        name: display_name(row.try_get("", "name")?)?.unwrap_or_default(),
        description: text(&description, DESCRIPTION)
            .unwrap_or_default()
            .to_owned(),
    })
}
