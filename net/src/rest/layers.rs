//! Layers around every handler: rate limits, a deadline, a guard against panics, and CORS
//! (docs/spec/rest.md §5).

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    time::Duration,
};

use axum::{
    extract::{ConnectInfo, Request, State},
    http::{
        HeaderName, HeaderValue, Method,
        header::{
            AUTHORIZATION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_NONE_MATCH,
            IF_RANGE, RANGE,
        },
    },
    middleware::Next,
    response::{IntoResponse, Response},
};
use components::Reason;
use node::counted_for_caller;
use tokio::{task::JoinHandle, time::timeout};
use tokio_util::task::AbortOnDropHandle;
use tower_http::cors::{AllowOrigin, CorsLayer};
use tracing::{Instrument, Span};

use super::{ApiError, App, BASE};
use crate::{limits::RequestKind, options::NetOptions};

/// Time for which browsers may remember the answer to a preflight.
const PREFLIGHT_AGE: Duration = Duration::from_secs(3600);

/// Refuses addresses that ask too often. Probes and scrapers are not counted: they are the
/// operator's.
pub(super) async fn limit(State(app): State<App>, request: Request, next: Next) -> Response {
    if let Some(kind) = kind(request.method(), request.uri().path()) {
        let address = address_of(&app, &request);
        if let Err(refused) = app.limits.request(address, kind) {
            return ApiError::too_many_requests(refused.0).into_response();
        }
    }
    next.run(request).await
}

fn kind(method: &Method, path: &str) -> Option<RequestKind> {
    let auth = |path: &str| {
        path.strip_prefix(BASE)
            .is_some_and(|rest| rest.starts_with("/auth/"))
    };
    match path {
        "/health" | "/ready" | "/metrics" => None,
        _ if auth(path) => Some(RequestKind::Auth),
        _ if reads(method) => Some(RequestKind::Read),
        _ => Some(RequestKind::Write),
    }
}

fn reads(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Runs the handler in a task of its own, so that a panic is an ordinary 500 and a write, once
/// begun, ends even if the client leaves: what is durable must also reach memory and everybody in
/// the world. Reads end with their client.
pub(super) async fn guard(State(app): State<App>, request: Request, next: Next) -> Response {
    let reads = reads(request.method());
    let task = spawn_handler(request, next);
    let deadline = app.options.request_timeout;
    let answer = if reads {
        timeout(deadline, AbortOnDropHandle::new(task)).await
    } else {
        timeout(deadline, task).await
    };
    match answer {
        Ok(Ok(response)) => response,
        Ok(Err(failure)) => {
            tracing::error!(error = %failure, "a handler panicked");
            ApiError::from(Reason::InternalError).into_response()
        }
        Err(_) => ApiError::new(Reason::Unavailable, "the answer took too long").into_response(),
    }
}

/// As [`guard`], for uploads: they end by themselves when they make no progress.
pub(super) async fn guard_panics(request: Request, next: Next) -> Response {
    let task = spawn_handler(request, next);
    match AbortOnDropHandle::new(task).await {
        Ok(response) => response,
        Err(failure) => {
            tracing::error!(error = %failure, "a handler panicked");
            ApiError::from(Reason::InternalError).into_response()
        }
    }
}

/// Runs the handler in a task of its own, in the span and on the account of its request.
fn spawn_handler(request: Request, next: Next) -> JoinHandle<Response> {
    let handler = next.run(request).instrument(Span::current());
    tokio::spawn(counted_for_caller(handler))
}

/// Refuses addresses that have as many uploads under way as one may.
pub(super) async fn limit_uploads(
    State(app): State<App>,
    request: Request,
    next: Next,
) -> Response {
    if !app.options.limits.enabled {
        return next.run(request).await;
    }
    match app.uploads.enter(address_of(&app, &request)) {
        Some(_entered) => next.run(request).await,
        None => ApiError::too_many_requests(Duration::from_secs(1)).into_response(),
    }
}

/// The address that a request is counted to.
fn address_of(app: &App, request: &Request) -> IpAddr {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let peer = peer.map_or(
        SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0),
        |info| info.0,
    );
    app.limits.client_address(peer, request.headers())
}

/// Says of JSON which encoding it is in, as the platform does (docs/spec/rest.md §1).
pub(super) async fn name_charset(mut response: Response) -> Response {
    if let Some(kind) = response.headers_mut().get_mut(CONTENT_TYPE)
        && kind == "application/json"
    {
        *kind = HeaderValue::from_static("application/json; charset=utf-8");
    }
    response
}

/// Origins of pages that may call the API. Tokens travel in a header, never in cookies, so
/// credentials are not allowed.
pub(super) fn cors(options: &NetOptions) -> CorsLayer {
    let origins = if options.allowed_origins.is_empty() {
        AllowOrigin::any()
    } else {
        let origins = options.allowed_origins.iter();
        AllowOrigin::list(origins.filter_map(|origin| HeaderValue::from_str(origin).ok()))
    };
    CorsLayer::new()
        .allow_origin(origins)
        .allow_methods([
            Method::GET,
            Method::POST,
            Method::PATCH,
            Method::DELETE,
            Method::OPTIONS,
        ])
        .allow_headers([AUTHORIZATION, CONTENT_TYPE])
        .max_age(PREFLIGHT_AGE)
}

/// Contents are open to the pages of every origin: nothing about an answer depends on who asks.
pub(super) fn open_to_all() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(AllowOrigin::any())
        .allow_methods([Method::GET, Method::HEAD, Method::OPTIONS])
        .allow_headers([RANGE, IF_NONE_MATCH, IF_RANGE, AUTHORIZATION])
        .expose_headers([
            ETAG,
            CONTENT_RANGE,
            CONTENT_LENGTH,
            HeaderName::from_static("x-width"),
            HeaderName::from_static("x-height"),
        ])
        .vary([])
        .max_age(PREFLIGHT_AGE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn json_names_its_encoding_and_nothing_else_does() {
        let kind = |response: Response| response.headers().get(CONTENT_TYPE).cloned();
        let json = name_charset(axum::Json(()).into_response()).await;
        assert_eq!(
            kind(json),
            Some(HeaderValue::from_static("application/json; charset=utf-8"))
        );
        let image = name_charset(([(CONTENT_TYPE, "image/png")], "").into_response()).await;
        assert_eq!(kind(image), Some(HeaderValue::from_static("image/png")));
        let empty = name_charset(().into_response()).await;
        assert_eq!(kind(empty), None);
    }

    #[test]
    fn identities_are_counted_apart_and_probes_not_at_all() {
        let cases = [
            (Method::GET, "/health", None),
            (Method::GET, "/metrics", None),
            (Method::GET, "/version", Some(RequestKind::Read)),
            (
                Method::GET,
                "/api/v4/auth/challenge",
                Some(RequestKind::Auth),
            ),
            (
                Method::POST,
                "/api/v4/auth/guest-token",
                Some(RequestKind::Auth),
            ),
            (Method::GET, "/api/v4/worlds", Some(RequestKind::Read)),
            (
                Method::DELETE,
                "/api/v4/objects/1",
                Some(RequestKind::Write),
            ),
        ];
        for (method, path, expected) in cases {
            assert_eq!(kind(&method, path), expected, "{method} {path}");
        }
    }
}
