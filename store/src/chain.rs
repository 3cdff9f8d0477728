//! The chain mirror: stakes, balances, who holds what, and tokens that stand for worlds.

pub(crate) mod balances;
pub(crate) mod holdings;
pub(crate) mod nft;
pub(crate) mod stakes;

pub use balances::BalanceRow;
pub use holdings::Holding;
pub use stakes::{ConfirmedStake, PendingStake, StakeRow, StakerRow, TopStakerRow};
