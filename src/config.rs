//! The configuration: defaults, then the file, then the environment, then the command line.
//!
//! A complaint names the key and where its value comes from. This module checks what can be checked
//! without touching the world outside: a port that is taken or a database that is away is found by
//! whoever needs it.

pub(crate) mod chains;
mod interest;
mod layers;
mod media;
mod settings;
mod third_parties;
mod values;

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    time::Duration,
};

use components::JsonMap;
use figment::{Figment, error::Kind, value::Value};
use net::{CertificateFiles, QuicOptions, SessionOptions, limits::LimitOptions};
use node::NodeOptions;
use serde::{Deserialize, Serialize};
use systems::WorldOptions;
use tracing_subscriber::EnvFilter;

use crate::exit::Failure;

pub(crate) use settings::Settings;
pub(crate) use values::{Listen, without_password};

/// Range of the ticks per second of a world.
const TICK_RATES: std::ops::RangeInclusive<u32> = 1..=120;
/// The database in the data directory.
const DATABASE_FILE: &str = "odyssey.db";

/// All options with their values.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Address to listen on. Default 127.0.0.1:4000: nobody else is let in until told so.
    #[serde(deserialize_with = "values::address")]
    pub(crate) bind: SocketAddr,
    /// Directory for database, objects and keys. Default `./data`.
    pub(crate) data: PathBuf,
    /// Database. Default a SQLite file in the data directory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) database_url: Option<String>,
    /// Public base address. Default `http://` and the address listened on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) base_url: Option<String>,
    /// Ticks of a world per second; see [`WorldOptions`].
    pub(crate) tick_rate: u32,
    /// Threads that tick worlds; see [`NodeOptions`].
    pub(crate) simulation_threads: usize,
    /// Time for which a guest who is not connected is kept; see [`NodeOptions`].
    #[serde(with = "values::duration")]
    pub(crate) guest_ttl: Duration,
    /// Time for which a world that nobody is in stays loaded; see [`NodeOptions`].
    #[serde(with = "values::duration")]
    pub(crate) unload_after: Duration,
    /// Time for which the user of a broken connection stays in the world; see [`SessionOptions`].
    #[serde(with = "values::duration")]
    pub(crate) grace: Duration,
    /// Whether everybody may know everybody's first wallet; see [`NodeOptions`].
    #[serde(deserialize_with = "values::switch")]
    pub(crate) show_wallets: bool,
    /// Whether this node hosts the world of every user; see [`NodeOptions`].
    #[serde(deserialize_with = "values::switch")]
    pub(crate) hosting_allow_all: bool,
    /// Origins whose pages may connect; none named, all may.
    #[serde(deserialize_with = "values::list")]
    pub(crate) allowed_origins: Vec<String>,
    /// Proxies whose `X-Forwarded-For` is believed; see [`LimitOptions`].
    #[serde(deserialize_with = "values::list")]
    pub(crate) trusted_proxies: Vec<String>,
    /// Filter of the log, as `info` or `info,net=debug`.
    pub(crate) log: String,
    /// Format of log lines.
    pub(crate) log_format: LogFormat,
    /// Limits of one address; see [`LimitOptions`].
    pub(crate) limits: Limits,
    /// WebTransport and QUIC; see [`QuicOptions`].
    pub(crate) quic: Quic,
    /// Rates at which movers are sent to viewers; see
    /// [`InterestOptions`](systems::InterestOptions).
    pub(crate) interest: interest::Interest,
    /// Contents of worlds; see [`MediaOptions`](node::MediaOptions).
    pub(crate) media: media::Media,
    /// Voice and screens.
    agora: third_parties::Agora,
    /// Text chat.
    streamchat: third_parties::StreamChat,
    /// Skies.
    blockadelabs: third_parties::BlockadeLabs,
    /// Pictures.
    leonardo: third_parties::Leonardo,
    youtube: third_parties::YouTube,
    /// Options of requests to third parties.
    outbound: third_parties::Outbound,
    /// Features of browser clients.
    features: third_parties::Features,
    /// The contracts that browser clients use.
    pub(crate) arbitrum: third_parties::Arbitrum,
    /// Chains that are followed, by name. None by default.
    pub(crate) chains: chains::Chains,
    /// More keys for the configuration that browser clients ask for.
    pub(crate) ui_client: JsonMap,
}

/// Format of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Limits of one address; see [`LimitOptions`].
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Limits {
    #[serde(deserialize_with = "values::switch")]
    pub(crate) enabled: bool,
    requests: f64,
    auth_requests: f64,
    connections: u32,
    new_connections: f64,
}

/// WebTransport and QUIC; see [`QuicOptions`].
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Quic {
    /// Address to listen on. Default on: the address of `bind`, over UDP.
    pub(crate) listen: Listen,
    /// Certificate chain, PEM. Default none: the server makes its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate: Option<PathBuf>,
    /// The key of the certificate, PEM.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<PathBuf>,
    /// Public address. Default the host of `base_url` and the port listened on.
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
}

impl Default for Config {
    fn default() -> Self {
        let (node, limits) = (NodeOptions::default(), LimitOptions::default());
        Self {
            bind: (Ipv4Addr::LOCALHOST, 4000).into(),
            data: PathBuf::from("./data"),
            database_url: None,
            base_url: None,
            tick_rate: node.world.tick_rate,
            simulation_threads: node.simulation_threads,
            guest_ttl: node.guest_ttl,
            unload_after: node.unload_after,
            grace: SessionOptions::default().grace,
            show_wallets: node.show_wallets,
            hosting_allow_all: node.hosting_allow_all,
            allowed_origins: Vec::new(),
            trusted_proxies: Vec::new(),
            log: "info".to_owned(),
            log_format: LogFormat::Text,
            limits: Limits {
                enabled: limits.enabled,
                requests: limits.requests,
                auth_requests: limits.auth_requests,
                connections: limits.connections,
                new_connections: limits.new_connections,
            },
            quic: Quic {
                listen: Listen::On,
                certificate: None,
                key: None,
                url: None,
            },
            interest: interest::Interest::default(),
            media: media::Media::default(),
            agora: third_parties::Agora::default(),
            streamchat: third_parties::StreamChat::default(),
            blockadelabs: third_parties::BlockadeLabs::default(),
            leonardo: third_parties::Leonardo::default(),
            youtube: third_parties::YouTube::default(),
            outbound: third_parties::Outbound::default(),
            features: third_parties::Features::default(),
            arbitrum: third_parties::Arbitrum::default(),
            chains: chains::Chains::default(),
            ui_client: node.ui_client,
        }
    }
}

impl Config {
    /// Reads file and environment, lets the command line override them, and checks the result.
    ///
    /// # Errors
    /// The first value that makes no sense.
    pub(crate) fn load(settings: &Settings) -> Result<Self, Failure> {
        read(settings).map_err(Failure::setup)
    }

    /// URL of the database.
    pub(crate) fn database_url(&self) -> String {
        match &self.database_url {
            Some(url) => url.clone(),
            None => sqlite_url(&self.data.join(DATABASE_FILE)),
        }
    }

    /// The public base address of a server that listens on `address`. Who listens everywhere is
    /// reachable as localhost, and only the operator knows as what else.
    pub(crate) fn base_url(&self, address: SocketAddr) -> String {
        match &self.base_url {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None if address.ip().is_unspecified() => format!("http://localhost:{}", address.port()),
            None => format!("http://{address}"),
        }
    }

    /// Options of the node, for a server at this base address.
    pub(crate) fn node_options(&self, base_url: String) -> NodeOptions {
        NodeOptions {
            base_url,
            guest_ttl: self.guest_ttl,
            unload_after: self.unload_after,
            simulation_threads: self.simulation_threads,
            show_wallets: self.show_wallets,
            hosting_allow_all: self.hosting_allow_all,
            hosting_tokens: chains::hosting_tokens(&self.chains),
            world: WorldOptions {
                tick_rate: self.tick_rate,
                interest: self.interest.options(),
                ..WorldOptions::default()
            },
            media: self.media.options(&self.data),
            ui_client: self.ui_options(),
            third_parties: self.third_party_options(),
            ..NodeOptions::default()
        }
    }

    /// Options of the limits.
    ///
    /// # Errors
    /// The entry of `trusted_proxies` that is no network.
    pub(crate) fn limit_options(&self) -> anyhow::Result<LimitOptions> {
        let networks = self.trusted_proxies.iter().map(|proxy| proxy.parse());
        Ok(LimitOptions {
            enabled: self.limits.enabled,
            requests: self.limits.requests,
            auth_requests: self.limits.auth_requests,
            connections: self.limits.connections,
            new_connections: self.limits.new_connections,
            trusted_proxies: networks.collect::<Result<_, _>>()?,
        })
    }

    /// Options of the QUIC endpoint.
    pub(crate) fn quic_options(&self) -> QuicOptions {
        let files = self.quic.certificate.clone().zip(self.quic.key.clone());
        QuicOptions {
            certificate: files.map(|(certificate, key)| CertificateFiles { certificate, key }),
            url: self.quic.url.clone(),
            ..QuicOptions::default()
        }
    }

    /// The effective values, without secrets.
    pub(crate) fn to_toml(&self) -> String {
        let effective = Self {
            database_url: Some(without_password(&self.database_url())),
            base_url: Some(self.base_url(self.bind)),
            ..self.clone()
        };
        toml::to_string(&effective).unwrap_or_else(|error| format!("# {error}\n"))
    }

    /// The first key whose value has the right type but makes no sense, and why.
    fn check(&self) -> Result<(), (&'static str, String)> {
        let require = |holds: bool, key, why: &str| match holds {
            true => Ok(()),
            false => Err((key, why.to_owned())),
        };
        require(
            TICK_RATES.contains(&self.tick_rate),
            "tick_rate",
            &format!("{} is not between 1 and 120", self.tick_rate),
        )?;
        require(
            self.simulation_threads > 0,
            "simulation_threads",
            "must be at least 1",
        )?;
        require(
            !self.data.as_os_str().is_empty(),
            "data",
            "must not be empty",
        )?;
        if let Some(url) = &self.base_url {
            let known = ["http://", "https://"].iter().any(|scheme| {
                url.strip_prefix(scheme)
                    .is_some_and(|host| !host.is_empty() && !host.contains(char::is_whitespace))
            });
            require(
                known,
                "base_url",
                &format!("{url:?} is no http:// or https:// address"),
            )?;
        }
        if let Some(url) = &self.database_url {
            let known = ["sqlite:", "postgres:", "postgresql:"];
            require(
                known.iter().any(|scheme| url.starts_with(scheme)),
                "database_url",
                "must begin with sqlite: or postgres:",
            )?;
        }
        for (key, rate) in [
            ("limits.requests", self.limits.requests),
            ("limits.auth_requests", self.limits.auth_requests),
            ("limits.new_connections", self.limits.new_connections),
        ] {
            require(
                rate.is_finite() && rate > 0.0,
                key,
                "must be greater than 0",
            )?;
        }
        require(
            self.limits.connections > 0,
            "limits.connections",
            "must be at least 1",
        )?;
        require(
            self.quic.certificate.is_some() == self.quic.key.is_some(),
            "quic.certificate",
            "quic.certificate and quic.key go together",
        )?;
        if let Some(url) = &self.quic.url {
            require(
                url.strip_prefix("https://")
                    .is_some_and(|place| !place.is_empty() && !place.contains(char::is_whitespace)),
                "quic.url",
                &format!("{url:?} is no https:// address"),
            )?;
        }
        self.interest.check(self.tick_rate)?;
        self.media.check()?;
        self.check_third_parties()?;
        chains::check(&self.chains)?;
        self.limit_options()
            .map_err(|error| ("trusted_proxies", error.to_string()))?;
        EnvFilter::try_new(&self.log).map_err(|error| ("log", error.to_string()))?;
        Ok(())
    }
}

fn read(settings: &Settings) -> anyhow::Result<Config> {
    let defaults = Value::serialize(Config::default())?
        .into_dict()
        .unwrap_or_default();
    let figment = layers::merged(settings, defaults)?;
    // Lossy: what comes from environment and command line is text, even if it means a number.
    let config: Config = figment.extract_lossy().map_err(|error| complaint(&error))?;
    config
        .check()
        .map_err(|(key, why)| anyhow::anyhow!("{key}: {why}{}", source(&figment, key)))?;
    Ok(config)
}

fn complaint(error: &figment::Error) -> anyhow::Error {
    let key = error.path.join(".");
    let source = error
        .metadata
        .as_ref()
        .map(|metadata| format!(" ({})", metadata.name))
        .unwrap_or_default();
    match &error.kind {
        Kind::UnknownField(_, known) => {
            anyhow::anyhow!("{key}: unknown key, known are {}{source}", known.join(", "))
        }
        kind => anyhow::anyhow!("{key}: {kind}{source}"),
    }
}

fn source(figment: &Figment, key: &str) -> String {
    figment
        .find_metadata(key)
        .map(|metadata| format!(" ({})", metadata.name))
        .unwrap_or_default()
}

/// The URL of a SQLite file that is created if need be.
fn sqlite_url(file: &Path) -> String {
    let path = file.display().to_string();
    // The rest is decoded and ends at a question mark. No slashes before it: they would make
    // the beginning of a relative path a host.
    let path = path
        .replace('%', "%25")
        .replace('?', "%3F")
        .replace('#', "%23");
    format!("sqlite:{path}?mode=rwc")
}
