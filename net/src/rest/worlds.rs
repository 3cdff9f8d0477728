//! Worlds: lists, details, who is there, and what their admins do.

mod admin;
mod explore;

use axum::{Json, extract::State, response::Response};
use chrono::SecondsFormat;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{
    ApiError, App, Authenticated, PathId, Query, lists::ListRequest, reasons, users::User,
};

/// Worlds listed when the client does not say how many.
const DEFAULT_LIMIT: u64 = 100;
/// Most worlds listed at once.
const MAX_LIMIT: u64 = 1000;
/// Parts of the page of a world that do not describe themselves.
const NO_DESCRIPTION: &str = "No Description Set";

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(details))
        .routes(routes!(online_users))
        .merge(explore::routes())
        .merge(admin::routes())
}

/// A world.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct WorldRow {
    id: Uuid,
    owner_id: Uuid,
    #[schema(required)]
    owner_name: Option<String>,
    #[schema(required)]
    name: Option<String>,
    #[schema(required)]
    description: Option<String>,
    #[schema(required)]
    website_link: Option<String>,
    /// Media hash of its picture.
    #[serde(rename = "avatarHash")]
    #[schema(required)]
    avatar_hash: Option<String>,
}

/// A world with what is staked in it.
#[derive(Debug, Serialize, ToSchema)]
struct World {
    #[serde(flatten)]
    row: WorldRow,
    /// Decimal amount in the token's smallest unit; absent when nothing is staked.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    stake_total: Option<String>,
}

/// A world with everything its page shows.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WorldDetails)]
struct Details {
    #[serde(flatten)]
    world: World,
    /// RFC 3339 with seconds.
    #[serde(rename = "createdAt")]
    created_at: String,
    /// RFC 3339 with seconds.
    #[serde(rename = "updatedAt")]
    updated_at: String,
    /// Highest stake first.
    stakers: Vec<Staker>,
    #[schema(required)]
    last_staking_comment: Option<String>,
    /// Whether the caller is an indirect admin of it.
    is_admin: bool,
}

/// Somebody who stakes in a world.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WorldStaker)]
struct Staker {
    user_id: Uuid,
    name: String,
    /// Decimal amount in the token's smallest unit.
    stake: String,
    #[serde(rename = "avatarHash")]
    #[schema(required)]
    avatar_hash: Option<String>,
}

impl From<node::WorldRow> for WorldRow {
    fn from(row: node::WorldRow) -> Self {
        Self {
            id: row.id,
            owner_id: row.owner,
            owner_name: row.owner_name,
            name: row.name,
            description: row.description,
            website_link: row.website_link,
            avatar_hash: row.avatar_hash,
        }
    }
}

impl From<node::WorldRow> for World {
    fn from(mut row: node::WorldRow) -> Self {
        Self {
            stake_total: row.stake_total.take(),
            row: row.into(),
        }
    }
}

impl From<node::WorldDetails> for Details {
    fn from(details: node::WorldDetails) -> Self {
        let mut world = details.world;
        world
            .description
            .get_or_insert_with(|| NO_DESCRIPTION.to_owned());
        let stakers = details.stakers.into_iter().map(|staker| Staker {
            user_id: staker.user,
            name: staker.name,
            stake: staker.stake,
            avatar_hash: staker.avatar_hash,
        });
        Self {
            created_at: world.created_at.to_rfc3339_opts(SecondsFormat::Secs, true),
            updated_at: world.updated_at.to_rfc3339_opts(SecondsFormat::Secs, true),
            world: world.into(),
            stakers: stakers.collect(),
            last_staking_comment: details.last_staking_comment,
            is_admin: details.is_admin,
        }
    }
}

/// Order and number of worlds.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct Listing {
    /// `ASC` or `DESC` by time of creation; default `DESC`.
    sort: Option<String>,
    /// At most 1000; default 100.
    limit: Option<u64>,
}

/// All worlds of this node.
#[utoipa::path(
    get, path = "/worlds", tag = "worlds", security(("bearer" = [])), params(Listing),
    responses((status = 200, body = [World])),
    extensions(("x-reasons" = json!(reasons![InvalidRequestQuery]))),
)]
async fn list(
    State(app): State<App>,
    _caller: Authenticated,
    Query(listing): Query<Listing>,
    list_request: ListRequest,
) -> Result<Response, ApiError> {
    let newest_first = !listing
        .sort
        .is_some_and(|sort| sort.eq_ignore_ascii_case("asc"));
    let limit = listing.limit.unwrap_or(DEFAULT_LIMIT).min(MAX_LIMIT) as u32;
    let list = async {
        let worlds = app.node.list_worlds(newest_first, limit).await?;
        Ok(worlds.into_iter().map(World::from).collect::<Vec<_>>())
    };
    app.lists.answer(&app.node, list_request, list).await
}

/// A world with its stakers.
#[utoipa::path(
    get, path = "/worlds/{worldID}", tag = "worlds", security(("bearer" = [])),
    params(("worldID" = Uuid, Path)),
    responses((status = 200, body = Details)),
    extensions(("x-reasons" = json!(reasons![WorldNotFound]))),
)]
async fn details(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    PathId(world): PathId,
) -> Result<Json<Details>, ApiError> {
    Ok(Json(app.node.world_details(caller, world).await?.into()))
}

/// Users who are in a world right now.
#[utoipa::path(
    get, path = "/worlds/{worldID}/online-users", tag = "worlds", security(("bearer" = [])),
    params(("worldID" = Uuid, Path)),
    responses((status = 200, body = [User])),
    extensions(("x-reasons" = json!(reasons![WorldNotFound]))),
)]
async fn online_users(
    State(app): State<App>,
    _caller: Authenticated,
    PathId(world): PathId,
) -> Result<Json<Vec<User>>, ApiError> {
    let accounts = app.node.online_users(world).await?;
    Ok(Json(
        accounts
            .iter()
            .map(|account| User::new(&app.node, account))
            .collect(),
    ))
}
