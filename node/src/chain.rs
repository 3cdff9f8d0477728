//! Operations on what the chain mirror holds: stakes and balances, the metadata of a world's token,
//! and worlds for the holders of tokens.

pub(crate) mod nft;
pub(crate) mod nft_worlds;
pub(crate) mod stakes;

pub use nft::Nft;
pub use stakes::StakeClaim;
