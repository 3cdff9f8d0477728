//! Contributions to canvases (docs/spec/model.md §8.3).

use axum::{Json, extract::State};
use chrono::{DateTime, Utc};
use components::{Reason, ids};
use node::{ContributionOrder, ContributionsQuery};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{ApiError, App, Authenticated, PathId, Query, reasons, users::User};

/// Contributions shown when the client does not say how many.
const DEFAULT_LIMIT: u64 = 10;
/// Most contributions shown at once.
const MAX_LIMIT: u64 = 100;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list))
}

/// The contributions, and their order.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct Listing {
    /// `created_at` (newest first, the default) or `vote` (most votes first).
    #[param(pattern = "^(created_at|vote)$")]
    order: Option<String>,
    /// Number to show; default 10, at most 100.
    limit: Option<u64>,
    /// Number to skip.
    offset: Option<u64>,
    /// A text that has to be in the title or an answer, whatever its case.
    #[param(max_length = 256)]
    q: Option<String>,
}

/// A part of the contributions to a canvas.
#[derive(Debug, Serialize, ToSchema)]
struct Contributions {
    /// Number of contributions in all.
    count: u64,
    /// Number of contributions on the page at most.
    limit: u64,
    /// Number of contributions that were skipped.
    offset: u64,
    items: Vec<Contribution>,
}

/// A contribution.
#[derive(Debug, Serialize, ToSchema)]
struct Contribution {
    /// The object it is shown on.
    object_id: Uuid,
    /// Its author.
    user: User,
    #[serde(rename = "type")]
    #[schema(rename = "type")]
    kind: AttributeName,
    votes: u64,
    /// Comments of everybody.
    comments: u64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    value: Map<String, Value>,
}

/// The attribute it is stored as.
#[derive(Debug, Serialize, ToSchema)]
struct AttributeName {
    plugin_id: Uuid,
    attribute_name: &'static str,
}

/// The contributions to a canvas.
#[utoipa::path(
    get, path = "/canvas/{objectID}/user-contributions", tag = "canvas", security(("bearer" = [])),
    params(("objectID" = Uuid, Path), Listing),
    responses((status = 200, body = Contributions)),
    extensions(("x-reasons" = json!(reasons![InvalidRequestQuery, ObjectNotFound]))),
)]
async fn list(
    State(app): State<App>,
    _caller: Authenticated,
    PathId(canvas): PathId,
    Query(listing): Query<Listing>,
) -> Result<Json<Contributions>, ApiError> {
    let limit = listing.limit.unwrap_or(DEFAULT_LIMIT).min(MAX_LIMIT);
    let offset = listing.offset.unwrap_or_default();
    let query = ContributionsQuery {
        order: order_of(listing.order.as_deref())?,
        limit: limit as u32,
        offset,
        search: listing.q,
    };
    let page = app.node.contributions(canvas, &query).await?;
    let items = page.contributions.into_iter().map(|contribution| {
        let node::Contribution { row, user } = contribution;
        Contribution {
            object_id: row.object,
            user: User::new(&app.node, &user),
            kind: AttributeName {
                plugin_id: ids::CANVAS_PLUGIN,
                attribute_name: node::CONTRIBUTION,
            },
            votes: row.votes,
            comments: row.comments,
            created_at: row.created_at,
            updated_at: row.updated_at,
            value: row.value,
        }
    });
    Ok(Json(Contributions {
        count: page.total,
        limit,
        offset,
        items: items.collect(),
    }))
}

fn order_of(name: Option<&str>) -> Result<ContributionOrder, ApiError> {
    match name {
        None | Some("created_at") => Ok(ContributionOrder::CreatedAt),
        Some("vote") => Ok(ContributionOrder::Votes),
        Some(_) => Err(ApiError::new(
            Reason::InvalidRequestQuery,
            "order is created_at or vote",
        )),
    }
}
