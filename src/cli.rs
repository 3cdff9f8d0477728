//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::{bench, swarm, world};

/// The server behind shared 3D worlds.
#[derive(Parser, Debug)]
#[command(name = "odyssey", version, about, max_term_width = 100)]
#[command(after_help = "Every option also has a key in the file and a variable \
    in the environment (ODYSSEY_BIND, ODYSSEY_LIMITS__REQUESTS); \
    the command line wins over the environment, the environment over the file.")]
pub(crate) struct Cli {
    /// What to do; serves if nothing is said.
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) settings: Settings,
}

/// What the program can do.
#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Run the server (the default)
    Serve,
    /// Change or show the version of the database schema
    Migrate {
        #[command(subcommand)]
        what: Migrate,
    },
    /// Take a world from one node to another; no server may run on the data directory
    World {
        #[command(subcommand)]
        what: world::World,
    },
    /// Print the effective configuration as TOML, with secrets hidden
    Config,
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
        filter: Filter,
    },
}

/// What to do to the schema.
#[derive(Subcommand, Debug)]
pub(crate) enum Migrate {
    /// Apply all migrations that are missing
    Up,
    /// Take migrations back, with the data that only they can hold
    Down {
        /// How many
        #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
        steps: u32,
    },
    /// List the migrations and whether they are applied
    Status,
}

/// Which way to translate.
#[derive(Subcommand, Debug)]
pub(crate) enum Filter {
    /// Frames in hex to JSON
    Decode,
    /// JSON to frames in hex
    Encode,
}

/// The options that override file and environment. Values are checked together with those, so that all complaints look
/// alike; hence all are text here.
#[derive(Args, Debug, Default)]
pub(crate) struct Settings {
    /// TOML file with options; ./odyssey.toml if it is there
    #[arg(long, global = true, value_name = "FILE", env = "ODYSSEY_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    /// Address and port to listen on [default: 127.0.0.1:4000]
    #[arg(long, global = true, value_name = "ADDRESS")]
    pub(crate) bind: Option<String>,
    /// Directory for database, objects and keys [default: ./data]
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) data: Option<String>,
    /// sqlite://FILE or postgres://USER:PASSWORD@HOST/DATABASE [default: a file in the data directory]
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) database_url: Option<String>,
    /// Ticks of a world per second, 1 to 120 [default: 20]
    #[arg(long, global = true, value_name = "N", allow_hyphen_values = true)]
    pub(crate) tick_rate: Option<String>,
    /// Whether to limit what one address and one session may do; off is for load tests [default: on]
    #[arg(long, global = true, value_name = "on|off")]
    pub(crate) limits: Option<String>,
    /// Whether, or where, to listen for WebTransport and QUIC, over UDP [default: on, at the address of --bind]
    #[arg(long, global = true, value_name = "on|off|ADDRESS")]
    pub(crate) quic: Option<String>,
}
