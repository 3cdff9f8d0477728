//! The index for lists and counts of what users have in an object, so that their cost depends on
//! the one attribute asked for and not on all that users keep there.

use sea_orm_migration::{
    MigrationName, MigrationTrait, SchemaManager, async_trait,
    sea_orm::DbErr,
    sea_query::{Alias, Index},
};

pub(crate) struct AttributeLists;

impl MigrationName for AttributeLists {
    fn name(&self) -> &str {
        "m0004_attributes"
    }
}

const TABLE: &str = "object_user_attribute";
const NAME: &str = "object_user_attribute_list_idx";
/// In the order of the lists: the last written first.
const COLUMNS: [&str; 5] = [
    "object_id",
    "plugin_id",
    "attribute_name",
    "updated_at",
    "user_id",
];

#[async_trait::async_trait]
impl MigrationTrait for AttributeLists {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut index = Index::create();
        index.name(NAME).table(Alias::new(TABLE));
        for column in COLUMNS {
            index.col(Alias::new(column));
        }
        manager.create_index(index).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let index = Index::drop().name(NAME).table(Alias::new(TABLE)).to_owned();
        manager.drop_index(index).await
    }
}
