//! Objects that visitors claim and customise (docs/spec/model.md §4.7).

use axum::{Json, extract::State, http::StatusCode};
use node::Customisation;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::rest::{ApiError, App, Authenticated, Body, PathId, extract::required_text, reasons};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(claim))
        .routes(routes!(unclaim))
}

/// Content for a claimed object.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = Customisation)]
struct ClaimRequest {
    /// Required.
    #[schema(required, nullable = false, min_length = 1, max_length = 256)]
    title: Option<String>,
    /// Required.
    #[schema(required, nullable = false, min_length = 1, max_length = 8192)]
    text: Option<String>,
    /// Media hash of the picture. Required.
    #[schema(required, nullable = false, min_length = 1, max_length = 512)]
    image_hash: Option<String>,
}

/// Claims an object of the claimable type: the caller becomes its admin, and what the caller puts
/// there is shown to everybody. Of those who claim at once one succeeds.
#[utoipa::path(
    post, path = "/objects/{objectID}/claim-and-customise", tag = "objects",
    security(("bearer" = [])), params(("objectID" = Uuid, Path)), request_body = ClaimRequest,
    responses((status = 202, body = bool, description = "true")),
    extensions(("x-reasons" = json!(reasons![
        Forbidden: "not claimable, or claimed by somebody else", ObjectNotFound,
    ]))),
)]
async fn claim(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    PathId(object): PathId,
    Body(wanted): Body<ClaimRequest>,
) -> Result<(StatusCode, Json<bool>), ApiError> {
    let customisation = Customisation {
        title: required_text(wanted.title, "title is required")?,
        text: required_text(wanted.text, "text is required")?,
        image_hash: required_text(wanted.image_hash, "image_hash is required")?,
    };
    app.node
        .claim_object(caller, object, &customisation)
        .await?;
    Ok((StatusCode::ACCEPTED, Json(true)))
}

/// Gives a claimed object back, and removes what the caller had put there.
#[utoipa::path(
    post, path = "/objects/{objectID}/unclaim-and-clear-customisation", tag = "objects",
    security(("bearer" = [])), params(("objectID" = Uuid, Path)),
    responses((status = 202, body = bool, description = "true")),
    extensions(("x-reasons" = json!(reasons![
        Forbidden: "the caller has not claimed it", ObjectNotFound,
    ]))),
)]
async fn unclaim(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    PathId(object): PathId,
) -> Result<(StatusCode, Json<bool>), ApiError> {
    app.node.unclaim_object(caller, object).await?;
    Ok((StatusCode::ACCEPTED, Json(true)))
}
