//! Follows chains: reads their blocks, derives balances, owners and stakes, and has effects carried
//! out, each once, even when blocks are replaced.
//!
//! * [`ChainAdapter`]: one chain. Knows RPC and encodings, and nothing of databases, users or
//!   worlds.
//! * [`Follower`]: keeps the rows of one chain at its head. Sees no encoding of any chain.
//! * [`Dispatcher`]: carries out what follows from the facts.
//! * [`evm`]: Ethereum and its kin.
//! * [`substrate`]: Polkadot, Kusama and their kin.
//! * [`conformance`]: what every adapter has to do, as a test.
//! * [`scripted`]: a chain in memory that does as it is told, for tests.

#![forbid(unsafe_code)]

mod adapter;
mod chain;
pub mod conformance;
mod dispatcher;
pub mod evm;
mod follower;
mod projector;
mod reconcile;
mod rpc;
pub mod scripted;
mod sender;
pub mod substrate;

pub use adapter::{
    AdapterError, AnnouncedContract, BlockAt, BlockRange, ChainAdapter, ChainDescriptor, HeadEvent,
    Outcome, StateQuery,
};
pub use chain::{
    Account, Block, ContractChange, Fact, FactBatch, FactKind, Hash, NodeChange, U256,
};
pub use dispatcher::{Dispatcher, EffectError, Effects};
pub use follower::{FollowError, Follower, FollowerOptions, Progress, shadow_of};
pub use projector::Effect;
pub use reconcile::reconcile;
pub use rpc::RpcOptions;
pub use sender::{ChainWallet, Sender, SenderOptions};
