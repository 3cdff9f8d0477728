//! One loaded world: its schedule, the commands that reach it, the events of a tick, and copies of
//! it elsewhere.

pub(crate) mod command;
pub(crate) mod events;
pub(crate) mod extension;
pub(crate) mod handle;
pub(crate) mod inbox;
pub(crate) mod live;
pub(crate) mod record;
pub(crate) mod replica;
pub(crate) mod schedule;
pub(crate) mod stopwatch;
