//! Indexes for the library of 3D assets: the caller's own entries and the public ones are each read
//! in the order of the list, so that its cost depends on what is shown and not on how much
//! everybody has uploaded.

use sea_orm_migration::{
    MigrationName, MigrationTrait, SchemaManager, async_trait,
    sea_orm::DbErr,
    sea_query::{Alias, Index},
};

pub(crate) struct Assets;

impl MigrationName for Assets {
    fn name(&self) -> &str {
        "m0009_assets"
    }
}

const TABLE: &str = "asset_3d_user";
/// Name and columns, in the order of the list.
const INDEXES: [(&str, &[&str]); 2] = [
    (
        "asset_3d_user_own_idx",
        &["user_id", "created_at", "asset_3d_id"],
    ),
    (
        "asset_3d_user_public_idx",
        &["is_private", "created_at", "asset_3d_id", "user_id"],
    ),
];

#[async_trait::async_trait]
impl MigrationTrait for Assets {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (name, columns) in INDEXES {
            let mut index = Index::create();
            index.name(name).table(Alias::new(TABLE));
            for column in columns {
                index.col(Alias::new(*column));
            }
            manager.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (name, _) in INDEXES {
            let index = Index::drop().name(name).table(Alias::new(TABLE)).to_owned();
            manager.drop_index(index).await?;
        }
        Ok(())
    }
}
