//! A chain in memory that does as it is told: it mines, forks, rewinds, finalizes, and answers
//! badly.

use std::{collections::HashMap, sync::Arc, time::Duration};

use components::Umid;
use futures_util::{StreamExt, stream::BoxStream};
use sha2::{Digest, Sha256};
use tokio::sync::watch;

use crate::{
    adapter::{
        AdapterError, AnnouncedContract, BlockAt, BlockRange, ChainAdapter, ChainDescriptor,
        HeadEvent, Outcome, StateQuery,
    },
    chain::{Account, Block, Fact, FactBatch, FactKind, Hash, U256},
};

/// Faults of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// There is no answer.
    Drop,
    /// The answer is that of an endpoint that is so many blocks behind.
    Lag(u64),
    /// Facts come in another order, and some of them twice.
    Shuffle,
    /// Facts are said to be those of another block.
    Lie,
    /// The range is too large, unless it is one block.
    TooLarge,
    /// The provider wants fewer requests.
    TooMany,
}

/// A chain in memory. Clones are the same chain.
#[derive(Clone)]
pub struct ScriptedChain {
    descriptor: ChainDescriptor,
    state: Arc<std::sync::Mutex<State>>,
    news: watch::Sender<u64>,
}

#[derive(Default)]
struct State {
    blocks: HashMap<Hash, Mined>,
    /// Hashes by number.
    chain: Vec<Hash>,
    finalized: usize,
    mined: u64,
    faults: Vec<Fault>,
}

struct Mined {
    block: Block,
    facts: Vec<Fact>,
}

impl State {
    fn best(&self) -> usize {
        self.chain.len() - 1
    }

    fn block(&self, number: usize) -> Option<Block> {
        let hash = self.chain.get(number)?;
        self.blocks.get(hash).map(|mined| mined.block)
    }

    fn mine(&mut self, facts: Vec<(Vec<u8>, FactKind)>) -> Block {
        self.mined += 1;
        let parent = self.chain.last().copied().unwrap_or_default();
        // The same block mined again is another one: blocks have times.
        let hash = Sha256::new()
            .chain_update(parent)
            .chain_update(self.mined.to_be_bytes())
            .finalize()
            .into();
        let number = self.chain.len() as u64;
        let block = Block {
            number,
            hash,
            parent,
        };
        let facts = (0..)
            .zip(facts)
            .map(|(position, (transaction, kind))| Fact {
                number,
                block: hash,
                time: Some(1_700_000_000 + number),
                position,
                transaction,
                kind,
            });
        let facts = facts.collect();
        self.blocks.insert(hash, Mined { block, facts });
        self.chain.push(hash);
        block
    }
}

impl ScriptedChain {
    /// A chain of one block without facts, which is final.
    pub fn new(id: Umid) -> Self {
        let mut state = State::default();
        state.mine(Vec::new());
        Self {
            descriptor: ChainDescriptor {
                id,
                name: "scripted".to_owned(),
                first_block: 0,
                range: (4, 64),
                sources: "script".to_owned(),
            },
            state: Arc::new(std::sync::Mutex::new(state)),
            news: watch::Sender::new(0),
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        // A panic of a test is told by that test.
        self.state.lock().unwrap_or_else(|state| state.into_inner())
    }

    /// Adds a block with these transactions, and tells of it.
    pub fn mine(&self, facts: Vec<(Vec<u8>, FactKind)>) -> Block {
        let block = self.state().mine(facts);
        self.tell();
        block
    }

    /// Takes the newest blocks away without a word, but none that is final; how many.
    pub fn rewind(&self, blocks: usize) -> usize {
        let mut state = self.state();
        let blocks = blocks.min(state.best() - state.finalized);
        let rest = state.chain.len() - blocks;
        state.chain.truncate(rest);
        blocks
    }

    /// Takes blocks away even if they were final.
    pub fn violate_finality(&self, blocks: usize) {
        let mut state = self.state();
        let rest = state.chain.len().saturating_sub(blocks).max(1);
        state.chain.truncate(rest);
        state.finalized = state.finalized.min(rest - 1);
    }

    /// Makes all blocks final but the newest few.
    pub fn finalize(&self, but: usize) {
        let mut state = self.state();
        state.finalized = state.finalized.max(state.best().saturating_sub(but));
        drop(state);
        self.tell();
    }

    /// Lets the next requests go wrong, the last of these first.
    pub fn fail(&self, faults: impl IntoIterator<Item = Fault>) {
        self.state().faults.extend(faults);
    }

    /// Lets all requests be answered well.
    pub fn recover(&self) {
        self.state().faults.clear();
    }

    /// All facts of the chain as it is now, in order.
    pub fn facts_now(&self) -> Vec<Fact> {
        let state = self.state();
        let mined = state.chain.iter().filter_map(|hash| state.blocks.get(hash));
        mined.flat_map(|mined| mined.facts.clone()).collect()
    }

    /// Number of the newest block.
    pub fn best(&self) -> u64 {
        self.state().best() as u64
    }

    /// All facts of the chain up to a block of it, in order.
    fn facts_until(&self, at: Block) -> Result<Vec<Fact>, AdapterError> {
        let state = self.state();
        let index = state.chain.iter().position(|hash| *hash == at.hash);
        let index = index.ok_or(AdapterError::NotFound)?;
        let hashes = state.chain.iter().take(index + 1);
        let mined = hashes.filter_map(|hash| state.blocks.get(hash));
        Ok(mined.flat_map(|mined| mined.facts.clone()).collect())
    }

    fn tell(&self) {
        self.news.send_modify(|news| *news += 1);
    }

    /// The fault of this request.
    fn fault(&self) -> Result<Option<Fault>, AdapterError> {
        let mut state = self.state();
        match state.faults.pop() {
            Some(Fault::Drop) => Err(AdapterError::Transient("dropped".to_owned())),
            Some(Fault::TooMany) => Err(AdapterError::RateLimited(Duration::from_millis(1))),
            fault => Ok(fault),
        }
    }
}

/// The number of the newest block as an endpoint that may be behind sees it.
fn seen(state: &State, fault: Option<Fault>) -> usize {
    match fault {
        Some(Fault::Lag(blocks)) => state.best().saturating_sub(blocks as usize),
        _ => state.best(),
    }
}

#[async_trait::async_trait]
impl ChainAdapter for ScriptedChain {
    fn descriptor(&self) -> &ChainDescriptor {
        &self.descriptor
    }

    async fn identity(&self) -> Result<Vec<u8>, AdapterError> {
        Ok(self.descriptor.id.as_bytes().to_vec())
    }

    fn heads(&self) -> BoxStream<'static, HeadEvent> {
        let news = self.news.subscribe();
        futures_util::stream::unfold(news, |mut news| async {
            news.changed().await.ok()?;
            Some((HeadEvent::Best, news))
        })
        .boxed()
    }

    async fn block(&self, at: BlockAt) -> Result<Option<Block>, AdapterError> {
        let fault = self.fault()?;
        tokio::task::yield_now().await;
        let state = self.state();
        let best = seen(&state, fault);
        Ok(match at {
            BlockAt::Best => state.block(best),
            BlockAt::Finalized => state.block(state.finalized.min(best)),
            BlockAt::Number(number) => {
                let number = usize::try_from(number).unwrap_or(usize::MAX);
                (number <= best).then(|| state.block(number)).flatten()
            }
        })
    }

    async fn facts(
        &self,
        range: BlockRange,
        _announced: &[AnnouncedContract],
    ) -> Result<FactBatch, AdapterError> {
        let fault = self.fault()?;
        tokio::task::yield_now().await;
        let state = self.state();
        let best = seen(&state, fault);
        let hashes: Vec<Hash> = match range {
            BlockRange::Numbers { from, to } => {
                if fault == Some(Fault::TooLarge) && to > from {
                    return Err(AdapterError::RangeTooLarge(None));
                }
                // As real nodes do: a range that ends beyond the head is cut without a word.
                let to = best.min(to as usize);
                let all = state.chain.get(from as usize..=to);
                all.ok_or(AdapterError::NotFound)?.to_vec()
            }
            BlockRange::One(block) => {
                let on_chain = state
                    .chain
                    .iter()
                    .take(best + 1)
                    .any(|hash| *hash == block.hash);
                match on_chain {
                    true => vec![block.hash],
                    false => return Err(AdapterError::NotFound),
                }
            }
        };
        let mined = || hashes.iter().filter_map(|hash| state.blocks.get(hash));
        let mut facts: Vec<Fact> = mined().flat_map(|mined| mined.facts.clone()).collect();
        let last = mined().next_back().ok_or(AdapterError::NotFound)?;
        let mut last = last.block;
        match fault {
            Some(Fault::Shuffle) => {
                facts.reverse();
                facts.extend(facts.clone());
            }
            Some(Fault::Lie) => {
                last.hash = [0xee; 32];
                for fact in &mut facts {
                    fact.block = last.hash;
                }
            }
            _ => {}
        }
        Ok(FactBatch { facts, last })
    }

    async fn read(&self, at: Block, queries: &[StateQuery]) -> Result<Vec<U256>, AdapterError> {
        self.fault()?;
        let facts = self.facts_until(at)?;
        let values = queries.iter().map(|query| match query {
            // There are no coins on this chain.
            StateQuery::Native { .. } => U256::ZERO,
            StateQuery::Fungible {
                contract: of,
                account,
            } => {
                let mut balance = U256::ZERO;
                for fact in &facts {
                    if let FactKind::FungibleTransfer {
                        contract,
                        from,
                        to,
                        amount,
                    } = &fact.kind
                        && contract == of
                    {
                        let side = |side: &Option<Account>| match side.as_ref() == Some(account) {
                            true => *amount,
                            false => U256::ZERO,
                        };
                        balance = balance + side(to) - side(from);
                    }
                }
                balance
            }
        });
        Ok(values.collect())
    }

    async fn outcome(&self, transaction: &[u8]) -> Result<Option<Outcome>, AdapterError> {
        self.fault()?;
        let facts = self.facts_now();
        let mut facts = facts.iter();
        let is_there = facts.any(|fact| fact.transaction == transaction);
        Ok(is_there.then_some(Outcome::Succeeded))
    }
}
