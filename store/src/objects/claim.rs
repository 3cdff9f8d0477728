//! Objects that a visitor makes its own for a while: the admin role on the object and what the
//! visitor put on it go together (docs/spec/model.md §4.7).

use components::{AttributeId, AttributeTarget, JsonMap, Umid};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, DatabaseTransaction, DbBackend, EntityTrait, QueryFilter,
    QuerySelect,
    sea_query::{LockType, OnConflict},
};

use crate::{
    AttributeRecord, Result, Store, StoreError, attributes,
    convert::now,
    entity::{object, object_attribute, user_object},
    error::Referent,
    objects::members::is_admin,
};

impl Store {
    /// Makes a user admin of an object that nobody else is admin of, and sets an attribute of the
    /// object.
    ///
    /// # Errors
    /// `ObjectClaimed` if another user is admin of this very object, `Dangling` if the user is
    /// gone, `ObjectNotFound`.
    pub async fn claim_object(
        &self,
        object: Umid,
        user: Umid,
        attribute: &AttributeId,
        value: &JsonMap,
    ) -> Result<AttributeRecord> {
        let time = now();
        let transaction = self.begin().await?;
        let admins = admins(&transaction, object).await?;
        if admins.iter().any(|admin| *admin != user) {
            return Err(StoreError::ObjectClaimed);
        }
        let row = user_object::ActiveModel {
            object_id: Set(object),
            user_id: Set(user),
            created_at: Set(time.naive_utc()),
            updated_at: Set(time.naive_utc()),
            value: Set(Some(serde_json::json!({ "role": "admin" }))),
        };
        let mut then =
            OnConflict::columns([user_object::Column::ObjectId, user_object::Column::UserId]);
        then.update_columns([user_object::Column::Value, user_object::Column::UpdatedAt]);
        user_object::Entity::insert(row)
            .on_conflict(then)
            .exec_without_returning(&transaction)
            .await
            .map_err(|e| StoreError::from(e).dangling(Referent::User))?;
        let target = AttributeTarget::Object(object);
        let record = attributes::set(&transaction, target, attribute, value, time).await?;
        self.commit(transaction).await?;
        Ok(record)
    }

    /// Takes the admin role of a user on an object, and removes an attribute of the object. Returns
    /// whether there was one.
    ///
    /// # Errors
    /// `ObjectNotClaimed` if the user is not admin of this very object, `ObjectNotFound`.
    pub async fn unclaim_object(
        &self,
        object: Umid,
        user: Umid,
        attribute: &AttributeId,
    ) -> Result<bool> {
        let transaction = self.begin().await?;
        if !admins(&transaction, object).await?.contains(&user) {
            return Err(StoreError::ObjectNotClaimed);
        }
        user_object::Entity::delete_by_id((object, user))
            .exec(&transaction)
            .await?;
        let removed = object_attribute::Entity::delete_many()
            .filter(object_attribute::Column::ObjectId.eq(object))
            .filter(object_attribute::Column::PluginId.eq(attribute.plugin))
            .filter(object_attribute::Column::AttributeName.eq(attribute.name.as_str()))
            .exec(&transaction)
            .await?;
        self.commit(transaction).await?;
        Ok(removed.rows_affected > 0)
    }
}

/// The direct admins of an object, which nobody else claims until the transaction ends.
async fn admins(transaction: &DatabaseTransaction, object: Umid) -> Result<Vec<Umid>> {
    let mut row = object::Entity::find_by_id(object);
    if transaction.get_database_backend() == DbBackend::Postgres {
        row = row.lock(LockType::Update);
    }
    if row.one(transaction).await?.is_none() {
        return Err(StoreError::ObjectNotFound);
    }
    let members = user_object::Entity::find()
        .filter(user_object::Column::ObjectId.eq(object))
        .all(transaction)
        .await?;
    let admins = members.iter().filter(|member| is_admin(member));
    Ok(admins.map(|admin| admin.user_id).collect())
}
