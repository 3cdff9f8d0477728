//! Opening and closing a database, and its transactions.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use components::Umid;
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, DbBackend,
    IsolationLevel, SqliteTransactionMode, TransactionOptions, TransactionTrait,
    sqlx::{
        Connection, Sqlite,
        pool::PoolOptions,
        sqlite::{SqliteJournalMode, SqliteSynchronous},
    },
};
use tokio::sync::watch;

use super::{statements::counted, version::Watch, versioned_cache::VersionedCache};
use crate::{Result, StoreError};

/// Options of a database.
#[derive(Clone, Debug)]
pub struct StoreOptions {
    /// Connections at most (default 16: more than a small PostgreSQL has cores for, far fewer than
    /// it allows). SQLite uses one for writing and the rest, at most 8, for reading.
    pub max_connections: u32,
    /// Time to wait for a connection before the database counts as unavailable (default 3 s:
    /// longer than a restart of PostgreSQL, shorter than the patience of an HTTP client).
    pub acquire_timeout: Duration,
    /// Longest time of a statement on PostgreSQL (default 10 s: nothing here takes longer unless
    /// it hangs).
    pub statement_timeout: Duration,
    /// Longest time that a write queues for SQLite's one writer (default 10 s: a burst of writes
    /// waits for the disk, it does not fail).
    pub write_queue_timeout: Duration,
}

impl Default for StoreOptions {
    fn default() -> Self {
        StoreOptions {
            max_connections: 16,
            acquire_timeout: Duration::from_secs(3),
            statement_timeout: Duration::from_secs(10),
            write_queue_timeout: Duration::from_secs(10),
        }
    }
}

/// Names of all worlds that have one, newest first, in lower case.
pub(crate) type WorldNames = Vec<(Umid, String)>;

/// A database. Cheap to clone; all clones share their connections.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    read: DatabaseConnection,
    /// On SQLite a pool of exactly one, so that writers queue here instead of failing with
    /// SQLITE_BUSY there.
    write: DatabaseConnection,
    /// On SQLite what tells versions apart.
    watch: Option<Watch>,
    /// Names of all worlds, which searches look in.
    world_names: VersionedCache<WorldNames>,
    /// Commits without an answer.
    doubts: watch::Sender<u64>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store")
            .field("backend", &self.backend())
            .finish_non_exhaustive()
    }
}

impl Store {
    /// Opens `sqlite://<path>?mode=rwc` or `postgres://…`. Does not migrate.
    ///
    /// # Errors
    /// `Invalid` for a URL of another kind, `Unavailable` when the database cannot be reached.
    pub async fn open(url: &str, options: &StoreOptions) -> Result<Store> {
        let inner = if url.starts_with("sqlite:") {
            open_sqlite(url, options).await?
        } else if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            open_postgres(url, options).await?
        } else {
            return Err(StoreError::Invalid(
                "the database URL is neither sqlite: nor postgres:".to_owned(),
            ));
        };
        Ok(Store {
            inner: Arc::new(inner),
        })
    }

    /// Asks the database for a sign of life.
    ///
    /// # Errors
    /// `Unavailable` if there is none.
    pub async fn ping(&self) -> Result<()> {
        self.read().execute_unprepared("SELECT 1").await?;
        Ok(())
    }

    /// Closes all connections. On SQLite everything in the write-ahead log moves into the database
    /// file first.
    pub async fn close(self) {
        if self.backend() == DbBackend::Sqlite {
            // Closing the last connection checkpoints as well; a failure here loses nothing.
            if let Err(error) = self.inner.read.close_by_ref().await {
                tracing::warn!(%error, "closing readers failed");
            }
            if let Some(watch) = &self.inner.watch
                && let Err(error) = watch.close().await
            {
                tracing::warn!(%error, "closing the watching connection failed");
            }
            if let Err(error) = self
                .inner
                .write
                .execute_unprepared("PRAGMA wal_checkpoint(TRUNCATE)")
                .await
            {
                tracing::warn!(%error, "checkpoint at close failed");
            }
        }
        if let Err(error) = self.inner.write.close_by_ref().await {
            tracing::warn!(%error, "closing the database failed");
        }
    }

    pub(crate) fn backend(&self) -> DbBackend {
        self.inner.write.get_database_backend()
    }

    pub(crate) fn read(&self) -> &DatabaseConnection {
        &self.inner.read
    }

    pub(crate) fn watch(&self) -> Option<&Watch> {
        self.inner.watch.as_ref()
    }

    pub(crate) fn world_names(&self) -> &VersionedCache<WorldNames> {
        &self.inner.world_names
    }

    /// Starts a transaction that is going to write.
    pub(crate) async fn begin(&self) -> Result<DatabaseTransaction> {
        let options = TransactionOptions {
            // Takes the write lock at once: a transaction that begins by reading would fail when it
            // turns to writing.
            sqlite_transaction_mode: (self.backend() == DbBackend::Sqlite)
                .then_some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        Ok(self.inner.write.begin_with_options(options).await?)
    }

    /// Commits what a transaction wrote. If the connection is lost on the way, it may have happened
    /// all the same: [`Store::doubts`] counts that.
    pub(crate) async fn commit(&self, transaction: DatabaseTransaction) -> Result<()> {
        let committed = transaction.commit().await.map_err(StoreError::from);
        // SQLite is in this process: there, a commit that fails has not happened.
        if matches!(committed, Err(StoreError::Unavailable(_)))
            && self.backend() == DbBackend::Postgres
        {
            self.inner.doubts.send_modify(|doubts| *doubts += 1);
        }
        committed
    }

    /// Number of commits so far of which nobody knows whether they happened: the connection was
    /// lost before their answer came. Who keeps a copy of what is stored has to read it again.
    pub fn doubts(&self) -> watch::Receiver<u64> {
        self.inner.doubts.subscribe()
    }

    /// Starts a transaction in which several reads see the same state.
    pub(crate) async fn snapshot(&self) -> Result<DatabaseTransaction> {
        let options = TransactionOptions {
            // A read transaction of SQLite is a snapshot anyway.
            isolation_level: (self.backend() == DbBackend::Postgres)
                .then_some(IsolationLevel::RepeatableRead),
            ..TransactionOptions::default()
        };
        Ok(self.inner.read.begin_with_options(options).await?)
    }
}

/// Readers beyond this number gain nothing on SQLite.
const MAX_SQLITE_READERS: u32 = 8;

async fn open_sqlite(url: &str, options: &StoreOptions) -> Result<Inner> {
    let busy_timeout = options.write_queue_timeout;
    let mut write = ConnectOptions::new(url);
    write
        .max_connections(1)
        .min_connections(1)
        .acquire_timeout(options.write_queue_timeout)
        .idle_timeout(None::<Duration>)
        .max_lifetime(None::<Duration>)
        .sqlx_logging(false)
        .map_sqlx_sqlite_pool_opts(discard_unfinished)
        .map_sqlx_sqlite_opts(move |o| {
            // FULL syncs the log at every commit: an acknowledged change survives a power cut, not
            // only a crash.
            o.journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Full)
                .foreign_keys(true)
                .busy_timeout(busy_timeout)
        });
    let write = counted(Database::connect(write).await?);

    let mut read = ConnectOptions::new(url);
    read.max_connections(
        options
            .max_connections
            .saturating_sub(1)
            .clamp(1, MAX_SQLITE_READERS),
    )
    .acquire_timeout(options.acquire_timeout)
    .sqlx_logging(false)
    .map_sqlx_sqlite_pool_opts(discard_unfinished)
    .map_sqlx_sqlite_opts(move |o| {
        o.foreign_keys(true)
            .busy_timeout(busy_timeout)
            .pragma("query_only", "ON")
    });
    let read = counted(Database::connect(read).await?);
    let watch = Some(watch(url, options).await?);
    Ok(Inner {
        read,
        write,
        watch,
        world_names: VersionedCache::default(),
        doubts: watch::Sender::default(),
    })
}

async fn watch(url: &str, options: &StoreOptions) -> Result<Watch> {
    let opened = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&opened);
    let mut connect = ConnectOptions::new(url);
    connect
        .max_connections(1)
        .acquire_timeout(options.acquire_timeout)
        .idle_timeout(None::<Duration>)
        .max_lifetime(None::<Duration>)
        .sqlx_logging(false)
        .map_sqlx_sqlite_pool_opts(move |pool| {
            let count = Arc::clone(&count);
            // It asks for nothing that could be left unfinished, and it is asked often.
            pool.test_before_acquire(false).after_connect(move |_, _| {
                count.fetch_add(1, Ordering::Relaxed);
                Box::pin(async { Ok(()) })
            })
        })
        .map_sqlx_sqlite_opts(|o| o.pragma("query_only", "ON"));
    let connection = counted(Database::connect(connect).await?);
    Ok(Watch::new(connection, opened))
}

/// Gives up a connection whose last transaction could not be ended. After a commit that failed for
/// want of disk space there is nothing to roll back, the driver believes the transaction to be open
/// still, and later ones would be savepoints inside of it: acknowledged, and gone when the
/// connection closes. The test of the pool before makes sure that a rollback that is due has been
/// tried.
fn discard_unfinished(pool: PoolOptions<Sqlite>) -> PoolOptions<Sqlite> {
    pool.test_before_acquire(true)
        .before_acquire(|connection, _| {
            let finished = !connection.is_in_transaction();
            Box::pin(async move { Ok(finished) })
        })
}

async fn open_postgres(url: &str, options: &StoreOptions) -> Result<Inner> {
    let mut connect = ConnectOptions::new(url);
    connect
        .max_connections(options.max_connections)
        .acquire_timeout(options.acquire_timeout)
        .statement_timeout(options.statement_timeout)
        // Finds connections that died with a restarted server, so that no caller ever sees them.
        .test_before_acquire(true)
        .sqlx_logging(false);
    let pool = counted(Database::connect(connect).await?);
    Ok(Inner {
        read: pool.clone(),
        write: pool,
        watch: None,
        world_names: VersionedCache::default(),
        doubts: watch::Sender::default(),
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use sea_orm::Statement;

    use super::*;

    /// Power loss cannot be staged in a test; that the database was told to survive it can be
    /// checked.
    #[tokio::test]
    async fn sqlite_is_told_to_be_durable() {
        let directory = tempfile::tempdir().unwrap();
        let url = format!(
            "sqlite://{}?mode=rwc",
            directory.path().join("odyssey.db").display()
        );
        let store = Store::open(&url, &StoreOptions::default()).await.unwrap();
        let pragma = async |db: &DatabaseConnection, name: &str| {
            let statement = Statement::from_string(DbBackend::Sqlite, format!("PRAGMA {name}"));
            let row = db.query_one_raw(statement).await.unwrap().unwrap();
            row.try_get_by_index::<String>(0)
                .or_else(|_| row.try_get_by_index::<i64>(0).map(|n| n.to_string()))
                .unwrap()
        };
        const FULL: &str = "2";
        assert_eq!(pragma(&store.inner.write, "journal_mode").await, "wal");
        assert_eq!(pragma(&store.inner.write, "synchronous").await, FULL);
        assert_eq!(pragma(&store.inner.write, "foreign_keys").await, "1");
        assert_eq!(pragma(&store.inner.read, "query_only").await, "1");
    }
}
