//! Sessions as a world sees them: the link to the socket, the queues of a tick, and users whose connection broke.

mod cause;
mod link;
mod queues;
pub(crate) mod resume;

pub use cause::DisconnectCause;
pub use link::{Batch, Dialect, Link, QueueLimits, SessionLink};
pub(crate) use queues::{BroadcastQueue, UnicastQueue, broadcast, encode, post, post_to};
