//! The options of the command line that override the file and the environment.

use std::path::PathBuf;

use clap::Args;

/// Overriding options. All are text here: values are checked together with those of the file and of
/// the environment, so that all complaints look alike.
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
    /// sqlite://FILE or postgres://USER:PASSWORD@HOST/DATABASE [default: a file in the data
    /// directory]
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) database_url: Option<String>,
    /// Ticks of a world per second, 1 to 120 [default: 20]
    #[arg(long, global = true, value_name = "N", allow_hyphen_values = true)]
    pub(crate) tick_rate: Option<String>,
    /// Whether to limit what one address and one session may do; off is for load tests [default:
    /// on]
    #[arg(long, global = true, value_name = "on|off")]
    pub(crate) limits: Option<String>,
    /// Whether, or where, to listen for WebTransport and QUIC, over UDP [default: on, at the
    /// address of --bind]
    #[arg(long, global = true, value_name = "on|off|ADDRESS")]
    pub(crate) quic: Option<String>,
}
