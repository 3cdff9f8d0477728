//! Becoming the first owner of a node by the link it prints when it starts without one.

use axum::{
    Json,
    extract::State,
    http::header::{
        CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    },
    response::Html,
};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{ApiError, App, Authenticated, Body, reasons};

/// The page may run and style itself and call this node, nothing else, and nobody may frame it.
const POLICY: &str = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; \
                      connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(claim))
}

/// The token of the link.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = OwnerClaim)]
struct Claim {
    token: String,
}

/// Makes the caller, who may be a guest, admin of the node. Works once.
#[utoipa::path(
    post, path = "/node/claim-owner", tag = "node", security(("bearer" = [])), request_body = Claim,
    responses((status = 200, description = "null")),
    extensions(("x-reasons" = json!(reasons![InvalidOwnerToken, NoClaimOpen]))),
)]
async fn claim(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Body(claim): Body<Claim>,
) -> Result<Json<()>, ApiError> {
    app.node.claim_ownership(caller.user, &claim.token).await?;
    Ok(Json(()))
}

/// The page behind the link: gets a session and sends the claim. Mounted at the root, outside of
/// the versioned API.
pub(super) async fn page() -> ([(HeaderName, &'static str); 4], Html<&'static str>) {
    let headers = [
        (CONTENT_SECURITY_POLICY, POLICY),
        (REFERRER_POLICY, "no-referrer"),
        (CACHE_CONTROL, "no-store"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, Html(include_str!("claim.html")))
}
