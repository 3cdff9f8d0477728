//! Polkadot, Kusama and their kin, through JSON-RPC and the metadata of each block
//! (docs/spec/chains.md §9).

mod adapter;
mod client;
mod events;
mod reading;
mod worlds;

pub use adapter::{SubstrateAdapter, SubstrateOptions, id_of_rules};
pub use events::{Assets, Items, Pallet, Source};
