//! `odyssey harvester`: how the chains do, and what to do about it.

use std::{
    fmt::Write as _,
    io::{IsTerminal, Write, stderr},
    time::{Duration, Instant},
};

use anyhow::{Context, anyhow, bail};
use clap::Subcommand;
use components::Umid;
use harvester::{Follower, FollowerOptions, Progress};
use store::{ChainRow, EffectState, Store};
use tokio_util::sync::CancellationToken;

use crate::{
    config::{Config, chains::Chain},
    data, database,
    exit::{self, Exit, Failure},
};

/// Time between two lines of progress.
const PROGRESS: Duration = Duration::from_secs(1);
/// Bytes of a dead letter that a list shows.
const SHOWN: usize = 64;

/// Operation on chains.
#[derive(Subcommand, Debug)]
pub(crate) enum Harvester {
    /// Say how far each chain is, what waits, and what was put aside
    Status,
    /// Read a chain up to its newest block, with no server running; it goes on where it was
    Backfill {
        /// Its name in the configuration; without one, all of them
        chain: Option<String>,
    },
    /// List what was seen on a chain and made no sense, and effects that were given up
    Deadletters {
        /// Its name in the configuration; without one, all of them
        chain: Option<String>,
        /// Entries of each chain at most
        #[arg(long, value_name = "N", default_value_t = 50)]
        limit: u64,
        /// Show all bytes
        #[arg(long)]
        whole: bool,
    },
    /// Try effects again that were given up, and read a chain anew that has dead letters
    Replay {
        /// Its name in the configuration; without one, all of them
        chain: Option<String>,
    },
    /// Make the rows of a chain anew from its first block. A server that runs does so beside its
    /// work; one that does not, when it starts
    Reindex {
        /// Its name in the configuration
        chain: String,
    },
}

/// Runs the command and prints what was done.
pub(crate) async fn run(config: &Config, what: Harvester) -> Exit {
    let text = done(config, what).await.map_err(Failure::setup)?;
    // A closed standard output is no reason to fail: the work is done.
    let _ = exit::print(&text);
    Ok(())
}

async fn done(config: &Config, what: Harvester) -> anyhow::Result<String> {
    data::prepare(config)?;
    let store = database::open(config).await?;
    let version = store.require_migrated().await;
    version.map_err(|error| database::explain(config, &error))?;
    let done = match what {
        Harvester::Status => status(config, &store).await,
        Harvester::Backfill { chain } => backfill(config, &store, chain.as_deref()).await,
        Harvester::Deadletters {
            chain,
            limit,
            whole,
        } => {
            let limit = (limit, if whole { usize::MAX } else { SHOWN });
            dead_letters(config, &store, chain.as_deref(), limit).await
        }
        Harvester::Replay { chain } => replay(config, &store, chain.as_deref()).await,
        Harvester::Reindex { chain } => reindex(config, &store, &chain).await,
    };
    store.close().await;
    done
}

/// Chains of the configuration by name, or the one that is meant.
fn chosen<'a>(
    config: &'a Config,
    name: Option<&str>,
) -> anyhow::Result<Vec<(&'a String, &'a Chain)>> {
    let chains = config.chains.iter();
    let chosen: Vec<_> = chains
        .filter(|(known, _)| name.is_none_or(|name| *known == name))
        .collect();
    match (chosen.is_empty(), name) {
        (true, Some(name)) => bail!("chains: {name} is not configured"),
        (true, None) => bail!("chains: none is configured"),
        _ => Ok(chosen),
    }
}

async fn status(config: &Config, store: &Store) -> anyhow::Result<String> {
    let rows = store.chains().await?;
    let mut lines = String::new();
    for (name, chain) in &config.chains {
        let id = chain.id();
        let Some(row) = rows.iter().find(|row| row.id == id) else {
            writeln!(lines, "{name}: has not begun")?;
            continue;
        };
        let counts = store.chain_counts(id).await?;
        writeln!(lines, "{name}: {}", place(row))?;
        let effects = counts.effects.iter();
        let effects: Vec<String> = effects
            .filter(|(_, count)| *count > 0)
            .map(|(state, count)| format!("{count} {}", state.name()))
            .collect();
        if !effects.is_empty() {
            writeln!(lines, "  effects: {}", effects.join(", "))?;
        }
        if counts.dead_letters > 0 {
            writeln!(lines, "  dead letters: {}", counts.dead_letters)?;
        }
        if row.sources.is_none() {
            writeln!(lines, "  its rows are to be made anew")?;
        }
        if let Some(shadow) = rows.iter().find(|row| row.shadow_of == Some(id)) {
            writeln!(lines, "  made anew: {}", place(shadow))?;
        }
    }
    let is_configured = |id: Umid| config.chains.values().any(|chain| chain.id() == id);
    for row in &rows {
        if !is_configured(row.shadow_of.unwrap_or(row.id)) {
            writeln!(
                lines,
                "{}: {}; not configured any more",
                row.name,
                place(row)
            )?;
        }
    }
    match lines.is_empty() {
        true => Ok("no chain is configured\n".to_owned()),
        false => Ok(lines),
    }
}

fn place(row: &ChainRow) -> String {
    let number = |mark: &Option<store::BlockMark>| match mark {
        Some(mark) => mark.number.to_string(),
        None => "none".to_owned(),
    };
    format!(
        "block {}, final {}, {}",
        number(&row.applied),
        number(&row.finalized),
        row.updated_at.format("%Y-%m-%d %H:%M:%S UTC")
    )
}

async fn backfill(config: &Config, store: &Store, chain: Option<&str>) -> anyhow::Result<String> {
    let chosen = chosen(config, chain)?;
    let _lock = data::lock(config)?;
    let mut lines = String::new();
    for (name, chain) in chosen {
        let adapter = chain
            .adapter(name, None)
            .map_err(|why| anyhow!("chains: {name}: {why}"))?;
        let sources = adapter.descriptor().sources.clone();
        let row = store.chain(chain.id()).await?;
        if row.is_some_and(|row| row.sources.as_ref() != Some(&sources)) {
            bail!(
                "{name}: its contracts have changed: the server makes its rows anew when it starts"
            );
        }
        let options = FollowerOptions::default();
        let opened = Follower::open(adapter, store.clone(), options).await;
        let follower = opened.with_context(|| format!("chains: {name}"))?;
        let applied = read_to_end(name, follower).await?;
        writeln!(lines, "{name}: block {applied}")?;
    }
    Ok(lines)
}

/// Follows until there is nothing more, and says how it goes.
async fn read_to_end(name: &str, follower: Follower) -> anyhow::Result<u64> {
    let mut progress = follower.progress();
    let stop = CancellationToken::new();
    let begun = Instant::now();
    let first = progress.borrow().applied;
    let arriving = async {
        let mut told = Instant::now();
        loop {
            let now = progress.borrow_and_update().clone();
            if now.head.is_some() && now.applied == now.head {
                stop.cancel();
                return now.applied.unwrap_or_default();
            }
            if told.elapsed() > PROGRESS {
                told = Instant::now();
                say(name, &now, first, begun);
            }
            if progress.changed().await.is_err() {
                return now.applied.unwrap_or_default();
            }
        }
    };
    let (followed, applied) = tokio::join!(follower.run(stop.clone()), arriving);
    followed.with_context(|| format!("chains: {name}"))?;
    Ok(applied)
}

fn say(name: &str, now: &Progress, first: Option<u64>, begun: Instant) {
    let (Some(head), applied) = (now.head, now.applied.unwrap_or_default()) else {
        return;
    };
    let done = applied.saturating_sub(first.unwrap_or_default());
    let rate = done as f64 / begun.elapsed().as_secs_f64();
    let left = head.saturating_sub(applied) as f64 / rate.max(1.0);
    let left = humantime::format_duration(Duration::from_secs(left as u64));
    let line = format!("{name}: block {applied} of {head}, {rate:.0} a second, {left} to go");
    let line = match now.fault {
        Some(ref fault) => format!("{line}; waits: {fault}"),
        None => line,
    };
    let end = if stderr().is_terminal() { "\r" } else { "\n" };
    // Nobody reading it is no reason to stop.
    let _ = write!(stderr(), "{line}{end}");
}

async fn dead_letters(
    config: &Config,
    store: &Store,
    chain: Option<&str>,
    (limit, bytes): (u64, usize),
) -> anyhow::Result<String> {
    let mut lines = String::new();
    for (name, chain) in chosen(config, chain)? {
        for dead in store.dead_letters(chain.id(), limit).await? {
            let shown = dead.raw.get(..bytes).unwrap_or(&dead.raw);
            let mut raw = hex::encode(shown);
            if dead.raw.len() > bytes {
                write!(raw, "… ({} bytes)", dead.raw.len())?;
            }
            let place = format!("block {}, log {}", dead.number, dead.position);
            writeln!(lines, "{name}: {place}: {}: {raw}", dead.reason)?;
        }
        for effect in store.dead_effects(chain.id(), limit).await? {
            writeln!(
                lines,
                "{name}: block {}, effect {}: given up after {} attempts: {}",
                effect.number,
                effect.key,
                effect.attempts,
                effect.error.unwrap_or_default()
            )?;
        }
    }
    match lines.is_empty() {
        true => Ok("none\n".to_owned()),
        false => Ok(lines),
    }
}

async fn replay(config: &Config, store: &Store, chain: Option<&str>) -> anyhow::Result<String> {
    let mut lines = String::new();
    for (name, chain) in chosen(config, chain)? {
        let id = chain.id();
        let retried = store.retry_dead_effects(id).await?;
        let counts = store.chain_counts(id).await?;
        let anew = counts.dead_letters > 0 && store.ask_for_reindex(id).await?;
        let waiting = counts.effects.iter();
        let waiting = waiting.filter(|(state, _)| *state == EffectState::Pending);
        let waiting: u64 = waiting.map(|(_, count)| count).sum();
        write!(
            lines,
            "{name}: {retried} effects are tried again, {waiting} wait"
        )?;
        match anew {
            true => writeln!(lines, "; its rows are to be made anew")?,
            false => writeln!(lines)?,
        }
    }
    Ok(lines)
}

async fn reindex(config: &Config, store: &Store, chain: &str) -> anyhow::Result<String> {
    let mut lines = String::new();
    for (name, chain) in chosen(config, Some(chain))? {
        match store.ask_for_reindex(chain.id()).await? {
            true => writeln!(lines, "{name}: its rows are to be made anew")?,
            false => writeln!(lines, "{name}: has not begun")?,
        }
    }
    Ok(lines)
}
