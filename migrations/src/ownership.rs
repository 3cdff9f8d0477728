//! Worlds that were closed because their tokens are gone, facts by their transactions, chains that
//! are read anew beside their present rows, and transactions of our own (docs/spec/chains.md §3,
//! §5, §8).

use sea_orm_migration::{
    MigrationName, MigrationTrait, SchemaManager, async_trait,
    sea_orm::DbErr,
    sea_query::{Alias, ColumnDef, Index, Table as Change},
};

use crate::table::{NULL, OnDelete::Cascade, REQUIRED, Table, Type, create, drop};

pub(crate) struct Ownership;

impl MigrationName for Ownership {
    fn name(&self) -> &str {
        "m0012_ownership"
    }
}

const TABLES: [&Table; 2] = [&ARCHIVED, &ORDER];
const FACTS: &str = "chain_fact_transaction_idx";
/// `sources` says what the rows come from; none asks for them to be read anew. `shadow_of` is the
/// chain whose rows these will replace.
const COLUMNS: [&str; 2] = ["sources", "shadow_of"];

#[async_trait::async_trait]
impl MigrationTrait for Ownership {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create(manager, &TABLES).await?;
        let index = Index::create()
            .name(FACTS)
            .table(Alias::new("chain_fact"))
            .col(Alias::new("transaction"))
            .to_owned();
        manager.create_index(index).await?;
        for name in COLUMNS {
            let mut column = ColumnDef::new(Alias::new(name));
            match name {
                "sources" => column.text(),
                _ => column.uuid(),
            };
            let change = Change::alter()
                .table(Alias::new("chain"))
                .add_column(column)
                .to_owned();
            manager.alter_table(change).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let index = Index::drop()
            .name(FACTS)
            .table(Alias::new("chain_fact"))
            .to_owned();
        manager.drop_index(index).await?;
        for name in COLUMNS {
            let change = Change::alter()
                .table(Alias::new("chain"))
                .drop_column(Alias::new(name))
                .to_owned();
            manager.alter_table(change).await?;
        }
        drop(manager, &TABLES).await
    }
}

/// Worlds that are kept and not shown.
const ARCHIVED: Table = Table {
    name: "archived_world",
    columns: &[
        ("object_id", Type::Uuid, REQUIRED),
        ("archived_at", Type::Instant, REQUIRED),
    ],
    primary_key: &["object_id"],
    references: &[(&["object_id"], "object", &["object_id"], Cascade)],
    unique: &[],
    indexes: &[],
};

/// Transactions of our own, once each by key. `hashes` are all versions that were sent, which share
/// one nonce; `state` is `waiting`, `sent`, `done` or `failed`.
const ORDER: Table = Table {
    name: "chain_order",
    columns: &[
        ("chain_id", Type::Uuid, REQUIRED),
        ("key", Type::Text, REQUIRED),
        ("number", Type::Long, REQUIRED),
        ("to_account", Type::Bytes, REQUIRED),
        ("data", Type::Bytes, REQUIRED),
        ("state", Type::Text, REQUIRED),
        ("nonce", Type::Long, NULL),
        ("hashes", Type::Json, REQUIRED),
        ("raw", Type::Bytes, NULL),
        ("fee", Type::Text, NULL),
        ("error", Type::Text, NULL),
        ("created_at", Type::Instant, REQUIRED),
        ("sent_at", Type::Instant, NULL),
    ],
    primary_key: &["chain_id", "key"],
    references: &[(&["chain_id"], "chain", &["chain_id"], Cascade)],
    unique: &[],
    indexes: &[&["chain_id", "state", "number"]],
};
