//! Additions to the reference schema (docs/spec/model.md §2.1): wallets that are unique, login
//! challenges that expire, jobs of image providers that survive a restart, when a user was last
//! seen, and an index for the news feed.

use sea_orm_migration::{
    MigrationName, MigrationTrait, SchemaManager, async_trait,
    sea_orm::{ConnectionTrait, DbErr},
    sea_query::{Alias, ColumnDef, Index, IndexOrder, Table as SeaTable},
};

use crate::table::{NULL, OnDelete::Cascade, REQUIRED, Table, Type, create, drop};

pub(crate) struct Additions;

impl MigrationName for Additions {
    fn name(&self) -> &str {
        "m0002_additions"
    }
}

const TABLES: [&Table; 3] = [&USER_WALLET, &AUTH_CHALLENGE, &AI_JOB];
const ACTIVITY_CREATED_AT: &str = "activity_created_at_idx";
/// On an expression, which the query builder cannot say for both databases; guest names are probed
/// at every visit.
const CREATE_USER_NAME: &str = "CREATE INDEX user_name_idx ON \"user\" ((profile ->> 'name'))";
const USER_NAME: &str = "user_name_idx";
const USER_LAST_SEEN_AT: &str = "user_type_last_seen_at_idx";

#[async_trait::async_trait]
impl MigrationTrait for Additions {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create(manager, &TABLES).await?;
        manager
            .get_connection()
            .execute_unprepared(CREATE_USER_NAME)
            .await?;
        let user = Alias::new("user");
        let mut last_seen = ColumnDef::new(Alias::new("last_seen_at"));
        last_seen.timestamp_with_time_zone();
        manager
            .alter_table(
                SeaTable::alter()
                    .table(user.clone())
                    .add_column(&mut last_seen)
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name(USER_LAST_SEEN_AT)
                    .table(user)
                    .col(Alias::new("user_type_id"))
                    .col(Alias::new("last_seen_at"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name(ACTIVITY_CREATED_AT)
                    .table(Alias::new("activity"))
                    .col((Alias::new("created_at"), IndexOrder::Desc))
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let user = Alias::new("user");
        manager
            .drop_index(Index::drop().name(USER_NAME).table(user.clone()).to_owned())
            .await?;
        manager
            .drop_index(
                Index::drop()
                    .name(ACTIVITY_CREATED_AT)
                    .table(Alias::new("activity"))
                    .to_owned(),
            )
            .await?;
        manager
            .drop_index(
                Index::drop()
                    .name(USER_LAST_SEEN_AT)
                    .table(user.clone())
                    .to_owned(),
            )
            .await?;
        manager
            .alter_table(
                SeaTable::alter()
                    .table(user)
                    .drop_column(Alias::new("last_seen_at"))
                    .to_owned(),
            )
            .await?;
        drop(manager, &TABLES).await
    }
}

/// `wallet` is case-folded; the spelling the user gave is in the mirrored `wallet` attribute.
const USER_WALLET: Table = Table {
    name: "user_wallet",
    columns: &[
        ("wallet", Type::Text, REQUIRED),
        ("kind", Type::Text, REQUIRED),
        ("user_id", Type::Uuid, REQUIRED),
        ("position", Type::Int, REQUIRED),
    ],
    primary_key: &["wallet"],
    references: &[(&["user_id"], "user", &["user_id"], Cascade)],
    unique: &[],
    indexes: &[&["user_id"]],
};

pub(crate) const AUTH_CHALLENGE: Table = Table {
    name: "auth_challenge",
    columns: &[
        ("wallet", Type::Text, REQUIRED),
        ("challenge", Type::Text, REQUIRED),
        ("expires_at", Type::Instant, REQUIRED),
    ],
    primary_key: &["wallet"],
    references: &[],
    unique: &[],
    indexes: &[&["expires_at"]],
};

const AI_JOB: Table = Table {
    name: "ai_job",
    columns: &[
        ("provider", Type::Text, REQUIRED),
        ("job_id", Type::Text, REQUIRED),
        ("user_id", Type::Uuid, REQUIRED),
        ("object_id", Type::Uuid, NULL),
        ("status", Type::Text, REQUIRED),
        ("created_at", Type::Instant, REQUIRED),
    ],
    primary_key: &["provider", "job_id"],
    references: &[
        (&["user_id"], "user", &["user_id"], Cascade),
        (&["object_id"], "object", &["object_id"], Cascade),
    ],
    unique: &[],
    indexes: &[&["user_id"], &["object_id"]],
};
