//! The listener: accepts connections, serves HTTP on them, and stops gracefully.

mod stall;

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{ConnectInfo, Request},
    routing::get,
};
use hyper::{body::Incoming, server::conn::http1};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use metrics_exporter_prometheus::PrometheusHandle;
use node::Node;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::{sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt;

use self::stall::Stalling;
use crate::{
    auth::{Keys, NodeKey},
    limits::{Limits, Slot},
    options::NetOptions,
    quic::Quic,
    rest::{self, App},
    session::Sessions,
    ws,
};

/// Time within which a client has to send the head of a request, also the next one on the same
/// connection.
const HEAD_TIMEOUT: Duration = Duration::from_secs(15);

/// Time for which a client may read nothing of what it has asked for.
const READ_PATIENCE: Duration = Duration::from_secs(60);

/// Time that clients have to take leave at shutdown.
const GOODBYE: Duration = Duration::from_secs(5);

/// A pause after a failed accept: out of file descriptors, trying again at once would only burn the
/// processor.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Time between two drains of the metrics recorder.
const METRICS_UPKEEP: Duration = Duration::from_secs(5);

/// A bound server.
pub struct Server {
    listener: TcpListener,
    app: App,
    sessions: Arc<Sessions>,
    slots: Arc<Semaphore>,
    quic: Option<Quic>,
}

impl Server {
    /// Binds the address; port 0 picks a free one.
    ///
    /// # Errors
    /// If the address cannot be bound, for instance because the port is taken.
    pub async fn bind(
        address: SocketAddr,
        node: Arc<Node>,
        keys: Keys,
        node_key: NodeKey,
        metrics: PrometheusHandle,
        options: NetOptions,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let limits = Limits::new(&options.limits);
        let slots = Arc::new(Semaphore::new(options.max_connections));
        let keys = Arc::new(keys);
        let sessions = Sessions::new(
            Arc::clone(&node),
            Arc::clone(&keys),
            Arc::clone(&limits),
            &options,
        );
        let app = App::new(
            node,
            keys,
            Arc::new(node_key),
            limits,
            metrics,
            options,
            CancellationToken::new(),
        );
        Ok(Self {
            listener,
            app,
            sessions,
            slots,
            quic: None,
        })
    }

    /// Serves sessions over QUIC as well.
    ///
    /// # Errors
    /// Those of the operating system.
    pub fn with_quic(mut self, quic: Quic) -> io::Result<Self> {
        self.app.quic = Some(quic.place(&self.app.node.options().base_url)?);
        self.quic = Some(quic);
        Ok(self)
    }

    /// The address it listens on.
    ///
    /// # Errors
    /// Those of the operating system.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until `stop` is cancelled; then stops accepting, tells the clients, and returns when
    /// they are gone, at the latest after five seconds.
    pub async fn run(self, stop: CancellationToken) {
        let tasks = TaskTracker::new();
        let router = rest::router(self.app.clone()).route(
            "/posbus",
            get(ws::upgrade).with_state(Arc::clone(&self.sessions)),
        );
        let stopping = self.app.stopping.clone();
        tasks.spawn(keep_metrics(self.app.metrics.clone(), stopping.clone()));
        if let Some(quic) = self.quic {
            let (sessions, slots) = (Arc::clone(&self.sessions), Arc::clone(&self.slots));
            tasks.spawn(quic.run(sessions, slots, stopping.clone()));
        }
        loop {
            let slot = Arc::clone(&self.slots).acquire_owned();
            let Some(Ok(slot)) = stop.run_until_cancelled(slot).await else {
                break;
            };
            let Some(accepted) = stop.run_until_cancelled(self.listener.accept()).await else {
                break;
            };
            let (stream, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "accept failed");
                    sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            };
            let slot = Slot::new(slot);
            tasks.spawn(serve(stream, peer, slot, router.clone(), stopping.clone()));
        }
        drop(self.listener);
        stopping.cancel();
        self.sessions.close_all();
        tasks.close();
        let goodbye = async {
            tasks.wait().await;
            self.sessions.ended().await;
        };
        if timeout(GOODBYE, goodbye).await.is_err() {
            tracing::warn!("some connections did not end in time");
        }
    }
}

/// Lets the recorder drain its histograms, which otherwise grow until somebody scrapes them.
async fn keep_metrics(metrics: PrometheusHandle, stopping: CancellationToken) {
    while stopping
        .run_until_cancelled(sleep(METRICS_UPKEEP))
        .await
        .is_some()
    {
        metrics.run_upkeep();
    }
}

/// Serves the requests of one connection.
async fn serve(
    stream: TcpStream,
    peer: SocketAddr,
    slot: Slot,
    router: Router,
    stopping: CancellationToken,
) {
    // Small frames must leave at once; without this they wait for the client's acknowledgements.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "no TCP_NODELAY");
    }
    let service =
        TowerToHyperService::new(router.map_request(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(ConnectInfo(peer));
            request.extensions_mut().insert(slot.clone());
            request.map(axum::body::Body::new)
        }));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .serve_connection(TokioIo::new(Stalling::new(stream, READ_PATIENCE)), service)
        .with_upgrades();
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stopping.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%peer, %error, "connection ended");
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use futures_util::{SinkExt, StreamExt};
    use metrics_exporter_prometheus::PrometheusBuilder;
    use node::NodeOptions;
    use testkit::{Database, start_node};
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpStream,
    };
    use tokio_tungstenite::{
        WebSocketStream,
        tungstenite::{Message, protocol::Role},
    };
    use tokio_util::sync::CancellationToken;

    use super::Server;
    use crate::{
        auth::{Keys, NodeKey},
        options::NetOptions,
        session::Arrival,
    };

    const UPGRADE: &[u8] =
        b"GET /posbus HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

    async fn server(database: &Database, options: NetOptions) -> Server {
        let node = start_node(database, [], NodeOptions::default()).await;
        let metrics = PrometheusBuilder::new().build_recorder().handle();
        let address = "127.0.0.1:0".parse().expect("an address");
        let keys = Keys::from_secret(&[7; 32]);
        let node_key = NodeKey::from_secret(&[7; 32]).expect("a key");
        Server::bind(address, node, keys, node_key, metrics, options)
            .await
            .expect("binds")
    }

    /// An upgraded connection costs a file descriptor as any other does.
    #[tokio::test]
    async fn a_session_keeps_the_place_of_its_connection() {
        let database = Database::sqlite();
        let options = NetOptions {
            max_connections: 2,
            ..NetOptions::default()
        };
        let server = server(&database, options).await;
        let address = server.local_addr().expect("bound");
        let slots = Arc::clone(&server.slots);
        let stop = CancellationToken::new();
        let running = tokio::spawn(server.run(stop.clone()));

        let mut session = TcpStream::connect(address).await.expect("connects");
        session.write_all(UPGRADE).await.expect("sent");
        let mut status = [0; 12];
        session.read_exact(&mut status).await.expect("answered");
        assert_eq!(&status, b"HTTP/1.1 101");

        // The listener holds the other place while it waits for the next connection. A request on
        // that one is served.
        let mut request = TcpStream::connect(address).await.expect("connects");
        let version = b"GET /version HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        request.write_all(version).await.expect("sent");
        let mut answer = Vec::new();
        request.read_to_end(&mut answer).await.expect("answered");
        assert_eq!(
            slots.available_permits(),
            0,
            "one in a session, one at the listener"
        );

        stop.cancel();
        running.await.expect("stops");
        assert_eq!(slots.available_permits(), 2, "all given back");
    }

    /// Away is not wrong: a client told that its token is invalid would throw it away, and a guest
    /// be nobody any more.
    #[tokio::test]
    async fn while_the_database_is_away_no_token_is_called_invalid() {
        let database = Database::sqlite();
        let mut options = NetOptions::default();
        options.limits.enabled = false;
        let server = server(&database, options).await;
        let user = server.app.node.create_guest().await.expect("a guest").id;
        let handshake = posbus::HandShake {
            handshake_version: 1,
            protocol_version: 1,
            token: server.app.keys.issue(user, chrono::Utc::now()),
            user_id: user,
            session_id: user,
        };
        server.app.node.close().await;

        let (client, socket) = tokio::io::duplex(4096);
        let mut client = WebSocketStream::from_raw_socket(client, Role::Client, None).await;
        let socket = WebSocketStream::from_raw_socket(socket, Role::Server, None).await;
        let address = [127, 0, 0, 1].into();
        let arrival = Arrival {
            address,
            since: tokio::time::Instant::now(),
            _permit: server.app.limits.connection(address).expect("unlimited"),
            _slot: None,
        };
        let session = tokio::spawn(Arc::clone(&server.sessions).serve(socket, arrival));
        let frame = posbus::Message::from(handshake).encode();
        client
            .send(Message::Binary(frame.into()))
            .await
            .expect("sent");
        let Some(Ok(Message::Close(Some(goodbye)))) = client.next().await else {
            panic!("no close frame, or something before it");
        };
        assert_eq!(u16::from(goodbye.code), 1013);
        session.await.expect("ends");
    }
}
