//! The version of the schema.

use migrations::{Migrator, MigratorTrait};
use sea_orm::ConnectionTrait;

use crate::{Result, Store, StoreError};

impl Store {
    /// Refuses a database whose schema is older than this program.
    ///
    /// # Errors
    /// `NotMigrated`, and those of the database.
    pub async fn require_migrated(&self) -> Result<()> {
        require_migrated(self.read()).await
    }
}

/// Refuses a database whose schema is older than this program.
pub(crate) async fn require_migrated<C: ConnectionTrait>(db: &C) -> Result<()> {
    let pending = Migrator::get_pending_migrations_read_only(db).await?;
    if pending.is_empty() {
        Ok(())
    } else {
        Err(StoreError::NotMigrated)
    }
}
