//! Persistence: what survives a restart, on SQLite or PostgreSQL.
//!
//! The store speaks in plain values; it knows nothing of worlds in memory, sessions or HTTP. Every
//! operation is one transaction: when it returns `Ok`, the change is durable, when it returns an
//! error, nothing happened. Operations are grouped by domain as in `node`; each row type is in the
//! file that reads and writes it.

mod adopt;
mod archive;
mod attributes;
mod catalogue;
mod chain;
mod convert;
mod directory;
pub mod entity;
mod error;
mod objects;
mod open;
mod seed;
mod social;
mod sql;
mod third_parties;
mod users;
mod version;
mod versioned_cache;
mod worlds;
mod write_behind;

pub use archive::{Import, Kind, PersonalRecord};
pub use attributes::{
    AttributeRecord, AttributeTarget, EntryPage, EntryQuery, EntryRow, MAX_VALUES,
};
pub use catalogue::{AssetRow, AttributeTypeRow, LibraryRow, PluginRow, PluginUpdate};
pub use chain::{BalanceRow, PendingStake, StakeRow, StakerRow, TopStakerRow};
pub use directory::{DirectoryRows, ObjectLink, ObjectTypeRow};
pub use error::{Referent, Result, StoreError};
pub use objects::{
    Creation, MemberRow, NewObjectRow, NewUserAttribute, ObjectPatch, ObjectRecord, OutlineRow,
    TreeRow,
};
pub use open::{MigrationStatus, Store, StoreOptions};
pub use seed::{Seed, Seeded};
pub use social::{
    ActivityEdit, ActivityKind, ActivityRow, CONTRIBUTION, ContributionOrder, ContributionRow,
    ContributionsQuery, Feed, NewActivity, WorldLabel, stake_activity_id,
};
pub use third_parties::AiJob;
pub use users::{AccountTypes, NewUser, ProfileRow, UserRow};
pub use version::Version;
pub use versioned_cache::VersionedCache;
pub use worlds::{Docking, Landmark, WorldRow};
pub use write_behind::LastPosition;
