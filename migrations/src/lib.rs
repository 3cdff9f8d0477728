//! Versions of the database schema, the same for SQLite and PostgreSQL.
//!
//! The first migration is the reference schema of version 701 (docs/spec/model.md §2.1), so that a
//! database of that version can be taken over by recording the first migration as done and
//! replacing two foreign keys (`object.owner_id` restricts, `user_object.user_id` cascades).
//! Everything of our own comes after it. Bookkeeping is a table of our own, beside the reference's.

mod activities;
mod additions;
mod adopt;
mod assets;
mod attribute_lists;
mod attributes;
mod baseline;
mod chain;
mod harvest;
mod integrations;
mod lists;
mod media;
mod ownership;
mod people;
mod stakes_and_lists;
mod table;

use sea_orm_migration::{
    MigrationTrait,
    sea_orm::{ConnectionTrait, DbBackend, DbErr, DynIden, Statement},
    sea_query::{Alias, IntoIden},
};

pub use adopt::{PLATFORM_VERSION, Platform, adopt, is_platforms, platform};
pub use sea_orm_migration::{MigrationStatus, MigratorTrait};

/// The bookkeeping table.
pub const TABLE: &str = "odyssey_migration";

/// All schema versions, oldest first.
#[derive(Debug)]
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(baseline::Baseline),
            Box::new(additions::Additions),
            Box::new(lists::Lists),
            Box::new(attribute_lists::AttributeLists),
            Box::new(stakes_and_lists::StakesAndLists),
            Box::new(people::People),
            Box::new(activities::Activities),
            Box::new(integrations::Integrations),
            Box::new(assets::Assets),
            Box::new(media::Media),
            Box::new(harvest::Harvest),
            Box::new(ownership::Ownership),
        ]
    }

    fn migration_table_name() -> DynIden {
        Alias::new(TABLE).into_iden()
    }
}

/// The newest migration of the database that this program does not know, if there is one. Changes
/// nothing.
///
/// # Errors
/// Whatever the database reports.
pub async fn unknown<C: ConnectionTrait>(db: &C) -> Result<Option<String>, DbErr> {
    let backend = db.get_database_backend();
    let probe = match backend {
        DbBackend::Sqlite => "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = $1",
        _ => "SELECT 1 WHERE to_regclass($1) IS NOT NULL",
    };
    if db
        .query_one_raw(Statement::from_sql_and_values(
            backend,
            probe,
            [TABLE.into()],
        ))
        .await?
        .is_none()
    {
        return Ok(None);
    }
    let list = Statement::from_string(
        backend,
        format!("SELECT version FROM {TABLE} ORDER BY version DESC"),
    );
    let known = Migrator::migrations();
    for row in db.query_all_raw(list).await? {
        let version: String = row.try_get("", "version")?;
        if !known.iter().any(|migration| migration.name() == version) {
            return Ok(Some(version));
        }
    }
    Ok(None)
}
