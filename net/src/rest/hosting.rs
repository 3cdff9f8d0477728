//! Hosting: whose worlds the node vouches for, and its word for it (docs/spec/model.md §8.6).

use axum::{Json, extract::State};
use components::Reason;
use node::{NewMember, UserRow};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{
    ApiError, App, Authenticated, Body, PathId,
    extract::{id_of, invalid_body},
    reasons,
};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, allow))
        .routes(routes!(disallow))
        .routes(routes!(sign))
}

/// A user whose worlds the node vouches for.
#[derive(Debug, Serialize, ToSchema)]
struct HostedUser {
    user_id: Uuid,
    /// Empty if unset.
    name: String,
    /// Media hash or absolute URL; empty if unset.
    avatar_hash: String,
    wallets: Vec<String>,
}

impl From<UserRow> for HostedUser {
    fn from(row: UserRow) -> Self {
        let text = |key: &str| {
            let text = row.profile.get(key).and_then(|value| value.as_str());
            text.unwrap_or_default().to_owned()
        };
        Self {
            user_id: row.id,
            name: text("name"),
            avatar_hash: text("avatar_hash"),
            wallets: row.wallets,
        }
    }
}

/// The users whose worlds the node vouches for, at most 1000. For admins of the node.
#[utoipa::path(
    get, path = "/node/hosting-allow-list", tag = "node", security(("bearer" = [])),
    responses((status = 200, body = [HostedUser])),
    extensions(("x-reasons" = json!(reasons![NotAdmin]))),
)]
async fn list(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
) -> Result<Json<Vec<HostedUser>>, ApiError> {
    let users = app.node.hosting_list(caller).await?;
    Ok(Json(users.into_iter().map(HostedUser::from).collect()))
}

/// The user to host: `user_id` or `wallet`, not both.
#[derive(Debug, Deserialize, ToSchema)]
struct NewHostedUser {
    user_id: Option<String>,
    wallet: Option<String>,
}

impl NewHostedUser {
    fn user(self) -> Result<NewMember, ApiError> {
        let given = |text: Option<String>| text.filter(|text| !text.is_empty());
        match (given(self.user_id), given(self.wallet)) {
            (Some(user), None) => Ok(NewMember::User(id_of(&user, Reason::InvalidRequestBody)?)),
            (None, Some(wallet)) => Ok(NewMember::Wallet(wallet)),
            _ => Err(invalid_body("either user_id or wallet is required")),
        }
    }
}

/// Lets the node vouch for the worlds of a user.
#[utoipa::path(
    post, path = "/node/hosting-allow-list", tag = "node", security(("bearer" = [])),
    request_body = NewHostedUser,
    responses((status = 200, description = "null")),
    extensions(("x-reasons" = json!(reasons![NotAdmin, UserNotFound, TooManyUsers]))),
)]
async fn allow(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Body(new): Body<NewHostedUser>,
) -> Result<Json<()>, ApiError> {
    app.node.allow_hosting(caller, new.user()?).await?;
    Ok(Json(()))
}

/// Lets the node vouch for the worlds of a user no longer.
#[utoipa::path(
    delete, path = "/node/hosting-allow-list/{userID}", tag = "node", security(("bearer" = [])),
    params(("userID" = Uuid, Path)),
    responses((status = 200, description = "null")),
    extensions(("x-reasons" = json!(reasons![NotAdmin]))),
)]
async fn disallow(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    PathId(user): PathId,
) -> Result<Json<()>, ApiError> {
    app.node.disallow_hosting(caller, user).await?;
    Ok(Json(()))
}

/// The world to host.
#[derive(Debug, Deserialize, ToSchema)]
struct HostedWorld {
    #[schema(required, nullable = false, value_type = Uuid)]
    odyssey_id: Option<String>,
}

/// The node's word that it hosts a world.
#[derive(Debug, Serialize, ToSchema)]
struct HostingChallenge {
    /// `0x` and 130 hexadecimal digits: a signature with the node's key over the ids of node and
    /// world.
    challenge: String,
}

/// Signs that the node hosts a world, for users in the list of the node and for holders of its
/// tokens.
#[utoipa::path(
    post, path = "/node/get-challenge", tag = "node", security(("bearer" = [])),
    request_body = HostedWorld,
    responses((status = 200, body = HostingChallenge)),
    extensions(("x-reasons" = json!(reasons![UserNotAllowed]))),
)]
async fn sign(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Body(world): Body<HostedWorld>,
) -> Result<Json<HostingChallenge>, ApiError> {
    let world = world.odyssey_id.unwrap_or_default();
    let world = id_of(&world, Reason::InvalidRequestBody)?;
    if !app.node.may_host(caller.user).await? {
        return Err(ApiError::new(
            Reason::UserNotAllowed,
            "this node does not host worlds of the caller",
        ));
    }
    let signed = app.node_key.sign_hosting(app.node.id(), world);
    let challenge = signed.ok_or(Reason::InternalError)?;
    Ok(Json(HostingChallenge { challenge }))
}
