//! The WebSocket side of `GET /posbus` (docs/spec/posbus.md §1.1).

mod socket;

use std::{net::SocketAddr, sync::Arc};

use axum::{
    body::Body,
    extract::{ConnectInfo, Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use hyper_util::rt::TokioIo;
use tokio::time::Instant;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        handshake::server::create_response_with_body,
        protocol::{Role, WebSocketConfig},
    },
};

use crate::{
    limits::Slot,
    session::{Arrival, Sessions},
};

/// Bytes that may wait in the WebSocket layer itself: one batch and the largest frame, with room to
/// spare.
const MAX_WRITE_BUFFER: usize = 1 << 20;

/// From how much on a write does not wait for the flush. What is sent in a tick is smaller and
/// takes one write; of a snapshot, which is larger, no more than this stays in a buffer that each
/// session keeps for good.
const WRITE_BUFFER: usize = 8 * 1024;

/// Bytes that are read at once. Each session keeps a buffer of this size; clients send a few dozen
/// bytes at a time, and the default of 128 KiB would be most of the memory of a session.
const READ_BUFFER: usize = 1024;

/// Answers the upgrade and starts a session on it.
pub(crate) async fn upgrade(
    State(sessions): State<Arc<Sessions>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    mut request: Request,
) -> Response {
    if !sessions.allow_origin(request.headers()) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let address = sessions.limits().client_address(peer, request.headers());
    let Ok(permit) = sessions.limits().connection(address) else {
        return StatusCode::TOO_MANY_REQUESTS.into_response();
    };
    let since = Instant::now();
    let slot = request.extensions_mut().remove::<Slot>();
    let upgraded = hyper::upgrade::on(&mut request);
    let (parts, _) = request.into_parts();
    let response = match create_response_with_body(&Request::from_parts(parts, ()), Body::empty) {
        Ok(response) => response,
        Err(error) => return (StatusCode::BAD_REQUEST, error.to_string()).into_response(),
    };
    let config = WebSocketConfig::default()
        .max_message_size(Some(posbus::MAX_HANDSHAKE_FRAME))
        .max_frame_size(Some(posbus::MAX_HANDSHAKE_FRAME))
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .max_write_buffer_size(MAX_WRITE_BUFFER);
    let session = Arc::clone(&sessions);
    sessions.spawn(async move {
        let Ok(upgraded) = upgraded.await else { return };
        let socket =
            WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, Some(config))
                .await;
        session
            .serve(
                socket,
                Arrival {
                    address,
                    since,
                    _permit: permit,
                    _slot: slot,
                },
            )
            .await;
    });
    response
}
