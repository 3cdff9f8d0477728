//! Indexes for the lists that every client asks for when it starts, and for finding the node, so
//! that their cost depends on what is shown and not on how many objects and users there are.

use sea_orm_migration::{
    MigrationName, MigrationTrait, SchemaManager, async_trait,
    sea_orm::{ConnectionTrait, DbErr},
    sea_query::{Alias, Index},
};

pub(crate) struct Lists;

impl MigrationName for Lists {
    fn name(&self) -> &str {
        "m0003_lists"
    }
}

/// Name, table and columns, in the order of the list.
const INDEXES: [(&str, &str, [&str; 3]); 2] = [
    (
        "object_parent_id_created_at_idx",
        "object",
        ["parent_id", "created_at", "object_id"],
    ),
    (
        "user_type_created_at_idx",
        "user",
        ["user_type_id", "created_at", "user_id"],
    ),
];
const NODE: &str = "object_node_idx";
/// Holds one row; the query builder knows no conditions on indexes.
const CREATE_NODE: &str =
    "CREATE INDEX object_node_idx ON object (object_id, parent_id) WHERE object_id = parent_id";

#[async_trait::async_trait]
impl MigrationTrait for Lists {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (name, table, columns) in INDEXES {
            let mut index = Index::create();
            index.name(name).table(Alias::new(table));
            for column in columns {
                index.col(Alias::new(column));
            }
            manager.create_index(index).await?;
        }
        let database = manager.get_connection();
        database.execute_unprepared(CREATE_NODE).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let indexes = INDEXES.map(|(name, table, _)| (name, table));
        for (name, table) in indexes.into_iter().chain([(NODE, "object")]) {
            let index = Index::drop().name(name).table(Alias::new(table)).to_owned();
            manager.drop_index(index).await?;
        }
        Ok(())
    }
}
