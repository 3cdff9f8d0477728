//! One loaded world: its schedule, the commands that reach it, and the handle by which others reach it.

pub(crate) mod command;
pub(crate) mod inbox;
pub(crate) mod live;
pub(crate) mod schedule;
pub(crate) mod stopwatch;
