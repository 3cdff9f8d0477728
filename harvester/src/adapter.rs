//! One chain, as the follower sees it.

use std::time::Duration;

use components::Umid;
use futures_util::stream::BoxStream;
pub use store::AnnouncedContract;

use crate::chain::{Account, Block, FactBatch, U256};

/// Fixed properties of a chain.
#[derive(Clone, Debug)]
pub struct ChainDescriptor {
    /// Its id in the database.
    pub id: Umid,
    /// Name for people.
    pub name: String,
    /// The first block that can have facts.
    pub first_block: u64,
    /// Blocks that one request for facts asks for at first, and at most.
    pub range: (u64, u64),
    /// Sources of its facts: the same text whenever they are the same.
    pub sources: String,
}

/// A block to ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockAt {
    /// The newest.
    Best,
    /// The newest that cannot be replaced any more.
    Finalized,
    /// The one of a number on the chain as it is now.
    Number(u64),
}

/// Blocks whose facts are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockRange {
    /// Those of these numbers on the chain as it is now, both included.
    Numbers {
        /// The first.
        from: u64,
        /// The last.
        to: u64,
    },
    /// One block by its hash.
    One(Block),
}

/// A value of the chain's state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StateQuery {
    /// Balance of an account in the chain's own coin, in the smallest unit.
    Native {
        /// The account.
        account: Account,
    },
    /// Balance of an account in a token.
    Fungible {
        /// The token's contract.
        contract: Vec<u8>,
        /// The account.
        account: Account,
    },
}

/// Fate of a transaction that is in a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It did what it should.
    Succeeded,
    /// It did nothing but cost a fee.
    Failed,
}

/// News of a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeadEvent {
    /// There is a new block, or the newest are other ones.
    Best,
    /// More blocks cannot be replaced any more.
    Finalized,
    /// The connection broke and is back; anything may have happened.
    Interrupted,
}

/// A request that failed. The variant decides what happens next, never the text.
#[derive(thiserror::Error, Clone, Debug, PartialEq, Eq)]
pub enum AdapterError {
    /// Trying again may succeed: the connection broke, the answer did not come or made no sense.
    #[error("no answer: {0}")]
    Transient(String),
    /// The answer would be too large; perhaps with the number of blocks that would do.
    #[error("the range is too large")]
    RangeTooLarge(Option<u64>),
    /// Too many requests; the next one after this time.
    #[error("too many requests")]
    RateLimited(Duration),
    /// The chain does not have that block, not yet or not any more.
    #[error("no such block")]
    NotFound,
    /// The answer belongs to another state of the chain than was asked for.
    #[error("the answer is of another state of the chain")]
    Inconsistent,
    /// The state of that block is kept no longer: that needs an endpoint with an archive.
    #[error("the state of that block is kept no longer; an archive node has it")]
    NeedsArchive,
    /// Trying again is of no use.
    #[error("{0}")]
    Fatal(String),
}

/// One chain. Every call has a deadline of its own and may be dropped at any time.
#[async_trait::async_trait]
pub trait ChainAdapter: Send + Sync + 'static {
    /// Its fixed properties.
    fn descriptor(&self) -> &ChainDescriptor;

    /// Identity of the chain: its id, or the hash of its first block.
    ///
    /// # Errors
    /// Those of asking.
    async fn identity(&self) -> Result<Vec<u8>, AdapterError>;

    /// News, for as long as the adapter is there. It is told again what it was told before rather
    /// than miss anything; who listens asks for blocks.
    fn heads(&self) -> BoxStream<'static, HeadEvent>;

    /// A block; none if the chain has no such block, not yet or not any more.
    ///
    /// # Errors
    /// Those of asking.
    async fn block(&self, at: BlockAt) -> Result<Option<Block>, AdapterError>;

    /// All facts of some blocks. Those of announced contracts belong to them, each from the block
    /// of its announcement on; an adapter that announces none has none.
    ///
    /// # Errors
    /// Those of asking.
    async fn facts(
        &self,
        range: BlockRange,
        announced: &[AnnouncedContract],
    ) -> Result<FactBatch, AdapterError>;

    /// Values of the state after a block, in the order of the queries.
    ///
    /// # Errors
    /// Those of asking, `NeedsArchive` if the block is too old.
    async fn read(&self, at: Block, queries: &[StateQuery]) -> Result<Vec<U256>, AdapterError>;

    /// Fate of a transaction; none while it is in no block.
    ///
    /// # Errors
    /// Those of asking.
    async fn outcome(&self, transaction: &[u8]) -> Result<Option<Outcome>, AdapterError>;
}
