//! Text chat by Stream (docs/spec/model.md §8.5).

use axum::{Json, extract::State, http::StatusCode};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{ApiError, App, Authenticated, PathId, reasons};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(token))
        .routes(routes!(join))
        .routes(routes!(leave))
}

/// Admission of the caller to the chat of an object.
#[derive(Debug, Serialize, ToSchema)]
struct ChatToken {
    /// The object's id.
    channel: String,
    /// Always `momentum-world`.
    channel_type: &'static str,
    /// By which the caller logs in at Stream, valid for a day.
    token: String,
}

/// A token for the chat of an object. For those who are in its world.
#[utoipa::path(
    post, path = "/streamchat/{objectID}/token", tag = "voice and chat", security(("bearer" = [])),
    params(("objectID" = Uuid, Path)),
    responses((status = 200, body = ChatToken)),
    extensions(("x-reasons" = json!(reasons![
        NotInWorld, NotConfigured, ObjectNotFound, ProviderFailed,
    ]))),
)]
async fn token(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    PathId(object): PathId,
) -> Result<Json<ChatToken>, ApiError> {
    let granted = app.node.chat_token(caller, object).await?;
    Ok(Json(ChatToken {
        channel: granted.channel,
        channel_type: granted.channel_type,
        token: granted.token,
    }))
}

/// Makes the caller a member of the chat of an object. For those who are in its world.
#[utoipa::path(
    post, path = "/streamchat/{objectID}/join", tag = "voice and chat", security(("bearer" = [])),
    params(("objectID" = Uuid, Path)),
    responses((status = 204, description = "Done")),
    extensions(("x-reasons" = json!(reasons![
        NotInWorld, NotConfigured, ObjectNotFound, ProviderFailed,
    ]))),
)]
async fn join(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    PathId(object): PathId,
) -> Result<StatusCode, ApiError> {
    app.node.join_chat(caller, object).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends the caller's membership in the chat of an object, from wherever the caller is.
#[utoipa::path(
    post, path = "/streamchat/{objectID}/leave", tag = "voice and chat", security(("bearer" = [])),
    params(("objectID" = Uuid, Path)),
    responses((status = 204, description = "Done")),
    extensions(("x-reasons" = json!(reasons![NotConfigured, ObjectNotFound, ProviderFailed]))),
)]
async fn leave(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    PathId(object): PathId,
) -> Result<StatusCode, ApiError> {
    app.node.leave_chat(caller, object).await?;
    Ok(StatusCode::NO_CONTENT)
}
