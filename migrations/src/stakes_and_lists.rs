//! Indexes for stakes by wallet and for the worlds of somebody who owns much else.

use sea_orm_migration::{
    MigrationName, MigrationTrait, SchemaManager, async_trait,
    sea_orm::DbErr,
    sea_query::{Alias, Index},
};

pub(crate) struct StakesAndLists;

impl MigrationName for StakesAndLists {
    fn name(&self) -> &str {
        "m0005_stakes_and_lists"
    }
}

/// Name, table and columns.
const INDEXES: [(&str, &str, &[&str]); 2] = [
    (
        "object_owner_id_parent_id_created_at_idx",
        "object",
        &["owner_id", "parent_id", "created_at", "object_id"],
    ),
    // The amount comes along, so that stakes that were taken back are skipped without a look at
    // their rows.
    (
        "stake_wallet_id_amount_idx",
        "stake",
        &["wallet_id", "amount"],
    ),
];

#[async_trait::async_trait]
impl MigrationTrait for StakesAndLists {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (name, table, columns) in INDEXES {
            let mut index = Index::create();
            index.name(name).table(Alias::new(table));
            for column in columns {
                index.col(Alias::new(*column));
            }
            manager.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (name, table, _) in INDEXES {
            let index = Index::drop().name(name).table(Alias::new(table)).to_owned();
            manager.drop_index(index).await?;
        }
        Ok(())
    }
}
