//! Persistence: what survives a restart, on SQLite or PostgreSQL.
//!
//! The store speaks in plain values; it knows nothing of worlds in memory, sessions or HTTP. Every operation is one
//! transaction: when it returns `Ok`, the change is durable, when it returns an error, nothing happened.

mod api;
mod error;
mod open;
mod rows;

pub use error::{Result, StoreError};
pub use open::{Store, StoreOptions};
pub use rows::*;
