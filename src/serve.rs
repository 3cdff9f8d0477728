//! `odyssey serve`: puts the parts together, runs them, and takes them apart again in the right
//! order.

mod chains;
mod signals;

use std::{
    io::{self, IsTerminal, Write},
    net::SocketAddr,
    path::Path,
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, anyhow, bail};
use net::{
    NetOptions, Quic, QuicError, Server, SessionOptions,
    auth::{Keys, NodeKey},
    install_metrics,
};
use node::Node;
use tokio::{net::TcpSocket, time::timeout};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

use crate::{
    config::{Config, Listen, LogFormat},
    data, database,
    exit::{self, Exit, Failure},
    serve::{chains::Chains, signals::Signals},
};

/// Longest time of stopping altogether: supervisors kill after ten seconds. The clients have five
/// of them.
const STOP_WITHIN: Duration = Duration::from_millis(9_500);
/// The first logs values of parameters that it does not know, which may be secrets; the second
/// warns of whatever a client makes up; the others of connections to chains that break, which their
/// endpoint tells itself, without its key.
const QUIET: &str =
    "sqlx_postgres::options=off,web_transport_quinn=error,alloy_pubsub=off,alloy_transport_ws=off";
/// Folder of the signing keys, in the data directory.
const KEYS: &str = "keys";

/// Serves until told to stop.
pub(crate) async fn run(config: &Config) -> Exit {
    run_with(config, async |_| Ok(())).await
}

/// As [`run`]; something is done with the node before the server says that it listens.
pub(crate) async fn run_with(
    config: &Config,
    prepare: impl AsyncFnOnce(Arc<Node>) -> anyhow::Result<()>,
) -> Exit {
    start_logging(config);
    let mut signals = Signals::new().context("signals").map_err(Failure::setup)?;
    let started = async {
        let running = Running::start(config).await?;
        prepare(Arc::clone(&running.node)).await?;
        Ok(running)
    };
    let running = tokio::select! {
        started = started => started.map_err(Failure::setup)?,
        // Nothing to take apart: whatever was begun is a transaction that does not happen.
        _ = signals.next() => return Ok(()),
    };
    running.run(signals).await.map_err(Failure::runtime)
}

/// All parts of a running server.
struct Running {
    _lock: data::Lock,
    chains: Chains,
    node: Arc<Node>,
    server: Server,
    /// Makes the first person the owner, as long as there is none.
    claim: Option<String>,
}

impl Running {
    async fn start(config: &Config) -> anyhow::Result<Self> {
        if !config.limits.enabled {
            warn_of_no_limits();
        }
        raise_file_limit();
        let metrics = install_metrics().context("metrics")?;
        let limits = config.limit_options().context("trusted_proxies")?;

        let taken = |address| format!("bind: cannot listen on {address}");
        let (reserved, address) = reserve(config.bind).with_context(|| taken(config.bind))?;
        let base_url = config.base_url(address);
        let quic = listen_for_quic(config, address, &base_url)?;
        data::prepare(config)?;
        let lock = data::lock(config)?;
        let directory = config.data.join(KEYS);
        let keys = Keys::load_or_create(&directory).context("data: signing key")?;
        let store = database::ready(config, &base_url).await?;

        let node = Node::start(store.clone(), config.node_options(base_url))
            .await
            .map_err(|error| anyhow!("starting the node: {error}"))?;
        let node_key = node_key(&node, &directory).await?;
        let options = NetOptions {
            allowed_origins: config.allowed_origins.clone(),
            limits,
            session: SessionOptions {
                grace: config.grace,
                ..SessionOptions::default()
            },
            ..NetOptions::default()
        };
        let mut server = Server::bind(address, Arc::clone(&node), keys, node_key, metrics, options)
            .await
            .with_context(|| taken(address))?;
        if let Some(quic) = quic {
            server = server.with_quic(quic).context("quic.listen")?;
        }
        drop(reserved);
        let claim = node
            .offer_ownership()
            .await
            .map_err(|error| anyhow!("looking for the node's owner: {error}"))?;
        // Last: whatever a chain does, the server is there.
        let chains = Chains::start(&config.chains, &store, &node);
        Ok(Self {
            chains,
            _lock: lock,
            node,
            server,
            claim,
        })
    }

    async fn run(self, mut signals: Signals) -> anyhow::Result<()> {
        let address = self.server.local_addr().context("listener")?;
        let stop = CancellationToken::new();
        let mut server = tokio::spawn(self.server.run(stop.clone()));

        let mut lines = format!("listening on http://{address}\n");
        if let Some(link) = &self.claim {
            lines += &format!("claim this node: {link}\n");
        }
        exit::print(&lines).context("standard output")?;
        tracing::info!(%address, node = %self.node.id(), "serving");

        // A server that ends by itself has panicked; even then everything is saved.
        let failed = tokio::select! {
            ended = &mut server => Some(ended),
            signal = signals.next() => {
                tracing::info!(signal, "stopping");
                None
            }
        };
        stop.cancel();
        let stopping = async {
            let served = match failed {
                Some(ended) => ended,
                None => server.await,
            };
            self.chains.stop().await;
            self.node.shutdown().await;
            self.node.close().await;
            served.context("the listener failed")
        };
        tokio::select! {
            stopped = timeout(STOP_WITHIN, stopping) => stopped.context("stopping took too long")??,
            _ = signals.next() => bail!("told twice to stop: stopped at once"),
        }
        tracing::info!("stopped");
        Ok(())
    }
}

/// The node's key pair, whose public half everybody may know. Databases of the platform keep the
/// private half in an attribute: it moves into a file.
async fn node_key(node: &Node, directory: &Path) -> anyhow::Result<NodeKey> {
    let former = node.former_key();
    let key =
        NodeKey::load_or_create(directory, former.as_deref()).context("data: the node's key")?;
    let moved = former.as_deref().is_some_and(|former| key.is(former));
    if former.is_some() && !moved {
        tracing::warn!(
            "the database holds another key of the node than the key file, which is used"
        );
    }
    node.publish_key(&key.public(), moved)
        .await
        .map_err(|error| anyhow!("publishing the node's key: {error}"))?;
    Ok(key)
}

/// Binds the address without listening yet. So the address of a server on port 0 is known before
/// there is a database, and an address that is taken is found before anything is touched. Linux
/// lets the server bind it once more as long as it does not listen, and keeps the port from
/// everybody else meanwhile; other systems refuse that, so it is given back there.
fn reserve(address: SocketAddr) -> io::Result<(Option<TcpSocket>, SocketAddr)> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4(),
        SocketAddr::V6(_) => TcpSocket::new_v6(),
    }?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    let bound = socket.local_addr()?;
    Ok((cfg!(target_os = "linux").then_some(socket), bound))
}

/// The QUIC endpoint of a server that listens on `address`, if there is to be one.
fn listen_for_quic(
    config: &Config,
    address: SocketAddr,
    base_url: &str,
) -> anyhow::Result<Option<Quic>> {
    let wanted = match config.quic.listen {
        Listen::Off => return Ok(None),
        Listen::On => address,
        Listen::At(address) => address,
    };
    let mut bound = Quic::bind(wanted, base_url, config.quic_options());
    // A user who leaves the port to the system does not mind which one it is; that number may be
    // taken for UDP.
    if config.quic.listen == Listen::On
        && config.bind.port() == 0
        && matches!(bound, Err(QuicError::Bind(..)))
    {
        bound = Quic::bind((wanted.ip(), 0).into(), base_url, config.quic_options());
    }
    bound.map(Some).map_err(|error| {
        let advice = match error {
            QuicError::Bind(..) => {
                "quic.listen: choose another port with --quic ADDRESS, or do without by --quic off"
            }
            QuicError::Certificate(_) => "quic",
        };
        anyhow!(error).context(advice)
    })
}

fn start_logging(config: &Config) {
    // The filter was checked with the rest of the configuration.
    let filter = EnvFilter::new(format!("{QUIET},{}", config.log));
    let logging = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal());
    match config.log_format {
        LogFormat::Text => logging.init(),
        LogFormat::Json => logging.json().init(),
    }
}

/// Past the log and its filter: whoever left this on by accident shall see it.
fn warn_of_no_limits() {
    let warning = "WARNING: limits are off. Anybody who reaches this server can exhaust it. \
        This is for load tests only.\n";
    // Nobody reading it is no reason not to start.
    let _ = io::stderr().write_all(warning.as_bytes());
}

/// Each session takes a file descriptor, and many systems allow 1,024 unless asked for more.
fn raise_file_limit() {
    match rlimit::increase_nofile_limit(u64::MAX) {
        Ok(files) => tracing::debug!(files, "limit of open files"),
        Err(error) => tracing::warn!(%error, "the limit of open files stays as it is"),
    }
}
