//! One attribute over many owners (docs/spec/model.md §5.6).

use axum::{Json, extract::State, http::StatusCode};
use chrono::{DateTime, Utc};
use components::{Reason, Umid};
use node::MAX_VALUES;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{ValueMap, reference::AttributeRef};
use crate::rest::{ApiError, App, Authenticated, PathId, Query, reasons};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(attributes_with_children))
        .routes(routes!(publicize_attribute))
        .routes(routes!(attributes_of_all_users))
        .routes(routes!(count_all_users))
}

/// Values by the id of their owner.
fn by_owner(values: Vec<(Umid, ValueMap)>) -> Json<ValueMap> {
    let values = values.into_iter();
    Json(
        values
            .map(|(owner, value)| (owner.to_string(), value.into()))
            .collect(),
    )
}

/// The values of an attribute of an object and of all below it that have one, by object: at most
/// 1000 and 4 MiB of them, those near to the object first.
#[utoipa::path(
    get, path = "/objects/{objectID}/attributes-with-children", tag = "attributes",
    security(("bearer" = [])), params(("objectID" = Uuid, Path), AttributeRef),
    responses((status = 200, body = Object, description = "Values by object")),
    extensions(("x-reasons" = json!(reasons![
        InvalidRequestQuery, InvalidPluginAttribute, OperationNotPermitted: "for the object itself",
        ObjectNotFound,
    ]))),
)]
async fn attributes_with_children(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    PathId(object): PathId,
    Query(reference): Query<AttributeRef>,
) -> Result<Json<ValueMap>, ApiError> {
    let values = app
        .node
        .attributes_below(caller, object, &reference.id()?)
        .await?;
    Ok(by_owner(values))
}

/// Lets every user, guests included, read and write an attribute of an object.
#[utoipa::path(
    post, path = "/objects/{objectID}/attributes/publicize", tag = "attributes",
    security(("bearer" = [])), params(("objectID" = Uuid, Path), AttributeRef),
    responses((status = 202, description = "null")),
    extensions(("x-reasons" = json!(reasons![
        InvalidRequestQuery, InvalidPluginAttribute, NotAdmin, OperationNotPermitted,
        ObjectNotFound,
    ]))),
)]
async fn publicize_attribute(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    PathId(object): PathId,
    Query(reference): Query<AttributeRef>,
) -> Result<(StatusCode, Json<()>), ApiError> {
    app.node
        .publicize_attribute(caller, object, &reference.id()?)
        .await?;
    Ok((StatusCode::ACCEPTED, Json(())))
}

/// The attribute, and the part of the list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct AllUsers {
    /// The plugin that declares the attribute.
    #[param(required = true, nullable = false, format = Uuid)]
    plugin_id: Option<String>,
    #[param(required = true, nullable = false, min_length = 1)]
    attribute_name: Option<String>,
    /// At most 1000, which is the default.
    #[param(nullable = false)]
    limit: Option<u64>,
    /// Users to skip.
    #[param(nullable = false)]
    offset: Option<u64>,
}

/// The values of an attribute that users have in an object, by user, last written first: at most
/// 1000 and 4 MiB of them.
#[utoipa::path(
    get, path = "/objects/{objectID}/all-users/attributes", tag = "attributes",
    security(("bearer" = [])), params(("objectID" = Uuid, Path), AllUsers),
    responses((status = 200, body = Object, description = "Values by user")),
    extensions(("x-reasons" = json!(reasons![
        InvalidRequestQuery, InvalidPluginAttribute,
        OperationNotPermitted: "unless the attribute's type lets everybody read", ObjectNotFound,
    ]))),
)]
async fn attributes_of_all_users(
    State(app): State<App>,
    _caller: Authenticated,
    PathId(object): PathId,
    Query(list): Query<AllUsers>,
) -> Result<Json<ValueMap>, ApiError> {
    let id = AttributeRef::new(list.plugin_id, list.attribute_name).id()?;
    let limit = list.limit.unwrap_or(MAX_VALUES);
    let offset = list.offset.unwrap_or_default();
    let values = app
        .node
        .attributes_of_users(object, &id, limit, offset)
        .await?;
    Ok(by_owner(values))
}

/// The attribute, and the time since which it was written.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct Since {
    /// The plugin that declares the attribute.
    #[param(required = true, nullable = false, format = Uuid)]
    plugin_id: Option<String>,
    #[param(required = true, nullable = false, min_length = 1)]
    attribute_name: Option<String>,
    /// RFC 3339: counts only what was written then or later.
    #[param(nullable = false, format = DateTime)]
    since: Option<String>,
}

/// A number of users.
#[derive(Debug, Serialize, ToSchema)]
struct UserCount {
    #[schema(minimum = 0)]
    count: u64,
}

/// Number of users who have a value of an attribute in an object.
#[utoipa::path(
    get, path = "/objects/{objectID}/all-users/count", tag = "attributes",
    security(("bearer" = [])), params(("objectID" = Uuid, Path), Since),
    responses((status = 200, body = UserCount)),
    extensions(("x-reasons" = json!(reasons![
        InvalidRequestQuery, InvalidPluginAttribute, InvalidSinceTime, OperationNotPermitted,
        ObjectNotFound,
    ]))),
)]
async fn count_all_users(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    PathId(object): PathId,
    Query(query): Query<Since>,
) -> Result<Json<UserCount>, ApiError> {
    let id = AttributeRef::new(query.plugin_id, query.attribute_name).id()?;
    let since = query.since.as_deref().map(time).transpose()?;
    let count = app
        .node
        .count_attribute_users(caller, object, &id, since)
        .await?;
    Ok(Json(UserCount { count }))
}

fn time(text: &str) -> Result<DateTime<Utc>, ApiError> {
    let time = DateTime::parse_from_rfc3339(text);
    let time = time.map_err(|_| Reason::InvalidSinceTime)?;
    Ok(time.to_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_a_zone() {
        assert!(time("2023-07-01T12:00:00Z").is_ok());
        let east = time("2023-07-01T14:00:00.5+02:00").expect("a time");
        assert_eq!(east.to_rfc3339(), "2023-07-01T12:00:00.500+00:00");
        for text in [
            "",
            "yesterday",
            "1688212800",
            "2023-07-01",
            "2023-07-01T12:00:00",
        ] {
            assert!(time(text).is_err(), "{text}");
        }
    }
}
