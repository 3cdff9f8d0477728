//! Rows that a node keeps in memory besides the worlds themselves.

use components::{JsonMap, Umid};
use sea_orm::{EntityTrait, QueryOrder, QuerySelect};

use crate::{
    AssetRow, AttributeRecord, AttributeTypeRow, PluginRow, Result, Store, StoreError,
    attributes::attribute_record,
    convert::{map, tolerant_map},
    database::schema::require_migrated,
    entity::{
        archived_world, asset_2d, asset_3d, attribute_type, node_attribute, object, object_type,
        plugin, user_membership, user_object,
    },
    objects::{members::is_admin, tree::attribute_id},
};

/// Everything a node keeps in memory besides the worlds themselves, loaded with one query per
/// table.
#[derive(Clone, Debug, Default)]
pub struct DirectoryRows {
    /// The node: the one object that is its own parent.
    pub node: Umid,
    /// All objects of all worlds, the node included.
    pub objects: Vec<ObjectLink>,
    /// Worlds that are kept and not shown.
    pub archived: Vec<Umid>,
    /// (object, user) of every member with role `admin`.
    pub admins: Vec<(Umid, Umid)>,
    /// (member_of, user) edges of group membership.
    pub memberships: Vec<(Umid, Umid)>,
    /// All object types.
    pub object_types: Vec<ObjectTypeRow>,
    /// All attribute types.
    pub attribute_types: Vec<AttributeTypeRow>,
    /// All plugins.
    pub plugins: Vec<PluginRow>,
    /// All 2D assets.
    pub assets_2d: Vec<AssetRow>,
    /// All 3D assets.
    pub assets_3d: Vec<AssetRow>,
    /// All attributes of the node.
    pub node_attributes: Vec<AttributeRecord>,
}

/// Row of an object for the authority.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ObjectLink {
    /// The object.
    pub id: Umid,
    /// Its parent; its own id for the node.
    pub parent: Umid,
    /// Its owner.
    pub owner: Umid,
    /// Its type.
    pub object_type: Umid,
}

/// A template for objects.
#[derive(Clone, Debug, PartialEq)]
pub struct ObjectTypeRow {
    /// The type.
    pub id: Umid,
    /// Default 2D asset.
    pub asset_2d: Option<Umid>,
    /// Default 3D asset.
    pub asset_3d: Option<Umid>,
    /// Unique name.
    pub name: String,
    /// Category; "Worlds" protects from deletion.
    pub category: String,
    /// Default options.
    pub options: JsonMap,
}

impl Store {
    /// Loads the directory of one moment, one query per table.
    ///
    /// # Errors
    /// `NotMigrated`, `NodeNotFound` when there is no node yet (see [`Store::seed`]).
    pub async fn load_directory(&self) -> Result<DirectoryRows> {
        let db = self.snapshot().await?;
        require_migrated(&db).await?;
        let objects: Vec<(Umid, Umid, Umid, Umid)> = object::Entity::find()
            .select_only()
            .columns([
                object::Column::ObjectId,
                object::Column::ParentId,
                object::Column::OwnerId,
                object::Column::ObjectTypeId,
            ])
            .into_tuple()
            .all(&db)
            .await?;
        let archived = archived_world::Entity::find()
            .select_only()
            .column(archived_world::Column::ObjectId)
            .into_tuple()
            .all(&db)
            .await?;
        let members = user_object::Entity::find().all(&db).await?;
        let memberships = user_membership::Entity::find()
            .select_only()
            .columns([
                user_membership::Column::MemberOf,
                user_membership::Column::UserId,
            ])
            .into_tuple()
            .all(&db)
            .await?;
        let object_types = object_type::Entity::find()
            .order_by_asc(object_type::Column::ObjectTypeId)
            .all(&db)
            .await?;
        let attribute_types = attribute_type::Entity::find().all(&db).await?;
        let plugins = plugin::Entity::find()
            .order_by_asc(plugin::Column::PluginId)
            .all(&db)
            .await?;
        let assets_2d = asset_2d::Entity::find()
            .order_by_asc(asset_2d::Column::Asset2dId)
            .all(&db)
            .await?;
        let assets_3d = asset_3d::Entity::find()
            .order_by_asc(asset_3d::Column::Asset3dId)
            .all(&db)
            .await?;
        let node_attributes = node_attribute::Entity::find().all(&db).await?;
        db.commit().await?;

        let objects: Vec<ObjectLink> = objects
            .into_iter()
            .map(|(id, parent, owner, object_type)| ObjectLink {
                id,
                parent,
                owner,
                object_type,
            })
            .collect();
        let node = objects
            .iter()
            .find(|o| o.id == o.parent)
            .map(|o| o.id)
            .ok_or(StoreError::NodeNotFound)?;
        Ok(DirectoryRows {
            node,
            objects,
            archived,
            admins: members
                .iter()
                .filter(|m| is_admin(m))
                .map(|m| (m.object_id, m.user_id))
                .collect(),
            memberships,
            object_types: collect(object_types)?,
            attribute_types: collect(attribute_types)?,
            plugins: collect(plugins)?,
            assets_2d: collect(assets_2d)?,
            assets_3d: collect(assets_3d)?,
            node_attributes: collect(node_attributes)?,
        })
    }
}

fn collect<T, U: TryFrom<T, Error = StoreError>>(rows: Vec<T>) -> Result<Vec<U>> {
    rows.into_iter().map(U::try_from).collect()
}

impl TryFrom<object_type::Model> for ObjectTypeRow {
    type Error = StoreError;

    fn try_from(row: object_type::Model) -> Result<Self> {
        Ok(ObjectTypeRow {
            id: row.object_type_id,
            asset_2d: row.asset_2d_id,
            asset_3d: row.asset_3d_id,
            name: row.object_type_name,
            category: row.category_name,
            options: tolerant_map(
                Some(row.options),
                format_args!("the options of object type {}", row.object_type_id),
            )
            .unwrap_or_default(),
        })
    }
}

impl TryFrom<attribute_type::Model> for AttributeTypeRow {
    type Error = StoreError;

    fn try_from(row: attribute_type::Model) -> Result<Self> {
        Ok(AttributeTypeRow {
            id: attribute_id(row.plugin_id, row.attribute_name),
            description: row.description,
            options: tolerant_map(row.options, "the options of an attribute type"),
        })
    }
}

impl TryFrom<plugin::Model> for PluginRow {
    type Error = StoreError;

    fn try_from(row: plugin::Model) -> Result<Self> {
        Ok(PluginRow {
            id: row.plugin_id,
            meta: map(row.meta)?,
            options: tolerant_map(row.options, "the options of a plugin or an asset"),
            created_at: row.created_at.and_utc(),
            updated_at: row.updated_at.and_utc(),
        })
    }
}

impl TryFrom<asset_2d::Model> for AssetRow {
    type Error = StoreError;

    fn try_from(row: asset_2d::Model) -> Result<Self> {
        Ok(AssetRow {
            id: row.asset_2d_id,
            meta: map(row.meta)?,
            options: tolerant_map(row.options, "the options of a plugin or an asset"),
        })
    }
}

impl TryFrom<asset_3d::Model> for AssetRow {
    type Error = StoreError;

    fn try_from(row: asset_3d::Model) -> Result<Self> {
        Ok(AssetRow {
            id: row.asset_3d_id,
            meta: map(row.meta)?,
            options: tolerant_map(row.options, "the options of a plugin or an asset"),
        })
    }
}

impl TryFrom<node_attribute::Model> for AttributeRecord {
    type Error = StoreError;

    fn try_from(row: node_attribute::Model) -> Result<Self> {
        let id = attribute_id(row.plugin_id, row.attribute_name);
        attribute_record(
            id,
            Some(row.value),
            row.options,
            row.created_at,
            row.updated_at,
        )
    }
}
