//! Ethereum and its kin: from logs to facts (docs/spec/chains.md §6). Nothing asks a node for logs
//! yet.

mod events;

pub use events::{Log, Surface, decode};
