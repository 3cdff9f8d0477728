//! Ethereum and its kin, through JSON-RPC (docs/spec/chains.md §6).

mod adapter;
mod events;
mod factory;
mod wallet;

pub use adapter::{Contract, EvmAdapter, EvmOptions};
pub use events::{Log, Surface, decode};
pub use factory::Factory;
pub use wallet::{EvmWallet, grant_call};
