//! Worlds: `loaded` holds the worlds in memory, `sessions` counts who is connected; `create`,
//! `edit`, `explore` and `docks` are the operations on a world as a whole.

pub(crate) mod create;
pub(crate) mod docks;
pub(crate) mod edit;
pub(crate) mod explore;
pub(crate) mod loaded;
mod sessions;

pub use edit::WorldTexts;
pub use explore::{Place, WorldDetails};
pub use loaded::{WorldStatus, Worlds};
pub use sessions::ConnectionGuard;
