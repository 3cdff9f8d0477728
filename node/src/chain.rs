//! Operations on what the chain mirror holds: stakes and balances, the metadata of a world's token,
//! worlds for the holders of tokens, and how the chains do.

pub(crate) mod nft;
pub(crate) mod nft_worlds;
pub(crate) mod stakes;
mod status;

pub use nft::Nft;
pub use stakes::{StakeClaim, StakeNews};
pub use status::{ChainState, ChainStatus};
