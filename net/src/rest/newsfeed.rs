//! News of all worlds (docs/spec/model.md §8.1), and the JSON of activities and their pages.

use axum::{extract::State, response::Response};
use chrono::{DateTime, Utc};
use components::Reason;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{ApiError, App, Authenticated, Query, geometry::Vector, lists::ListRequest, reasons};

/// Most activities shown at once.
const MAX_PAGE: u32 = 100;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(newsfeed))
}

/// Something that happened in a world.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Activity {
    activity_id: Uuid,
    /// The user who did it.
    user_id: Uuid,
    /// The world or object of it.
    object_id: Uuid,
    #[serde(rename = "type")]
    #[schema(rename = "type")]
    kind: Kind,
    data: Data,
    /// Media hash of the user's picture.
    #[schema(required)]
    avatar_hash: Option<String>,
    /// Empty if the world has no name.
    world_name: String,
    /// Media hash of the world's picture.
    #[schema(required)]
    world_avatar_hash: Option<String>,
    /// Empty if the user has no name.
    user_name: String,
    created_at: DateTime<Utc>,
}

/// The event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ActivityType)]
enum Kind {
    Video,
    Screenshot,
    WorldCreated,
    Stake,
}

/// Details of an activity.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ActivityData)]
struct Data {
    /// Place of the user.
    #[schema(required)]
    position: Option<Vector>,
    #[schema(required)]
    description: Option<String>,
    /// Media hash.
    #[schema(required)]
    hash: Option<String>,
    #[schema(required)]
    token_symbol: Option<String>,
    /// Decimal amount in the token's smallest unit.
    #[schema(required)]
    token_amount: Option<String>,
    #[schema(required)]
    bc_tx_hash: Option<String>,
    #[schema(required)]
    bc_log_index: Option<String>,
}

impl From<node::Activity> for Activity {
    fn from(node::Activity { row, world }: node::Activity) -> Self {
        let data = row.data;
        Self {
            activity_id: row.id,
            user_id: row.user,
            object_id: row.object,
            kind: match row.kind {
                components::ActivityKind::Video => Kind::Video,
                components::ActivityKind::Screenshot => Kind::Screenshot,
                components::ActivityKind::WorldCreated => Kind::WorldCreated,
                components::ActivityKind::Stake => Kind::Stake,
            },
            data: Data {
                position: data.position.map(Vector::from),
                description: data.description,
                hash: data.hash,
                token_symbol: data.token_symbol,
                token_amount: data.token_amount,
                bc_tx_hash: data.bc_tx_hash,
                bc_log_index: data.bc_log_index,
            },
            avatar_hash: row.avatar_hash,
            world_name: world.name,
            world_avatar_hash: world.avatar_hash,
            user_name: row.user_name,
            created_at: row.created_at,
        }
    }
}

/// The part of a list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
pub(super) struct Paging {
    /// Number to skip.
    #[param(value_type = i64, minimum = 0, required = true)]
    start_index: Option<String>,
    /// Number to show, at most 100.
    #[param(value_type = i64, minimum = 0, required = true)]
    page_size: Option<String>,
}

impl Paging {
    /// Start and size, checked in this order.
    pub(super) fn resolve(&self) -> Result<(u64, u32), ApiError> {
        let required = |text: &Option<String>| {
            let missing = "startIndex and pageSize are required";
            text.clone()
                .ok_or_else(|| ApiError::new(Reason::InvalidRequestQuery, missing))
        };
        let number = |text: &str, reason| {
            let number = text.parse().ok().and_then(|n: i64| u64::try_from(n).ok());
            number.ok_or_else(|| ApiError::new(reason, "not a number of at least 0"))
        };
        let (start, size) = (required(&self.start_index)?, required(&self.page_size)?);
        let start = number(&start, Reason::InvalidStartIndexNumber)?;
        let size = number(&size, Reason::InvalidPageSize)?;
        Ok((start, size.min(u64::from(MAX_PAGE)) as u32))
    }
}

/// A part of a list of activities, newest first.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ActivityPage {
    activities: Vec<Activity>,
    /// Number of entries that were skipped.
    start_index: u64,
    /// Number of entries on the page at most.
    page_size: u32,
    /// Number of entries in all.
    total_count: u64,
}

impl ActivityPage {
    pub(super) fn new(page: node::ActivityPage, start_index: u64, page_size: u32) -> Self {
        Self {
            activities: page.activities.into_iter().map(Activity::from).collect(),
            start_index,
            page_size,
            total_count: page.total,
        }
    }
}

/// News of all worlds, newest first.
#[utoipa::path(
    get, path = "/objects/newsfeed", tag = "activities", security(("bearer" = [])), params(Paging),
    responses((status = 200, body = ActivityPage)),
    extensions(("x-reasons" = json!(reasons![
        InvalidRequestQuery, InvalidStartIndexNumber, InvalidPageSize,
    ]))),
)]
async fn newsfeed(
    State(app): State<App>,
    _caller: Authenticated,
    Query(paging): Query<Paging>,
    list_request: ListRequest,
) -> Result<Response, ApiError> {
    let (start, size) = paging.resolve()?;
    let page = async {
        let page = app.node.news(start, size).await?;
        Ok(ActivityPage::new(page, start, size))
    };
    app.lists.answer(&app.node, list_request, page).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rest::query;

    #[test]
    fn pages_start_at_zero_or_later_and_are_bounded() {
        let resolve = |text: &str| query::parse::<Paging>(text).expect("parses").resolve();
        let cases = [
            ("startIndex=0&pageSize=10", (0, 10)),
            ("startIndex=7&pageSize=1000", (7, 100)),
            (
                "startIndex=9223372036854775807&pageSize=0",
                (i64::MAX as u64, 0),
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(resolve(text).expect("a page"), expected, "{text}");
        }
        for text in [
            "",
            "startIndex=0",
            "startIndex=&pageSize=1",
            "startIndex=-1&pageSize=1",
            "startIndex=0&pageSize=-1",
            "startIndex=x&pageSize=1",
            "startIndex=1.5&pageSize=1",
            "startIndex=9223372036854775808&pageSize=1",
            "startIndex=0&pageSize=%00",
        ] {
            assert!(resolve(text).is_err(), "{text}");
        }
    }
}
