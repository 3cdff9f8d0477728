//! `odyssey swarm`: bots that load a running server, and a report of what they saw.

use std::{
    fs,
    io::{self, IsTerminal, Write},
    path::PathBuf,
    time::Duration,
};

use anyhow::{Context, anyhow};
use bench::{
    swarm::{self, Options, Phase, Progress, Report, SwarmError, Transport},
    trajectories::Pattern,
};
use clap::Args;
use posbus::Umid;

use crate::exit::{self, Exit, Failure};

/// Load for a server.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// The server, which has to run with --limits off
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:4000")]
    url: String,
    /// The world to enter
    #[arg(long, value_name = "ID", default_value_t = swarm::WELCOME_WORLD)]
    world: Umid,
    /// Bots
    #[arg(
        long, value_name = "N", default_value_t = 100,
        value_parser = clap::value_parser!(u32).range(1..=100_000)
    )]
    users: u32,
    /// Moves per second of each bot, 0.1 to 120
    #[arg(long, value_name = "HZ", default_value = "10", value_parser = between::<1, 1200>)]
    rate: f64,
    /// Movement of the bots: walk, crowd, teleport, idle or mixed
    #[arg(long, default_value = "walk")]
    pattern: Pattern,
    /// Seconds to measure, once everybody is there
    #[arg(
        long, value_name = "N", default_value_t = 30,
        value_parser = clap::value_parser!(u32).range(1..=36_000)
    )]
    seconds: u32,
    /// Bots that enter per second, up to 100000; 0 lets all in at once
    #[arg(long, value_name = "N", default_value = "100", value_parser = between::<0, 1_000_000>)]
    ramp: f64,
    /// Share of the bots that stop reading, 0 to 100
    #[arg(long, value_name = "PERCENT", default_value = "0", value_parser = between::<0, 1000>)]
    stalled: f64,
    /// Share of the bots that cut their connection half way through and come back, 0 to 100
    #[arg(
        long = "drop", value_name = "PERCENT", default_value = "0",
        value_parser = between::<0, 1000>
    )]
    dropped: f64,
    /// Version of the protocol to ask for
    #[arg(
        long, value_name = "VERSION", default_value_t = 1,
        value_parser = clap::value_parser!(u32).range(1..=2)
    )]
    protocol: u32,
    /// Transport of the bots: ws, webtransport or quic
    #[arg(long, default_value = "ws")]
    transport: Transport,
    /// Threads that bots share; as many as there are cores, at most 2, unless said otherwise
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64))]
    threads: Option<u16>,
    /// Seed of all paths
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Process of the server on this machine, to report what it uses
    #[arg(long, value_name = "PID")]
    server_pid: Option<u32>,
    /// Write the report to this file, as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write the report to this file, as a page with plots
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

/// A number between two bounds, which are given in tenths.
fn between<const LOW: u32, const HIGH: u32>(text: &str) -> Result<f64, String> {
    let (low, high) = (f64::from(LOW) / 10.0, f64::from(HIGH) / 10.0);
    let number = text
        .parse()
        .ok()
        .filter(|number| (low..=high).contains(number));
    number.ok_or_else(|| format!("not a number from {low} to {high}"))
}

/// Runs a swarm. A run that does not count or in which something went wrong is reported and then
/// fails.
pub(crate) async fn run(arguments: Arguments) -> Exit {
    // With too few files some bots are lost, which the report shows.
    let _ = rlimit::increase_nofile_limit(u64::MAX);
    let files = (arguments.json.clone(), arguments.report.clone());
    let live = io::stderr().is_terminal();
    let ran = swarm::run(arguments.into(), move |progress| {
        if live {
            show(&progress);
        }
    })
    .await;
    if live {
        clear_line();
    }
    let report = ran.map_err(|error| match error {
        SwarmError::Url(_) | SwarmError::Version(_) => Failure::setup(error.into()),
        _ => Failure::runtime(error.into()),
    })?;
    exit::print(&report.to_string()).map_err(Failure::runtime)?;
    save(&report, files).map_err(Failure::runtime)?;
    verdict(&report).map_err(Failure::runtime)
}

impl From<Arguments> for Options {
    fn from(arguments: Arguments) -> Self {
        Self {
            url: arguments.url,
            world: arguments.world,
            users: arguments.users,
            rate: arguments.rate,
            pattern: arguments.pattern,
            window: Duration::from_secs(arguments.seconds.into()),
            ramp: arguments.ramp,
            stalled: arguments.stalled,
            dropped: arguments.dropped,
            protocol: arguments.protocol,
            transport: arguments.transport,
            threads: arguments
                .threads
                .map_or(Self::default().threads, usize::from),
            seed: arguments.seed,
            server_pid: arguments.server_pid,
        }
    }
}

/// Writes the report to the files asked for: as JSON, and as a page.
fn save(report: &Report, (json, page): (Option<PathBuf>, Option<PathBuf>)) -> anyhow::Result<()> {
    let write = |file: PathBuf, text: String| {
        fs::write(&file, text).with_context(|| format!("writing {}", file.display()))
    };
    if let Some(file) = json {
        write(file, serde_json::to_string_pretty(report)? + "\n")?;
    }
    if let Some(file) = page {
        write(file, report.html())?;
    }
    Ok(())
}

fn verdict(report: &Report) -> anyhow::Result<()> {
    match &report.void {
        Some(why) => Err(anyhow!("the run is void: {why}")),
        None if report.failures.is_empty() => Ok(()),
        None => Err(anyhow!("the run failed: {}", report.failures.join("; "))),
    }
}

/// Overwrites the last line of the terminal.
fn show(progress: &Progress) {
    let Progress {
        users,
        guests,
        joined,
        lost,
        ..
    } = progress;
    let what = match progress.phase {
        Phase::Guests => format!("{guests} of {users} accounts made"),
        Phase::Ramp => format!("{joined} of {users} entered"),
        Phase::Settle => format!("{joined} entered, settling"),
        Phase::Measure => format!("{joined} users, {} s left", progress.left.as_secs()),
        Phase::Drain => "waiting for what is on its way".to_owned(),
    };
    let line = format!(
        "\r\x1b[K{what}, {lost} lost, {:.0} frames/s, {:.0} updates/s",
        progress.frames_per_second, progress.updates_per_second
    );
    // Nobody watching is no reason to stop.
    let _ = io::stderr().write_all(line.as_bytes());
}

fn clear_line() {
    let _ = io::stderr().write_all(b"\r\x1b[K");
}
