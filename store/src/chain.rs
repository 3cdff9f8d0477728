//! The chain mirror: stakes, balances, and tokens that stand for worlds.

pub(crate) mod balances;
pub(crate) mod nft;
pub(crate) mod stakes;

pub use balances::BalanceRow;
pub use stakes::{ConfirmedStake, PendingStake, StakeRow, StakerRow, TopStakerRow};
