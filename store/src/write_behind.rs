//! Coalesced writes: transforms of dragged objects and last positions. Rows that are gone meanwhile
//! are skipped, and so is what is not finite: JSON could not say it, and the world would not load
//! again.

use std::collections::BTreeMap;

use components::{Transform, TransformNoScale, Umid};
use sea_orm::{ConnectionTrait, DbBackend, Statement, Value};

use crate::{
    Result, Store,
    convert::{json, now},
    database::sql::BATCH,
};

/// Place of a user when leaving a world.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LastPosition {
    /// The world left.
    pub world: Umid,
    /// The user.
    pub user: Umid,
    /// Position in world space and rotation.
    pub transform: TransformNoScale,
}

impl Store {
    /// Stores transforms; of several for one object the last counts.
    ///
    /// # Errors
    /// Only those of the database; then none is stored.
    pub async fn save_object_transforms(&self, transforms: &[(Umid, Transform)]) -> Result<()> {
        let time = now().naive_utc();
        let latest: BTreeMap<Umid, &Transform> = transforms
            .iter()
            .filter(|(_, transform)| transform.is_finite())
            .map(|(id, transform)| (*id, transform))
            .collect();
        let rows = latest
            .into_iter()
            .map(|(id, transform)| Ok(vec![id.into(), json(transform)?.into(), time.into()]))
            .collect::<Result<Vec<_>>>()?;
        self.write_batches(&rows, |values| {
            format!(
                "WITH v(id, transform, time) AS (VALUES {values}) \
                 UPDATE object SET transform = v.transform, updated_at = v.time FROM v WHERE object.object_id = v.id"
            )
        })
        .await
    }

    /// Stores where users left worlds, as the attribute `last_known_position` of the core plugin;
    /// of several for one user and world the last counts.
    ///
    /// # Errors
    /// Only those of the database; then none is stored.
    pub async fn save_last_positions(&self, positions: &[LastPosition]) -> Result<()> {
        let time = now().naive_utc();
        let attribute = components::ids::core("last_known_position");
        let latest: BTreeMap<(Umid, Umid), &LastPosition> = positions
            .iter()
            .filter(|position| position.transform.is_finite())
            .map(|position| ((position.user, position.world), position))
            .collect();
        let rows = latest
            .into_iter()
            .map(|((user, world), position)| {
                Ok(vec![
                    user.into(),
                    world.into(),
                    attribute.plugin.into(),
                    attribute.name.as_str().into(),
                    json(&position.transform)?.into(),
                    time.into(),
                ])
            })
            .collect::<Result<Vec<_>>>()?;
        // On PostgreSQL a user or world deleted between the join and the foreign key check would
        // fail the whole batch.
        let keep = if self.backend() == DbBackend::Postgres {
            "FOR KEY SHARE OF u, o"
        } else {
            ""
        };
        self.write_batches(&rows, |values| {
            format!(
                "WITH v(user_id, object_id, plugin_id, attribute_name, value, time) AS (VALUES {values}) \
                 INSERT INTO object_user_attribute \
                 (user_id, object_id, plugin_id, attribute_name, value, created_at, updated_at) \
                 SELECT v.user_id, v.object_id, v.plugin_id, v.attribute_name, v.value, v.time, v.time FROM v \
                 JOIN \"user\" u ON u.user_id = v.user_id JOIN object o ON o.object_id = v.object_id WHERE true {keep} \
                 ON CONFLICT (user_id, object_id, attribute_name, plugin_id) \
                 DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at"
            )
        })
        .await
    }

    /// Runs one statement per batch of rows, all in one transaction. `statement` gets the
    /// placeholders, as `($1,$2),($3,$4)`. Rows sorted by key keep parallel batches from locking
    /// each other out.
    pub(crate) async fn write_batches(
        &self,
        rows: &[Vec<Value>],
        statement: impl Fn(&str) -> String,
    ) -> Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        let transaction = self.begin().await?;
        for batch in rows.chunks(BATCH) {
            let sql = statement(&placeholders(batch));
            let values = batch.iter().flatten().cloned();
            transaction
                .execute_raw(Statement::from_sql_and_values(self.backend(), sql, values))
                .await?;
        }
        self.commit(transaction).await?;
        Ok(())
    }
}

fn placeholders(rows: &[Vec<Value>]) -> String {
    let mut next = 1..;
    let rows: Vec<String> = rows
        .iter()
        .map(|row| {
            let row: Vec<String> = next
                .by_ref()
                .take(row.len())
                .map(|n| format!("${n}"))
                .collect();
            format!("({})", row.join(","))
        })
        .collect();
    rows.join(",")
}
