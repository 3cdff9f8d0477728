//! State that every HTTP handler can reach.

use std::{sync::Arc, time::Instant};

use metrics_exporter_prometheus::PrometheusHandle;
use node::Node;
use tokio_util::sync::CancellationToken;

use super::{caller::KnownCallers, lists::Lists, system::WorldNames};
use crate::{
    auth::{Keys, NodeKey},
    limits::{Limits, Uploads},
    options::NetOptions,
    quic::Place,
};

/// The state of the HTTP side; cheap to clone.
#[derive(Clone)]
pub struct App {
    /// The node that is served.
    pub node: Arc<Node>,
    /// Issues and verifies session tokens.
    pub keys: Arc<Keys>,
    /// Signs for the node.
    pub node_key: Arc<NodeKey>,
    /// Limits of one address.
    pub limits: Arc<Limits>,
    /// Renders the metrics.
    pub metrics: PrometheusHandle,
    /// When the program started.
    pub started: Instant,
    /// Options.
    pub options: Arc<NetOptions>,
    /// Cancelled when the program begins to shut down; from then on it is not ready for new work.
    pub stopping: CancellationToken,
    /// Address of the QUIC endpoint, if there is one.
    pub(crate) quic: Option<Place>,
    pub(crate) callers: Arc<KnownCallers>,
    pub(crate) world_names: Arc<WorldNames>,
    pub(crate) lists: Arc<Lists>,
    pub(crate) uploads: Arc<Uploads>,
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
            uploads: Arc::default(),
        }
    }
}
