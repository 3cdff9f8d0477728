//! Operations of admins on a world as a whole.

use axum::{Json, extract::State};
use node::WorldTexts;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::rest::{ApiError, App, Authenticated, Body, PathId, reasons};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(update))
        .routes(routes!(fly_to_me))
        .routes(routes!(teleport_user))
}

/// Changes of a world; what is absent or null stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = WorldChanges)]
struct Changes {
    /// One line.
    #[schema(min_length = 1, max_length = 256)]
    name: Option<String>,
    /// Empty text takes it away.
    #[schema(max_length = 4096)]
    description: Option<String>,
    /// Empty text takes it away.
    #[schema(max_length = 2048)]
    website_link: Option<String>,
}

/// Changes name, description and link of a world.
#[utoipa::path(
    patch, path = "/worlds/{worldID}", tag = "worlds", security(("bearer" = [])),
    params(("worldID" = Uuid, Path)), request_body = Changes,
    responses((status = 200, description = "null")),
    extensions(("x-reasons" = json!(reasons![NotAdmin, WorldNotFound]))),
)]
async fn update(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    PathId(world): PathId,
    Body(changes): Body<Changes>,
) -> Result<Json<()>, ApiError> {
    let texts = WorldTexts {
        name: changes.name,
        description: changes.description,
        website_link: changes.website_link,
    };
    app.node.describe_world(caller, world, texts).await?;
    Ok(Json(()))
}

/// Asks everybody in the world to fly to the caller.
#[utoipa::path(
    post, path = "/worlds/{worldID}/fly-to-me", tag = "worlds", security(("bearer" = [])),
    params(("worldID" = Uuid, Path)),
    responses((status = 200, description = "null")),
    extensions(("x-reasons" = json!(reasons![
        NotAdmin, WorldNotFound, ProfileNotFound: "the caller is not in the world",
    ]))),
)]
async fn fly_to_me(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    PathId(world): PathId,
) -> Result<Json<()>, ApiError> {
    app.node.call_everybody(caller, world).await?;
    Ok(Json(()))
}

/// Reserved: does nothing yet for anybody, and is for admins only.
#[utoipa::path(
    post, path = "/worlds/{worldID}/teleport-user", tag = "worlds", security(("bearer" = [])),
    params(("worldID" = Uuid, Path)),
    responses((status = 200, description = "null")),
    extensions(("x-reasons" = json!(reasons![NotAdmin, WorldNotFound]))),
)]
async fn teleport_user(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    PathId(world): PathId,
) -> Result<Json<()>, ApiError> {
    app.node.require_world_admin(caller, world)?;
    Ok(Json(()))
}
