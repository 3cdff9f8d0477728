//! Contents of worlds by their digests: what is known of each, other names, owners, and the
//! variants of pictures (docs/spec/media.md).

use sea_orm_migration::{
    MigrationName, MigrationTrait, SchemaManager, async_trait, sea_orm::DbErr,
};

use crate::table::{NULL, OnDelete::Cascade, REQUIRED, Table, Type, create, drop};

pub(crate) struct Media;

impl MigrationName for Media {
    fn name(&self) -> &str {
        "m0010_media"
    }
}

const TABLES: [&Table; 5] = [&BLOB, &ALIAS, &OWNER, &VARIANT, &BLOCK];

#[async_trait::async_trait]
impl MigrationTrait for Media {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create(manager, &TABLES).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop(manager, &TABLES).await
    }
}

/// `kinds` is a set of bits; `state` is `live`, `tombstoned`, `quarantined` or `blocked`; `pinned`
/// is 1 for what ships with the program and is never collected.
const BLOB: Table = Table {
    name: "media_blob",
    columns: &[
        ("digest", Type::Bytes, REQUIRED),
        ("size", Type::Long, REQUIRED),
        ("mime", Type::Text, REQUIRED),
        ("kinds", Type::Int, REQUIRED),
        ("width", Type::Int, NULL),
        ("height", Type::Int, NULL),
        ("frames", Type::Int, NULL),
        ("duration_ms", Type::Long, NULL),
        ("triangles", Type::Long, NULL),
        ("vertices", Type::Long, NULL),
        ("has_alpha", Type::Int, REQUIRED),
        ("cid", Type::Text, REQUIRED),
        ("warnings", Type::Json, NULL),
        ("pinned", Type::Int, REQUIRED),
        ("state", Type::Text, REQUIRED),
        ("created_at", Type::Instant, REQUIRED),
        ("changed_at", Type::Instant, REQUIRED),
    ],
    primary_key: &["digest"],
    references: &[],
    unique: &[],
    indexes: &[&["state", "changed_at"]],
};

/// Names besides the digest: those of the existing platform, ids of models, recipes, CIDs.
const ALIAS: Table = Table {
    name: "media_alias",
    columns: &[
        ("alias", Type::Text, REQUIRED),
        ("digest", Type::Bytes, REQUIRED),
    ],
    primary_key: &["alias"],
    references: &[(&["digest"], "media_blob", &["digest"], Cascade)],
    unique: &[],
    indexes: &[&["digest"]],
};

/// Users whose quota a content counts against.
const OWNER: Table = Table {
    name: "media_owner",
    columns: &[
        ("digest", Type::Bytes, REQUIRED),
        ("user_id", Type::Uuid, REQUIRED),
        ("created_at", Type::Instant, REQUIRED),
    ],
    primary_key: &["digest", "user_id"],
    references: &[
        (&["digest"], "media_blob", &["digest"], Cascade),
        (&["user_id"], "user", &["user_id"], Cascade),
    ],
    unique: &[],
    indexes: &[&["user_id"]],
};

/// Chunks of 1 MiB of larger contents, by which IPFS asks for them.
const BLOCK: Table = Table {
    name: "media_block",
    columns: &[
        ("digest", Type::Bytes, REQUIRED),
        ("position", Type::Long, REQUIRED),
        ("block", Type::Bytes, REQUIRED),
    ],
    primary_key: &["digest", "position"],
    references: &[(&["digest"], "media_blob", &["digest"], Cascade)],
    unique: &[],
    indexes: &[&["block"]],
};

const VARIANT: Table = Table {
    name: "media_variant",
    columns: &[
        ("digest", Type::Bytes, REQUIRED),
        ("recipe", Type::Text, REQUIRED),
        ("mime", Type::Text, REQUIRED),
        ("size", Type::Long, REQUIRED),
        ("width", Type::Int, REQUIRED),
        ("height", Type::Int, REQUIRED),
        ("last_hit", Type::Instant, REQUIRED),
    ],
    primary_key: &["digest", "recipe"],
    references: &[(&["digest"], "media_blob", &["digest"], Cascade)],
    unique: &[],
    indexes: &[&["last_hit"]],
};
