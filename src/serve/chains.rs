//! Chains beside the server: each is followed by a task of its own, and none keeps the server from
//! starting or another from going on.

mod effects;

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use harvester::{
    BlockAt, ChainAdapter, Dispatcher, Effects, Follower, FollowerOptions, Outcome, Progress,
    Sender, SenderOptions, StateQuery, reconcile, shadow_of,
};
use node::{ChainState, ChainStatus, Node};
use store::Store;
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{Instant, sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use self::effects::WorldEffects;
use crate::config::chains::{Chain, Chains as Configured};

/// Percentage of the time in which a long history is read while people are here: their worlds tick
/// beside it.
const SHARE: u32 = 25;
/// Time between two attempts to begin.
const PAUSE: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));
/// Time after which effects that failed are looked at again without news of the chain.
const RETRY: Duration = Duration::from_secs(1);
/// Time between two looks at what waits.
const COUNT: Duration = Duration::from_secs(10);
/// Time between two looks at what no event tells of.
const TEND: Duration = Duration::from_secs(3);
/// Questions of each such look at most: the follower asks the same endpoints.
const AT_ONCE: usize = 25;
/// Age of announced stakes whose transactions are looked at.
const FAILURES: Duration = Duration::from_secs(10);
/// Time between two comparisons of rows with the chain, and how many are compared.
const RECONCILE: Duration = Duration::from_secs(3600);
const SAMPLE: u64 = 200;
/// Time between two sweeps of announced stakes.
const SWEEP: Duration = Duration::from_secs(3600);
/// Time in which a chain has to end.
const STOP_WITHIN: Duration = Duration::from_secs(2);

/// The chains that are followed.
pub(super) struct Chains {
    tasks: JoinSet<()>,
    stop: CancellationToken,
}

impl Chains {
    /// Begins to follow. Nothing is waited for.
    pub(super) fn start(configured: &Configured, store: &Store, node: &Arc<Node>) -> Self {
        let (mut tasks, stop) = (JoinSet::new(), CancellationToken::new());
        for (name, chain) in configured.iter().filter(|(_, chain)| chain.enabled) {
            let follow = Followed {
                name: name.clone(),
                chain: chain.clone(),
                store: store.clone(),
                node: Arc::clone(node),
                share: FollowerOptions::default().share,
                stop: stop.clone(),
            };
            tasks.spawn(follow.run());
        }
        if !tasks.is_empty() {
            let (node, stop) = (Arc::clone(node), stop.clone());
            tasks.spawn(async move {
                stop.run_until_cancelled(sweep(&node)).await;
            });
        }
        Self { tasks, stop }
    }

    /// Ends: a transaction that has begun ends whole or not at all.
    pub(super) async fn stop(mut self) {
        self.stop.cancel();
        let ended = async { while self.tasks.join_next().await.is_some() {} };
        if timeout(STOP_WITHIN, ended).await.is_err() {
            tracing::warn!("following chains did not end in time");
        }
    }
}

async fn sweep(node: &Node) {
    loop {
        if let Err(error) = node.forget_pending_stakes().await {
            tracing::warn!(%error, "announced stakes could not be swept");
        }
        sleep(SWEEP).await;
    }
}

/// One chain.
struct Followed {
    name: String,
    chain: Chain,
    store: Store,
    node: Arc<Node>,
    /// See [`FollowerOptions`].
    share: Arc<AtomicU32>,
    stop: CancellationToken,
}

/// Reason for which following ended.
enum Ended {
    /// It begins again: other rows are there, or are to be made.
    Again,
    /// It is over.
    Over,
}

impl Followed {
    async fn run(self) {
        self.report(ChainState::Connecting, &Progress::default());
        // Rare events are seen from the beginning.
        metrics::counter!("odyssey_chain_differences_total", "chain" => self.name.clone())
            .increment(0);
        self.gauge("odyssey_chain_reindexed", 0.0);
        while let Some(Ended::Again) = self.stop.run_until_cancelled(self.follow()).await {}
    }

    async fn follow(&self) -> Ended {
        let Some(known) = self.known().await else {
            return Ended::Over;
        };
        let Some(configured) = self.adapter(None) else {
            return Ended::Over;
        };
        let sources = &configured.descriptor().sources;
        let is_stale = known
            .as_ref()
            .is_some_and(|known| known.as_ref() != Some(sources));
        // Rows that come from other contracts go on as they are until new ones are ready.
        let live = match known.filter(|_| is_stale).flatten() {
            Some(sources) => self.adapter(Some(&sources)),
            None => Some(Arc::clone(&configured)),
        };
        let Some(live) = live else { return Ended::Over };
        let Some(follower) = self.begin(live, false).await else {
            return Ended::Over;
        };
        tracing::info!(chain = self.name, "following");
        let progress = follower.progress();
        let stop = self.stop.child_token();
        let following = async {
            let followed = follower.run(stop.clone()).await;
            match &followed {
                // Rows that are made anew are what helps.
                Err(error) if is_stale => self.give_up(&error.to_string(), &progress.borrow()),
                _ => stop.cancel(),
            }
            followed
        };
        let watching = async {
            let asked = (!is_stale).then_some(sources.as_str());
            let watch = self.watch(progress.clone(), asked);
            if stop.run_until_cancelled(watch).await == Some(true) {
                stop.cancel();
            }
        };
        let reindexing = async {
            if !is_stale {
                return false;
            }
            let reindex = self.reindex(Arc::clone(&configured), progress.clone());
            let is_done = stop.run_until_cancelled(reindex).await;
            stop.cancel();
            is_done == Some(true)
        };
        let tending = async {
            let tend = self.tend(&*configured, progress.clone());
            stop.run_until_cancelled(tend).await;
        };
        let sending = async {
            let send = self.send(progress.clone());
            stop.run_until_cancelled(send).await;
        };
        let (followed, (), is_reindexed, (), ()) =
            tokio::join!(following, watching, reindexing, tending, sending);
        if !is_reindexed && let Err(error) = followed {
            self.give_up(&error.to_string(), &progress.borrow());
            return Ended::Over;
        }
        if is_reindexed {
            let id = self.chain.id();
            match self.store.adopt_shadow(id, shadow_of(id)).await {
                Ok(()) => tracing::info!(chain = self.name, "its rows are new"),
                Err(error) => {
                    tracing::warn!(chain = self.name, %error, "its rows stay");
                    self.stop.run_until_cancelled(sleep(PAUSE.1)).await;
                }
            }
        }
        Ended::Again
    }

    /// Sources of the rows that are there, if there are rows.
    async fn known(&self) -> Option<Option<Option<String>>> {
        loop {
            match self.store.chain(self.chain.id()).await {
                Ok(row) => return Some(row.map(|row| row.sources)),
                Err(error) => {
                    tracing::warn!(chain = self.name, %error, "the chain waits for the database");
                    self.stop.run_until_cancelled(sleep(PAUSE.0)).await?;
                }
            }
        }
    }

    fn adapter(&self, only: Option<&str>) -> Option<Arc<dyn ChainAdapter>> {
        match self.chain.adapter(&self.name, only) {
            Ok(adapter) => Some(adapter),
            Err(error) => {
                self.give_up(&error, &Progress::default());
                None
            }
        }
    }

    /// A follower, as soon as the chain answers; none if that is of no use, or it is told to stop.
    async fn begin(&self, adapter: Arc<dyn ChainAdapter>, as_shadow: bool) -> Option<Follower> {
        let mut pause = PAUSE.0;
        loop {
            let options = FollowerOptions {
                share: Arc::clone(&self.share),
                ..FollowerOptions::default()
            };
            let (adapter, store) = (Arc::clone(&adapter), self.store.clone());
            let opened = async {
                match as_shadow {
                    true => Follower::open_shadow(adapter, store, options).await,
                    false => Follower::open(adapter, store, options).await,
                }
            };
            let error = match self.stop.run_until_cancelled(opened).await? {
                Ok(follower) => return Some(follower),
                Err(error) => error,
            };
            let progress = Progress {
                fault: Some(error.to_string()),
                ..Progress::default()
            };
            if error.is_final() {
                self.give_up(&error.to_string(), &progress);
                return None;
            }
            tracing::warn!(chain = self.name, %error, "the chain does not answer");
            if !as_shadow {
                self.report(ChainState::Connecting, &progress);
            }
            self.stop.run_until_cancelled(sleep(pause)).await?;
            pause = (pause * 2).min(PAUSE.1);
        }
    }

    /// Makes all rows anew beside those that are there. True when they are as far.
    async fn reindex(
        &self,
        adapter: Arc<dyn ChainAdapter>,
        mut live: watch::Receiver<Progress>,
    ) -> bool {
        let Some(follower) = self.begin(adapter, true).await else {
            return false;
        };
        tracing::info!(chain = self.name, "rows are made anew");
        let mut progress = follower.progress();
        let stop = self.stop.child_token();
        let arriving = async {
            let mut told = Instant::now();
            loop {
                let now = progress.borrow_and_update().clone();
                self.gauge("odyssey_chain_reindexed", now.applied.unwrap_or(0) as f64);
                let is_level = now.applied.is_some() && now.applied == now.head;
                // Rows that are followed no more may be of a chain that was longer.
                let has_ended = live.has_changed().is_err();
                if is_level && (has_ended || now.applied >= live.borrow().applied) {
                    stop.cancel();
                    return true;
                }
                if told.elapsed() > COUNT {
                    told = Instant::now();
                    tracing::info!(chain = self.name, block = now.applied, "rows are made anew");
                }
                let changed = tokio::select! {
                    changed = progress.changed() => changed,
                    _ = live.changed(), if !has_ended => Ok(()),
                };
                if changed.is_err() {
                    return false;
                }
            }
        };
        let (followed, has_arrived) = tokio::join!(follower.run(stop.clone()), arriving);
        if let Err(error) = followed {
            tracing::error!(chain = self.name, %error, "rows could not be made anew");
            // Not again and again: the next start tries.
            self.stop.cancelled().await;
        }
        has_arrived
    }

    /// Reports how it goes, and carries effects out. True if other rows are asked for than those of
    /// `sources`, if any are given; false if following has ended.
    async fn watch(&self, mut progress: watch::Receiver<Progress>, sources: Option<&str>) -> bool {
        let effects = Arc::new(WorldEffects {
            chain: self.chain.clone(),
            store: self.store.clone(),
            node: Arc::clone(&self.node),
        });
        let (mut dispatcher, mut counted) = (None, None);
        let (mut head, mut head_since) = (None, Instant::now());
        loop {
            let now = progress.borrow_and_update().clone();
            let state = match now.fault.is_none() && now.applied == now.head {
                true => ChainState::Following,
                false => ChainState::Behind,
            };
            self.report(state, &now);
            if head != now.head {
                (head, head_since) = (now.head, Instant::now());
            }
            let age = head_since.elapsed().as_secs_f64();
            self.gauge("odyssey_chain_head_age_seconds", age);
            if counted.is_none_or(|counted: Instant| counted.elapsed() > COUNT) {
                counted = Some(Instant::now());
                let share = match self.node.worlds().connected_users().is_empty() {
                    true => 100,
                    false => SHARE,
                };
                self.share.store(share, Ordering::Relaxed);
                self.count().await;
                if let (Some(sources), Some(asked)) = (sources, self.sources().await)
                    && asked.as_deref() != Some(sources)
                {
                    return true;
                }
            }
            if dispatcher.is_none() {
                let effects: Arc<dyn Effects> = Arc::clone(&effects) as _;
                let opened = Dispatcher::open(self.store.clone(), self.chain.id(), effects).await;
                match opened {
                    Ok(opened) => dispatcher = Some(opened),
                    Err(error) => tracing::warn!(chain = self.name, %error, "effects wait"),
                }
            }
            let until = now
                .applied
                .and_then(|applied| self.chain.effects_until(applied, now.finalized));
            if let (Some(until), Some(dispatcher)) = (until, &dispatcher)
                && let Err(error) = dispatcher.dispatch(until).await
            {
                tracing::warn!(chain = self.name, %error, "effects wait");
            }
            if let Ok(Err(_)) = timeout(RETRY, progress.changed()).await {
                return false;
            }
        }
    }

    /// Sends what is ordered, once its block is final.
    async fn send(&self, progress: watch::Receiver<Progress>) {
        let wallet = match self.chain.wallet(&self.name) {
            Ok(None) => return,
            Ok(Some(wallet)) => wallet,
            Err(error) => return tracing::error!(chain = self.name, error, "nothing is sent"),
        };
        let options = SenderOptions::default();
        let sender = Sender::new(self.chain.id(), self.store.clone(), wallet, options);
        loop {
            sleep(TEND).await;
            let until = progress.borrow().finalized;
            if let Some(until) = until
                && let Err(error) = sender.step(until).await
            {
                tracing::warn!(chain = self.name, %error, "transactions wait");
            }
        }
    }

    /// Looks at what no event tells of: balances in the chain's coin of those who are here, stakes
    /// that were announced and failed, and whether rows are what the chain has.
    async fn tend(&self, adapter: &dyn ChainAdapter, progress: watch::Receiver<Progress>) {
        let mut reconciled = Instant::now();
        let mut read = HashMap::new();
        loop {
            sleep(TEND).await;
            if progress.borrow().fault.is_some() {
                continue;
            }
            if let Err(error) = self.read_coins(adapter, &mut read).await {
                tracing::debug!(chain = self.name, error, "no balances in the chain's coin");
            }
            if let Err(error) = self.forget_failed_stakes(adapter).await {
                tracing::debug!(chain = self.name, error, "announced stakes stay");
            }
            if reconciled.elapsed() > RECONCILE {
                reconciled = Instant::now();
                match reconcile(adapter, &self.store, SAMPLE).await {
                    Ok(0) => {}
                    Ok(differences) => tracing::error!(
                        chain = self.name,
                        differences,
                        "rows were not what the chain has; all are made anew"
                    ),
                    Err(error) => tracing::warn!(chain = self.name, %error, "not reconciled"),
                }
            }
        }
    }

    /// Reads those that were read longest ago, or never. `read` says when.
    async fn read_coins(
        &self,
        adapter: &dyn ChainAdapter,
        read: &mut HashMap<Vec<u8>, Instant>,
    ) -> Result<(), String> {
        let here = self.node.wallets_here(self.chain.account_length()).await;
        let mut wallets = here.map_err(|error| error.to_string())?;
        let present: HashSet<&Vec<u8>> = wallets.iter().collect();
        read.retain(|wallet, _| present.contains(wallet));
        wallets.sort_by_key(|wallet| read.get(wallet).copied());
        wallets.truncate(AT_ONCE);
        if wallets.is_empty() {
            return Ok(());
        }
        read.extend(
            wallets
                .iter()
                .map(|wallet| (wallet.clone(), Instant::now())),
        );
        let best = adapter.block(BlockAt::Best).await;
        let Some(best) = best.map_err(|error| error.to_string())? else {
            return Ok(());
        };
        let queries: Vec<StateQuery> = wallets
            .iter()
            .map(|account| StateQuery::Native {
                account: account.clone(),
            })
            .collect();
        let balances = adapter.read(best, &queries).await;
        let balances = balances.map_err(|error| error.to_string())?;
        let balances = balances.into_iter().map(|balance| balance.to_be_bytes());
        let coins = wallets.into_iter().zip(balances).collect();
        let stored = self.store.store_coins(self.chain.id(), best.number, coins);
        stored.await.map_err(|error| error.to_string())
    }

    async fn forget_failed_stakes(&self, adapter: &dyn ChainAdapter) -> Result<(), String> {
        let before = chrono::Utc::now() - FAILURES;
        let announced = self
            .store
            .announced_transactions(before, AT_ONCE as u64)
            .await;
        for transaction in announced.map_err(|error| error.to_string())? {
            let outcome = adapter.outcome(&transaction).await;
            if outcome.map_err(|error| error.to_string())? == Some(Outcome::Failed) {
                let forgotten = self.store.forget_announced(&transaction).await;
                forgotten.map_err(|error| error.to_string())?;
            }
        }
        Ok(())
    }

    /// Sources of the rows, as they are now, if there are rows and the database answers.
    async fn sources(&self) -> Option<Option<String>> {
        let row = self.store.chain(self.chain.id()).await.ok().flatten();
        row.map(|row| row.sources)
    }

    fn report(&self, state: ChainState, progress: &Progress) {
        let numbers = [
            ("odyssey_chain_head", progress.head),
            ("odyssey_chain_applied", progress.applied),
            ("odyssey_chain_finalized", progress.finalized),
        ];
        for (name, number) in numbers {
            if let Some(number) = number {
                self.gauge(name, number as f64);
            }
        }
        let lag = progress.head.zip(progress.applied);
        if let Some((head, applied)) = lag {
            self.gauge(
                "odyssey_chain_behind_blocks",
                head.saturating_sub(applied) as f64,
            );
        }
        let is_following = state == ChainState::Following;
        self.gauge("odyssey_chain_following", f64::from(u8::from(is_following)));
        self.node.report_chain(ChainStatus {
            name: self.name.clone(),
            state,
            head: progress.head,
            applied: progress.applied,
            finalized: progress.finalized,
            fault: progress.fault.clone(),
        });
    }

    /// Counts what waits and what was put aside.
    async fn count(&self) {
        let counts = match self.store.chain_counts(self.chain.id()).await {
            Ok(counts) => counts,
            Err(error) => return tracing::warn!(chain = self.name, %error, "cannot be counted"),
        };
        for (state, count) in counts.effects {
            let (chain, state) = (self.name.clone(), state.name());
            metrics::gauge!("odyssey_chain_effects", "chain" => chain, "state" => state)
                .set(count as f64);
        }
        self.gauge("odyssey_chain_dead_letters", counts.dead_letters as f64);
    }

    fn gauge(&self, name: &'static str, value: f64) {
        metrics::gauge!(name, "chain" => self.name.clone()).set(value);
    }

    fn give_up(&self, error: &str, progress: &Progress) {
        tracing::error!(
            chain = self.name,
            error,
            "the chain is not followed any more; see docs/operations.md"
        );
        let progress = Progress {
            fault: Some(error.to_owned()),
            ..progress.clone()
        };
        self.report(ChainState::Stopped, &progress);
    }
}
