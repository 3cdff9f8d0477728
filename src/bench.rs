//! `odyssey bench`: what parts of the server cost, measured in this process, without sockets or a
//! database.

use std::{
    fs,
    io::{self, IsTerminal, Write},
    path::{Path, PathBuf},
};

use anyhow::Context;
use bench::{
    tick::{BenchError, Progress, Protocol, TickOptions},
    trajectories::Pattern,
};
use clap::{Args, Subcommand};

use crate::exit::{self, Exit, Failure};

/// The bench.
#[derive(Subcommand, Debug)]
pub(crate) enum What {
    /// Ticks of worlds of many sizes, set by set
    Tick(TickArguments),
}

/// Worlds to tick. Options that are not given are those of the library.
#[derive(Args, Debug)]
pub(crate) struct TickArguments {
    /// Users in the worlds [default: 100,300,1000,3000,5000,10000,20000]
    #[arg(
        long, value_name = "N,N", value_delimiter = ',',
        value_parser = clap::value_parser!(u32).range(1..=100_000)
    )]
    users: Option<Vec<u32>>,
    /// Objects in the worlds [default: 0,1000,100000]
    #[arg(
        long, value_name = "N,N", value_delimiter = ',',
        value_parser = clap::value_parser!(u32).range(..=1_000_000)
    )]
    objects: Option<Vec<u32>>,
    /// Ticks to measure [default: 400]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    ticks: Option<u32>,
    /// Ticks before that [default: 100]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(..=1_000_000))]
    warm_up: Option<u32>,
    /// Seed of all paths [default: 1]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Movement of people: walk, crowd, teleport, idle or mixed [default: walk]
    #[arg(long)]
    pattern: Option<Pattern>,
    /// People who leave, and others who enter, per second [default: 0]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(..=100_000))]
    joins: Option<u32>,
    /// Protocol of the sessions: 1, 2 or mixed [default: mixed]
    #[arg(long)]
    protocol: Option<Protocol>,
    /// Small worlds and few ticks, unless said otherwise: whether it works, in seconds
    #[arg(long)]
    quick: bool,
    /// Write all figures to this file, as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write a page with plots to this file
    #[arg(long, value_name = "FILE.html")]
    report: Option<PathBuf>,
}

impl TickArguments {
    fn options(&self) -> TickOptions {
        let base = if self.quick {
            TickOptions::quick()
        } else {
            TickOptions::default()
        };
        TickOptions {
            users: self.users.clone().unwrap_or(base.users),
            objects: self.objects.clone().unwrap_or(base.objects),
            ticks: self.ticks.unwrap_or(base.ticks),
            warm_up: self.warm_up.unwrap_or(base.warm_up),
            seed: self.seed.unwrap_or(base.seed),
            pattern: self.pattern.unwrap_or(base.pattern),
            joins: self.joins.unwrap_or(base.joins),
            protocol: self.protocol.unwrap_or(base.protocol),
        }
    }
}

/// Measures, and prints what was found. A bench that measured nothing fails.
pub(crate) fn run(what: &What) -> Exit {
    let What::Tick(arguments) = what;
    let live = io::stderr().is_terminal();
    let ran = ::bench::tick::run(&arguments.options(), None, |progress| {
        if live {
            show(progress);
        }
    });
    if live {
        // Nobody watching is no reason to fail.
        let _ = io::stderr().write_all(b"\r\x1b[K");
    }
    let report = ran.map_err(|error| match error {
        BenchError::Options(_) => Failure::setup(error.into()),
        _ => Failure::runtime(error.into()),
    })?;
    exit::print(&report.to_string()).map_err(Failure::runtime)?;
    if let Some(file) = &arguments.json {
        let json = serde_json::to_string_pretty(&report).context("JSON");
        let json = json.map_err(Failure::runtime)? + "\n";
        write(file, &json)?;
    }
    if let Some(file) = &arguments.report {
        write(file, &report.html())?;
    }
    Ok(())
}

fn write(file: &Path, text: &str) -> Exit {
    fs::write(file, text)
        .with_context(|| format!("writing {}", file.display()))
        .map_err(Failure::runtime)
}

/// Overwrites the last line of the terminal.
fn show(progress: Progress) {
    let Progress {
        done,
        of,
        users,
        objects,
    } = progress;
    let line = format!(
        "\r\x1b[Kworld {} of {of}: {users} users, {objects} objects",
        done + 1
    );
    // Nobody watching is no reason to stop.
    let _ = io::stderr().write_all(line.as_bytes());
}
