//! One attribute over many owners: below an object, of all users in an object, and how many there
//! are. Answers are bounded in rows and bytes, and each is one statement.

use chrono::{DateTime, Utc};
use components::{AttributeId, JsonMap, Umid};
use sea_orm::{ConnectionTrait, DbBackend};

use crate::{
    Result, Store,
    attributes::Sql,
    convert::optional_map,
    database::sql::{MAX_DEPTH, TREE},
};

/// Values in one answer at most; more than a page of any client shows.
pub const MAX_VALUES: u64 = 1_000;
/// Bytes of values in one answer at most, 4 MiB: a few dozen of the largest values, thousands of
/// ordinary ones.
const MAX_BYTES: i64 = 4 * 1024 * 1024;

impl Store {
    /// The values of an attribute of an object and of all below it, those near to the root first;
    /// at most [`MAX_VALUES`] and 4 MiB of them.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn attributes_below(
        &self,
        root: Umid,
        id: &AttributeId,
    ) -> Result<Vec<(Umid, JsonMap)>> {
        let mut sql = Sql::new(self.read());
        // The two placeholders of the tree.
        sql.bind(root);
        sql.bind(i64::from(MAX_DEPTH));
        let (plugin, name) = (sql.bind(id.plugin), sql.bind(id.name.clone()));
        let is_object = is_object(sql.backend, "a.value");
        // Without an order, as the tree is walked level by level and the walk can end with the last
        // value wanted.
        let rows = format!(
            "SELECT tree.id AS owner, a.value AS value, tree.depth AS place FROM tree \
             CROSS JOIN object_attribute a WHERE a.object_id = tree.id AND a.plugin_id = {plugin} \
             AND a.attribute_name = {name} AND {is_object} LIMIT {MAX_VALUES}"
        );
        sql.sql = format!("{TREE}{}", within_budget(sql.backend, &rows, "ASC"));
        self.values(&sql).await
    }

    /// The values of an attribute that users have in an object, last written first.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn attributes_of_users(
        &self,
        object: Umid,
        id: &AttributeId,
        limit: u64,
        offset: u64,
    ) -> Result<Vec<(Umid, JsonMap)>> {
        let mut sql = Sql::new(self.read());
        let rows = of_users(&mut sql, object, id, limit, offset);
        sql.sql = within_budget(sql.backend, &rows, "DESC");
        self.values(&sql).await
    }

    /// Number of users who have a value of an attribute in an object, written at `since` or later.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn count_users(
        &self,
        object: Umid,
        id: &AttributeId,
        since: Option<DateTime<Utc>>,
    ) -> Result<u64> {
        let mut sql = Sql::new(self.read());
        let held = held(&mut sql, object, id);
        sql.sql = format!("SELECT COUNT(*) AS number FROM object_user_attribute WHERE {held}");
        if let Some(since) = since {
            let since = sql.bind(since.naive_utc());
            sql.sql.push_str(&format!(" AND updated_at >= {since}"));
        }
        let row = self.read().query_one_raw(sql.statement()).await?;
        let number: i64 = row.map_or(Ok(0), |row| row.try_get("", "number"))?;
        Ok(u64::try_from(number).unwrap_or(0))
    }

    async fn values(&self, sql: &Sql) -> Result<Vec<(Umid, JsonMap)>> {
        let rows = self.read().query_all_raw(sql.statement()).await?;
        let mut values = Vec::with_capacity(rows.len());
        for row in rows {
            let owner: Umid = row.try_get("", "owner")?;
            if let Some(value) = optional_map(row.try_get("", "value")?)? {
                values.push((owner, value));
            }
        }
        Ok(values)
    }
}

/// The condition for the rows of one attribute that users have in an object and that hold a value.
pub(crate) fn held(sql: &mut Sql, object: Umid, id: &AttributeId) -> String {
    let object = sql.bind(object);
    let (plugin, name) = (sql.bind(id.plugin), sql.bind(id.name.clone()));
    let is_object = is_object(sql.backend, "value");
    format!(
        "object_id = {object} AND plugin_id = {plugin} AND attribute_name = {name} AND {is_object}"
    )
}

fn is_object(backend: DbBackend, column: &str) -> String {
    match backend {
        DbBackend::Sqlite => format!("json_type({column}) = 'object'"),
        _ => format!("jsonb_typeof({column}) = 'object'"),
    }
}

/// Rows (owner, value, place) of users in an object, in the order of the index they are found by.
fn of_users(sql: &mut Sql, object: Umid, id: &AttributeId, limit: u64, offset: u64) -> String {
    let held = held(sql, object, id);
    let limit = sql.bind(signed(limit.min(MAX_VALUES)));
    let offset = sql.bind(signed(offset));
    format!(
        "SELECT user_id AS owner, value, updated_at AS place FROM object_user_attribute \
         WHERE {held} ORDER BY updated_at DESC, user_id DESC LIMIT {limit} OFFSET {offset}"
    )
}

/// As many of the rows (owner, value, place) as fit into [`MAX_BYTES`] together, by their place.
fn within_budget(backend: DbBackend, rows: &str, direction: &str) -> String {
    let size = match backend {
        DbBackend::Sqlite => "LENGTH(CAST(value AS BLOB))",
        _ => "OCTET_LENGTH(value::text)",
    };
    let order = format!("place {direction}, owner {direction}");
    format!(
        "SELECT owner, value FROM (SELECT owner, value, place, SUM({size}) OVER (ORDER BY {order}) AS bytes \
         FROM ({rows}) AS found) AS weighed WHERE bytes <= {MAX_BYTES} ORDER BY {order}"
    )
}

/// As the databases take numbers of rows.
pub(crate) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::StoreOptions;

    /// However much users keep in an object, and however many objects have the attribute.
    #[tokio::test]
    async fn lists_are_found_by_their_index() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("odyssey.db");
        let url = format!("sqlite://{}?mode=rwc", file.display());
        let store = Store::open(&url, &StoreOptions::default()).await.unwrap();
        store.migrate().await.unwrap();
        let id = components::ids::core("vote");
        let mut sql = Sql::new(store.read());
        let rows = of_users(&mut sql, Umid::nil(), &id, 10, 0);
        sql.sql = format!("EXPLAIN QUERY PLAN {rows}");
        let plan = store.read().query_all_raw(sql.statement()).await.unwrap();
        let steps: Vec<String> = plan
            .iter()
            .map(|step| step.try_get("", "detail").unwrap())
            .collect();
        let [step] = steps.as_slice() else {
            panic!("{steps:?}")
        };
        assert!(step.contains("object_user_attribute_list_idx"), "{step}");
    }
}
