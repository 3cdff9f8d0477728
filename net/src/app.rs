//! What every HTTP handler can reach.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use metrics_exporter_prometheus::PrometheusHandle;
use node::Node;
use tokio_util::sync::CancellationToken;

use crate::{
    auth::{Keys, NodeKey},
    limits::{LimitOptions, Limits},
    quic::Place,
    rest::{KnownCallers, Lists, WorldNames},
    session::SessionOptions,
};

/// How the HTTP side behaves.
#[derive(Clone, Debug)]
pub struct NetOptions {
    /// Origins whose pages may call the API and open sessions, as `https://host[:port]`. Default empty, which allows
    /// all: tokens travel in a header that a foreign page cannot make a browser add, and existing clients are served
    /// from elsewhere.
    pub allowed_origins: Vec<String>,
    /// How long a request may take. Default 30 s: longer than any healthy answer, far shorter than the 120 s after
    /// which clients give up.
    pub request_timeout: Duration,
    /// What one address may do.
    pub limits: LimitOptions,
    /// How sessions behave.
    pub session: SessionOptions,
    /// Connections that may be open at the same time, of all addresses together. Default 20,000: each costs a file
    /// descriptor, and the kernel's backlog is a better place to wait than this program's memory.
    pub max_connections: usize,
}

impl Default for NetOptions {
    fn default() -> Self {
        Self {
            allowed_origins: Vec::new(),
            request_timeout: Duration::from_secs(30),
            limits: LimitOptions::default(),
            session: SessionOptions::default(),
            max_connections: 20_000,
        }
    }
}

/// The state of the HTTP side; cheap to clone.
#[derive(Clone)]
pub struct App {
    /// The node that is served.
    pub node: Arc<Node>,
    /// Issues and verifies session tokens.
    pub keys: Arc<Keys>,
    /// Signs for the node.
    pub node_key: Arc<NodeKey>,
    /// What one address may ask.
    pub limits: Arc<Limits>,
    /// Renders the metrics.
    pub metrics: PrometheusHandle,
    /// When the program started.
    pub started: Instant,
    /// How to behave.
    pub options: Arc<NetOptions>,
    /// Cancelled when the program begins to shut down; from then on it is not ready for new work.
    pub stopping: CancellationToken,
    /// Where the QUIC endpoint is, if there is one.
    pub(crate) quic: Option<Place>,
    pub(crate) callers: Arc<KnownCallers>,
    pub(crate) world_names: Arc<WorldNames>,
    pub(crate) lists: Arc<Lists>,
}

impl App {
    /// Puts the parts together; the program starts now.
    pub fn new(
        node: Arc<Node>,
        keys: Arc<Keys>,
        node_key: Arc<NodeKey>,
        limits: Arc<Limits>,
        metrics: PrometheusHandle,
        options: NetOptions,
        stopping: CancellationToken,
    ) -> Self {
        Self {
            node,
            keys,
            node_key,
            limits,
            metrics,
            started: Instant::now(),
            options: Arc::new(options),
            stopping,
            quic: None,
            callers: Arc::default(),
            world_names: Arc::default(),
            lists: Arc::default(),
        }
    }
}
