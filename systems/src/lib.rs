//! What happens in a world: one `bevy_ecs` world on a fixed tick, fed by commands and drained of frames and batches.
//!
//! Start reading at [`WorldSet`]: the schedule is the table of contents. A world reads no clock and draws no random
//! number (its time is its tick count, ids come in with the commands), so the same commands give the same bytes.
//! It must not know a database, a socket or a chain: those feed its inbox and drain its outputs.

mod attributes;
mod command;
mod delta;
mod dragging;
mod interest;
mod live;
mod locks;
mod movement;
mod network;
mod objects;
mod options;
mod persistence;
mod placement;
mod presence;
mod resume;
mod schedule;
mod seats;
mod snapshot;
mod social;
mod stopwatch;

pub use command::{AttributeChange, ClientAction, Command, Effect, Entrant};
pub use interest::{InterestOptions, MAX_SLICES};
pub use live::{LiveWorld, TickReport, WorldContext, WorldEnded, WorldHandle, WorldState};
pub use network::{Batch, Dialect, DisconnectCause, Link, QueueLimits, SessionLink};
pub use objects::ObjectIndex;
pub use options::WorldOptions;
pub use persistence::{LastPosition, PersistBatch, PersistSink};
pub use presence::UserIndex;
pub use schedule::WorldSet;
