//! One world in a file: exported from the database of one node, imported into that of another.
//!
//! The file is a gzipped tar of a manifest, of lines of JSON (`file`, `lines`) and of pictures,
//! sounds and models (`contents`). An import checks the whole file first (`check`), then the
//! references to the database of the node, gives ids and owners their place (`remap`), and inserts
//! everything in one transaction. This crate must not know the command line, the configuration or a
//! running node: the caller opens the database, keeps servers away from it, and gives the contents
//! of the file to a node before the world is imported.

mod check;
mod contents;
mod error;
mod export;
mod file;
mod import;
mod lines;
mod remap;

pub use check::{Checked, check};
pub use contents::Content;
pub use error::ArchiveError;
pub use export::export;
pub use file::Manifest;
pub use import::{ImportOptions, ImportReport, import, unpack};
pub use remap::Ids;
