//! Direct members of objects (docs/spec/model.md §3.1).

use std::collections::HashMap;

use components::{JsonMap, Umid};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, JsonValue, QueryFilter,
    QueryOrder, QuerySelect, sea_query::OnConflict,
};

use crate::{
    Result, Store, StoreError,
    convert::{map, now, optional_map, text},
    database::sql::MAX_DEPTH,
    entity::{user, user_object},
    error::Referent,
};

/// A direct member of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberRow {
    /// The object.
    pub object: Umid,
    /// The member.
    pub user: Umid,
    /// Profile name, empty if unset.
    pub name: String,
    /// Media hash of the profile picture, empty if unset.
    pub avatar_hash: String,
    /// Role; `admin` is the only one there is.
    pub role: String,
}

/// The only role there is.
const ADMIN: &str = "admin";
/// Most members of one object that are read: all that can be added, and then some of a database
/// that grew without limits.
const MAX_MEMBERS: u64 = 2000;

impl Store {
    /// The direct members of an object that have a role, oldest first.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn members(&self, object: Umid) -> Result<Vec<MemberRow>> {
        let snapshot = self.snapshot().await?;
        let rows = user_object::Entity::find()
            .filter(user_object::Column::ObjectId.eq(object))
            .order_by_asc(user_object::Column::CreatedAt)
            .order_by_asc(user_object::Column::UserId)
            .limit(MAX_MEMBERS)
            .all(&snapshot)
            .await?;
        let ids: Vec<Umid> = rows.iter().map(|row| row.user_id).collect();
        let users = user::Entity::find()
            .filter(user::Column::UserId.is_in(ids))
            .all(&snapshot)
            .await?;
        snapshot.commit().await?;
        let mut profiles: HashMap<Umid, JsonMap> = HashMap::with_capacity(users.len());
        for user in users {
            profiles.insert(user.user_id, map(user.profile)?);
        }
        let mut members = Vec::with_capacity(rows.len());
        for row in rows {
            let profile = profiles.remove(&row.user_id).unwrap_or_default();
            let value = optional_map(row.value)?.unwrap_or_default();
            let Some(role) = text(&value, "role") else {
                continue;
            };
            members.push(MemberRow {
                object,
                user: row.user_id,
                name: text(&profile, "name").unwrap_or_default().to_owned(),
                avatar_hash: text(&profile, "avatar_hash").unwrap_or_default().to_owned(),
                role: role.to_owned(),
            });
        }
        Ok(members)
    }

    /// (object, user) of every admin role on an object of a world.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn world_admins(&self, world: Umid) -> Result<Vec<(Umid, Umid)>> {
        let members = user_object::Entity::find()
            .from_raw_sql(self.tree(
                world,
                MAX_DEPTH,
                "SELECT * FROM user_object WHERE object_id IN (SELECT id FROM tree)",
            ))
            .all(self.read())
            .await?;
        let admins = members.iter().filter(|member| is_admin(member));
        Ok(admins.map(|row| (row.object_id, row.user_id)).collect())
    }

    /// Makes a user a member, or changes a member's role.
    ///
    /// # Errors
    /// `Dangling` when the object or the user does not exist.
    pub async fn set_member(&self, object: Umid, user: Umid, role: &str) -> Result<()> {
        let transaction = self.begin().await?;
        set(&transaction, object, user, role).await?;
        self.commit(transaction).await?;
        Ok(())
    }

    /// Ends a membership; whether there was one.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn remove_member(&self, object: Umid, user: Umid) -> Result<bool> {
        let transaction = self.begin().await?;
        let deleted = user_object::Entity::delete_by_id((object, user))
            .exec(&transaction)
            .await?;
        self.commit(transaction).await?;
        Ok(deleted.rows_affected > 0)
    }
}

/// Makes a user a member within a transaction.
pub(crate) async fn set<C: ConnectionTrait>(
    db: &C,
    object: Umid,
    user: Umid,
    role: &str,
) -> Result<()> {
    let time = now().naive_utc();
    let row = user_object::ActiveModel {
        object_id: Set(object),
        user_id: Set(user),
        created_at: Set(time),
        updated_at: Set(time),
        value: Set(Some(serde_json::json!({ "role": role }))),
    };
    let mut then =
        OnConflict::columns([user_object::Column::ObjectId, user_object::Column::UserId]);
    then.update_columns([user_object::Column::Value, user_object::Column::UpdatedAt]);
    user_object::Entity::insert(row)
        .on_conflict(then)
        .exec_without_returning(db)
        .await
        .map_err(|e| StoreError::from(e).dangling(Referent::UserOrObject))?;
    Ok(())
}

/// Whether a member is an admin.
pub(crate) fn is_admin(member: &user_object::Model) -> bool {
    member
        .value
        .as_ref()
        .and_then(|value| value.get("role"))
        .and_then(JsonValue::as_str)
        == Some(ADMIN)
}
