//! The tick of one world: a `bevy_ecs` world on a fixed tick. Commands are its input, frames and
//! persist batches its output.
//!
//! Start reading at [`WorldSet`]: the schedule is the table of contents. A world reads no clock and
//! draws no random number (its time is its tick count, ids come in with the commands), so the same
//! commands give the same bytes. It must not know a database, a socket or a chain: those feed its
//! inbox and drain its outputs.

mod options;
mod persistence;
mod replication;
mod session;
mod simulation;
mod world;

pub use options::WorldOptions;
pub use persistence::{LastPosition, PersistBatch, PersistSink};
pub use replication::{
    ReplicationWork,
    interest::{InterestOptions, MAX_BUCKETS},
};
pub use session::{
    Batch, Dialect, DisconnectCause, Link, QueueLimits, SessionLink, resume::GracePeriod,
};
pub use simulation::{objects::ObjectIndex, presence::UserIndex};
pub use world::{
    command::{AttributeChange, ClientAction, Effect, Entrant},
    events::{Audience, TickEvents, WorldEvent},
    extension::{ExtensionBuilder, WorldExtension, WorldExtensions},
    handle::{WorldEnded, WorldHandle},
    live::{LiveWorld, TickReport, WorldContext, WorldState},
    record::{ObjectRecord, UserRecord, WorldFrame, WorldSnapshot},
    replica::{FrameGap, Replica, ReplicaReport},
    schedule::WorldSet,
};
