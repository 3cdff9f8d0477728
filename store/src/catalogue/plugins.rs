//! Plugins and the attribute types they declare (docs/spec/model.md §5.7).

use chrono::{DateTime, Utc};
use components::{AttributeId, JsonMap, Umid};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    EntityTrait, JsonValue,
    sea_query::OnConflict,
};

use crate::{
    Result, Store, StoreError,
    convert::{now, optional_json},
    entity::{attribute_type, plugin},
};

/// A JSON slot declared by a plugin.
#[derive(Clone, Debug, PartialEq)]
pub struct AttributeTypeRow {
    /// Plugin and name.
    pub id: AttributeId,
    /// Free text.
    pub description: String,
    /// Default options (permissions, posbus_auto, render_auto, cloneable).
    pub options: Option<JsonMap>,
}

/// A namespace for attribute types, perhaps with a front-end bundle.
#[derive(Clone, Debug, PartialEq)]
pub struct PluginRow {
    /// The plugin.
    pub id: Umid,
    /// Manifest fields.
    pub meta: JsonMap,
    /// Options.
    pub options: Option<JsonMap>,
    /// When it was added.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// A plugin to store, with what it declares.
#[derive(Clone, Debug, PartialEq)]
pub struct PluginUpdate {
    /// The plugin, new or known.
    pub id: Umid,
    /// Manifest fields, replacing all.
    pub meta: JsonMap,
    /// Attribute types to create or to replace; others of the plugin stay as they are.
    pub attribute_types: Vec<AttributeTypeRow>,
}

impl Store {
    /// Creates a plugin or replaces its description, with all attribute types it declares or with
    /// none of them. Options of the plugin stay.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn save_plugin(&self, update: &PluginUpdate) -> Result<PluginRow> {
        let time = now().naive_utc();
        let transaction = self.begin().await?;
        let row = plugin::ActiveModel {
            plugin_id: Set(update.id),
            meta: Set(JsonValue::Object(update.meta.clone())),
            options: NotSet,
            created_at: Set(time),
            updated_at: Set(time),
        };
        let mut then = OnConflict::column(plugin::Column::PluginId);
        then.update_columns([plugin::Column::Meta, plugin::Column::UpdatedAt]);
        plugin::Entity::insert(row)
            .on_conflict(then)
            .exec_without_returning(&transaction)
            .await?;
        let types = update
            .attribute_types
            .iter()
            .map(|declared| attribute_type::ActiveModel {
                plugin_id: Set(update.id),
                attribute_name: Set(declared.id.name.clone()),
                description: Set(declared.description.clone()),
                options: Set(optional_json(declared.options.as_ref())),
            });
        let types: Vec<_> = types.collect();
        if !types.is_empty() {
            let mut then = OnConflict::columns([
                attribute_type::Column::PluginId,
                attribute_type::Column::AttributeName,
            ]);
            then.update_columns([
                attribute_type::Column::Description,
                attribute_type::Column::Options,
            ]);
            attribute_type::Entity::insert_many(types)
                .on_conflict(then)
                .exec_without_returning(&transaction)
                .await?;
        }
        let stored = read(&transaction, update.id).await?;
        self.commit(transaction).await?;
        Ok(stored)
    }
}

async fn read<C: sea_orm::ConnectionTrait>(db: &C, id: Umid) -> Result<PluginRow> {
    plugin::Entity::find_by_id(id)
        .one(db)
        .await?
        .ok_or(StoreError::PluginNotFound)?
        .try_into()
}
