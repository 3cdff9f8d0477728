//! Materials of objects: assets, plugins and the attribute types that plugins declare.

pub(crate) mod assets;
pub(crate) mod plugins;

pub use assets::{AssetRow, LibraryRow};
pub use plugins::{AttributeTypeRow, PluginRow, PluginUpdate};
