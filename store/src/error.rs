//! What can go wrong in the database, sorted by what the caller can do about it.

use sea_orm::{ConnAcquireErr, DbErr, RuntimeErr, SqlErr, SqlxError};

/// The result of every operation of this crate.
pub type Result<T> = std::result::Result<T, StoreError>;

/// Why an operation failed. Whatever the variant, nothing of the operation was applied by halves.
#[derive(thiserror::Error, Debug)]
pub enum StoreError {
    /// The database is away, overloaded or cannot write (connection, pool timeout, disk full, I/O error). Trying again
    /// later may succeed; an HTTP edge answers 503.
    #[error("database unavailable: {0}")]
    Unavailable(#[source] DbErr),
    /// The named thing does not exist.
    #[error("not found: {0}")]
    NotFound(&'static str),
    /// A unique or foreign key forbids it, or a precondition no longer holds; names the thing in conflict.
    #[error("conflict: {0}")]
    Conflict(&'static str),
    /// The database was migrated by a newer program.
    #[error("the database schema is newer than this program: it knows migration {found}")]
    TooNew {
        /// The first unknown migration.
        found: String,
    },
    /// The database is one of the existing platform, and not in a state in which it can be taken over.
    #[error("this database of the existing platform cannot be taken over: {0}")]
    Foreign(String),
    /// The database has no or an older schema; `Store::migrate` has to run first.
    #[error("the database is not migrated")]
    NotMigrated,
    /// A bad URL, or a stored value that cannot be what it claims to be.
    #[error("invalid: {0}")]
    Invalid(String),
    /// Anything else; a defect of this crate or of the database.
    #[error("database error: {0}")]
    Internal(#[source] DbErr),
}

impl From<DbErr> for StoreError {
    fn from(error: DbErr) -> Self {
        match error.sql_err() {
            Some(SqlErr::UniqueConstraintViolation(_)) => {
                return StoreError::Conflict(DUPLICATE);
            }
            Some(SqlErr::ForeignKeyConstraintViolation(_)) => {
                return StoreError::Conflict(REFERENCE);
            }
            _ => {}
        }
        match classify(&error) {
            Class::Unavailable => StoreError::Unavailable(error),
            Class::Reference => StoreError::Conflict(REFERENCE),
            Class::Unmigrated => StoreError::NotMigrated,
            Class::Invalid => StoreError::Invalid(error.to_string()),
            Class::Internal => StoreError::Internal(error),
        }
    }
}

impl StoreError {
    /// Names what a dangling reference was about; other errors pass unchanged.
    pub(crate) fn reference_on(self, subject: &'static str) -> Self {
        match self {
            StoreError::Conflict(REFERENCE) => StoreError::Conflict(subject),
            other => other,
        }
    }

    /// Names what was there already; other errors pass unchanged.
    pub(crate) fn duplicate_of(self, subject: &'static str) -> Self {
        match self {
            StoreError::Conflict(DUPLICATE) => StoreError::Conflict(subject),
            other => other,
        }
    }
}

/// Subjects of conflicts until somebody who knows better names them.
const DUPLICATE: &str = "already exists";
const REFERENCE: &str = "reference";

enum Class {
    Unavailable,
    Reference,
    Unmigrated,
    Invalid,
    Internal,
}

fn classify(error: &DbErr) -> Class {
    match error {
        DbErr::ConnectionAcquire(ConnAcquireErr::Timeout | ConnAcquireErr::ConnectionClosed) => {
            Class::Unavailable
        }
        DbErr::Conn(RuntimeErr::SqlxError(e)) => match classify_sqlx(e) {
            Class::Internal => Class::Unavailable,
            other => other,
        },
        DbErr::Conn(_) => Class::Unavailable,
        DbErr::Exec(RuntimeErr::SqlxError(e)) | DbErr::Query(RuntimeErr::SqlxError(e)) => {
            classify_sqlx(e)
        }
        DbErr::Type(_) | DbErr::Json(_) | DbErr::TryIntoErr { .. } => Class::Invalid,
        _ => Class::Internal,
    }
}

fn classify_sqlx(error: &SqlxError) -> Class {
    match error {
        SqlxError::Io(_)
        | SqlxError::Tls(_)
        | SqlxError::Protocol(_)
        | SqlxError::PoolTimedOut
        | SqlxError::PoolClosed
        | SqlxError::WorkerCrashed => Class::Unavailable,
        SqlxError::Configuration(_) | SqlxError::Decode(_) | SqlxError::ColumnDecode { .. } => {
            Class::Invalid
        }
        SqlxError::Database(e) => {
            let code = e.code().unwrap_or_default();
            if e.try_downcast_ref::<sea_orm::SqlxPostgresError>().is_some() {
                classify_postgres(&code)
            } else {
                classify_sqlite(&code, e.message())
            }
        }
        _ => Class::Internal,
    }
}

/// By SQLSTATE: connection (08), resources and full disk (53), operator intervention (57), system errors (58), lock
/// timeouts, deadlocks, and a standby that refuses writes are all "try again later".
fn classify_postgres(state: &str) -> Class {
    match state {
        "55P03" | "40001" | "40P01" | "25006" => Class::Unavailable,
        "23001" | "23503" => Class::Reference,
        "42P01" | "42703" => Class::Unmigrated,
        // Data exceptions: mostly the character NUL, which JSON can say and PostgreSQL cannot store.
        _ if state.starts_with("22") => Class::Invalid,
        _ if ["08", "53", "57", "58"]
            .iter()
            .any(|class| state.starts_with(class)) =>
        {
            Class::Unavailable
        }
        _ => Class::Internal,
    }
}

/// By result code; the low byte of an extended code is the primary one.
fn classify_sqlite(code: &str, message: &str) -> Class {
    const BUSY: u32 = 5;
    const LOCKED: u32 = 6;
    const NOMEM: u32 = 7;
    const READONLY: u32 = 8;
    const IOERR: u32 = 10;
    const CORRUPT: u32 = 11;
    const FULL: u32 = 13;
    const CANTOPEN: u32 = 14;
    const NOTADB: u32 = 26;
    const CONSTRAINT_TRIGGER: u32 = 1811;
    let Ok(code) = code.parse::<u32>() else {
        return Class::Internal;
    };
    match code & 0xff {
        BUSY | LOCKED | NOMEM | READONLY | IOERR | FULL | CANTOPEN => Class::Unavailable,
        CORRUPT | NOTADB => Class::Invalid,
        // ON DELETE RESTRICT is reported as a trigger constraint.
        _ if code == CONSTRAINT_TRIGGER => Class::Reference,
        _ if ["no such table", "no such column"]
            .iter()
            .any(|m| message.starts_with(m)) =>
        {
            Class::Unmigrated
        }
        _ => Class::Internal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sqlite_codes_tell_what_can_be_done() {
        let full_and_io = ["13", "10", "778", "1034", "5", "517", "6", "8", "14"];
        for code in full_and_io {
            assert!(
                matches!(classify_sqlite(code, ""), Class::Unavailable),
                "{code}"
            );
        }
        assert!(matches!(classify_sqlite("11", ""), Class::Invalid));
        assert!(matches!(classify_sqlite("26", ""), Class::Invalid));
        assert!(matches!(classify_sqlite("1811", ""), Class::Reference));
        assert!(matches!(
            classify_sqlite("1", "no such table: object"),
            Class::Unmigrated
        ));
        assert!(matches!(
            classify_sqlite("1", "near \"SELEC\": syntax error"),
            Class::Internal
        ));
        assert!(matches!(classify_sqlite("", ""), Class::Internal));
    }

    #[test]
    fn sqlstates_tell_what_can_be_done() {
        let away_or_full = [
            "08006", "53100", "53300", "57014", "57P01", "57P03", "58030", "55P03", "40001",
            "40P01",
        ];
        for state in away_or_full {
            assert!(
                matches!(classify_postgres(state), Class::Unavailable),
                "{state}"
            );
        }
        assert!(matches!(classify_postgres("23001"), Class::Reference));
        assert!(matches!(classify_postgres("22P05"), Class::Invalid));
        assert!(matches!(classify_postgres("42P01"), Class::Unmigrated));
        assert!(matches!(classify_postgres("42601"), Class::Internal));
    }

    #[test]
    fn a_pool_that_has_none_left_is_unavailable() {
        let error = DbErr::ConnectionAcquire(ConnAcquireErr::Timeout);
        assert!(matches!(
            StoreError::from(error),
            StoreError::Unavailable(_)
        ));
    }
}
