//! node

mod directory;
mod error;

pub use directory::Directory;
pub use error::{NodeError, Result};
