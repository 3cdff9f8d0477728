//! Paths of people who load a world. Bots over real sockets and benches in memory take the same
//! paths, so that their figures can be compared. It must not know of worlds, sockets or clocks.

mod path;
mod pattern;

pub use path::{Path, Place};
pub use pattern::{Pattern, UnknownPattern};
