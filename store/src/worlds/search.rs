//! Finding worlds by a part of their names. No index of either database serves every part of a
//! text, so the names are kept in memory, a hundred bytes a world, and what is found is read.

use std::collections::HashMap;

use components::{Umid, ids};
use sea_orm::{ConnectionTrait, Statement, Value};

use crate::{
    Landmark, Result, Store,
    convert::display_name,
    database::sql::{get, places},
    worlds::{IS_SHOWN, LANDMARK, landmark},
};

/// The names of all worlds that have one, newest first, in lower case.
pub(crate) type WorldNames = Vec<(Umid, String)>;

impl Store {
    /// Worlds whose name contains a text, in whatever case, newest first. Every character of the
    /// text stands for itself.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn search_worlds(&self, text: &str, limit: u32) -> Result<Vec<Landmark>> {
        let names = self.world_names().get(self, self.read_world_names());
        let text = text.to_lowercase();
        let found: Vec<Umid> = names
            .await?
            .iter()
            .filter(|(_, name)| name.contains(&text))
            .map(|(id, _)| *id)
            .take(usize::try_from(limit).unwrap_or(usize::MAX))
            .collect();
        if found.is_empty() {
            return Ok(Vec::new());
        }
        let select = format!(
            "SELECT {LANDMARK} FROM object o \
             LEFT JOIN object_attribute a ON a.object_id = o.object_id AND a.plugin_id = $1 \
                AND a.attribute_name = 'name' \
             LEFT JOIN object_attribute d ON d.object_id = o.object_id AND d.plugin_id = $1 \
                AND d.attribute_name = 'description' \
             WHERE o.object_id IN ({})",
            places(2, found.len())
        );
        let values = found.iter().copied().map(Value::from);
        let values = std::iter::once(ids::CORE_PLUGIN.into()).chain(values);
        let select = Statement::from_sql_and_values(self.backend(), select, values);
        let mut landmarks = HashMap::with_capacity(found.len());
        for row in self.read().query_all_raw(select).await? {
            let landmark = landmark(&row)?;
            landmarks.insert(landmark.id, landmark);
        }
        // Those that were deleted meanwhile are not there.
        Ok(found.iter().filter_map(|id| landmarks.remove(id)).collect())
    }

    async fn read_world_names(&self) -> Result<WorldNames> {
        let select = format!(
            "SELECT o.object_id, a.value FROM object n \
             JOIN object o ON o.parent_id = n.object_id AND o.object_id <> n.object_id \
             JOIN object_attribute a ON a.object_id = o.object_id AND a.plugin_id = $1 AND a.attribute_name = 'name' \
             WHERE n.object_id = n.parent_id \
             AND {IS_SHOWN} ORDER BY o.created_at DESC, o.object_id DESC"
        );
        let select =
            Statement::from_sql_and_values(self.backend(), select, [ids::CORE_PLUGIN.into()]);
        let mut names = Vec::new();
        for row in self.read().query_all_raw(select).await? {
            if let Some(name) = display_name(get(&row, 1)?)? {
                names.push((get(&row, 0)?, name.to_lowercase()));
            }
        }
        Ok(names)
    }
}
