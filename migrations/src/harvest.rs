//! The harvester's own tables: which block of a chain it stands at, what it derived, and how to
//! take that back (docs/spec/chains.md §3).

use sea_orm_migration::{
    MigrationName, MigrationTrait, SchemaManager, async_trait, sea_orm::DbErr,
};

use crate::table::{
    Column, NULL, OnDelete::Cascade, REQUIRED, Reference, Table, Type, create, drop,
};

pub(crate) struct Harvest;

impl MigrationName for Harvest {
    fn name(&self) -> &str {
        "m0011_harvest"
    }
}

const TABLES: [&Table; 7] = [&CHAIN, &BLOCK, &CELL, &UNDO, &FACT, &OUTBOX, &DEAD];

#[async_trait::async_trait]
impl MigrationTrait for Harvest {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create(manager, &TABLES).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop(manager, &TABLES).await
    }
}

const CHAIN_ID: Column = ("chain_id", Type::Uuid, REQUIRED);
const NUMBER: Column = ("number", Type::Long, REQUIRED);
const OF_CHAIN: Reference = (&["chain_id"], "chain", &["chain_id"], Cascade);

/// `identity` is what the chain says of itself: its id or the hash of its first block. `applied` is
/// the last block whose facts are in the rows; numbers are -1 before the first.
const CHAIN: Table = Table {
    name: "chain",
    columns: &[
        CHAIN_ID,
        ("name", Type::Text, REQUIRED),
        ("identity", Type::Bytes, REQUIRED),
        ("applied_number", Type::Long, REQUIRED),
        ("applied_hash", Type::Bytes, REQUIRED),
        ("finalized_number", Type::Long, REQUIRED),
        ("finalized_hash", Type::Bytes, REQUIRED),
        ("updated_at", Type::Instant, REQUIRED),
    ],
    primary_key: &["chain_id"],
    references: &[],
    unique: &[],
    indexes: &[],
};

/// Applied blocks that a reorganisation may still replace.
const BLOCK: Table = Table {
    name: "chain_block",
    columns: &[
        CHAIN_ID,
        NUMBER,
        ("hash", Type::Bytes, REQUIRED),
        ("parent", Type::Bytes, REQUIRED),
    ],
    primary_key: &["chain_id", "number"],
    references: &[OF_CHAIN],
    unique: &[],
    indexes: &[],
};

/// One derived value each: an amount as 32 bytes, an account as it is.
const CELL: Table = Table {
    name: "chain_cell",
    columns: &[
        CHAIN_ID,
        ("kind", Type::Int, REQUIRED),
        ("cell", Type::Bytes, REQUIRED),
        ("value", Type::Bytes, REQUIRED),
        NUMBER,
    ],
    primary_key: &["chain_id", "kind", "cell"],
    references: &[OF_CHAIN],
    unique: &[],
    indexes: &[],
};

/// Values before a block that may still be replaced; `value` is null where there was none.
const UNDO: Table = Table {
    name: "chain_undo",
    columns: &[
        CHAIN_ID,
        NUMBER,
        ("kind", Type::Int, REQUIRED),
        ("cell", Type::Bytes, REQUIRED),
        ("value", Type::Bytes, NULL),
        ("value_number", Type::Long, REQUIRED),
    ],
    primary_key: &["chain_id", "number", "kind", "cell"],
    references: &[OF_CHAIN],
    unique: &[],
    indexes: &[],
};

/// Everything that was seen, in the order of the chain.
const FACT: Table = Table {
    name: "chain_fact",
    columns: &[
        CHAIN_ID,
        NUMBER,
        ("position", Type::Long, REQUIRED),
        ("block", Type::Bytes, REQUIRED),
        ("transaction", Type::Bytes, REQUIRED),
        ("fact", Type::Json, REQUIRED),
    ],
    primary_key: &["chain_id", "number", "position"],
    references: &[OF_CHAIN],
    unique: &[],
    indexes: &[],
};

/// Effects that are to happen, or to be taken back; `state` is `pending`, `done`, `retracting`,
/// `retracted` or `dead`. The key is the same whenever the same thing is seen again.
const OUTBOX: Table = Table {
    name: "chain_outbox",
    columns: &[
        CHAIN_ID,
        ("key", Type::Text, REQUIRED),
        NUMBER,
        ("position", Type::Long, REQUIRED),
        ("block", Type::Bytes, REQUIRED),
        ("effect", Type::Json, REQUIRED),
        ("state", Type::Text, REQUIRED),
        ("attempts", Type::Int, REQUIRED),
        ("error", Type::Text, NULL),
        ("due", Type::Instant, REQUIRED),
    ],
    primary_key: &["chain_id", "key"],
    references: &[OF_CHAIN],
    unique: &[],
    indexes: &[&["chain_id", "state", "number"]],
};

/// Facts that made no sense.
const DEAD: Table = Table {
    name: "chain_dead_letter",
    columns: &[
        CHAIN_ID,
        NUMBER,
        ("position", Type::Long, REQUIRED),
        ("raw", Type::Bytes, REQUIRED),
        ("reason", Type::Text, REQUIRED),
        ("seen_at", Type::Instant, REQUIRED),
    ],
    primary_key: &["chain_id", "number", "position"],
    references: &[OF_CHAIN],
    unique: &[],
    indexes: &[],
};
