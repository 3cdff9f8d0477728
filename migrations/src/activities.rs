//! Indexes for the news feed, the timelines and the contributions to canvases: each holds all that
//! its list is chosen, ordered and counted by, so that what is skipped or not shown is never read
//! from the table.

use sea_orm_migration::{
    MigrationName, MigrationTrait, SchemaManager, async_trait,
    sea_orm::DbErr,
    sea_query::{Alias, Index, IndexOrder},
};

pub(crate) struct Activities;

impl MigrationName for Activities {
    fn name(&self) -> &str {
        "m0007_activities"
    }
}

/// Name, table and columns, in the order of the list.
const INDEXES: [(&str, &str, &[&str]); 3] = [
    (
        "activity_feed_idx",
        "activity",
        &["created_at", "activity_id", "type"],
    ),
    (
        "activity_timeline_idx",
        "activity",
        &["object_id", "created_at", "activity_id", "type"],
    ),
    (
        "object_user_attribute_type_idx",
        "object_user_attribute",
        &["object_id", "plugin_id", "attribute_name"],
    ),
];
/// The news feed's first index, of which `activity_feed_idx` does everything.
const SUPERSEDED: &str = "activity_created_at_idx";

#[async_trait::async_trait]
impl MigrationTrait for Activities {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (name, table, columns) in INDEXES {
            let mut index = Index::create();
            index.name(name).table(Alias::new(table));
            for column in columns {
                index.col(Alias::new(*column));
            }
            manager.create_index(index).await?;
        }
        drop(manager, SUPERSEDED, "activity").await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let superseded = Index::create()
            .name(SUPERSEDED)
            .table(Alias::new("activity"))
            .col((Alias::new("created_at"), IndexOrder::Desc))
            .to_owned();
        manager.create_index(superseded).await?;
        for (name, table, _) in INDEXES {
            drop(manager, name, table).await?;
        }
        Ok(())
    }
}

async fn drop(manager: &SchemaManager<'_>, index: &str, table: &str) -> Result<(), DbErr> {
    let index = Index::drop()
        .name(index)
        .table(Alias::new(table))
        .to_owned();
    manager.drop_index(index).await
}
