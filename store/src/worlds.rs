//! Worlds as lists and detail pages show them, with one query per table however long the list.

use std::collections::HashMap;

use components::{AttributeId, JsonMap, Umid};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, JsonValue, Order, QueryFilter,
    QueryOrder, QueryResult, QuerySelect, Select, Statement, Value,
    sea_query::{Alias, Expr, ExprTrait, Query, SelectStatement},
};

use crate::{
    AttributeRecord, AttributeTarget, Landmark, Result, Store, WorldRow,
    attributes::set_sub,
    convert::{map, now, optional_map, text},
    entity::{object, object_attribute, stake, user},
    objects::BATCH,
    stakes,
    tree::display_name,
};

/// The core attributes a world row is made of.
const NAME: &str = "name";
const DESCRIPTION: &str = "description";
const WEBSITE_LINK: &str = "website_link";
const WORLD_AVATAR: &str = "world_avatar";

impl Store {
    /// Worlds by time of creation.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn worlds(&self, newest_first: bool, limit: u32) -> Result<Vec<WorldRow>> {
        let order = if newest_first {
            Order::Desc
        } else {
            Order::Asc
        };
        self.select_worlds(Condition::all(), order, Some(limit))
            .await
    }

    /// The worlds a user owns, oldest first.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn worlds_of_user(&self, owner: Umid) -> Result<Vec<WorldRow>> {
        self.select_worlds(
            Condition::all().add(object::Column::OwnerId.eq(owner)),
            Order::Asc,
            None,
        )
        .await
    }

    /// A world; `None` for the node, for other objects, and for what does not exist.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn world(&self, id: Umid) -> Result<Option<WorldRow>> {
        let only = Condition::all().add(object::Column::ObjectId.eq(id));
        Ok(self.select_worlds(only, Order::Asc, None).await?.pop())
    }

    /// Worlds whose name contains a text, in whatever case, newest first. Every character of the text stands for itself.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn search_worlds(&self, text: &str, limit: u32) -> Result<Vec<Landmark>> {
        // PostgreSQL refuses to even compare with this character.
        if text.contains('\0') {
            return Ok(Vec::new());
        }
        let select = format!(
            "SELECT {LANDMARK} FROM object n \
             JOIN object o ON o.parent_id = n.object_id AND o.object_id <> n.object_id \
             JOIN object_attribute a ON a.object_id = o.object_id AND a.plugin_id = $1 AND a.attribute_name = 'name' \
             LEFT JOIN object_attribute d ON d.object_id = o.object_id AND d.plugin_id = $1 \
                AND d.attribute_name = 'description' \
             WHERE n.object_id = n.parent_id AND (LOWER({SHOWN_NAME}) LIKE $2 ESCAPE '\\' OR {SHOWN_NAME} LIKE $3 ESCAPE '\\') \
             ORDER BY o.created_at DESC, o.object_id DESC LIMIT $4"
        );
        // SQLite lowers ASCII only, so that the text as it was typed has its own chance.
        let values: [Value; 4] = [
            components::ids::CORE_PLUGIN.into(),
            containing(&text.to_lowercase()).into(),
            containing(text).into(),
            i64::from(limit).into(),
        ];
        let select = Statement::from_sql_and_values(self.backend(), select, values);
        let rows = self.read().query_all_raw(select).await?;
        rows.iter().map(landmark).collect()
    }

    /// An object and, after it, its direct children by time of creation, `limit` in all. Empty if there is no such object.
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

    /// Sets one key of each of some attributes of an object, all or none. Returns the attributes as they are then.
    ///
    /// # Errors
    /// `Conflict` when the object or an attribute type does not exist.
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
        transaction.commit().await?;
        Ok(records)
    }

    async fn select_worlds(
        &self,
        filter: Condition,
        order: Order,
        limit: Option<u32>,
    ) -> Result<Vec<WorldRow>> {
        let snapshot = self.snapshot().await?;
        let rows = list(filter, order, limit).all(&snapshot).await?;
        let mut owners = names(&snapshot, rows.iter().map(|row| row.owner_id)).await?;
        owners.retain(|_, name| !name.is_empty());
        let ids: Vec<Umid> = rows.iter().map(|row| row.object_id).collect();
        let mut attributes = attributes(&snapshot, &ids).await?;
        let totals = totals(&snapshot, &ids).await?;
        snapshot.commit().await?;
        Ok(rows
            .into_iter()
            .map(|row| {
                let attributes = attributes.remove(&row.object_id).unwrap_or_default();
                let field = |attribute: &str, key| {
                    attributes
                        .get(attribute)
                        .and_then(|map: &JsonMap| text(map, key))
                        .map(str::to_owned)
                };
                WorldRow {
                    id: row.object_id,
                    owner: row.owner_id,
                    owner_name: owners.get(&row.owner_id).cloned(),
                    name: field(NAME, "name").or_else(|| field(NAME, "value")),
                    description: field(DESCRIPTION, "description"),
                    website_link: field(WEBSITE_LINK, "website_link"),
                    avatar_hash: field(WORLD_AVATAR, "render_hash"),
                    stake_total: totals
                        .get(&row.object_id)
                        .filter(|t| !t.is_zero())
                        .map(ToString::to_string),
                    created_at: row.created_at.and_utc(),
                    updated_at: row.updated_at.and_utc(),
                }
            })
            .collect())
    }
}

/// The columns of a [`Landmark`]: of an object `o`, its name `a` and its description `d`.
const LANDMARK: &str = "o.object_id, a.value AS name, d.value AS description";
/// The display name within the attribute `a`.
const SHOWN_NAME: &str = "COALESCE(a.value ->> 'name', a.value ->> 'value')";

fn landmark(row: &QueryResult) -> Result<Landmark> {
    let description = optional_map(row.try_get("", "description")?)?.unwrap_or_default();
    Ok(Landmark {
        id: row.try_get("", "object_id")?,
        name: display_name(row.try_get("", "name")?)?.unwrap_or_default(),
        description: text(&description, DESCRIPTION)
            .unwrap_or_default()
            .to_owned(),
    })
}

/// The LIKE pattern of everything that contains a text.
fn containing(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

fn list(filter: Condition, order: Order, limit: Option<u32>) -> Select<object::Entity> {
    let node = Expr::SubQuery(None, Box::new(node().into()));
    let of_node = Expr::col((object::Entity, object::Column::ParentId)).eq(node);
    object::Entity::find()
        .filter(of_node)
        .filter(Expr::col(object::Column::ObjectId).not_equals(object::Column::ParentId))
        .filter(filter)
        .order_by(object::Column::CreatedAt, order.clone())
        .order_by(object::Column::ObjectId, order)
        .limit(limit.map(u64::from))
}

/// The one object that is its own parent.
fn node() -> SelectStatement {
    let node = Alias::new("node");
    Query::select()
        .column((node.clone(), object::Column::ObjectId))
        .from_as(object::Entity, node.clone())
        .and_where(
            Expr::col((node.clone(), object::Column::ObjectId))
                .equals((node, object::Column::ParentId)),
        )
        .limit(1)
        .to_owned()
}

async fn names<C: ConnectionTrait>(
    db: &C,
    ids: impl Iterator<Item = Umid>,
) -> Result<HashMap<Umid, String>> {
    let mut ids: Vec<Umid> = ids.collect();
    ids.sort_unstable();
    ids.dedup();
    let mut names = HashMap::with_capacity(ids.len());
    for batch in ids.chunks(BATCH) {
        let users = user::Entity::find()
            .filter(user::Column::UserId.is_in(batch.to_vec()))
            .all(db)
            .await?;
        for user in users {
            let profile = map(user.profile)?;
            names.insert(
                user.user_id,
                text(&profile, "name").unwrap_or_default().to_owned(),
            );
        }
    }
    Ok(names)
}

async fn attributes<C: ConnectionTrait>(
    db: &C,
    ids: &[Umid],
) -> Result<HashMap<Umid, HashMap<String, JsonMap>>> {
    let mut worlds: HashMap<Umid, HashMap<String, JsonMap>> = HashMap::with_capacity(ids.len());
    for batch in ids.chunks(BATCH) {
        let rows = object_attribute::Entity::find()
            .filter(object_attribute::Column::ObjectId.is_in(batch.to_vec()))
            .filter(object_attribute::Column::PluginId.eq(components::ids::CORE_PLUGIN))
            .filter(object_attribute::Column::AttributeName.is_in([
                NAME,
                DESCRIPTION,
                WEBSITE_LINK,
                WORLD_AVATAR,
            ]))
            .all(db)
            .await?;
        for row in rows {
            let value = optional_map(row.value)?.unwrap_or_default();
            worlds
                .entry(row.object_id)
                .or_default()
                .insert(row.attribute_name, value);
        }
    }
    Ok(worlds)
}

async fn totals<C: ConnectionTrait>(
    db: &C,
    ids: &[Umid],
) -> Result<HashMap<Umid, crate::entity::Amount>> {
    let mut stakes = Vec::new();
    for batch in ids.chunks(BATCH) {
        let rows = stake::Entity::find()
            .filter(stake::Column::ObjectId.is_in(batch.to_vec()))
            .all(db)
            .await?;
        stakes.extend(rows);
    }
    Ok(stakes::sum(
        stakes.into_iter().map(|row| (row.object_id, row.amount)),
    ))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use sea_orm::{DbBackend, QueryTrait, Statement};

    use super::*;
    use crate::{StoreOptions, users};

    #[tokio::test]
    async fn lists_cost_what_they_show() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("odyssey.db");
        let url = format!("sqlite://{}?mode=rwc", file.display());
        let store = Store::open(&url, &StoreOptions::default()).await.unwrap();
        store.migrate().await.unwrap();
        let everything = || Condition::all();
        let one = everything().add(object::Column::ObjectId.eq(Umid::nil()));
        for query in [
            list(everything(), Order::Desc, Some(100)).build(DbBackend::Sqlite),
            list(everything(), Order::Asc, Some(100)).build(DbBackend::Sqlite),
            list(one, Order::Asc, None).build(DbBackend::Sqlite),
            users::latest(Umid::nil(), Order::Desc, 100).build(DbBackend::Sqlite),
        ] {
            let explain = Statement {
                sql: format!("EXPLAIN QUERY PLAN {}", query.sql),
                ..query
            };
            for step in store.read().query_all_raw(explain).await.unwrap() {
                let step: String = step.try_get("", "detail").unwrap();
                let whole_table = step.starts_with("SCAN") && !step.contains("object_node_idx");
                assert!(!whole_table && !step.contains("TEMP B-TREE"), "{step}");
            }
        }
    }
}
