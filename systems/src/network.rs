//! The seam to the sessions: what comes in per tick, what goes out per tick, and the link that both share.

mod cause;
mod inbox;
mod link;
mod outgoing;
mod publish;

pub use cause::DisconnectCause;
pub(crate) use inbox::{Inbox, apply_commands, drain_inbox};
pub use link::{Batch, Dialect, Link, QueueLimits, SessionLink};
pub(crate) use outgoing::{Mailbox, Outgoing, broadcast, encode, post, post_to};
pub(crate) use publish::{Received, Skipped, publish};
