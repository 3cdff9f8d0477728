//! Voice and shared screens by Agora (docs/spec/model.md §8.5).

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{ApiError, App, Authenticated, Body, PathId, reasons};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(token))
}

/// The channel of the object.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = Wanted)]
struct TokenRequest {
    /// The one for sharing screens. Default false: the one for voices.
    screenshare: Option<bool>,
}

/// Admission of the caller to a channel.
#[derive(Debug, Serialize, ToSchema)]
struct ChannelToken {
    /// For a publisher, valid for a day. Its account is the user's id.
    token: String,
    /// The object's id, after `ss|` for sharing screens.
    channel: String,
}

/// A token for speaking in an object, or for sharing a screen there. For those who are in its
/// world, and its admins.
#[utoipa::path(
    post, path = "/objects/{objectID}/agora/token", tag = "voice and chat",
    security(("bearer" = [])), params(("objectID" = Uuid, Path)), request_body = TokenRequest,
    responses((status = 200, body = ChannelToken)),
    extensions(("x-reasons" = json!(reasons![NotInWorld, NotConfigured, ObjectNotFound]))),
)]
async fn token(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    PathId(object): PathId,
    Body(wanted): Body<TokenRequest>,
) -> Result<Json<ChannelToken>, ApiError> {
    let screen = wanted.screenshare.unwrap_or_default();
    let granted = app.node.voice_token(caller, object, screen).await?;
    Ok(Json(ChannelToken {
        token: granted.token,
        channel: granted.channel,
    }))
}
