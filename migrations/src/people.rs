//! People: several login challenges for one wallet, so that nobody can end the login of somebody
//! else by asking for one; names by which users are found; and wishes for docks that the other side
//! has not answered yet.

use sea_orm_migration::{
    MigrationName, MigrationTrait, SchemaManager, async_trait,
    sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement},
    sea_query::{Alias, ColumnDef, Index, Table as SeaTable},
};
use uuid::Uuid;

use crate::{
    additions,
    table::{OnDelete::Cascade, REQUIRED, Table, Type, create, drop},
};

pub(crate) struct People;

impl MigrationName for People {
    fn name(&self) -> &str {
        "m0006_people"
    }
}

const FOLDED: &str = "name_folded";
const BY_NAME: &str = "user_type_name_folded_idx";
const TRIGRAMS: &str = "user_name_folded_trgm_idx";
/// Finds a part of a name without reading all names. The extension comes with PostgreSQL, but not
/// every installation has it, and not every role may add it; without it the search reads all names.
const CREATE_TRIGRAMS: &str = "DO $$ BEGIN \
     CREATE EXTENSION IF NOT EXISTS pg_trgm; \
     CREATE INDEX user_name_folded_trgm_idx ON \"user\" USING gin (name_folded gin_trgm_ops); \
     EXCEPTION WHEN OTHERS THEN RAISE NOTICE 'users are searched without an index'; END $$";
/// Right for names in ASCII; what databases make of other letters depends on how they were built.
const FOLD: &str = "UPDATE \"user\" SET name_folded = lower(profile ->> 'name')";
const OTHER_LETTERS_SQLITE: &str = "SELECT user_id, profile ->> 'name' AS name FROM \"user\" \
     WHERE profile ->> 'name' GLOB '*[^' || char(1) || '-' || char(127) || ']*'";
const OTHER_LETTERS_POSTGRES: &str = "SELECT user_id, profile ->> 'name' AS name FROM \"user\" \
     WHERE profile ->> 'name' ~ '[^\\x01-\\x7f]'";

#[async_trait::async_trait]
impl MigrationTrait for People {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // A user who is logging in at this moment asks again.
        drop(manager, &[&additions::AUTH_CHALLENGE]).await?;
        create(manager, &[&AUTH_CHALLENGE, &DOCK_WISH]).await?;
        let mut folded = ColumnDef::new(Alias::new(FOLDED));
        folded.text();
        let column = SeaTable::alter()
            .table(Alias::new("user"))
            .add_column(&mut folded)
            .to_owned();
        manager.alter_table(column).await?;
        fold_names(manager).await?;
        let mut index = Index::create();
        index.name(BY_NAME).table(Alias::new("user"));
        for column in ["user_type_id", FOLDED, "user_id"] {
            index.col(Alias::new(column));
        }
        manager.create_index(index).await?;
        if manager.get_database_backend() == DbBackend::Postgres {
            let database = manager.get_connection();
            database.execute_unprepared(CREATE_TRIGRAMS).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let database = manager.get_connection();
        for index in [TRIGRAMS, BY_NAME] {
            let drop = format!("DROP INDEX IF EXISTS {index}");
            database.execute_unprepared(&drop).await?;
        }
        let column = SeaTable::alter()
            .table(Alias::new("user"))
            .drop_column(Alias::new(FOLDED))
            .to_owned();
        manager.alter_table(column).await?;
        drop(manager, &[&AUTH_CHALLENGE, &DOCK_WISH]).await?;
        create(manager, &[&additions::AUTH_CHALLENGE]).await
    }
}

/// Gives the users who are there already the names by which they are found.
async fn fold_names(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let database = manager.get_connection();
    let backend = manager.get_database_backend();
    database.execute_unprepared(FOLD).await?;
    let select = match backend {
        DbBackend::Postgres => OTHER_LETTERS_POSTGRES,
        _ => OTHER_LETTERS_SQLITE,
    };
    for row in database
        .query_all_raw(Statement::from_string(backend, select))
        .await?
    {
        let (user, name): (Uuid, String) = (row.try_get("", "user_id")?, row.try_get("", "name")?);
        let update = "UPDATE \"user\" SET name_folded = $1 WHERE user_id = $2";
        let values = [name.to_lowercase().into(), user.into()];
        database
            .execute_raw(Statement::from_sql_and_values(backend, update, values))
            .await?;
    }
    Ok(())
}

/// One row for each login that was begun. The text holds a nonce and is unique.
const AUTH_CHALLENGE: Table = Table {
    primary_key: &["wallet", "challenge"],
    ..additions::AUTH_CHALLENGE
};

/// `user_id` wishes that its world and that of `other_id` were docked.
const DOCK_WISH: Table = Table {
    name: "dock_wish",
    columns: &[
        ("user_id", Type::Uuid, REQUIRED),
        ("other_id", Type::Uuid, REQUIRED),
        ("expires_at", Type::Instant, REQUIRED),
    ],
    primary_key: &["user_id", "other_id"],
    references: &[
        (&["user_id"], "user", &["user_id"], Cascade),
        (&["other_id"], "user", &["user_id"], Cascade),
    ],
    unique: &[],
    indexes: &[&["other_id"], &["expires_at"]],
};
