//! From a first packet to a stream: who may come in, how many at a time, and by when.

use std::{net::IpAddr, pin::pin, sync::Arc, time::Duration};

use axum::http::StatusCode;
use metrics::Counter;
use quinn::{Connecting, Incoming, VarInt, crypto::rustls::HandshakeData};
use systems::DisconnectCause;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout, timeout_at},
};
use web_transport_quinn::{Request, Session};

use super::{certificate::RAW_ALPN, connection::Connection, options::QuicOptions, place::PATH};
use crate::{
    limits::{ConnectionPermit, Slot},
    session::{Arrival, GOODBYE, Sessions, close_code},
};

/// Decides about connections.
pub(super) struct Admission {
    sessions: Arc<Sessions>,
    /// Places among all connections of the server.
    slots: Arc<Semaphore>,
    handshakes: Arc<Semaphore>,
    /// Free handshakes below which a client has to prove its address first.
    spare: usize,
}

/// A connection that is being made.
struct Arriving {
    address: IpAddr,
    since: Instant,
    /// Its counter; known once the address is proven, as nobody is to be counted for what others
    /// send in their name.
    permit: Option<ConnectionPermit>,
    slot: Slot,
    handshake: OwnedSemaphorePermit,
}

impl Admission {
    pub(super) fn new(
        sessions: Arc<Sessions>,
        slots: Arc<Semaphore>,
        options: &QuicOptions,
    ) -> Self {
        for refusal in Refusal::ALL {
            // Known from the start, at 0.
            refusal.counter().increment(0);
        }
        Self {
            sessions,
            slots,
            handshakes: Arc::new(Semaphore::new(options.max_handshakes)),
            spare: options.max_handshakes.saturating_sub(options.retry_above),
        }
    }

    /// Looks at a first packet.
    pub(super) fn consider(&self, incoming: Incoming) {
        let since = Instant::now();
        let address = incoming.remote_address().ip();
        let proven = incoming.remote_address_validated();
        let Ok(handshake) = Arc::clone(&self.handshakes).try_acquire_owned() else {
            refused(Refusal::Busy);
            return incoming.ignore();
        };
        if !proven && self.handshakes.available_permits() < self.spare {
            refused(Refusal::UnprovenAddress);
            // Nothing is kept; the client comes again with the proof.
            let _ = incoming.retry();
            return;
        }
        let Ok(slot) = Arc::clone(&self.slots).try_acquire_owned() else {
            refused(Refusal::Full);
            return incoming.refuse();
        };
        let permit = match proven.then(|| self.sessions.limits().connection(address)) {
            Some(Err(_)) => {
                refused(Refusal::Limits);
                return incoming.refuse();
            }
            Some(Ok(permit)) => Some(permit),
            None => None,
        };
        let Ok(connecting) = incoming.accept() else {
            refused(Refusal::Handshake);
            return;
        };
        let arriving = Arriving {
            address,
            since,
            permit,
            slot: Slot::new(slot),
            handshake,
        };
        self.sessions
            .spawn(serve(Arc::clone(&self.sessions), connecting, arriving));
    }
}

/// Why somebody is not let in.
#[derive(Clone, Copy)]
enum Refusal {
    /// All handshakes are taken.
    Busy,
    /// Its address has to be proven first.
    UnprovenAddress,
    /// All places are taken.
    Full,
    /// The address has as many connections as it may.
    Limits,
    /// The handshake of QUIC and TLS failed.
    Handshake,
    /// No session of ours was asked for.
    Request,
}

impl Refusal {
    const ALL: [Self; 6] = [
        Self::Busy,
        Self::UnprovenAddress,
        Self::Full,
        Self::Limits,
        Self::Handshake,
        Self::Request,
    ];

    /// The metric that counts it.
    fn counter(self) -> Counter {
        let reason = match self {
            Self::Busy => "busy",
            Self::UnprovenAddress => "unproven_address",
            Self::Full => "full",
            Self::Limits => "limits",
            Self::Handshake => "handshake",
            Self::Request => "request",
        };
        metrics::counter!("odyssey_quic_refused_total", "reason" => reason)
    }
}

fn refused(why: Refusal) {
    why.counter().increment(1);
}

/// Time that a handshake has to end when the server stops.
const LAST_HANDSHAKE: Duration = Duration::from_secs(1);

/// Serves one connection to its end.
async fn serve(sessions: Arc<Sessions>, connecting: Connecting, arriving: Arriving) {
    let deadline = arriving.since + sessions.handshake_timeout();
    let stop = sessions.stopping();
    let mut connecting = pin!(timeout_at(deadline, connecting));
    let connection = match stop.run_until_cancelled(connecting.as_mut()).await {
        Some(Ok(Ok(connection))) => connection,
        Some(_) => return refused(Refusal::Handshake),
        None => {
            // The client may be connected already, as far as it knows.
            if let Ok(Ok(Ok(connection))) = timeout(LAST_HANDSHAKE, connecting).await {
                give_up(&sessions, &connection, DisconnectCause::Shutdown);
            }
            return;
        }
    };
    // The rest is bounded by the number of connections.
    drop(arriving.handshake);
    let permit = match arriving.permit {
        Some(permit) => permit,
        None => match sessions.limits().connection(arriving.address) {
            Ok(permit) => permit,
            Err(_) => {
                refused(Refusal::Limits);
                return close(&connection, DisconnectCause::Unavailable);
            }
        },
    };
    let opening = timeout_at(deadline, open(&sessions, connection.clone()));
    let opened = match stop.run_until_cancelled(opening).await {
        Some(Ok(Some(opened))) => opened,
        Some(Ok(None)) => return refused(Refusal::Request),
        Some(Err(_)) => return give_up(&sessions, &connection, DisconnectCause::HandshakeTimeout),
        None => return give_up(&sessions, &connection, DisconnectCause::Shutdown),
    };
    let arrival = Arrival {
        address: arriving.address,
        since: arriving.since,
        _permit: permit,
        _slot: Some(arriving.slot),
    };
    sessions.serve(opened, arrival).await;
}

/// A session on the connection, and the stream that the client opens on it. None if the client is
/// not to have one.
async fn open(sessions: &Sessions, connection: quinn::Connection) -> Option<Connection> {
    let protocol = connection
        .handshake_data()
        .and_then(|data| data.downcast::<HandshakeData>().ok()?.protocol);
    let session = match protocol.as_deref() {
        Some(RAW_ALPN) => Session::raw(connection),
        _ => web_transport(sessions, connection).await?,
    };
    let (send, receive) = session.accept_bi().await.ok()?;
    Some(Connection {
        session,
        send,
        receive,
    })
}

async fn web_transport(sessions: &Sessions, connection: quinn::Connection) -> Option<Session> {
    let request = Request::accept(connection.clone()).await.ok()?;
    let refusal = if request.url.path() != PATH {
        StatusCode::NOT_FOUND
    } else if !sessions.allow_origin(&request.headers) {
        StatusCode::FORBIDDEN
    } else {
        return request.ok().await.ok();
    };
    // The answer has to arrive before the connection goes.
    if request.reject(refusal).await.is_ok() {
        let _ = timeout(GOODBYE, connection.closed()).await;
    }
    None
}

fn give_up(sessions: &Sessions, connection: &quinn::Connection, cause: DisconnectCause) {
    sessions.count_end(cause);
    close(connection, cause);
}

fn close(connection: &quinn::Connection, cause: DisconnectCause) {
    let code = VarInt::from(u32::from(close_code(cause)));
    connection.close(code, cause.label().as_bytes());
}
