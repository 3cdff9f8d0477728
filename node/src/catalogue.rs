//! Materials of objects: 2D and 3D assets, and plugins.

pub(crate) mod assets;
pub(crate) mod plugins;

pub use assets::{LibraryPage, MAX_LIBRARY};
pub use plugins::MAX_PLUGINS;
