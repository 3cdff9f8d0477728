//! Request ids, the access log and the counters of the API.

use std::time::Instant;

use axum::{
    extract::Request,
    http::{HeaderName, HeaderValue},
    middleware::Next,
    response::Response,
};
use node::count_statements;
use tracing::Instrument;
use uuid::Uuid;

/// Names the request in the log and to the client, so that a complaint can be matched with its
/// cause.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Gives the request an id, logs its outcome and its SQL statements (probes excepted) and counts
/// it. Only the path is logged: queries may hold wallets.
pub(super) async fn log_request(request: Request, next: Next) -> Response {
    let id = Uuid::now_v7();
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let started = Instant::now();
    let span = tracing::info_span!("request", %id);
    let answer = count_statements(next.run(request)).instrument(span.clone());
    let (mut response, statements) = answer.await;
    let status = response.status().as_u16();
    let elapsed = started.elapsed();
    if path != "/health" {
        let milliseconds = elapsed.as_millis() as u64;
        span.in_scope(|| {
            tracing::info!(%method, path, status, milliseconds, statements, "answered");
        });
    }
    let class = match status {
        ..300 => "2xx",
        300..400 => "3xx",
        400..500 => "4xx",
        _ => "5xx",
    };
    metrics::counter!("odyssey_http_requests_total", "status" => class).increment(1);
    metrics::histogram!("odyssey_http_request_seconds").record(elapsed.as_secs_f64());
    if let Ok(value) = HeaderValue::try_from(id.to_string()) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}
