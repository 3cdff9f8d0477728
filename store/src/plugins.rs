//! Plugins and the attribute types they declare (spec model §9).

use components::Umid;
use sea_orm::{
    ActiveValue::{NotSet, Set},
    EntityTrait, JsonValue,
    sea_query::OnConflict,
};

use crate::{
    PluginRow, PluginUpdate, Result, Store, StoreError,
    convert::{now, optional_json},
    entity::{attribute_type, plugin},
};

impl Store {
    /// Creates a plugin or replaces its description, with all attribute types it declares or with none of them. Options
    /// of the plugin stay.
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
        transaction.commit().await?;
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
