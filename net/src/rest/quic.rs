//! Address of the QUIC endpoint (docs/protocol.md, Certificate).

use axum::{Json, extract::State};
use components::Reason;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{ApiError, App, reasons};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(endpoint))
}

/// The endpoint for WebTransport and QUIC.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = QuicEndpoint)]
struct Endpoint {
    /// Address for WebTransport, as `https://host:port/posbus`. Host and port are also those of
    /// QUIC alone.
    url: String,
    /// SHA-256 hashes, 64 hex digits each, of the certificates that the server may show. Empty if
    /// its certificate is signed by an authority.
    certificate_hashes: Vec<String>,
}

/// Address for WebTransport or QUIC.
#[utoipa::path(
    get, path = "/quic", tag = "system",
    responses((status = 200, body = Endpoint)),
    extensions(("x-reasons" = json!(reasons![QuicNotAvailable: "QUIC is turned off"]))),
)]
async fn endpoint(State(app): State<App>) -> Result<Json<Endpoint>, ApiError> {
    let place = app.quic.as_ref().ok_or(Reason::QuicNotAvailable)?;
    Ok(Json(Endpoint {
        url: place.url().to_owned(),
        certificate_hashes: place.certificate_hashes(),
    }))
}
