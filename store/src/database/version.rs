//! Whether anything in the database has changed: what was read at a version holds for as long as
//! the version does.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};
use tokio::sync::Mutex;

use crate::{Result, Store, StoreError, database::sql::get};

/// A state of the database. Where versions are equal, every row is the same, whoever wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version(Inner);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Inner {
    /// Others' commits that the watching connection has seen.
    Sqlite {
        /// Number of the connection: each begins to count anew.
        connection: u64,
        commits: i64,
    },
    /// The transactions that are visible.
    Postgres(String),
}

/// The connection that watches an SQLite database. It never writes, and it is the only one of its
/// pool.
pub(crate) struct Watch {
    /// One caller at a time has it, so that the connection cannot be replaced between its answer
    /// and its number.
    connection: Mutex<DatabaseConnection>,
    opened: Arc<AtomicU64>,
}

impl Watch {
    /// `opened` counts the connections of the pool.
    pub(crate) fn new(connection: DatabaseConnection, opened: Arc<AtomicU64>) -> Watch {
        Watch {
            connection: Mutex::new(connection),
            opened,
        }
    }

    /// Closes the connection.
    pub(crate) async fn close(&self) -> std::result::Result<(), sea_orm::DbErr> {
        self.connection.lock().await.close_by_ref().await
    }
}

impl Store {
    /// The version of this moment. Taken before reading, it is never younger than what is read.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn version(&self) -> Result<Version> {
        let Some(watch) = self.watch() else {
            let sql = "SELECT CAST(txid_current_snapshot() AS text)";
            let statement = Statement::from_string(DbBackend::Postgres, sql);
            let row = self.read().query_one_raw(statement).await?;
            let row = row.ok_or_else(no_answer)?;
            return Ok(Version(Inner::Postgres(get(&row, 0)?)));
        };
        let connection = watch.connection.lock().await;
        let statement = Statement::from_string(DbBackend::Sqlite, "PRAGMA data_version");
        let row = connection.query_one_raw(statement).await?;
        let commits = get(&row.ok_or_else(no_answer)?, 0)?;
        Ok(Version(Inner::Sqlite {
            connection: watch.opened.load(Ordering::Relaxed),
            commits,
        }))
    }
}

fn no_answer() -> StoreError {
    StoreError::Invalid("the database does not tell its version".to_owned())
}
