//! Bringing the schema of a database to the one this program needs.

mod adopt;

use migrations::{Migrator, MigratorTrait, Platform};
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, Statement};

use crate::{Result, Store, StoreError};

/// A migration this program knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MigrationStatus {
    /// Its name.
    pub name: String,
    /// Whether the database has it.
    pub applied: bool,
}

/// Key of the advisory lock that keeps two nodes from migrating one PostgreSQL database at once
/// ("odyssey" in hex).
const MIGRATION_LOCK: i64 = 0x006f_6479_7373_6579;

impl Store {
    /// Brings the schema up to the newest migration, in one transaction. Several nodes may do so at
    /// once. A database of the existing platform is taken over in the same transaction
    /// (docs/spec/model.md §2.1).
    ///
    /// # Errors
    /// `TooNew` if the database has a migration this program does not know, `Foreign` if it is one
    /// of the platform that cannot be taken over.
    pub async fn migrate(&self) -> Result<()> {
        let transaction = self.begin_migration().await?;
        refuse_newer(&transaction).await?;
        let moving_in = adoptable(&transaction).await?;
        if moving_in {
            migrations::adopt(&transaction).await?;
        }
        Migrator::up(&transaction, None).await?;
        let taken_over = match moving_in {
            true => Some(adopt::rows(&transaction).await?),
            false => None,
        };
        transaction.commit().await?;
        if let Some(taken_over) = taken_over {
            taken_over.report();
        }
        Ok(())
    }

    /// Takes back the newest `steps` migrations, with the data only they can hold. Tables of the
    /// existing platform are never dropped.
    ///
    /// # Errors
    /// As [`Store::migrate`]; `Foreign` also when so many steps would take back the tables of the
    /// platform.
    pub async fn migrate_down(&self, steps: u32) -> Result<()> {
        let transaction = self.begin_migration().await?;
        refuse_newer(&transaction).await?;
        if adoptable(&transaction).await? {
            return Ok(());
        }
        if migrations::is_platforms(&transaction).await? {
            let applied = Migrator::get_applied_migrations(&transaction).await?.len();
            if steps as usize >= applied {
                return Err(StoreError::Foreign(
                    "its tables hold the platform's data and are not dropped; take fewer steps back".to_owned(),
                ));
            }
        }
        Migrator::down(&transaction, Some(steps)).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// The migrations this program knows, oldest first, without changing anything.
    ///
    /// # Errors
    /// As [`Store::migrate`].
    pub async fn migration_status(&self) -> Result<Vec<MigrationStatus>> {
        refuse_newer(self.read()).await?;
        adoptable(self.read()).await?;
        let migrations = Migrator::get_migration_with_status_read_only(self.read()).await?;
        Ok(migrations
            .iter()
            .map(|m| MigrationStatus {
                name: m.name().to_owned(),
                applied: m.status() == migrations::MigrationStatus::Applied,
            })
            .collect())
    }

    async fn begin_migration(&self) -> Result<DatabaseTransaction> {
        let transaction = self.begin().await?;
        if self.backend() == DbBackend::Postgres {
            let lock = format!("SELECT pg_advisory_xact_lock({MIGRATION_LOCK})");
            transaction
                .query_one_raw(Statement::from_string(DbBackend::Postgres, lock))
                .await?;
            // Waiting for another node's migration, or building an index, may take longer than any
            // ordinary statement.
            transaction
                .execute_unprepared("SET LOCAL statement_timeout = 0")
                .await?;
        }
        Ok(transaction)
    }
}

/// Whether the database is one of the existing platform that is not taken over yet; refuses those
/// that cannot be.
async fn adoptable<C: ConnectionTrait>(db: &C) -> Result<bool> {
    match migrations::platform(db).await? {
        Platform::Absent => Ok(false),
        Platform::Adoptable => Ok(true),
        Platform::Refused(reason) => Err(StoreError::Foreign(reason)),
    }
}

/// Refuses a database that knows a migration this program does not.
async fn refuse_newer<C: ConnectionTrait>(db: &C) -> Result<()> {
    match migrations::unknown(db).await? {
        Some(found) => Err(StoreError::TooNew { found }),
        None => Ok(()),
    }
}
