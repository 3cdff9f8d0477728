//! Nodes that listen on a port of this machine.

use std::{net::SocketAddr, sync::Arc};

use chrono::Utc;
use components::Umid;
use metrics_exporter_prometheus::PrometheusBuilder;
use net::{
    NetOptions, Server,
    auth::{Keys, NodeKey},
};
use node::Node;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::Client;

/// A node that listens on a free port of this machine. It stops with [`TestServer::stop`], or
/// abruptly when this is dropped.
pub struct TestServer {
    node: Arc<Node>,
    keys: Keys,
    address: SocketAddr,
    stop: CancellationToken,
    running: JoinHandle<()>,
}

impl TestServer {
    /// Lets a node listen.
    ///
    /// # Panics
    ///
    /// If no port is free.
    pub async fn start(node: Arc<Node>) -> Self {
        Self::start_with(node, NetOptions::default()).await
    }

    /// Lets a node listen with these options.
    ///
    /// # Panics
    ///
    /// If no port is free.
    pub async fn start_with(node: Arc<Node>, options: NetOptions) -> Self {
        let keys = Keys::from_secret(&[7; 32]);
        let node_key = NodeKey::from_secret(&[7; 32]).expect("a key");
        let metrics = PrometheusBuilder::new().build_recorder().handle();
        let local = "127.0.0.1:0".parse().expect("an address");
        let server = Server::bind(
            local,
            Arc::clone(&node),
            Keys::from_secret(&[7; 32]),
            node_key,
            metrics,
            options,
        );
        let server = server.await.expect("binds");
        let address = server.local_addr().expect("bound");
        let stop = CancellationToken::new();
        let running = tokio::spawn(server.run(stop.clone()));
        Self {
            node,
            keys,
            address,
            stop,
            running,
        }
    }

    /// The node.
    pub fn node(&self) -> &Arc<Node> {
        &self.node
    }

    /// Its address.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A token with which a user may connect.
    pub fn token(&self, user: Umid) -> String {
        self.keys.issue(user, Utc::now())
    }

    /// Connects a new guest by version 1 of the protocol.
    ///
    /// # Panics
    ///
    /// If the node makes no guest or does not accept it.
    pub async fn guest(&self) -> Client {
        self.guest_with(1).await
    }

    /// Connects a new guest by a version of the protocol.
    ///
    /// # Panics
    ///
    /// If the node makes no guest or does not accept it.
    pub async fn guest_with(&self, version: u32) -> Client {
        let user = self.node.create_guest().await.expect("a guest").id;
        Client::connect(self.address, self.token(user), user, version).await
    }

    /// Stops listening and waits until all sessions have ended.
    ///
    /// # Panics
    ///
    /// If the server panicked.
    pub async fn stop(self) {
        self.stop.cancel();
        self.running.await.expect("stops");
    }
}
