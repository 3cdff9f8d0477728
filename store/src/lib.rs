//! Persistence: what survives a restart, on SQLite or PostgreSQL.
//!
//! The store speaks in plain values; it knows nothing of worlds in memory, sessions or HTTP. Every
//! operation is one transaction: when it returns `Ok`, the change is durable, when it returns an
//! error, nothing happened. Operations are grouped by domain as in `node`; each row type is in the
//! file that reads and writes it.
//!
//! Modules refer to each other one way only: `database` (connections, transactions, SQL) and
//! `convert` know no domain, `attributes` is below `objects`, those are below the other domains,
//! and what spans all of them (`archive`, `directory`, `seed`, `migrate`) is on top.

mod archive;
mod attributes;
mod catalogue;
mod chain;
mod convert;
mod database;
mod directory;
pub mod entity;
mod error;
mod harvest;
mod media;
mod migrate;
mod objects;
mod seed;
mod social;
mod third_parties;
mod users;
mod worlds;
mod write_behind;

pub use archive::{Import, Kind, PersonalRecord};
pub use attributes::{AttributeRecord, EntryPage, EntryQuery, EntryRow, MAX_VALUES};
pub use catalogue::{AssetRow, AttributeTypeRow, LibraryRow, PluginRow, PluginUpdate};
pub use chain::{
    BalanceRow, ConfirmedStake, Holding, PendingStake, StakeRow, StakerRow, TopStakerRow,
};
pub use database::{
    Store, StoreOptions, Version, VersionedCache, count_statements, counted_for_caller,
};
pub use directory::{DirectoryRows, ObjectLink, ObjectTypeRow};
pub use error::{Referent, Result, StoreError};
pub use harvest::{
    AnnouncedContract, AppliedBlocks, BlockMark, BlockRow, Cell, CellRow, ChainCounts, ChainRow,
    DeadLetterRow, EffectRow, EffectState, FactRow, NewChain, OrderRow, SignedOrder, UndoRow,
};
pub use media::{BlobRow, BlobState, DigestBytes, MediaTotals, NewBlob, Recorded, VariantRow};
pub use migrate::MigrationStatus;
pub use objects::{
    Creation, MemberRow, NewObjectRow, NewUserAttribute, ObjectPatch, ObjectRecord, OutlineRow,
    TreeRow,
};
pub use seed::{Seed, Seeded, welcome_world};
pub use social::{
    ActivityEdit, ActivityRow, CONTRIBUTION, ContributionOrder, ContributionRow,
    ContributionsQuery, Feed, NewActivity, WorldLabel, stake_activity_id,
};
pub use third_parties::AiJob;
pub use users::{AccountTypes, NewUser, ProfileRow, UserRow};
pub use worlds::{Docking, HandOver, Landmark, WorldRow};
pub use write_behind::LastPosition;
