//! The promises of an adapter, as a test that each family runs on a chain of its own
//! (docs/adding-an-adapter.md).
//!
//! A family gives a [`TestChain`]: a real node, or the best that can be had, which makes blocks as
//! it is told. [`check`] then follows it through its adapter.

use std::{future::Future, sync::Arc, time::Duration};

use futures_util::StreamExt;
use store::{Cell, CellRow, Store};
use tokio::time::timeout;

use crate::{
    adapter::{AdapterError, BlockAt, BlockRange, ChainAdapter, StateQuery},
    chain::{Account, Block, Fact, FactKind, U256},
    follower::{Follower, FollowerOptions},
};

/// Time within which news have to come, and a follower has to be there.
const PATIENCE: Duration = Duration::from_secs(30);

/// A chain that makes blocks as it is told, with one token, of which account 0 has plenty.
#[async_trait::async_trait]
pub trait TestChain: Send + Sync {
    /// An adapter to it, with the token among its sources.
    fn adapter(&self) -> Arc<dyn ChainAdapter>;

    /// The token's contract.
    fn token(&self) -> Vec<u8>;

    /// Accounts, three at least.
    fn accounts(&self) -> Vec<Account>;

    /// Makes a block in which account 0 sends so much to another account.
    async fn transfer(&self, to: usize, amount: u64);

    /// Makes a block without any transfer.
    async fn nothing(&self);

    /// Replaces the newest blocks, which are not final, by as many without transfers.
    async fn replace(&self, blocks: u64);

    /// Takes the newest blocks away, which are not final. False if such chains never do that.
    async fn rewind(&self, blocks: u64) -> bool;
}

/// Follows a chain through its adapter, with forks and rewinds. `store` gives an empty database
/// whenever it is called.
///
/// # Panics
/// At the first thing that the adapter does wrong, with what it is.
pub async fn check<F: Future<Output = Store>>(chain: &dyn TestChain, store: impl Fn() -> F) {
    let setting = Setting {
        chain,
        adapter: chain.adapter(),
        store: store().await,
    };
    setting.says_who_it_is().await;
    setting.links_blocks().await;
    setting.has_nothing_beyond_its_head().await;
    setting.tells_the_same_by_range_and_by_block().await;
    setting.tells_of_new_blocks().await;
    setting.follows(&store).await;
}

struct Setting<'a> {
    chain: &'a dyn TestChain,
    adapter: Arc<dyn ChainAdapter>,
    store: Store,
}

impl Setting<'_> {
    async fn block(&self, at: BlockAt) -> Option<Block> {
        let block = self.adapter.block(at).await;
        block.unwrap_or_else(|error| panic!("a block is asked for: {error}"))
    }

    async fn best(&self) -> Block {
        let best = self.block(BlockAt::Best).await;
        best.unwrap_or_else(|| panic!("there is a newest block"))
    }

    async fn facts(&self, range: BlockRange) -> Vec<Fact> {
        let batch = self.adapter.facts(range, &[]).await;
        let batch = batch.unwrap_or_else(|error| panic!("facts of {range:?}: {error}"));
        let mut facts = batch.facts;
        facts.sort_by_key(|fact| (fact.number, fact.position));
        facts.dedup();
        facts
    }

    async fn says_who_it_is(&self) {
        let first = self.adapter.identity().await;
        let first = first.unwrap_or_else(|error| panic!("the chain says who it is: {error}"));
        assert!(!first.is_empty(), "an identity is not empty");
        self.chain.nothing().await;
        let again = self.adapter.identity().await;
        assert_eq!(Ok(first), again, "an identity stays the same");
    }

    /// Numbers and parents of blocks, and the final one among them.
    async fn links_blocks(&self) {
        for _ in 0..3 {
            self.chain.nothing().await;
        }
        let best = self.best().await;
        let mut child = best;
        for number in (best.number.saturating_sub(3)..best.number).rev() {
            let block = self.block(BlockAt::Number(number)).await;
            let block = block.unwrap_or_else(|| panic!("there is a block {number}"));
            assert_eq!(
                block.number, number,
                "a block has the number that was asked for"
            );
            assert_eq!(
                child.parent, block.hash,
                "a block names its parent by its hash"
            );
            child = block;
        }
        assert_eq!(
            self.block(BlockAt::Number(best.number)).await,
            Some(best),
            "the newest block is the one of its number"
        );
        if let Some(finalized) = self.block(BlockAt::Finalized).await {
            assert!(finalized.number <= best.number, "a final block exists");
        }
    }

    /// Blocks that a chain does not have yet are not empty: they are not there.
    async fn has_nothing_beyond_its_head(&self) {
        let best = self.best().await;
        let beyond = best.number + 5;
        assert_eq!(
            self.block(BlockAt::Number(beyond)).await,
            None,
            "there is no block beyond the newest"
        );
        for (from, to) in [(beyond, beyond + 1), (best.number, beyond)] {
            let range = BlockRange::Numbers { from, to };
            let facts = self.adapter.facts(range, &[]).await;
            // Nodes cut such a range; then the last block says so.
            let facts = facts.map(|batch| batch.last.number);
            assert!(
                !facts.is_ok_and(|last| last >= to),
                "facts beyond the newest block are no answer"
            );
        }
        let unknown = Block {
            hash: [0x5a; 32],
            ..best
        };
        let facts = self.adapter.facts(BlockRange::One(unknown), &[]).await;
        assert_eq!(
            facts.map(|batch| batch.facts),
            Err(AdapterError::NotFound),
            "a block that is on no chain is not found"
        );
    }

    async fn tells_the_same_by_range_and_by_block(&self) {
        let from = self.best().await.number + 1;
        self.chain.transfer(1, 5).await;
        self.chain.nothing().await;
        self.chain.transfer(2, 6).await;
        self.chain.transfer(1, 7).await;
        let to = self.best().await.number;
        let by_range = self.facts(BlockRange::Numbers { from, to }).await;
        let mut by_block = Vec::new();
        for number in from..=to {
            let block = self.block(BlockAt::Number(number)).await;
            let block = block.unwrap_or_else(|| panic!("there is a block {number}"));
            let facts = self.facts(BlockRange::One(block)).await;
            assert!(
                facts.iter().all(|fact| fact.block == block.hash),
                "facts name their block"
            );
            by_block.extend(facts);
        }
        let without_time = |facts: Vec<Fact>| {
            let facts = facts.into_iter();
            facts
                .map(|fact| Fact { time: None, ..fact })
                .collect::<Vec<_>>()
        };
        let by_range = without_time(by_range);
        assert_eq!(
            by_range,
            without_time(by_block),
            "ranges and blocks tell the same"
        );
        let (token, accounts) = (self.chain.token(), self.chain.accounts());
        let amounts: Vec<(Account, u64)> = by_range
            .iter()
            .filter_map(|fact| match &fact.kind {
                FactKind::FungibleTransfer {
                    contract,
                    to: Some(to),
                    amount,
                    ..
                } if *contract == token => Some((to.clone(), amount.to())),
                _ => None,
            })
            .collect();
        let expected = [(1, 5), (2, 6), (1, 7)].map(|(to, amount): (usize, u64)| {
            (accounts.get(to).cloned().unwrap_or_default(), amount)
        });
        assert_eq!(amounts, expected, "each transfer is told once, in order");
        let read = StateQuery::Fungible {
            contract: token.clone(),
            account: accounts.get(2).cloned().unwrap_or_default(),
        };
        let value = self.adapter.read(self.best().await, &[read]).await;
        let value = value.unwrap_or_else(|error| panic!("a balance is read: {error}"));
        assert_eq!(
            value,
            [U256::from(6)],
            "a balance is the sum of the transfers"
        );
    }

    async fn tells_of_new_blocks(&self) {
        let mut heads = self.adapter.heads();
        let before = self.best().await.number;
        self.chain.nothing().await;
        let heard = async {
            loop {
                assert!(heads.next().await.is_some(), "news do not end");
                if self.best().await.number > before {
                    return;
                }
            }
        };
        let heard = timeout(PATIENCE, heard).await;
        assert!(heard.is_ok(), "there are news of a new block");
    }

    /// Rows are those of a fresh index after forks and rewinds.
    async fn follows<F: Future<Output = Store>>(&self, store: &impl Fn() -> F) {
        for round in 0..3 {
            self.chain.transfer(1, 10 + round).await;
            self.chain.transfer(2, 20 + round).await;
            self.sync(&self.store).await;
            self.chain.replace(1).await;
            self.sync(&self.store).await;
            self.compare(&store().await, "a fork").await;
            self.chain.transfer(2, 30 + round).await;
            self.chain.transfer(1, 40 + round).await;
            self.sync(&self.store).await;
            if self.chain.rewind(2).await {
                self.sync(&self.store).await;
                self.compare(&store().await, "a rewind").await;
            }
            self.chain.transfer(1, 50 + round).await;
            self.sync(&self.store).await;
            self.compare(&store().await, "going on").await;
        }
    }

    async fn compare(&self, fresh: &Store, after: &str) {
        self.sync(fresh).await;
        let rows = self.rows(&self.store).await;
        assert_eq!(rows, self.rows(fresh).await, "rows after {after}");
        assert!(!rows.is_empty(), "somebody has something");
    }

    async fn sync(&self, store: &Store) {
        let options = FollowerOptions {
            patience: Duration::ZERO,
            ..FollowerOptions::default()
        };
        let synced = async {
            loop {
                let adapter = Arc::clone(&self.adapter);
                let opened = Follower::open(adapter, store.clone(), options.clone()).await;
                let mut follower = opened.unwrap_or_else(|error| panic!("following: {error}"));
                match follower.sync().await {
                    Ok(()) => return,
                    Err(error) => assert!(!error.is_final(), "following: {error}"),
                }
            }
        };
        assert!(
            timeout(PATIENCE, synced).await.is_ok(),
            "following comes to an end"
        );
    }

    async fn rows(&self, store: &Store) -> Vec<CellRow> {
        let cells = self
            .chain
            .accounts()
            .into_iter()
            .map(|account| Cell::Balance {
                contract: self.chain.token(),
                account,
            });
        let cells: Vec<Cell> = cells.collect();
        let rows = store
            .chain_cells(self.adapter.descriptor().id, &cells)
            .await;
        let mut rows = rows.unwrap_or_else(|error| panic!("rows are read: {error}"));
        rows.sort_by(|a, b| a.cell.cmp(&b.cell));
        rows
    }
}
