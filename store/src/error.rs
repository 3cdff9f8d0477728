//! Errors of the database, sorted by what the caller can do about them.

use std::fmt;

use sea_orm::{ConnAcquireErr, DbErr, RuntimeErr, SqlErr, SqlxError};

/// The result of every operation of this crate.
pub type Result<T> = std::result::Result<T, StoreError>;

/// Failure of an operation. Whatever the variant, nothing of the operation was applied by halves.
#[derive(thiserror::Error, Debug)]
pub enum StoreError {
    /// The database is away, overloaded or cannot write (connection, pool timeout, disk full, I/O
    /// error). Trying again later may succeed.
    #[error("database unavailable: {0}")]
    Unavailable(#[source] DbErr),

    /// The activity does not exist, or belongs to another object.
    #[error("no such activity")]
    ActivityNotFound,
    /// The asset is not in the library of the user.
    #[error("no such asset")]
    AssetNotFound,
    /// The attribute does not exist.
    #[error("no such attribute")]
    AttributeNotFound,
    /// The database has no node object yet; see [`Store::seed`](crate::Store::seed).
    #[error("the database has no node")]
    NodeNotFound,
    /// The object does not exist.
    #[error("no such object")]
    ObjectNotFound,
    /// The plugin does not exist.
    #[error("no such plugin")]
    PluginNotFound,
    /// The user does not exist.
    #[error("no such user")]
    UserNotFound,
    /// The user has no such wallet.
    #[error("no such wallet")]
    WalletNotFound,

    /// The user has a wallet, so that its account may not be deleted.
    #[error("the user has a wallet")]
    HasWallet,
    /// The heir of a user is the user itself.
    #[error("a user cannot be its own heir")]
    InvalidHeir,
    /// A job of this provider has the same id.
    #[error("the job exists already")]
    JobExists,
    /// The wallet is the only one of its user.
    #[error("the last wallet of a user stays")]
    LastWallet,
    /// The node object cannot be deleted.
    #[error("the node cannot be deleted")]
    NodeUndeletable,
    /// Another user is admin of the object.
    #[error("the object is claimed")]
    ObjectClaimed,
    /// The user is not admin of the object.
    #[error("the object is not claimed")]
    ObjectNotClaimed,
    /// The change makes a value larger than it may be.
    #[error("the value is too large")]
    TooLarge,
    /// The user has as many open dock wishes as it may have.
    #[error("too many dock wishes")]
    TooManyWishes,
    /// The id of the user is taken.
    #[error("the user exists already")]
    UserExists,
    /// The wallet belongs to a user.
    #[error("the wallet is taken")]
    WalletTaken,
    /// Another block of the chain was applied last.
    #[error("blocks out of order")]
    OutOfOrder,
    /// Another row has the same unique key.
    #[error("it exists already")]
    Duplicate,
    /// A row that has to exist does not.
    #[error("missing: {0}")]
    Dangling(Referent),

    /// The database was migrated by a newer program.
    #[error("the database schema is newer than this program: it knows migration {found}")]
    TooNew {
        /// First unknown migration.
        found: String,
    },
    /// The database is one of the existing platform, and cannot be taken over in its present state.
    #[error("this database of the existing platform cannot be taken over: {0}")]
    Foreign(String),
    /// The schema is missing or older than this program; `Store::migrate` has to run first.
    #[error("the database is not migrated")]
    NotMigrated,
    /// A bad URL, or a stored value that cannot be what it claims to be.
    #[error("invalid: {0}")]
    Invalid(String),
    /// Anything else; a defect of this crate or of the database.
    #[error("database error: {0}")]
    Internal(#[source] DbErr),
}

/// Row that a foreign key points to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Referent {
    /// The operation does not tell.
    Unknown,
    /// An attribute type.
    AttributeType,
    /// The owner of an attribute, or its type.
    AttributeTargetOrType,
    /// The user who inherits.
    Heir,
    /// The parent, owner, type or asset of an object.
    OfObject,
    /// A user.
    User,
    /// A user or an attribute type.
    UserOrAttributeType,
    /// A user or an object.
    UserOrObject,
    /// A user type.
    UserType,
    /// A world.
    World,
}

impl fmt::Display for Referent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Referent::Unknown => "reference",
            Referent::AttributeType => "attribute type",
            Referent::AttributeTargetOrType => "attribute target or type",
            Referent::Heir => "heir",
            Referent::OfObject => "parent, owner, type or asset",
            Referent::User => "user",
            Referent::UserOrAttributeType => "user or attribute type",
            Referent::UserOrObject => "user or object",
            Referent::UserType => "user type",
            Referent::World => "world",
        })
    }
}

impl From<DbErr> for StoreError {
    fn from(error: DbErr) -> Self {
        match error.sql_err() {
            Some(SqlErr::UniqueConstraintViolation(_)) => return StoreError::Duplicate,
            Some(SqlErr::ForeignKeyConstraintViolation(_)) => {
                return StoreError::Dangling(Referent::Unknown);
            }
            _ => {}
        }
        match classify(&error) {
            Class::Unavailable => StoreError::Unavailable(error),
            Class::Reference => StoreError::Dangling(Referent::Unknown),
            Class::Unmigrated => StoreError::NotMigrated,
            Class::Invalid => StoreError::Invalid(error.to_string()),
            Class::Internal => StoreError::Internal(error),
        }
    }
}

impl StoreError {
    /// Whether the stored state forbids the operation: a key, a reference or a precondition.
    pub fn is_conflict(&self) -> bool {
        matches!(
            self,
            StoreError::HasWallet
                | StoreError::InvalidHeir
                | StoreError::JobExists
                | StoreError::LastWallet
                | StoreError::NodeUndeletable
                | StoreError::ObjectClaimed
                | StoreError::ObjectNotClaimed
                | StoreError::TooLarge
                | StoreError::TooManyWishes
                | StoreError::UserExists
                | StoreError::WalletTaken
                | StoreError::Duplicate
                | StoreError::Dangling(_)
        )
    }

    /// Names the missing row of a violated foreign key; other errors pass unchanged.
    pub(crate) fn dangling(self, referent: Referent) -> Self {
        match self {
            StoreError::Dangling(Referent::Unknown) => StoreError::Dangling(referent),
            other => other,
        }
    }

    /// Replaces the error of a violated unique key by `error`; other errors pass unchanged.
    pub(crate) fn duplicate(self, error: StoreError) -> Self {
        match self {
            StoreError::Duplicate => error,
            other => other,
        }
    }
}

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
                classify_sqlite(&code)
            }
        }
        _ => Class::Internal,
    }
}

/// Classifies by SQLSTATE. Connection (08), resources and full disk (53), operator intervention
/// (57), system errors (58), lock timeouts, deadlocks, and a standby that refuses writes pass with
/// time.
fn classify_postgres(state: &str) -> Class {
    match state {
        "55P03" | "40001" | "40P01" | "25006" => Class::Unavailable,
        "23001" | "23503" => Class::Reference,
        "42P01" | "42703" => Class::Unmigrated,
        // Data exceptions: mostly the character NUL, which JSON can say and PostgreSQL cannot
        // store.
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

/// Classifies by result code; the low byte of an extended code is the primary one.
fn classify_sqlite(code: &str) -> Class {
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
                matches!(classify_sqlite(code), Class::Unavailable),
                "{code}"
            );
        }
        assert!(matches!(classify_sqlite("11"), Class::Invalid));
        assert!(matches!(classify_sqlite("26"), Class::Invalid));
        assert!(matches!(classify_sqlite("1811"), Class::Reference));
        assert!(matches!(classify_sqlite("1"), Class::Internal));
        assert!(matches!(classify_sqlite(""), Class::Internal));
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
