//! Finding worlds, and looking around in one.

use axum::{Json, extract::State};
use components::Reason;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use crate::rest::{ApiError, App, Authenticated, PathId, Query, reasons};

/// Longest text to search for in characters, as long as the longest name.
const MAX_SEARCH: usize = 256;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(search))
        .routes(routes!(explore))
}

/// The search.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct Search {
    /// Part of the name, in whatever case; every character stands for itself.
    #[param(min_length = 1, max_length = 256)]
    query: String,
}

/// A world or an object by its name.
#[derive(Debug, Serialize, ToSchema)]
struct Landmark {
    id: Uuid,
    /// Empty if it has none.
    name: String,
    /// Empty if it has none.
    description: String,
}

impl From<node::Landmark> for Landmark {
    fn from(landmark: node::Landmark) -> Self {
        Self {
            id: landmark.id,
            name: landmark.name,
            description: landmark.description,
        }
    }
}

/// Worlds whose name contains a text: the newest hundred.
#[utoipa::path(
    get, path = "/worlds/explore/search", tag = "worlds", security(("bearer" = [])), params(Search),
    responses((status = 200, body = [Landmark])),
    extensions(("x-reasons" = json!(reasons![InvalidRequestQuery]))),
)]
async fn search(
    State(app): State<App>,
    _caller: Authenticated,
    Query(search): Query<Search>,
) -> Result<Json<Vec<Landmark>>, ApiError> {
    if search.query.chars().count() > MAX_SEARCH {
        return Err(ApiError::new(
            Reason::InvalidRequestQuery,
            "query has at most 256 characters",
        ));
    }
    let found = app.node.search_worlds(&search.query).await?;
    Ok(Json(found.into_iter().map(Landmark::from).collect()))
}

/// Range of the search.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct At {
    /// An object of the world, or the world itself.
    object_id: Uuid,
}

/// An object of a world and what is directly below it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExploredObject)]
struct Explored {
    #[serde(flatten)]
    object: Landmark,
    /// By time of creation; at most 99.
    children: Vec<Landmark>,
}

/// Looks at an object of a world.
#[utoipa::path(
    get, path = "/worlds/{worldID}/explore", tag = "worlds", security(("bearer" = [])),
    params(("worldID" = Uuid, Path), At),
    responses((status = 200, body = Explored)),
    extensions(("x-reasons" = json!(reasons![
        InvalidRequestQuery, WorldNotFound, ObjectNotFound: "also an object of another world",
    ]))),
)]
async fn explore(
    State(app): State<App>,
    _caller: Authenticated,
    PathId(world): PathId,
    Query(at): Query<At>,
) -> Result<Json<Explored>, ApiError> {
    let place = app.node.explore(world, at.object_id).await?;
    Ok(Json(Explored {
        object: place.object.into(),
        children: place.children.into_iter().map(Landmark::from).collect(),
    }))
}
