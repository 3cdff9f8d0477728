//! The command line.

use clap::{Parser, Subcommand};

use crate::{bench, config::Settings, devnet, harvester, media, migrate, posbus, swarm, world};

/// The server behind shared 3D worlds.
#[derive(Parser, Debug)]
#[command(name = "odyssey", version, about, max_term_width = 100)]
#[command(after_help = "Every option also has a key in the file and a variable \
    in the environment (ODYSSEY_BIND, ODYSSEY_LIMITS__REQUESTS); \
    the command line wins over the environment, the environment over the file.")]
pub(crate) struct Cli {
    /// The command; serves if there is none.
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) settings: Settings,
}

/// Commands of the program.
#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Run the server (the default)
    Serve,
    /// Change or show the version of the database schema
    Migrate {
        #[command(subcommand)]
        what: migrate::Migrate,
    },
    /// Take a world from one node to another; no server may run on the data directory
    World {
        #[command(subcommand)]
        what: world::World,
    },
    /// Look after pictures, sound, models and bundles; no server may run on the data directory
    Media {
        #[command(subcommand)]
        what: media::Media,
    },
    /// Look after the chains that are followed
    Harvester {
        #[command(subcommand)]
        what: harvester::Harvester,
    },
    /// Print the effective configuration as TOML, with secrets hidden
    Config,
    /// Run a local chain with a scratch node that follows it, and keep a little going on
    Devnet(devnet::Arguments),
    /// Load a running server with bots and report what they saw
    Swarm(swarm::Arguments),
    /// Measure what parts of the server cost, in this process
    Bench {
        #[command(subcommand)]
        what: bench::What,
    },
    /// Print the OpenAPI document of the REST API
    Openapi,
    /// Translate PosBus frames, one a line, from standard input to standard output
    Posbus {
        #[command(subcommand)]
        filter: posbus::Filter,
    },
}
