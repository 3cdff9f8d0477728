//! The reference schema: core tables (docs/spec/model.md §2.1), attribute tables and the chain
//! mirror.

use sea_orm_migration::{
    MigrationName, MigrationTrait, SchemaManager, async_trait,
    sea_orm::{ConnectionTrait, DbBackend, DbErr},
};

use crate::{
    attributes::{
        NODE_ATTRIBUTE, OBJECT_ATTRIBUTE, OBJECT_USER_ATTRIBUTE, USER_ATTRIBUTE,
        USER_USER_ATTRIBUTE,
    },
    chain::{
        BALANCE, BLOCKCHAIN, CONTRACT, HARVESTER_BLOCKCHAIN, HARVESTER_ETHERS, HARVESTER_NFTS,
        HARVESTER_TOKENS, NFT, PENDING_STAKE, STAKE, WALLET,
    },
    table::{
        NULL,
        OnDelete::{Cascade, Restrict},
        REQUIRED, Table, Type, create, drop,
    },
};

pub(crate) struct Baseline;

impl MigrationName for Baseline {
    fn name(&self) -> &str {
        "m0001_baseline"
    }
}

/// In order of dependency.
pub(crate) const TABLES: [&Table; 30] = [
    &PLUGIN,
    &ATTRIBUTE_TYPE,
    &ASSET_2D,
    &ASSET_3D,
    &OBJECT_TYPE,
    &USER_TYPE,
    &USER,
    &OBJECT,
    &ASSET_3D_USER,
    &USER_MEMBERSHIP,
    &USER_OBJECT,
    &ACTIVITY,
    &OBJECT_ACTIVITY,
    &USER_ACTIVITY,
    &NODE_ATTRIBUTE,
    &OBJECT_ATTRIBUTE,
    &USER_ATTRIBUTE,
    &OBJECT_USER_ATTRIBUTE,
    &USER_USER_ATTRIBUTE,
    &BLOCKCHAIN,
    &WALLET,
    &CONTRACT,
    &BALANCE,
    &NFT,
    &STAKE,
    &PENDING_STAKE,
    &HARVESTER_BLOCKCHAIN,
    &HARVESTER_TOKENS,
    &HARVESTER_NFTS,
    &HARVESTER_ETHERS,
];

#[async_trait::async_trait]
impl MigrationTrait for Baseline {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create(manager, &TABLES).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if manager.get_database_backend() == DbBackend::Sqlite {
            // Dropping a table deletes its rows first, which a row that is its own parent would not
            // survive checked.
            manager
                .get_connection()
                .execute_unprepared("DELETE FROM object")
                .await?;
        }
        drop(manager, &TABLES).await
    }
}

const PLUGIN: Table = Table {
    name: "plugin",
    columns: &[
        ("plugin_id", Type::Uuid, REQUIRED),
        ("meta", Type::JsonObject, REQUIRED),
        ("options", Type::Json, NULL),
        ("created_at", Type::TimeOrNow, REQUIRED),
        ("updated_at", Type::TimeOrNow, REQUIRED),
    ],
    primary_key: &["plugin_id"],
    references: &[],
    unique: &[],
    indexes: &[],
};

const ATTRIBUTE_TYPE: Table = Table {
    name: "attribute_type",
    columns: &[
        ("plugin_id", Type::Uuid, REQUIRED),
        ("attribute_name", Type::Name, REQUIRED),
        ("description", Type::TextOrEmpty, REQUIRED),
        ("options", Type::Json, NULL),
    ],
    primary_key: &["plugin_id", "attribute_name"],
    references: &[(&["plugin_id"], "plugin", &["plugin_id"], Cascade)],
    unique: &[],
    indexes: &[&["plugin_id"]],
};

const ASSET_2D: Table = Table {
    name: "asset_2d",
    columns: &[
        ("asset_2d_id", Type::Uuid, REQUIRED),
        ("meta", Type::JsonObject, REQUIRED),
        ("options", Type::JsonObject, NULL),
        ("created_at", Type::TimeOrNow, REQUIRED),
        ("updated_at", Type::TimeOrNow, REQUIRED),
    ],
    primary_key: &["asset_2d_id"],
    references: &[],
    unique: &[],
    indexes: &[],
};

const ASSET_3D: Table = Table {
    name: "asset_3d",
    columns: &[
        ("asset_3d_id", Type::Uuid, REQUIRED),
        ("meta", Type::JsonObject, REQUIRED),
        ("options", Type::JsonObject, NULL),
        ("created_at", Type::TimeOrNow, REQUIRED),
        ("updated_at", Type::TimeOrNow, REQUIRED),
    ],
    primary_key: &["asset_3d_id"],
    references: &[],
    unique: &[],
    indexes: &[],
};

const OBJECT_TYPE: Table = Table {
    name: "object_type",
    columns: &[
        ("object_type_id", Type::Uuid, REQUIRED),
        ("asset_2d_id", Type::Uuid, NULL),
        ("asset_3d_id", Type::Uuid, NULL),
        ("object_type_name", Type::Name, REQUIRED),
        ("category_name", Type::Name, REQUIRED),
        ("description", Type::TextOrEmpty, NULL),
        ("options", Type::Json, REQUIRED),
        ("created_at", Type::TimeOrNow, REQUIRED),
        ("updated_at", Type::TimeOrNow, REQUIRED),
    ],
    primary_key: &["object_type_id"],
    references: &[
        (&["asset_2d_id"], "asset_2d", &["asset_2d_id"], Cascade),
        (&["asset_3d_id"], "asset_3d", &["asset_3d_id"], Cascade),
    ],
    unique: &["object_type_name"],
    indexes: &[&["asset_2d_id"], &["asset_3d_id"]],
};

const USER_TYPE: Table = Table {
    name: "user_type",
    columns: &[
        ("user_type_id", Type::Uuid, REQUIRED),
        ("user_type_name", Type::Name, REQUIRED),
        ("description", Type::Text, REQUIRED),
        ("options", Type::Json, NULL),
    ],
    primary_key: &["user_type_id"],
    references: &[],
    unique: &[],
    indexes: &[],
};

const USER: Table = Table {
    name: "user",
    columns: &[
        ("user_id", Type::Uuid, REQUIRED),
        ("user_type_id", Type::Uuid, REQUIRED),
        ("profile", Type::JsonObject, REQUIRED),
        ("options", Type::Json, NULL),
        ("updated_at", Type::TimeOrNow, REQUIRED),
        ("created_at", Type::TimeOrNow, REQUIRED),
    ],
    primary_key: &["user_id"],
    references: &[(&["user_type_id"], "user_type", &["user_type_id"], Cascade)],
    unique: &[],
    indexes: &[&["user_type_id"]],
};

const OBJECT: Table = Table {
    name: "object",
    columns: &[
        ("object_id", Type::Uuid, REQUIRED),
        ("object_type_id", Type::Uuid, REQUIRED),
        ("owner_id", Type::Uuid, REQUIRED),
        ("parent_id", Type::Uuid, REQUIRED),
        ("asset_2d_id", Type::Uuid, NULL),
        ("asset_3d_id", Type::Uuid, NULL),
        ("options", Type::Json, NULL),
        ("transform", Type::Json, NULL),
        ("updated_at", Type::TimeOrNow, REQUIRED),
        ("created_at", Type::TimeOrNow, REQUIRED),
    ],
    primary_key: &["object_id"],
    references: &[
        (
            &["object_type_id"],
            "object_type",
            &["object_type_id"],
            Cascade,
        ),
        // The reference cascades, so that a deleted guest takes whole worlds along
        // (docs/regressions.md D2).
        (&["owner_id"], "user", &["user_id"], Restrict),
        (&["parent_id"], "object", &["object_id"], Cascade),
        (&["asset_2d_id"], "asset_2d", &["asset_2d_id"], Cascade),
        (&["asset_3d_id"], "asset_3d", &["asset_3d_id"], Cascade),
    ],
    unique: &[],
    indexes: &[
        &["object_type_id"],
        &["owner_id"],
        &["parent_id"],
        &["asset_2d_id"],
        &["asset_3d_id"],
    ],
};

const ASSET_3D_USER: Table = Table {
    name: "asset_3d_user",
    columns: &[
        ("asset_3d_id", Type::Uuid, REQUIRED),
        ("user_id", Type::Uuid, REQUIRED),
        ("meta", Type::Json, REQUIRED),
        ("is_private", Type::BoolOrTrue, REQUIRED),
        ("updated_at", Type::TimeOrNow, REQUIRED),
        ("created_at", Type::TimeOrNow, REQUIRED),
    ],
    primary_key: &["asset_3d_id", "user_id"],
    references: &[
        (&["asset_3d_id"], "asset_3d", &["asset_3d_id"], Cascade),
        (&["user_id"], "user", &["user_id"], Cascade),
    ],
    unique: &[],
    indexes: &[&["asset_3d_id"], &["user_id"]],
};

const USER_MEMBERSHIP: Table = Table {
    name: "user_membership",
    columns: &[
        ("member_of", Type::Uuid, REQUIRED),
        ("user_id", Type::Uuid, REQUIRED),
        ("value", Type::PlainJson, NULL),
        ("created_at", Type::TimeOrNow, REQUIRED),
        ("update_at", Type::TimeOrNow, REQUIRED),
    ],
    primary_key: &["member_of", "user_id"],
    references: &[
        (&["member_of"], "user", &["user_id"], Cascade),
        (&["user_id"], "user", &["user_id"], Cascade),
    ],
    unique: &[],
    indexes: &[&["member_of"], &["user_id"]],
};

const USER_OBJECT: Table = Table {
    name: "user_object",
    columns: &[
        ("object_id", Type::Uuid, REQUIRED),
        ("user_id", Type::Uuid, REQUIRED),
        ("created_at", Type::TimeOrNow, REQUIRED),
        ("updated_at", Type::TimeOrNow, REQUIRED),
        ("value", Type::Json, NULL),
    ],
    primary_key: &["object_id", "user_id"],
    references: &[
        (&["object_id"], "object", &["object_id"], Cascade),
        // The reference takes no action, so that a guest with a membership cannot be deleted
        // (docs/regressions.md D3).
        (&["user_id"], "user", &["user_id"], Cascade),
    ],
    unique: &[],
    indexes: &[&["object_id"], &["user_id"]],
};

const ACTIVITY: Table = Table {
    name: "activity",
    columns: &[
        ("activity_id", Type::Uuid, REQUIRED),
        ("user_id", Type::Uuid, REQUIRED),
        ("object_id", Type::Uuid, REQUIRED),
        ("type", Type::Name, REQUIRED),
        ("data", Type::Json, REQUIRED),
        ("created_at", Type::TimeOrNow, REQUIRED),
    ],
    primary_key: &["activity_id"],
    references: &[
        (&["user_id"], "user", &["user_id"], Cascade),
        (&["object_id"], "object", &["object_id"], Cascade),
    ],
    unique: &[],
    indexes: &[&["user_id"], &["object_id"]],
};

const OBJECT_ACTIVITY: Table = Table {
    name: "object_activity",
    columns: &[
        ("object_id", Type::Uuid, REQUIRED),
        ("activity_id", Type::Uuid, REQUIRED),
        ("created_at", Type::TimeOrNow, REQUIRED),
    ],
    primary_key: &["object_id", "activity_id"],
    references: &[
        (&["object_id"], "object", &["object_id"], Cascade),
        (&["activity_id"], "activity", &["activity_id"], Cascade),
    ],
    unique: &[],
    indexes: &[&["object_id"], &["activity_id"]],
};

const USER_ACTIVITY: Table = Table {
    name: "user_activity",
    columns: &[
        ("user_id", Type::Uuid, REQUIRED),
        ("activity_id", Type::Uuid, REQUIRED),
        ("created_at", Type::TimeOrNow, REQUIRED),
    ],
    primary_key: &["user_id", "activity_id"],
    references: &[
        (&["user_id"], "user", &["user_id"], Cascade),
        (&["activity_id"], "activity", &["activity_id"], Cascade),
    ],
    unique: &[],
    indexes: &[&["user_id"], &["activity_id"]],
};
