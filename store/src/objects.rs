//! Objects: reading, creating, changing and deleting.
//!
//! In the folder: `tree` (recursive queries), `members`, `claim` and `spawn`.

mod claim;
pub(crate) mod members;
mod spawn;
pub(crate) mod tree;

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use components::{AttributeId, AttributeTarget, JsonMap, Transform, Umid};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, DatabaseTransaction, EntityTrait, IntoActiveModel,
    JsonValue, QueryFilter, QueryOrder,
};

use crate::{
    AttributeRecord, NewActivity, Result, Store, StoreError, attributes,
    convert::{json, now, optional_json},
    database::sql::BATCH,
    entity::{object, object_attribute, object_user_attribute},
    error::Referent,
    objects::tree::{by_object, object_record},
    social::activities,
};

pub use members::MemberRow;
pub use tree::{OutlineRow, TreeRow};

/// An object as stored, with all its attributes.
#[derive(Clone, Debug, PartialEq)]
pub struct ObjectRecord {
    /// The object.
    pub id: Umid,
    /// Its type.
    pub object_type: Umid,
    /// Its owner.
    pub owner: Umid,
    /// Its parent.
    pub parent: Umid,
    /// Own 2D asset, overriding that of the type.
    pub asset_2d: Option<Umid>,
    /// Own 3D asset, overriding that of the type.
    pub asset_3d: Option<Umid>,
    /// Own options, to be merged over those of the type.
    pub options: Option<JsonMap>,
    /// Stored transform, absolute in world space; `None` means automatic placement.
    pub transform: Option<Transform>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
    /// Its attributes, by id.
    pub attributes: Vec<AttributeRecord>,
}

/// An object to insert.
#[derive(Clone, Debug, PartialEq)]
pub struct NewObjectRow {
    /// The object.
    pub id: Umid,
    /// Its type.
    pub object_type: Umid,
    /// Its owner.
    pub owner: Umid,
    /// Its parent; in `Seed::welcome` the nil id stands for the node.
    pub parent: Umid,
    /// Own 2D asset.
    pub asset_2d: Option<Umid>,
    /// Own 3D asset.
    pub asset_3d: Option<Umid>,
    /// Own options.
    pub options: Option<JsonMap>,
    /// Transform in world space.
    pub transform: Option<Transform>,
    /// Attributes to create with it.
    pub attributes: Vec<(AttributeId, JsonMap)>,
}

/// Objects to insert together with what belongs to them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Creation {
    /// The objects, parents before their children.
    pub objects: Vec<NewObjectRow>,
    /// Own options of attributes of those objects: object, attribute, options.
    pub attribute_options: Vec<(Umid, AttributeId, JsonMap)>,
    /// Attributes of users in those objects.
    pub user_attributes: Vec<NewUserAttribute>,
    /// Description of the object in the news.
    pub news: Option<NewActivity>,
}

/// An attribute of a user in an object, to insert with the object.
#[derive(Clone, Debug, PartialEq)]
pub struct NewUserAttribute {
    /// The object.
    pub object: Umid,
    /// The user.
    pub user: Umid,
    /// Plugin and name.
    pub id: AttributeId,
    /// Value.
    pub value: JsonMap,
}

/// Changes of an object; `None` leaves a field alone, `Some(None)` clears it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ObjectPatch {
    /// New display name (attribute `name` of the core plugin).
    pub name: Option<String>,
    /// New 2D asset.
    pub asset_2d: Option<Option<Umid>>,
    /// New 3D asset.
    pub asset_3d: Option<Option<Umid>>,
    /// New options, replacing all.
    pub options: Option<Option<JsonMap>>,
    /// New owner.
    pub owner: Option<Umid>,
}

impl Store {
    /// An object with its attributes.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn object(&self, id: Umid) -> Result<Option<ObjectRecord>> {
        let snapshot = self.snapshot().await?;
        let record = read(&snapshot, id).await?;
        snapshot.commit().await?;
        Ok(record)
    }

    /// Inserts objects with their attributes, all or none; a parent comes before its children.
    /// Returns the creation time they all got.
    ///
    /// # Errors
    /// `Dangling` when a parent, owner, type, asset or attribute type is gone, `Duplicate` when an
    /// id is taken; `Invalid` when a transform is not finite.
    pub async fn insert_objects(&self, objects: &[NewObjectRow]) -> Result<DateTime<Utc>> {
        let time = now();
        let transaction = self.begin().await?;
        insert(&transaction, objects, time).await?;
        self.commit(transaction).await?;
        Ok(time)
    }

    /// Inserts objects with all that belongs to them, all or nothing. Returns the creation time
    /// they all got.
    ///
    /// # Errors
    /// As [`Store::insert_objects`]; `Dangling` also when a user is gone.
    pub async fn create(&self, creation: &Creation) -> Result<DateTime<Utc>> {
        let time = now();
        let options: Options<'_> = creation
            .attribute_options
            .iter()
            .map(|(object, id, options)| ((*object, id), options))
            .collect();
        let transaction = self.begin().await?;
        insert_with(&transaction, &creation.objects, &options, time).await?;
        let attributes = creation.user_attributes.iter();
        let attributes: Vec<_> = attributes
            .map(|new| user_attribute_row(new, time).into_active_model())
            .collect();
        for batch in attributes.chunks(BATCH).map(<[_]>::to_vec) {
            object_user_attribute::Entity::insert_many(batch)
                .exec_without_returning(&transaction)
                .await
                .map_err(|e| StoreError::from(e).dangling(Referent::UserOrAttributeType))?;
        }
        if let Some(news) = &creation.news {
            activities::insert(&transaction, news, time).await?;
        }
        self.commit(transaction).await?;
        Ok(time)
    }

    /// Changes an object; a name goes into the attribute `name` of the core plugin, leaving its
    /// other keys alone. Returns the object as it is then: read before the commit, so that who
    /// stored a change can always tell of it.
    ///
    /// # Errors
    /// `ObjectNotFound`, `Dangling` when the new owner or asset is gone.
    pub async fn update_object(&self, id: Umid, patch: &ObjectPatch) -> Result<ObjectRecord> {
        let time = now();
        let transaction = self.begin().await?;
        let mut row = object::ActiveModel {
            updated_at: Set(time.naive_utc()),
            ..Default::default()
        };
        if let Some(asset) = patch.asset_2d {
            row.asset_2d_id = Set(asset);
        }
        if let Some(asset) = patch.asset_3d {
            row.asset_3d_id = Set(asset);
        }
        if let Some(options) = &patch.options {
            row.options = Set(optional_json(options.as_ref()));
        }
        if let Some(owner) = patch.owner {
            row.owner_id = Set(owner);
        }
        let update = object::Entity::update_many()
            .set(row)
            .filter(object::Column::ObjectId.eq(id));
        let updated = update
            .exec(&transaction)
            .await
            .map_err(|e| StoreError::from(e).dangling(Referent::OfObject))?;
        if updated.rows_affected == 0 {
            return Err(StoreError::ObjectNotFound);
        }
        if let Some(name) = &patch.name {
            let target = AttributeTarget::Object(id);
            let value = JsonValue::from(name.as_str());
            attributes::set_sub(
                &transaction,
                target,
                &components::ids::core("name"),
                "name",
                &value,
                time,
            )
            .await?;
        }
        let record = read(&transaction, id)
            .await?
            .ok_or(StoreError::ObjectNotFound)?;
        self.commit(transaction).await?;
        Ok(record)
    }

    /// Deletes an object and all below it. Returns the ids deleted, parents before children.
    ///
    /// # Errors
    /// `ObjectNotFound`, `NodeUndeletable` for the node itself.
    pub async fn delete_object(&self, id: Umid) -> Result<Vec<Umid>> {
        let transaction = self.begin().await?;
        let row = object::Entity::find_by_id(id)
            .one(&transaction)
            .await?
            .ok_or(StoreError::ObjectNotFound)?;
        if row.parent_id == id {
            return Err(StoreError::NodeUndeletable);
        }
        let ids = self.lock_subtree(&transaction, id).await?;
        // Leaves first, so that no cascade has to recurse.
        for batch in ids.rchunks(BATCH).map(<[Umid]>::to_vec) {
            let delete =
                object::Entity::delete_many().filter(object::Column::ObjectId.is_in(batch));
            delete.exec(&transaction).await?;
        }
        self.commit(transaction).await?;
        if ids.is_empty() {
            Err(StoreError::ObjectNotFound)
        } else {
            Ok(ids)
        }
    }
}

impl Store {
    /// Hands all worlds of one user over to another; which they are.
    ///
    /// # Errors
    /// `Dangling` without the heir.
    pub async fn hand_over_worlds(&self, node: Umid, from: Umid, to: Umid) -> Result<Vec<Umid>> {
        let transaction = self.begin().await?;
        let worlds = || {
            Condition::all()
                .add(object::Column::ParentId.eq(node))
                .add(object::Column::ObjectId.ne(node))
                .add(object::Column::OwnerId.eq(from))
        };
        let handed: Vec<Umid> = object::Entity::find()
            .filter(worlds())
            .all(&transaction)
            .await?
            .into_iter()
            .map(|row| row.object_id)
            .collect();
        object::Entity::update_many()
            .set(object::ActiveModel {
                owner_id: Set(to),
                ..Default::default()
            })
            .filter(worlds())
            .exec(&transaction)
            .await
            .map_err(|error| StoreError::from(error).dangling(Referent::Heir))?;
        self.commit(transaction).await?;
        Ok(handed)
    }
}

/// Reads an object with its attributes within a transaction.
pub(crate) async fn read(
    transaction: &DatabaseTransaction,
    id: Umid,
) -> Result<Option<ObjectRecord>> {
    let Some(row) = object::Entity::find_by_id(id).one(transaction).await? else {
        return Ok(None);
    };
    let attributes = object_attribute::Entity::find()
        .filter(object_attribute::Column::ObjectId.eq(id))
        .order_by_asc(object_attribute::Column::PluginId)
        .order_by_asc(object_attribute::Column::AttributeName)
        .all(transaction)
        .await?;
    let attributes = by_object(attributes)?.remove(&id).unwrap_or_default();
    object_record(row, attributes).map(Some)
}

/// Options of attribute rows, by object and attribute.
type Options<'a> = HashMap<(Umid, &'a AttributeId), &'a JsonMap>;

/// Inserts objects and their attributes within a transaction.
pub(crate) async fn insert(
    transaction: &DatabaseTransaction,
    objects: &[NewObjectRow],
    time: DateTime<Utc>,
) -> Result<()> {
    insert_with(transaction, objects, &Options::new(), time).await
}

async fn insert_with(
    transaction: &DatabaseTransaction,
    objects: &[NewObjectRow],
    options: &Options<'_>,
    time: DateTime<Utc>,
) -> Result<()> {
    for batch in objects.chunks(BATCH) {
        let rows = batch
            .iter()
            .map(|new| row(new, time))
            .collect::<Result<Vec<_>>>()?;
        object::Entity::insert_many(rows)
            .exec_without_returning(transaction)
            .await
            .map_err(|e| StoreError::from(e).dangling(Referent::OfObject))?;
    }
    let attributes: Vec<_> = objects
        .iter()
        .flat_map(|new| {
            new.attributes
                .iter()
                .map(move |(id, value)| (new.id, id, value))
        })
        .map(|(object, id, value)| {
            let options = options.get(&(object, id)).copied();
            attribute_row(object, id, value, options, time).into_active_model()
        })
        .collect();
    for batch in attributes.chunks(BATCH).map(<[_]>::to_vec) {
        object_attribute::Entity::insert_many(batch)
            .exec_without_returning(transaction)
            .await
            .map_err(|e| StoreError::from(e).dangling(Referent::AttributeType))?;
    }
    Ok(())
}

fn row(new: &NewObjectRow, time: DateTime<Utc>) -> Result<object::ActiveModel> {
    if new
        .transform
        .is_some_and(|transform| !transform.is_finite())
    {
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
        updated_at: time.naive_utc(),
        created_at: time.naive_utc(),
    };
    Ok(row.into_active_model())
}

fn attribute_row(
    object: Umid,
    id: &AttributeId,
    value: &JsonMap,
    options: Option<&JsonMap>,
    time: DateTime<Utc>,
) -> object_attribute::Model {
    object_attribute::Model {
        plugin_id: id.plugin,
        attribute_name: id.name.clone(),
        object_id: object,
        value: Some(JsonValue::Object(value.clone())),
        options: optional_json(options),
        created_at: time.naive_utc(),
        updated_at: time.naive_utc(),
    }
}

fn user_attribute_row(new: &NewUserAttribute, time: DateTime<Utc>) -> object_user_attribute::Model {
    object_user_attribute::Model {
        user_id: new.user,
        object_id: new.object,
        attribute_name: new.id.name.clone(),
        plugin_id: new.id.plugin,
        value: Some(JsonValue::Object(new.value.clone())),
        options: None,
        created_at: time.naive_utc(),
        updated_at: time.naive_utc(),
    }
}
