//! Sessions as a world sees them: the link to the socket, the queues of a tick, sessions that enter
//! and end, and users whose connection broke.

mod cause;
mod ending;
mod joining;
mod link;
mod queues;
pub(crate) mod resume;

pub use cause::DisconnectCause;
pub use link::{Batch, Dialect, Link, QueueLimits, SessionLink};

pub(crate) use ending::{EndingSessions, close_sessions};
pub(crate) use joining::Joining;
pub(crate) use queues::{BroadcastQueue, Speakers, UnicastQueue};
