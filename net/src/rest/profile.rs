//! The caller's own profile (docs/spec/model.md §7.3).

use axum::{Json, extract::State};
use node::ProfileChanges;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{ApiError, App, Authenticated, Body, reasons};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(update))
}

/// Changes; absent and null keys stay as they are, unknown ones are ignored.
#[derive(Debug, Deserialize, ToSchema)]
struct Changes {
    /// At most 64 characters.
    name: Option<String>,
    profile: Option<Fields>,
}

/// A user's words about itself.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ProfileChanges)]
struct Fields {
    bio: Option<String>,
    location: Option<String>,
    /// Media hash or absolute URL.
    avatar_hash: Option<String>,
    profile_link: Option<String>,
}

/// The user whose profile was changed.
#[derive(Debug, Serialize, ToSchema)]
struct Changed {
    /// Always null: the change is done, not queued.
    #[schema(required)]
    job_id: Option<Uuid>,
    user_id: Uuid,
}

/// Changes the caller's profile; everybody who sees the caller sees the new name and picture at
/// once.
#[utoipa::path(
    patch, path = "/profile", tag = "users", security(("bearer" = [])), request_body = Changes,
    responses((status = 200, body = Changed)),
    extensions(("x-reasons" = json!(reasons![NotFound]))),
)]
async fn update(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Body(changes): Body<Changes>,
) -> Result<Json<Changed>, ApiError> {
    let fields = changes.profile.unwrap_or_default();
    let changes = ProfileChanges {
        name: changes.name,
        bio: fields.bio,
        location: fields.location,
        avatar_hash: fields.avatar_hash,
        profile_link: fields.profile_link,
    };
    app.node.update_profile(caller.user, changes).await?;
    Ok(Json(Changed {
        job_id: None,
        user_id: caller.user,
    }))
}
