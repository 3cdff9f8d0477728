//! The program: command line, configuration, wiring, shutdown. Nothing else.
//!
//! Modules refer to each other one way only, each to those left of it:
//!
//! `exit` ← `config` ← `data`, `database` ← `serve`, `migrate`, `world`, `media`, `harvester`,
//! `posbus`, `bench`, `swarm` ← `devnet` ← `cli`
//!
//! A command is a module: its options, and a function `run` that puts the parts together.

mod bench;
mod cli;
mod config;
mod data;
mod database;
mod devnet;
mod exit;
mod harvester;
mod media;
mod migrate;
mod posbus;
mod serve;
mod swarm;
mod world;

use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;

use crate::{
    cli::{Cli, Command},
    config::Config,
    exit::{Exit, Failure},
};

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return exit::usage(&error),
    };
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

fn run(cli: Cli) -> Exit {
    match cli.command.unwrap_or(Command::Serve) {
        Command::Posbus { filter } => posbus::run(&filter).map_err(Failure::runtime),
        Command::Openapi => {
            let document = net::rest::openapi_json().context("the OpenAPI document");
            exit::print(&document.map_err(Failure::runtime)?).map_err(Failure::runtime)
        }
        Command::Bench { what } => bench::run(&what),
        Command::Swarm(arguments) => block_on(swarm::run(arguments)),
        Command::Config => {
            let config = Config::load(&cli.settings)?;
            exit::print(&config.to_toml()).map_err(Failure::runtime)
        }
        Command::Devnet(arguments) => block_on(devnet::run(&cli.settings, arguments)),
        Command::Harvester { what } => {
            let config = Config::load(&cli.settings)?;
            block_on(harvester::run(&config, what))
        }
        Command::Media { what } => {
            let config = Config::load(&cli.settings)?;
            block_on(media::run(&config, what))
        }
        Command::World { what } => {
            let config = Config::load(&cli.settings)?;
            block_on(world::run(&config, what))
        }
        Command::Migrate { what } => {
            let config = Config::load(&cli.settings)?;
            block_on(migrate::run(&config, &what))
        }
        Command::Serve => {
            let config = Config::load(&cli.settings)?;
            block_on(serve::run(&config))
        }
    }
}

fn block_on(command: impl Future<Output = Exit>) -> Exit {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("starting the runtime")
        .map_err(Failure::setup)?;
    let exit = runtime.block_on(command);
    // Tasks that still run were given their time to end.
    runtime.shutdown_background();
    exit
}
