//! The database itself: connections and transactions, its version, values cached by version, and
//! pieces of SQL. Knows no table of the domain.

pub(crate) mod open;
pub(crate) mod schema;
pub(crate) mod sql;
pub(crate) mod statements;
pub(crate) mod version;
pub(crate) mod versioned_cache;

pub use open::{Store, StoreOptions};
pub use statements::{count_statements, counted_for_caller};
pub use version::Version;
pub use versioned_cache::VersionedCache;
