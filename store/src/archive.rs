//! Whole worlds out of a database and into one.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use components::{AttributeId, JsonMap, Umid};
use sea_orm::{
    ColumnTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, JsonValue, QueryFilter,
    QueryOrder, QuerySelect,
};

use crate::{
    AttributeRecord, ObjectRecord, Result, Store, StoreError,
    attributes::attribute_record,
    catalogue::assets::add_asset_3d,
    convert::{json, map, now, optional_json},
    database::{schema::require_migrated, sql::BATCH},
    entity::{
        asset_2d, asset_3d, attribute_type, object, object_attribute, object_type,
        object_user_attribute, user,
    },
    error::Referent,
    seed,
};

/// Rows of a user in an object.
#[derive(Clone, Debug, PartialEq)]
pub struct PersonalRecord {
    /// The object.
    pub object: Umid,
    /// The user.
    pub user: Umid,
    /// The attribute.
    pub attribute: AttributeRecord,
}

/// Kinds of ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Objects, worlds among them.
    Object,
    /// 2D assets.
    Asset2d,
    /// 3D assets.
    Asset3d,
    /// Users.
    User,
}

impl Store {
    /// Attributes of users in the given objects, by object, user and attribute.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn personal_attributes(&self, objects: &[Umid]) -> Result<Vec<PersonalRecord>> {
        let snapshot = self.snapshot().await?;
        let mut records = Vec::new();
        for batch in objects.chunks(BATCH) {
            let rows = object_user_attribute::Entity::find()
                .filter(object_user_attribute::Column::ObjectId.is_in(batch.to_vec()))
                .all(&snapshot)
                .await?;
            for row in rows {
                let id = AttributeId {
                    plugin: row.plugin_id,
                    name: row.attribute_name,
                };
                records.push(PersonalRecord {
                    object: row.object_id,
                    user: row.user_id,
                    attribute: attribute_record(
                        id,
                        row.value,
                        row.options,
                        row.created_at,
                        row.updated_at,
                    )?,
                });
            }
        }
        snapshot.commit().await?;
        records.sort_by(|a, b| {
            let key = |record: &PersonalRecord| (record.object, record.user);
            key(a)
                .cmp(&key(b))
                .then_with(|| a.attribute.id.cmp(&b.attribute.id))
        });
        Ok(records)
    }

    /// Descriptions of 3D assets, in the order of their ids.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn asset_3d_meta(&self, ids: &[Umid]) -> Result<Vec<(Umid, JsonMap)>> {
        let mut found = Vec::new();
        for batch in ids.chunks(BATCH) {
            let rows = asset_3d::Entity::find()
                .filter(asset_3d::Column::Asset3dId.is_in(batch.to_vec()))
                .order_by_asc(asset_3d::Column::Asset3dId)
                .all(self.read())
                .await?;
            for row in rows {
                found.push((row.asset_3d_id, map(row.meta)?));
            }
        }
        Ok(found)
    }

    /// Begins to bring a world in. Nothing of it is there before [`Import::commit`].
    ///
    /// # Errors
    /// `NodeNotFound` if there is none yet, `NotMigrated`.
    pub async fn begin_import(&self) -> Result<Import> {
        let transaction = self.begin().await?;
        require_migrated(&transaction).await?;
        let node = seed::node(&transaction)
            .await?
            .ok_or(StoreError::NodeNotFound)?;
        Ok(Import {
            transaction,
            node,
            time: now(),
        })
    }
}

/// A world on its way in: one transaction, which dropping it takes back.
#[derive(Debug)]
pub struct Import {
    transaction: DatabaseTransaction,
    node: Umid,
    time: DateTime<Utc>,
}

impl Import {
    /// The node, parent of all worlds.
    pub fn node(&self) -> Umid {
        self.node
    }

    /// The ids that are there already.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn known(&self, kind: Kind, ids: &[Umid]) -> Result<HashSet<Umid>> {
        let mut known = HashSet::new();
        for batch in ids.chunks(BATCH).map(<[Umid]>::to_vec) {
            let found: Vec<Umid> = match kind {
                Kind::Object => {
                    object::Entity::find()
                        .select_only()
                        .column(object::Column::ObjectId)
                        .filter(object::Column::ObjectId.is_in(batch))
                        .into_tuple()
                        .all(&self.transaction)
                        .await?
                }
                Kind::Asset2d => {
                    asset_2d::Entity::find()
                        .select_only()
                        .column(asset_2d::Column::Asset2dId)
                        .filter(asset_2d::Column::Asset2dId.is_in(batch))
                        .into_tuple()
                        .all(&self.transaction)
                        .await?
                }
                Kind::Asset3d => {
                    asset_3d::Entity::find()
                        .select_only()
                        .column(asset_3d::Column::Asset3dId)
                        .filter(asset_3d::Column::Asset3dId.is_in(batch))
                        .into_tuple()
                        .all(&self.transaction)
                        .await?
                }
                Kind::User => {
                    user::Entity::find()
                        .select_only()
                        .column(user::Column::UserId)
                        .filter(user::Column::UserId.is_in(batch))
                        .into_tuple()
                        .all(&self.transaction)
                        .await?
                }
            };
            known.extend(found);
        }
        Ok(known)
    }

    /// All object types and their categories.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn object_types(&self) -> Result<HashMap<Umid, String>> {
        let types: Vec<(Umid, String)> = object_type::Entity::find()
            .select_only()
            .columns([
                object_type::Column::ObjectTypeId,
                object_type::Column::CategoryName,
            ])
            .into_tuple()
            .all(&self.transaction)
            .await?;
        Ok(types.into_iter().collect())
    }

    /// All attribute types.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn attribute_types(&self) -> Result<HashSet<AttributeId>> {
        let types = attribute_type::Entity::find()
            .order_by_asc(attribute_type::Column::AttributeName)
            .all(&self.transaction)
            .await?;
        let ids = types.into_iter().map(|row| AttributeId {
            plugin: row.plugin_id,
            name: row.attribute_name,
        });
        Ok(ids.collect())
    }

    /// Adds an uploaded model; one that is here stays as it is.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn add_asset_3d(&self, id: Umid, meta: &JsonMap) -> Result<()> {
        add_asset_3d(&self.transaction, id, meta).await
    }

    /// Inserts objects with their attributes, parents before their children. They keep the time of
    /// their creation, which orders siblings.
    ///
    /// # Errors
    /// `Dangling` when something referred to is not there, `Duplicate` when an id is taken;
    /// `Invalid` when a transform is not finite.
    pub async fn insert(&self, objects: &[ObjectRecord]) -> Result<()> {
        let time = self.time.naive_utc();
        for batch in objects.chunks(BATCH) {
            let mut rows = Vec::with_capacity(batch.len());
            for new in batch {
                if new.transform.is_some_and(|place| !place.is_finite()) {
                    return Err(StoreError::Invalid("a transform is not finite".to_owned()));
                }
                let row = object::Model {
                    object_id: new.id,
                    object_type_id: new.object_type,
                    owner_id: new.owner,
                    parent_id: new.parent,
                    asset_2d_id: new.asset_2d,
                    asset_3d_id: new.asset_3d,
                    options: optional_json(new.options.as_ref()),
                    transform: new.transform.as_ref().map(json).transpose()?,
                    updated_at: time,
                    created_at: new.created_at.naive_utc(),
                };
                rows.push(row.into_active_model());
            }
            object::Entity::insert_many(rows)
                .exec_without_returning(&self.transaction)
                .await
                .map_err(|e| StoreError::from(e).dangling(Referent::OfObject))?;
        }
        let attributes: Vec<_> = objects
            .iter()
            .flat_map(|new| new.attributes.iter().map(|attribute| (new.id, attribute)))
            .map(|(object_id, attribute)| object_attribute::Model {
                plugin_id: attribute.id.plugin,
                attribute_name: attribute.id.name.clone(),
                object_id,
                value: attribute.value.clone().map(JsonValue::Object),
                options: optional_json(attribute.options.as_ref()),
                created_at: time,
                updated_at: time,
            })
            .collect();
        for batch in attributes.chunks(BATCH) {
            let rows = batch
                .iter()
                .cloned()
                .map(IntoActiveModel::into_active_model);
            object_attribute::Entity::insert_many(
                rows.collect::<Vec<object_attribute::ActiveModel>>(),
            )
            .exec_without_returning(&self.transaction)
            .await
            .map_err(|e| StoreError::from(e).dangling(Referent::AttributeType))?;
        }
        Ok(())
    }

    /// Inserts what users have in objects that were inserted before.
    ///
    /// # Errors
    /// `Dangling` when the user or the attribute type is not there.
    pub async fn insert_personal(&self, records: &[PersonalRecord]) -> Result<()> {
        let time = self.time.naive_utc();
        for batch in records.chunks(BATCH) {
            let rows = batch.iter().map(|record| {
                object_user_attribute::Model {
                    user_id: record.user,
                    object_id: record.object,
                    attribute_name: record.attribute.id.name.clone(),
                    plugin_id: record.attribute.id.plugin,
                    value: record.attribute.value.clone().map(JsonValue::Object),
                    options: optional_json(record.attribute.options.as_ref()),
                    created_at: time,
                    updated_at: time,
                }
                .into_active_model()
            });
            object_user_attribute::Entity::insert_many(rows.collect::<Vec<_>>())
                .exec_without_returning(&self.transaction)
                .await
                .map_err(|e| StoreError::from(e).dangling(Referent::UserOrAttributeType))?;
        }
        Ok(())
    }

    /// Makes it all durable.
    ///
    /// # Errors
    /// Only those of the database; then nothing has happened.
    pub async fn commit(self) -> Result<()> {
        Ok(self.transaction.commit().await?)
    }
}
