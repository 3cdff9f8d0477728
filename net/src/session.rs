//! Sessions: from the handshake to the last frame, over any message transport (spec posbus §5).

mod handshake;
mod options;
mod pace;
mod reader;
mod writer;

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::{Sink, SinkExt, Stream, StreamExt};
use metrics::{Counter, Gauge};
use node::Node;
use systems::{Dialect, DisconnectCause, SessionLink};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

use crate::app::NetOptions;
use crate::auth::Keys;
use crate::limits::{ConnectionPermit, Limits};
use crate::server::Slot;
pub use options::SessionOptions;
use reader::Reader;

/// Everything sessions share.
pub(crate) struct Sessions {
    node: Arc<Node>,
    keys: Arc<Keys>,
    limits: Arc<Limits>,
    options: SessionOptions,
    allowed_origins: Vec<String>,
    next_connection: AtomicU64,
    tasks: TaskTracker,
    stop: CancellationToken,
    meters: Meters,
}

/// Metric handles, kept: looking them up costs an allocation each time.
struct Meters {
    sessions: Gauge,
    frames_in: Counter,
    bytes_in: Counter,
    frames_out: Counter,
    bytes_out: Counter,
    malformed: Counter,
}

/// Where a connection came from, and what counts it.
pub(crate) struct Arrival {
    pub(crate) address: IpAddr,
    pub(crate) _permit: ConnectionPermit,
    /// Its place among all connections.
    pub(crate) _slot: Option<Slot>,
}

/// A transport of whole messages.
pub(crate) trait Socket:
    Stream<Item = Result<Message, Error>> + Sink<Message, Error = Error> + Unpin + Send
{
}
impl<S: Stream<Item = Result<Message, Error>> + Sink<Message, Error = Error> + Unpin + Send> Socket
    for S
{
}

impl Sessions {
    pub(crate) fn new(
        node: Arc<Node>,
        keys: Arc<Keys>,
        limits: Arc<Limits>,
        options: &NetOptions,
    ) -> Arc<Self> {
        let meters = Meters {
            sessions: metrics::gauge!("odyssey_sessions"),
            frames_in: metrics::counter!("odyssey_frames_received_total"),
            bytes_in: metrics::counter!("odyssey_bytes_received_total"),
            frames_out: metrics::counter!("odyssey_frames_sent_total"),
            bytes_out: metrics::counter!("odyssey_bytes_sent_total"),
            malformed: metrics::counter!("odyssey_frames_refused_total"),
        };
        Arc::new(Self {
            node,
            keys,
            limits,
            options: SessionOptions {
                paced: options.session.paced && options.limits.enabled,
                ..options.session.clone()
            },
            allowed_origins: options.allowed_origins.clone(),
            next_connection: AtomicU64::new(1),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
            meters,
        })
    }

    pub(crate) fn limits(&self) -> &Arc<Limits> {
        &self.limits
    }

    pub(crate) fn allowed_origins(&self) -> &[String] {
        &self.allowed_origins
    }

    /// Runs a session's task; counted until it ends.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(task);
    }

    /// Asks all sessions to end.
    pub(crate) fn close_all(&self) {
        self.stop.cancel();
        self.tasks.close();
    }

    /// Returns when all sessions have ended.
    pub(crate) async fn ended(&self) {
        self.tasks.wait().await;
    }

    /// Serves one connection to its end.
    pub(crate) async fn serve<S: Socket + 'static>(
        self: Arc<Self>,
        mut socket: S,
        arrival: Arrival,
    ) {
        let deadline = self.options.handshake_timeout;
        let connection = self.next_connection.fetch_add(1, Ordering::Relaxed);
        let span = tracing::info_span!("session", connection, address = %arrival.address, user = tracing::field::Empty);
        let session = async {
            let greeted = self
                .stop
                .run_until_cancelled(timeout(deadline, self.greet(&mut socket)))
                .await;
            match greeted {
                None => close(&mut socket, DisconnectCause::Shutdown).await,
                Some(Err(_)) => {
                    self.refuse(
                        &mut socket,
                        arrival.address,
                        DisconnectCause::HandshakeTimeout,
                    )
                    .await
                }
                Some(Ok(Err(cause))) => self.refuse(&mut socket, arrival.address, cause).await,
                Some(Ok(Ok(greeting))) => {
                    tracing::Span::current()
                        .record("user", tracing::field::display(greeting.profile.user));
                    self.run(socket, greeting, connection, arrival.address)
                        .await
                }
            }
        };
        let cause = session.instrument(span.clone()).await;
        metrics::counter!("odyssey_disconnects_total", "cause" => cause.label()).increment(1);
        span.in_scope(|| tracing::debug!(cause = cause.label(), "session ended"));
    }

    /// A greeted session: a writer task beside the reader, until either ends.
    async fn run<S: Socket + 'static>(
        self: &Arc<Self>,
        socket: S,
        greeting: handshake::Greeting,
        connection: u64,
        address: IpAddr,
    ) -> DisconnectCause {
        let _connected = self.node.connect(greeting.profile.user);
        self.meters.sessions.increment(1.0);
        let link = SessionLink::new(self.node.options().world.queues, Dialect::V1);
        let (sink, stream) = socket.split();
        let (ended, writer_ended) = tokio::sync::oneshot::channel();
        let writer = writer::run(sink, Arc::clone(&link), Arc::clone(self), address);
        self.tasks.spawn(
            async move {
                // The reader may have gone first.
                let _ = ended.send(writer.await);
            }
            .in_current_span(),
        );
        let reader = Reader::new(Arc::clone(self), greeting, connection, Arc::clone(&link));
        let cause = reader.run(stream, writer_ended).await;
        // The writer flushes what is queued, says goodbye and ends.
        link.close(cause);
        self.meters.sessions.decrement(1.0);
        cause
    }
}

/// Says goodbye; a peer that is gone or does not listen is not waited for.
async fn close<S: Sink<Message, Error = Error> + Unpin>(
    socket: &mut S,
    cause: DisconnectCause,
) -> DisconnectCause {
    use tokio_tungstenite::tungstenite::protocol::CloseFrame;
    let frame = CloseFrame {
        code: cause.close_code().into(),
        reason: cause.label().into(),
    };
    let goodbye = async {
        // This fails if the peer closed first: then its own close frame waits to be sent back, which closing does.
        let _ = socket.send(Message::Close(Some(frame))).await;
        socket.close().await
    };
    let _ = timeout(options::GOODBYE, goodbye).await;
    cause
}

#[cfg(test)]
mod tests {
    use futures_util::{SinkExt, StreamExt};
    use systems::DisconnectCause;
    use tokio_tungstenite::WebSocketStream;
    use tokio_tungstenite::tungstenite::Message;
    use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role};

    use super::close;

    async fn pair() -> [WebSocketStream<tokio::io::DuplexStream>; 2] {
        let (client, server) = tokio::io::duplex(1024);
        [
            WebSocketStream::from_raw_socket(client, Role::Client, None).await,
            WebSocketStream::from_raw_socket(server, Role::Server, None).await,
        ]
    }

    /// Spec posbus §1.2: a close frame is answered with its code.
    #[tokio::test]
    async fn who_closes_first_gets_the_close_frame_back() {
        let [mut client, mut server] = pair().await;
        let goodbye = CloseFrame {
            code: 1000.into(),
            reason: "user".into(),
        };
        client
            .send(Message::Close(Some(goodbye)))
            .await
            .expect("sent");
        let received = server.next().await;
        assert!(matches!(received, Some(Ok(Message::Close(_)))));
        close(&mut server, DisconnectCause::ClientClosed).await;
        drop(server);
        let Some(Ok(Message::Close(Some(answer)))) = client.next().await else {
            panic!("no close frame");
        };
        assert_eq!(u16::from(answer.code), 1000);
    }

    #[tokio::test]
    async fn who_is_closed_learns_why() {
        let [mut client, mut server] = pair().await;
        close(&mut server, DisconnectCause::Flood).await;
        let Some(Ok(Message::Close(Some(frame)))) = client.next().await else {
            panic!("no close frame");
        };
        assert_eq!(u16::from(frame.code), DisconnectCause::Flood.close_code());
    }
}
