//! Blocks, which every chain has, and facts in them.

use components::Umid;
pub use ruint::aliases::U256;
use serde::Serialize;

/// Hash of a block.
pub type Hash = [u8; 32];
/// An account: 20 bytes on Ethereum and its kin, 32 on Substrate.
pub type Account = Vec<u8>;

/// A block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// Number; each block's is one more than its parent's.
    pub number: u64,
    /// Hash.
    pub hash: Hash,
    /// Hash of the block before.
    pub parent: Hash,
}

/// Something that happened in a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// Number of the block.
    pub number: u64,
    /// Hash of the block.
    pub block: Hash,
    /// Time of the block in seconds since 1970, if the answer told it.
    pub time: Option<u64>,
    /// Place in the block: facts of a block are in this order, and no two have the same.
    pub position: u64,
    /// The transaction; empty for what no transaction caused.
    pub transaction: Vec<u8>,
    /// The event.
    pub kind: FactKind,
}

/// Kinds of facts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum FactKind {
    /// A token changed hands; from nobody it was minted, to nobody it was burned.
    FungibleTransfer {
        /// The token's contract.
        contract: Vec<u8>,
        /// The account that had it.
        from: Option<Account>,
        /// The account that has it.
        to: Option<Account>,
        /// Amount in the smallest unit.
        amount: U256,
    },
    /// An item changed hands.
    ItemTransfer {
        /// The contract of the items.
        contract: Vec<u8>,
        /// Id of the item.
        item: U256,
        /// The account that had it; none if it was minted.
        from: Option<Account>,
        /// The account that has it; none if it was burned.
        to: Option<Account>,
    },
    /// A stake in a world grew.
    Staked {
        /// The account.
        account: Account,
        /// The world.
        world: Umid,
        /// Kind of token.
        token: u8,
        /// By how much.
        amount: U256,
    },
    /// A stake in a world shrank.
    Unstaked {
        /// The account.
        account: Account,
        /// The world.
        world: Umid,
        /// Kind of token.
        token: u8,
        /// By how much.
        amount: U256,
    },
    /// A stake moved from one world to another.
    Restaked {
        /// The account.
        account: Account,
        /// The world that lost it.
        from: Umid,
        /// The world that got it.
        to: Umid,
        /// Kind of token.
        token: u8,
        /// Amount of it.
        amount: U256,
    },
    /// Tokens that were unstaked before came back.
    UnstakedClaimed {
        /// The account.
        account: Account,
        /// Amounts by kind of token.
        amounts: [U256; 2],
    },
    /// Somebody took the rewards of stakes.
    RewardsClaimed {
        /// The account.
        account: Account,
        /// Amount of all kinds together.
        total: U256,
        /// Amounts by kind of token, if they are told.
        amounts: Option<[U256; 2]>,
    },
    /// The owner of a world took its rewards.
    WorldRewardsClaimed {
        /// The world.
        world: Umid,
        /// Amount of all kinds together.
        total: U256,
        /// Amounts by kind of token, if they are told.
        amounts: Option<[U256; 2]>,
    },
    /// Rewards were computed anew.
    RewardsUpdated {
        /// Time in seconds since 1970, as the contract says.
        time: U256,
    },
    /// A node was entered, changed or removed.
    NodeChanged {
        /// The node.
        node: Umid,
        /// The change.
        change: NodeChange,
    },
    /// A world is on a node.
    WorldMapped {
        /// The node.
        node: Umid,
        /// The world.
        world: Umid,
    },
    /// Tokens that were held back were given out, or are to be.
    Vested {
        /// The account.
        account: Account,
        /// Amount.
        amount: U256,
        /// Whether they were given out.
        redeemed: bool,
    },
    /// The faucet gave tokens.
    FaucetDrop {
        /// The account.
        account: Account,
        /// Kind of token.
        token: u8,
        /// Amount.
        amount: U256,
    },
    /// The rules of a contract changed.
    ContractChanged {
        /// The contract.
        contract: Vec<u8>,
        /// The change.
        change: ContractChange,
    },
    /// A contract that is followed from this block on: a factory made it.
    ContractAnnounced {
        /// The contract.
        contract: Vec<u8>,
        /// Its kind, as the adapter names it.
        surface: String,
    },
    /// Something that came in and could not be read.
    Unreadable {
        /// The bytes.
        raw: Vec<u8>,
        /// The fault in them.
        reason: String,
    },
}

/// Change of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NodeChange {
    /// Its owner, place or name.
    Updated,
    /// It is gone.
    Removed,
}

/// Change of a contract that changes how the rest of it is to be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ContractChange {
    /// Other code runs from now on.
    Upgraded(Vec<u8>),
    /// It refuses transfers, or does no longer.
    Paused(bool),
    /// An account has a role (32 bytes), or has it no longer.
    Role {
        /// The role.
        role: Vec<u8>,
        /// The account.
        account: Account,
        /// Whether it has it.
        granted: bool,
    },
    /// Another account owns it; none, if nobody does.
    Owner(Option<Account>),
}

impl FactKind {
    /// Name of the kind.
    pub fn name(&self) -> &'static str {
        match self {
            FactKind::FungibleTransfer { .. } => "fungible_transfer",
            FactKind::ItemTransfer { .. } => "item_transfer",
            FactKind::Staked { .. } => "staked",
            FactKind::Unstaked { .. } => "unstaked",
            FactKind::Restaked { .. } => "restaked",
            FactKind::UnstakedClaimed { .. } => "unstaked_claimed",
            FactKind::RewardsClaimed { .. } => "rewards_claimed",
            FactKind::WorldRewardsClaimed { .. } => "world_rewards_claimed",
            FactKind::RewardsUpdated { .. } => "rewards_updated",
            FactKind::NodeChanged { .. } => "node_changed",
            FactKind::WorldMapped { .. } => "world_mapped",
            FactKind::Vested { .. } => "vested",
            FactKind::FaucetDrop { .. } => "faucet_drop",
            FactKind::ContractChanged { .. } => "contract_changed",
            FactKind::ContractAnnounced { .. } => "contract_announced",
            FactKind::Unreadable { .. } => "unreadable",
        }
    }
}

/// Facts of a range of blocks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FactBatch {
    /// All facts of the range that matter, in any order, perhaps some twice.
    pub facts: Vec<Fact>,
    /// The last block of the range, as the answer saw it.
    pub last: Block,
}
