//! A local Ethereum chain: anvil with contracts of our own, for tests and demonstrations.
//!
//! * [`Anvil`]: a running chain, which ends with its value. Transactions of its accounts need no
//!   signature.
//! * [`Contracts`]: a token, worlds and stakes on it (`contracts/`).

#![forbid(unsafe_code)]

mod anvil;
mod contracts;

pub use alloy_primitives::{Address, U256};
pub use alloy_sol_types::{SolCall, SolEvent};
pub use anvil::{Anvil, AnvilOptions, DevchainError, Receipt, ReceiptLog, find_anvil};
pub use contracts::{Contracts, FAUCET_KEY, Factory, Stakes, Token, Worlds, world_of};
