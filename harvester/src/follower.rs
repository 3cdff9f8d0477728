//! Keeps the rows of one chain at its head.
//!
//! Blocks that cannot be replaced any more come in ranges. Those after them come one by one, by
//! hash, each the child of the one before; their changes can be taken back. When the chain no
//! longer has the block that was applied last, everything after the last common block is taken back
//! first.

use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use components::Umid;
use futures_util::StreamExt;
use store::{AnnouncedContract, AppliedBlocks, BlockMark, BlockRow, NewChain, Store, StoreError};
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use crate::{
    adapter::{AdapterError, BlockAt, BlockRange, ChainAdapter},
    chain::{Block, Fact, FactBatch, FactKind, Hash},
    projector::{cells_of, project},
};

/// Announced contracts that are followed, at most: those that were announced first.
const MAX_ANNOUNCED: usize = 1000;

/// Facts of a range, and the contracts that are announced by its end.
type Read = std::result::Result<(FactBatch, Vec<AnnouncedContract>), AdapterError>;

/// Options of a follower.
#[derive(Clone, Debug)]
pub struct FollowerOptions {
    /// Facts that an answer has at best; ranges grow and shrink towards it. Default 2,000.
    pub facts: usize,
    /// Time after which the chain is asked without news of it. Default 15 s: a chain may be quiet,
    /// and news may get lost.
    pub silence: Duration,
    /// Time for which a chain may seem shorter than it was, before that is believed. Default 15 s:
    /// endpoints that share an address are not equally far.
    pub patience: Duration,
    /// First and longest pause after a failure. Default 250 ms and 30 s.
    pub pause: (Duration, Duration),
    /// Percentage of the time in which ranges of final blocks are read, so that others have the
    /// rest; it may change meanwhile. Default 100.
    pub share: Arc<AtomicU32>,
}

impl Default for FollowerOptions {
    fn default() -> Self {
        Self {
            facts: 2_000,
            silence: Duration::from_secs(15),
            patience: Duration::from_secs(15),
            pause: (Duration::from_millis(250), Duration::from_secs(30)),
            share: Arc::new(AtomicU32::new(100)),
        }
    }
}

/// Following failed.
#[derive(thiserror::Error, Debug)]
pub enum FollowError {
    /// Asking the chain failed.
    #[error("the chain: {0}")]
    Adapter(#[from] AdapterError),
    /// The database failed.
    #[error("the database: {0}")]
    Store(#[from] StoreError),
    /// The chain says of itself that it is another one than before.
    #[error("this is another chain than before")]
    AnotherChain,
    /// A block that could not be replaced was. Nothing is done about it: people have to look.
    #[error("finality was violated: block {0} was replaced after it was final")]
    FinalityViolated(u64),
}

impl FollowError {
    /// Whether trying again is of no use.
    pub fn is_final(&self) -> bool {
        matches!(
            self,
            FollowError::AnotherChain
                | FollowError::FinalityViolated(_)
                | FollowError::Adapter(AdapterError::Fatal(_))
        )
    }
}

/// Place of a follower.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// The newest block of the chain.
    pub head: Option<u64>,
    /// The last block whose facts are in the rows.
    pub applied: Option<u64>,
    /// The last block that cannot be replaced any more.
    pub finalized: Option<u64>,
    /// The fault that following waits for, if there is one.
    pub fault: Option<String>,
}

type Result<T> = std::result::Result<T, FollowError>;

/// The rows of one chain.
pub struct Follower {
    adapter: Arc<dyn ChainAdapter>,
    store: Store,
    options: FollowerOptions,
    chain: Umid,
    applied: Option<BlockMark>,
    finalized: Option<BlockMark>,
    /// Contracts that were announced up to the last applied block.
    announced: Vec<AnnouncedContract>,
    /// Applied blocks that may be replaced, oldest first, after the last final one.
    window: VecDeque<BlockRow>,
    /// Blocks that the next request for facts asks for.
    range: u64,
    /// Since when the chain seems shorter than it was.
    short_since: Option<Instant>,
    /// The newest block of the chain.
    head: Option<u64>,
    progress: watch::Sender<Progress>,
}

impl Follower {
    /// Begins where the rows are.
    ///
    /// # Errors
    /// `AnotherChain`, those of asking the chain and of the database.
    pub async fn open(
        adapter: Arc<dyn ChainAdapter>,
        store: Store,
        options: FollowerOptions,
    ) -> Result<Self> {
        let id = adapter.descriptor().id;
        Self::open_as(adapter, store, options, id, None).await
    }

    /// Begins to make the rows of a chain anew, beside those that it has, or goes on with that.
    /// Nobody sees them until they take the place of the others ([`Store::adopt_shadow`]).
    ///
    /// # Errors
    /// As for [`open`](Self::open).
    pub async fn open_shadow(
        adapter: Arc<dyn ChainAdapter>,
        store: Store,
        options: FollowerOptions,
    ) -> Result<Self> {
        let chain = adapter.descriptor().id;
        let shadow = shadow_of(chain);
        let known = store.chain(shadow).await?;
        let sources = &adapter.descriptor().sources;
        if known.is_some_and(|row| row.sources.as_ref() != Some(sources)) {
            store.drop_shadow(shadow).await?;
        }
        Self::open_as(adapter, store, options, shadow, Some(chain)).await
    }

    async fn open_as(
        adapter: Arc<dyn ChainAdapter>,
        store: Store,
        options: FollowerOptions,
        chain: Umid,
        shadow_of: Option<Umid>,
    ) -> Result<Self> {
        let descriptor = adapter.descriptor().clone();
        let identity = adapter.identity().await?;
        let new = NewChain {
            id: chain,
            name: descriptor.name.clone(),
            identity: identity.clone(),
            sources: descriptor.sources.clone(),
            shadow_of,
        };
        let row = store.open_chain(&new).await?;
        if row.identity != identity {
            return Err(FollowError::AnotherChain);
        }
        let mut follower = Self {
            adapter,
            store,
            options,
            chain,
            applied: None,
            finalized: None,
            announced: Vec::new(),
            window: VecDeque::new(),
            range: descriptor.range.0,
            short_since: None,
            head: None,
            progress: watch::Sender::default(),
        };
        follower.read_again().await?;
        follower.tell(None);
        Ok(follower)
    }

    /// The last block whose facts are in the rows.
    pub fn applied(&self) -> Option<&BlockMark> {
        self.applied.as_ref()
    }

    /// The last block that cannot be replaced any more.
    pub fn finalized(&self) -> Option<&BlockMark> {
        self.finalized.as_ref()
    }

    /// Its place from now on.
    pub fn progress(&self) -> watch::Receiver<Progress> {
        self.progress.subscribe()
    }

    /// Follows the chain until `stop`. Failures are waited out; only those that are final end it.
    ///
    /// # Errors
    /// `AnotherChain`, `FinalityViolated`, or what the adapter calls fatal.
    pub async fn run(mut self, stop: CancellationToken) -> Result<()> {
        let follow = async {
            let mut heads = self.adapter.heads();
            let mut pause = self.options.pause.0;
            loop {
                match self.sync().await {
                    Ok(()) => {
                        pause = self.options.pause.0;
                        let silence = self.options.silence;
                        if let Ok(None) = timeout(silence, heads.next()).await {
                            // An adapter without news is asked every now and then.
                            sleep(silence).await;
                        }
                    }
                    Err(error) if error.is_final() => return Err(error),
                    Err(error) => {
                        let name = &self.adapter.descriptor().name;
                        tracing::warn!(chain = name, %error, "following waits");
                        self.tell(Some(error.to_string()));
                        let asked = match &error {
                            FollowError::Adapter(AdapterError::RateLimited(after)) => *after,
                            _ => Duration::ZERO,
                        };
                        sleep(pause.max(asked)).await;
                        pause = (pause * 2).min(self.options.pause.1);
                        // After a failure only the database knows where the rows are.
                        if let Err(error) = self.read_again().await {
                            tracing::warn!(%error, "the ledger cannot be read");
                        }
                    }
                }
            }
        };
        stop.run_until_cancelled(follow).await.unwrap_or(Ok(()))
    }

    /// Brings the rows to the head of the chain.
    ///
    /// # Errors
    /// Those of asking and of the database, `FinalityViolated`. The rows are then those of some
    /// block of the chain as it was.
    pub async fn sync(&mut self) -> Result<()> {
        loop {
            let (finalized, best) = tokio::try_join!(
                self.adapter.block(BlockAt::Finalized),
                self.adapter.block(BlockAt::Best),
            )?;
            let Some(best) = best else {
                return Ok(());
            };
            self.head = Some(best.number);
            if !self.leave_lost_blocks(&best).await? {
                return Ok(());
            }
            self.read_ranges(finalized.as_ref()).await?;
            let reached = self.read_blocks(&best).await?;
            if let Some(finalized) = finalized {
                self.finalize(&finalized).await?;
            }
            self.tell(None);
            if reached {
                return Ok(());
            }
        }
    }

    /// Reads from the database where the rows are.
    async fn read_again(&mut self) -> Result<()> {
        let row = self.store.chain(self.chain).await?;
        let row = row.ok_or(FollowError::AnotherChain)?;
        self.window = self.store.chain_blocks(self.chain).await?.into();
        self.announced = self.announced_contracts().await?;
        self.applied = row.applied;
        self.finalized = row.finalized;
        Ok(())
    }

    async fn announced_contracts(&self) -> Result<Vec<AnnouncedContract>> {
        let contracts = self.store.announced_contracts(self.chain, MAX_ANNOUNCED);
        Ok(contracts.await?)
    }

    /// Tells where it is.
    fn tell(&self, fault: Option<String>) {
        let number = |mark: &Option<BlockMark>| mark.as_ref().map(|mark| mark.number);
        let progress = Progress {
            head: self.head,
            applied: number(&self.applied),
            finalized: number(&self.finalized),
            fault,
        };
        self.progress.send_if_modified(|known| {
            let has_changed = *known != progress;
            *known = progress;
            has_changed
        });
    }

    /// Takes back blocks that the chain no longer has. False if the chain seems shorter than it
    /// was, which is not believed yet.
    async fn leave_lost_blocks(&mut self, best: &Block) -> Result<bool> {
        let Some(applied) = self.applied.clone() else {
            return Ok(true);
        };
        if best.number < applied.number && self.has(best) {
            let since = *self.short_since.get_or_insert_with(Instant::now);
            if since.elapsed() < self.options.patience {
                return Ok(false);
            }
        }
        self.short_since = None;
        // The usual case needs no question.
        let applied_hash = &applied.hash[..];
        if best.hash == applied_hash
            || best.number == applied.number + 1 && best.parent == applied_hash
        {
            return Ok(true);
        }
        let mut lost = 0;
        let mut common = None;
        for block in self.window.iter().rev() {
            let now = self.adapter.block(BlockAt::Number(block.number)).await?;
            if now.is_some_and(|now| now.hash[..] == block.hash[..]) {
                common = Some(BlockMark {
                    number: block.number,
                    hash: block.hash.clone(),
                });
                break;
            }
            if self
                .finalized
                .as_ref()
                .is_some_and(|finalized| finalized.number >= block.number)
            {
                return Err(FollowError::FinalityViolated(block.number));
            }
            lost += 1;
        }
        if common.as_ref() == Some(&applied) {
            return Ok(true);
        }
        self.store
            .revert_blocks(self.chain, &applied, common.as_ref())
            .await?;
        tracing::info!(
            chain = self.adapter.descriptor().name,
            blocks = lost,
            "blocks were replaced"
        );
        let chain = self.adapter.descriptor().name.clone();
        metrics::histogram!("odyssey_chain_reorganisation_blocks", "chain" => chain)
            .record(lost as f64);
        self.window.truncate(self.window.len() - lost);
        self.applied = common;
        self.announced = self.announced_contracts().await?;
        self.tell(None);
        Ok(true)
    }

    /// Whether a block is one that was applied.
    fn has(&self, block: &Block) -> bool {
        let mut window = self.window.iter();
        window.any(|known| known.number == block.number && known.hash == block.hash)
    }

    fn next(&self) -> u64 {
        match &self.applied {
            Some(applied) => applied.number + 1,
            None => self.adapter.descriptor().first_block,
        }
    }

    /// Applies blocks that cannot be replaced any more, a range at a time. The next range comes in
    /// while one is stored.
    async fn read_ranges(&mut self, finalized: Option<&Block>) -> Result<()> {
        let Some(finalized) = finalized.map(|block| block.number) else {
            return Ok(());
        };
        let mut coming = None;
        while self.next() <= finalized {
            let from = self.next();
            let (to, read) = match coming.take() {
                Some(coming) => coming,
                None => {
                    let to = self.range_end(from, finalized);
                    let announced = self.announced.clone();
                    (to, read_range(&*self.adapter, from, to, announced).await)
                }
            };
            let (batch, announced) = match read {
                Err(AdapterError::RangeTooLarge(hint)) if to > from => {
                    let half = (to - from).div_ceil(2);
                    self.range = hint.map_or(half, |hint| hint.clamp(1, half.max(1)));
                    continue;
                }
                batch => batch?,
            };
            self.adapt_range(batch.facts.len());
            let adapter = Arc::clone(&self.adapter);
            let next = (to < finalized).then(|| (to + 1, self.range_end(to + 1, finalized)));
            let then = announced.clone();
            let read_next = async {
                let (from, to) = next?;
                Some((to, read_range(&*adapter, from, to, then).await))
            };
            let numbers = from..=to;
            let belongs = |fact: &Fact| numbers.contains(&fact.number);
            let begun = Instant::now();
            let (applied, read) = tokio::join!(self.apply(batch, belongs, false), read_next);
            applied?;
            self.announced = announced;
            coming = read;
            self.tell(None);
            let share = self.options.share.load(Ordering::Relaxed).clamp(1, 100);
            if share < 100 && coming.is_some() {
                sleep(begun.elapsed() * (100 - share) / share).await;
            }
        }
        Ok(())
    }

    fn range_end(&self, from: u64, finalized: u64) -> u64 {
        finalized.min(from.saturating_add(self.range.max(1) - 1))
    }

    /// Grows or shrinks ranges towards the number of facts that an answer should have.
    fn adapt_range(&mut self, facts: usize) {
        let largest = self.adapter.descriptor().range.1;
        self.range = match facts {
            facts if facts > self.options.facts => (self.range / 2).max(1),
            facts if facts < self.options.facts / 2 => self.range.saturating_mul(2).min(largest),
            _ => self.range,
        };
    }

    /// Applies blocks that may be replaced, one by one. False if the chain has changed meanwhile.
    async fn read_blocks(&mut self, best: &Block) -> Result<bool> {
        while self.next() <= best.number {
            let number = self.next();
            let block = match number == best.number {
                true => Some(*best),
                false => self.adapter.block(BlockAt::Number(number)).await?,
            };
            let Some(block) = block else {
                return Ok(false);
            };
            let parent = self.applied.as_ref().map(|applied| &applied.hash[..]);
            if parent.is_some_and(|parent| parent != block.parent) {
                return Ok(false);
            }
            let range = BlockRange::One(block);
            let read = read_facts(&*self.adapter, range, self.announced.clone()).await;
            let (batch, announced) = match read {
                Err(AdapterError::NotFound) => return Ok(false),
                read => read?,
            };
            if batch.last != block {
                return Err(AdapterError::Inconsistent.into());
            }
            let hash = block.hash;
            self.apply(batch, |fact| fact.block == hash, true).await?;
            self.announced = announced;
            self.tell(None);
        }
        Ok(true)
    }

    /// Stores the facts of a batch, in order and each once, with all that follows from them.
    async fn apply(
        &mut self,
        batch: FactBatch,
        belongs: impl Fn(&Fact) -> bool,
        replaceable: bool,
    ) -> Result<()> {
        let FactBatch { mut facts, last } = batch;
        if !facts.iter().all(belongs) {
            return Err(AdapterError::Inconsistent.into());
        }
        facts.sort_by_key(|fact| (fact.number, fact.position));
        facts.dedup_by_key(|fact| (fact.number, fact.position));
        let mark = BlockMark {
            number: last.number,
            hash: last.hash.to_vec(),
        };
        let row = BlockRow {
            number: last.number,
            hash: last.hash.to_vec(),
            parent: last.parent.to_vec(),
        };
        let mut range = AppliedBlocks {
            after: self.applied.clone(),
            to: Some(mark.clone()),
            blocks: vec![row.clone()],
            is_final: !replaceable,
            ..AppliedBlocks::default()
        };
        let present = self
            .store
            .chain_cells(self.chain, &cells_of(&facts))
            .await?;
        self.count(&facts);
        project(&mut range, facts, present, replaceable);
        self.store.apply_blocks(self.chain, &range).await?;
        if !replaceable {
            self.window.clear();
            self.finalized = Some(mark.clone());
        }
        self.applied = Some(mark);
        self.window.push_back(row);
        Ok(())
    }

    fn count(&self, facts: &[Fact]) {
        let mut counts = HashMap::new();
        for fact in facts {
            *counts.entry(fact.kind.name()).or_insert(0) += 1;
            if let FactKind::ContractChanged { contract, change } = &fact.kind {
                let (chain, contract) = (&self.adapter.descriptor().name, hex::encode(contract));
                tracing::warn!(
                    chain,
                    contract,
                    ?change,
                    block = fact.number,
                    "a contract changed"
                );
            }
        }
        for (kind, count) in counts {
            let chain = self.adapter.descriptor().name.clone();
            metrics::counter!("odyssey_chain_facts_total", "chain" => chain, "kind" => kind)
                .increment(count);
        }
    }

    /// Forgets how to take back what cannot be replaced any more.
    async fn finalize(&mut self, finalized: &Block) -> Result<()> {
        let is_known = |mark: &BlockMark| mark.number >= finalized.number;
        if self.finalized.as_ref().is_some_and(is_known) {
            return Ok(());
        }
        let mut window = self.window.iter();
        let Some(ours) = window.find(|block| block.number == finalized.number) else {
            return Ok(());
        };
        let hash: &Hash = &finalized.hash;
        if ours.hash != hash {
            // The chain has changed since it was asked; the next look sees how.
            return Ok(());
        }
        let mark = BlockMark {
            number: finalized.number,
            hash: hash.to_vec(),
        };
        self.store.finalize_blocks(self.chain, &mark).await?;
        self.window.retain(|block| block.number >= mark.number);
        self.finalized = Some(mark);
        Ok(())
    }
}

/// Id under which the rows of a chain are made anew.
pub fn shadow_of(chain: Umid) -> Umid {
    Umid::from_u128(chain.as_u128() ^ 1 << 127)
}

/// Facts of a range whose last block is the one that the chain has under that number: another
/// endpoint, or another time, may have another chain.
async fn read_range(
    adapter: &dyn ChainAdapter,
    from: u64,
    to: u64,
    announced: Vec<AnnouncedContract>,
) -> Read {
    let range = BlockRange::Numbers { from, to };
    let (batch, announced) = read_facts(adapter, range, announced).await?;
    let last = adapter.block(BlockAt::Number(to)).await?;
    match batch.last.number == to && last == Some(batch.last) {
        true => Ok((batch, announced)),
        false => Err(AdapterError::Inconsistent),
    }
}

/// Facts of a range, also those of contracts that are announced in it, with all contracts that are
/// announced by its end.
async fn read_facts(
    adapter: &dyn ChainAdapter,
    range: BlockRange,
    mut announced: Vec<AnnouncedContract>,
) -> Read {
    loop {
        let batch = adapter.facts(range, &announced).await?;
        let known = announced.len();
        let news = batch.facts.iter().filter_map(|fact| match &fact.kind {
            FactKind::ContractAnnounced { contract, surface } => Some((fact, contract, surface)),
            _ => None,
        });
        let mut news: Vec<_> = news.collect();
        news.sort_by_key(|(fact, ..)| (fact.number, fact.position));
        for (fact, contract, surface) in news {
            let is_new = announced.iter().all(|known| known.contract != *contract);
            if is_new && announced.len() < MAX_ANNOUNCED {
                announced.push(AnnouncedContract {
                    contract: contract.clone(),
                    surface: surface.clone(),
                    since: fact.number,
                });
            }
        }
        if announced.len() == known {
            return Ok((batch, announced));
        }
    }
}
