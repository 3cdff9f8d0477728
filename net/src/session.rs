//! Sessions: from the handshake to the last frame, over any message transport (docs/spec/posbus.md
//! §5).

mod close_code;
mod handshake;
mod metrics;
mod origin;
mod rare;
mod rate_limiter;
mod reader;
mod resume;
pub(crate) mod transport;
mod writer;

use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::http::HeaderMap;
use node::Node;
use systems::{Dialect, DisconnectCause, SessionLink};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::{Instrument, Span};

use self::metrics::Metrics;
use crate::{
    auth::Keys,
    limits::{ConnectionPermit, Limits, Slot},
    options::{NetOptions, SessionOptions},
};
use reader::Reader;
use resume::Resume;
use transport::{Outgoing, Transport};

/// Longest time of a goodbye before the connection is dropped.
pub(crate) const GOODBYE: Duration = Duration::from_secs(1);
pub(crate) use close_code::close_code;

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
    metrics: Metrics,
    resume: Arc<Resume>,
}

/// Origin of a connection, and its counter.
pub(crate) struct Arrival {
    pub(crate) address: IpAddr,
    /// When it came: from then on its handshake is awaited.
    pub(crate) since: Instant,
    pub(crate) _permit: ConnectionPermit,
    /// Its place among all connections.
    pub(crate) _slot: Option<Slot>,
}

impl Sessions {
    pub(crate) fn new(
        node: Arc<Node>,
        keys: Arc<Keys>,
        limits: Arc<Limits>,
        options: &NetOptions,
    ) -> Arc<Self> {
        Arc::new(Self {
            node,
            keys,
            limits,
            options: SessionOptions {
                rate_limited: options.session.rate_limited && options.limits.enabled,
                ..options.session.clone()
            },
            allowed_origins: options.allowed_origins.clone(),
            next_connection: AtomicU64::new(1),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
            metrics: Metrics::new(),
            resume: Resume::new(
                options.session.grace,
                options.max_connections,
                match options.limits.enabled {
                    true => options.limits.connections as usize,
                    false => usize::MAX,
                },
            ),
        })
    }

    pub(crate) fn limits(&self) -> &Arc<Limits> {
        &self.limits
    }

    /// Tells whether the page that a request comes from may open a session.
    pub(crate) fn allow_origin(&self, headers: &HeaderMap) -> bool {
        origin::allowed(&self.allowed_origins, headers)
    }

    /// Time that a client has for its handshake, from its first sign on.
    pub(crate) fn handshake_timeout(&self) -> Duration {
        self.options.handshake_timeout
    }

    /// Cancelled when all sessions are to end.
    pub(crate) fn stopping(&self) -> &CancellationToken {
        &self.stop
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

    /// Counts a connection that ended.
    pub(crate) fn count_end(&self, cause: DisconnectCause) {
        metrics::disconnected(cause).increment(1);
    }

    /// Serves one connection to its end.
    pub(crate) async fn serve<T: Transport>(self: Arc<Self>, transport: T, arrival: Arrival) {
        let (mut incoming, mut outgoing) = transport.split();
        let deadline = arrival.since + self.options.handshake_timeout;
        let connection = self.next_connection.fetch_add(1, Ordering::Relaxed);
        let span = tracing::info_span!(
            "session",
            connection,
            address = %arrival.address,
            user = tracing::field::Empty
        );
        let greeting = async {
            let greeted = self
                .stop
                .run_until_cancelled(timeout_at(deadline, self.greet(&mut incoming, T::FEATURES)))
                .await;
            let refused = match greeted {
                None => return Err(close(&mut outgoing, DisconnectCause::Shutdown).await),
                Some(Err(_)) => DisconnectCause::HandshakeTimeout,
                Some(Ok(Err(cause))) => cause,
                Some(Ok(Ok(greeting))) => return Ok(greeting),
            };
            let refuse = self.refuse(&mut incoming, &mut outgoing, arrival.address, refused);
            Err(refuse.await)
        };
        let cause = match greeting.instrument(span.clone()).await {
            Err(cause) => cause,
            Ok(greeting) => {
                span.record("user", tracing::field::display(greeting.profile.user));
                let connection = (connection, arrival.address);
                let halves = (incoming, outgoing);
                self.run::<T>(halves, greeting, connection, span.clone())
                    .await
            }
        };
        self.count_end(cause);
        span.in_scope(|| tracing::debug!(cause = cause.label(), "session ended"));
    }

    /// A greeted session: a writer task beside the reader, until either ends.
    async fn run<T: Transport>(
        self: &Arc<Self>,
        (incoming, outgoing): (T::Incoming, T::Outgoing),
        greeting: handshake::Greeting,
        (connection, address): (u64, IpAddr),
        span: Span,
    ) -> DisconnectCause {
        let connected = self.node.connect(greeting.profile.user, connection);
        self.metrics.sessions.increment(1.0);
        let dialect = greeting.dialect(T::FEATURES);
        let link = SessionLink::new(self.node.options().world.queues, dialect);
        let (ended, writer_ended) = tokio::sync::oneshot::channel();
        let writer = writer::run(outgoing, Arc::clone(&link), Arc::clone(self), address);
        self.tasks.spawn(async move {
            // The reader may have gone first.
            let _ = ended.send(writer.await);
        });
        let mut reader = Reader::new(
            Arc::clone(self),
            greeting,
            (connection, address),
            Arc::clone(&link),
            T::FEATURES,
            span.clone(),
        );
        if dialect != Dialect::V1 {
            reader.welcome().instrument(span).await;
        }
        let cause = reader.run(incoming, writer_ended, connected).await;
        // The writer flushes what is queued, says goodbye and ends.
        link.close(cause);
        self.metrics.sessions.decrement(1.0);
        cause
    }
}

/// Says goodbye; a peer that is gone or does not listen is not waited for.
async fn close(outgoing: &mut impl Outgoing, cause: DisconnectCause) -> DisconnectCause {
    let _ = timeout(GOODBYE, outgoing.say_goodbye(cause)).await;
    cause
}
