//! Ethereum and its kin, through JSON-RPC (docs/spec/chains.md §6).

mod adapter;
mod endpoint;
mod events;
mod failure;
mod http;

pub use adapter::{Contract, EvmAdapter, EvmOptions};
pub use events::{Log, Surface, decode};
