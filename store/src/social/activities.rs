//! Activities: what happened in worlds, as the news feed and the timelines show it
//! (docs/spec/model.md §8.1).

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use components::{ActivityData, ActivityKind, JsonMap, Umid, ids};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, DbBackend, EntityTrait, IntoActiveModel,
    JsonValue, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Asterisk, Expr, ExprTrait, LockType, OnConflict, Order, Query, SelectStatement},
};
use sha2::{Digest, Sha256};
use uuid::Builder;

use crate::{
    Result, Store, StoreError,
    convert::{json, map, now, optional_map, text},
    database::sql::BATCH,
    entity::{activity, object_activity, object_attribute, user, user_activity},
    error::Referent,
};

/// The list of activities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Feed {
    /// Everything that happened on the node.
    News,
    /// Posts of users to one object.
    Timeline(Umid),
}

/// An activity to insert.
#[derive(Clone, Debug, PartialEq)]
pub struct NewActivity {
    /// Its id. Who inserts the same id again changes nothing; see [`stake_activity_id`].
    pub id: Umid,
    /// The user who did it.
    pub user: Umid,
    /// The object of it.
    pub object: Umid,
    /// Its type.
    pub kind: ActivityKind,
    /// Details.
    pub data: ActivityData,
    /// When it happened; `None` is now.
    pub created_at: Option<DateTime<Utc>>,
}

/// A stored activity with who did it.
#[derive(Clone, Debug, PartialEq)]
pub struct ActivityRow {
    /// Its id.
    pub id: Umid,
    /// The user who did it.
    pub user: Umid,
    /// Profile name of the user, empty if unset.
    pub user_name: String,
    /// Media hash of the profile picture.
    pub avatar_hash: Option<String>,
    /// The object of it.
    pub object: Umid,
    /// Its data.
    pub kind: ActivityKind,
    /// Details.
    pub data: ActivityData,
    /// When.
    pub created_at: DateTime<Utc>,
}

/// Changes of an activity; `None` leaves a field as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ActivityEdit {
    /// Type of the activity.
    pub kind: Option<ActivityKind>,
    /// Media hash.
    pub hash: Option<String>,
    /// Text.
    pub description: Option<String>,
}

/// Appearance of a world beside something that happened in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorldLabel {
    /// Display name, empty if unset.
    pub name: String,
    /// Media hash of its picture.
    pub avatar_hash: Option<String>,
}

/// The id of the activity about a stake: one per log entry of a transaction, so that a chain that
/// is read twice tells of it once.
pub fn stake_activity_id(transaction_hash: &str, log_index: &str) -> Umid {
    let hash = Sha256::new()
        .chain_update(transaction_hash.to_ascii_lowercase())
        .chain_update([0])
        .chain_update(log_index)
        .finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    Builder::from_custom_bytes(bytes).into_uuid()
}

impl Store {
    /// A page of activities, newest first, and how many there are in all.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn activities(
        &self,
        feed: Feed,
        start: u64,
        size: u32,
    ) -> Result<(Vec<ActivityRow>, u64)> {
        let snapshot = self.snapshot().await?;
        let rows = page(feed, start, size).all(&snapshot).await?;
        let count = snapshot.query_one(&count(feed)).await?;
        let count = count.map_or(Ok(0), |row| row.try_get_by_index::<i64>(0))?;
        let rows = with_users(&snapshot, rows).await?;
        snapshot.commit().await?;
        Ok((rows, u64::try_from(count).unwrap_or_default()))
    }

    /// An activity of an object.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn activity(&self, object: Umid, id: Umid) -> Result<Option<ActivityRow>> {
        let snapshot = self.snapshot().await?;
        let row = of_object(object, id).one(&snapshot).await?;
        let mut rows = with_users(&snapshot, row.into_iter().collect()).await?;
        snapshot.commit().await?;
        Ok(rows.pop())
    }

    /// Inserts an activity; false if there is one of this id already.
    ///
    /// # Errors
    /// `Dangling` when the user or the object is gone.
    pub async fn insert_activity(&self, new: &NewActivity) -> Result<bool> {
        let transaction = self.begin().await?;
        let inserted = insert(&transaction, new, now()).await?;
        self.commit(transaction).await?;
        Ok(inserted)
    }

    /// Changes an activity of an object and returns it as it is then.
    ///
    /// # Errors
    /// `ActivityNotFound`.
    pub async fn update_activity(
        &self,
        object: Umid,
        id: Umid,
        edit: &ActivityEdit,
    ) -> Result<ActivityRow> {
        let transaction = self.begin().await?;
        let mut select = of_object(object, id);
        if self.backend() == DbBackend::Postgres {
            select = select.lock(LockType::Update);
        }
        let mut row = select
            .one(&transaction)
            .await?
            .ok_or(StoreError::ActivityNotFound)?;
        let mut data = map(row.data)?;
        for (key, text) in [("hash", &edit.hash), ("description", &edit.description)] {
            if let Some(text) = text {
                data.insert(key.to_owned(), text.as_str().into());
            }
        }
        row.data = JsonValue::Object(data);
        if let Some(kind) = edit.kind {
            row.kind = kind.name().to_owned();
        }
        activity::Entity::update_many()
            .col_expr(activity::Column::Data, Expr::value(row.data.clone()))
            .col_expr(activity::Column::Kind, Expr::value(row.kind.clone()))
            .filter(activity::Column::ActivityId.eq(id))
            .exec(&transaction)
            .await?;
        let rows = with_users(&transaction, vec![row]).await?;
        self.commit(transaction).await?;
        rows.into_iter().next().ok_or(StoreError::ActivityNotFound)
    }

    /// Deletes an activity of an object; whether there was one.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn delete_activity(&self, object: Umid, id: Umid) -> Result<bool> {
        let transaction = self.begin().await?;
        let deleted = activity::Entity::delete_many()
            .filter(activity::Column::ActivityId.eq(id))
            .filter(activity::Column::ObjectId.eq(object))
            .exec(&transaction)
            .await?;
        self.commit(transaction).await?;
        Ok(deleted.rows_affected > 0)
    }

    /// Names and pictures of worlds.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn world_labels(&self, worlds: &[Umid]) -> Result<HashMap<Umid, WorldLabel>> {
        const NAME: &str = "name";
        const AVATAR: &str = "world_avatar";
        let mut labels: HashMap<Umid, WorldLabel> = HashMap::with_capacity(worlds.len());
        for batch in worlds.chunks(BATCH) {
            let rows = object_attribute::Entity::find()
                .filter(object_attribute::Column::ObjectId.is_in(batch.to_vec()))
                .filter(object_attribute::Column::PluginId.eq(ids::CORE_PLUGIN))
                .filter(object_attribute::Column::AttributeName.is_in([NAME, AVATAR]))
                .all(self.read())
                .await?;
            for row in rows {
                let value = optional_map(row.value)?.unwrap_or_default();
                let label = labels.entry(row.object_id).or_default();
                if row.attribute_name == NAME {
                    let name = text(&value, "name").or_else(|| text(&value, "value"));
                    label.name = name.unwrap_or_default().to_owned();
                } else {
                    label.avatar_hash = text(&value, "render_hash").map(str::to_owned);
                }
            }
        }
        Ok(labels)
    }
}

/// Inserts an activity within a transaction; false if there is one of this id already.
///
/// # Errors
/// `Dangling` when the user or the object is gone.
pub(crate) async fn insert(
    transaction: &DatabaseTransaction,
    new: &NewActivity,
    time: DateTime<Utc>,
) -> Result<bool> {
    let created_at = new.created_at.unwrap_or(time).naive_utc();
    let row = activity::Model {
        activity_id: new.id,
        user_id: new.user,
        object_id: new.object,
        kind: new.kind.name().to_owned(),
        data: json(&new.data)?,
        created_at,
    };
    let once = OnConflict::column(activity::Column::ActivityId)
        .do_nothing()
        .to_owned();
    let inserted = activity::Entity::insert(row.into_active_model())
        .on_conflict(once)
        .exec_without_returning(transaction)
        .await
        .map_err(|e| StoreError::from(e).dangling(Referent::UserOrObject))?;
    if inserted == 0 {
        return Ok(false);
    }
    let of_object = object_activity::Model {
        object_id: new.object,
        activity_id: new.id,
        created_at,
    };
    object_activity::Entity::insert(of_object.into_active_model())
        .exec_without_returning(transaction)
        .await?;
    let of_user = user_activity::Model {
        user_id: new.user,
        activity_id: new.id,
        created_at,
    };
    user_activity::Entity::insert(of_user.into_active_model())
        .exec_without_returning(transaction)
        .await?;
    Ok(true)
}

/// The rows of a page, in order. Which they are is found in an index alone, however many are
/// skipped.
fn page(feed: Feed, start: u64, size: u32) -> sea_orm::Select<activity::Entity> {
    let ids = chosen(feed)
        .column(activity::Column::ActivityId)
        .order_by(activity::Column::CreatedAt, Order::Desc)
        .order_by(activity::Column::ActivityId, Order::Desc)
        .limit(u64::from(size))
        // A database takes an offset with a sign.
        .offset(Ord::min(start, i64::MAX as u64))
        .to_owned();
    activity::Entity::find()
        .filter(activity::Column::ActivityId.in_subquery(ids))
        .order_by_desc(activity::Column::CreatedAt)
        .order_by_desc(activity::Column::ActivityId)
}

fn count(feed: Feed) -> SelectStatement {
    chosen(feed).expr(Expr::col(Asterisk).count()).to_owned()
}

fn chosen(feed: Feed) -> SelectStatement {
    let mut select = Query::select();
    select.from(activity::Entity);
    let kinds = match feed {
        Feed::News => &ActivityKind::ALL[..],
        Feed::Timeline(object) => {
            select.and_where(activity::Column::ObjectId.eq(object));
            &ActivityKind::POSTS
        }
    };
    select.and_where(activity::Column::Kind.is_in(kinds.iter().map(|kind| kind.name())));
    select
}

fn of_object(object: Umid, id: Umid) -> sea_orm::Select<activity::Entity> {
    let kinds = ActivityKind::ALL.map(ActivityKind::name);
    activity::Entity::find_by_id(id)
        .filter(activity::Column::ObjectId.eq(object))
        .filter(activity::Column::Kind.is_in(kinds))
}

/// Adds who did it, with one query for all.
async fn with_users<C: ConnectionTrait>(
    db: &C,
    rows: Vec<activity::Model>,
) -> Result<Vec<ActivityRow>> {
    let mut ids: Vec<Umid> = rows.iter().map(|row| row.user_id).collect();
    ids.sort_unstable();
    ids.dedup();
    let mut profiles: HashMap<Umid, JsonMap> = HashMap::with_capacity(ids.len());
    for batch in ids.chunks(BATCH) {
        let users: Vec<(Umid, JsonValue)> = user::Entity::find()
            .select_only()
            .columns([user::Column::UserId, user::Column::Profile])
            .filter(user::Column::UserId.is_in(batch.to_vec()))
            .into_tuple()
            .all(db)
            .await?;
        for (id, profile) in users {
            profiles.insert(id, map(profile)?);
        }
    }
    let row = |row: activity::Model| {
        let profile = profiles.get(&row.user_id);
        let field = |key| Some(text(profile?, key)?.to_owned());
        Some(ActivityRow {
            id: row.activity_id,
            user: row.user_id,
            user_name: field("name").unwrap_or_default(),
            avatar_hash: field("avatar_hash"),
            object: row.object_id,
            kind: ActivityKind::named(&row.kind)?,
            // Details that make no sense are none: one odd row must not take the whole list away.
            data: serde_json::from_value(row.data).unwrap_or_default(),
            created_at: row.created_at.and_utc(),
        })
    };
    Ok(rows.into_iter().filter_map(row).collect())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use sea_orm::{QueryTrait, Statement, StatementBuilder};

    use super::*;
    use crate::StoreOptions;

    /// Pages and counts are found in an index that has everything asked for, in the order asked
    /// for.
    #[tokio::test]
    async fn lists_cost_what_they_show() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("odyssey.db");
        let url = format!("sqlite://{}?mode=rwc", file.display());
        let store = Store::open(&url, &StoreOptions::default()).await.unwrap();
        store.migrate().await.unwrap();
        for feed in [Feed::News, Feed::Timeline(Umid::nil())] {
            for query in [
                page(feed, 1000, 100).build(DbBackend::Sqlite),
                StatementBuilder::build(&count(feed), &DbBackend::Sqlite),
            ] {
                let explain = Statement {
                    sql: format!("EXPLAIN QUERY PLAN {}", query.sql),
                    ..query
                };
                let mut steps = Vec::new();
                for step in store.read().query_all_raw(explain).await.unwrap() {
                    steps.push(step.try_get::<String>("", "detail").unwrap());
                }
                let covered = steps
                    .iter()
                    .any(|step| step.contains("activity USING COVERING INDEX activity_"));
                // Only the rows of the page are sorted: the one sort there may be comes last.
                let sorts = steps.iter().position(|step| step.contains("TEMP B-TREE"));
                let last = sorts.is_none_or(|sort| sort + 1 == steps.len());
                let whole = steps
                    .iter()
                    .any(|step| step.starts_with("SCAN") && !step.contains("COVERING"));
                assert!(covered && last && !whole, "{steps:#?}");
            }
        }
    }

    #[test]
    fn a_log_entry_has_one_id() {
        let id = stake_activity_id("0xAB", "1");
        assert_eq!(id, stake_activity_id("0xab", "1"));
        assert_ne!(id, stake_activity_id("0xab1", ""));
        assert_ne!(id, stake_activity_id("0xab", "2"));
        assert_eq!(id.get_version_num(), 8);
    }
}
