//! Persistence: what survives a restart, on SQLite or PostgreSQL.
//!
//! The store speaks in plain values; it knows nothing of worlds in memory, sessions or HTTP. Every operation is one
//! transaction: when it returns `Ok`, the change is durable, when it returns an error, nothing happened.

mod activities;
mod adopt;
mod ai_jobs;
mod archive;
mod assets;
mod attribute_lists;
mod attributes;
mod balances;
mod canvas;
mod challenges;
mod claims;
mod convert;
mod directory;
mod docks;
pub mod entity;
mod entries;
mod error;
mod guests;
mod members;
mod nfts;
mod objects;
mod open;
mod plugins;
mod rows;
mod seed;
mod spawns;
mod sql;
mod stakes;
mod tree;
mod users;
mod version;
mod versioned_cache;
mod wallets;
mod world_lists;
mod world_search;
mod worlds;
mod write_behind;

pub use activities::{
    ActivityEdit, ActivityKind, ActivityRow, Feed, NewActivity, WorldLabel, stake_activity_id,
};
pub use archive::{Import, Kind, PersonalRecord};
pub use attribute_lists::MAX_VALUES;
pub use canvas::{CONTRIBUTION, ContributionOrder, ContributionRow, ContributionsQuery};
pub use entries::{EntryPage, EntryQuery, EntryRow};
pub use error::{Referent, Result, StoreError};
pub use open::{Store, StoreOptions};
pub use rows::*;
pub use version::Version;
pub use versioned_cache::VersionedCache;
