//! Posts of users to worlds (docs/spec/model.md §8.1).

use axum::{Json, extract::State, http::StatusCode, response::Response};
use components::{ActivityKind, Reason};
use node::{ActivityEdit, Post};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    ApiError, App, Authenticated, Body, PathId, PathIds, Query,
    lists::ListRequest,
    newsfeed::{Activity, ActivityPage, Paging},
    reasons,
};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, post))
        .routes(routes!(read, edit, remove))
}

/// The videos and pictures that users posted to an object, newest first.
#[utoipa::path(
    get, path = "/objects/{objectID}/timeline", tag = "activities", security(("bearer" = [])),
    params(("objectID" = Uuid, Path), Paging),
    responses((status = 200, body = ActivityPage)),
    extensions(("x-reasons" = json!(reasons![
        InvalidRequestQuery, InvalidStartIndexNumber, InvalidPageSize, ObjectNotFound,
    ]))),
)]
async fn list(
    State(app): State<App>,
    _caller: Authenticated,
    PathId(object): PathId,
    Query(paging): Query<Paging>,
    list_request: ListRequest,
) -> Result<Response, ApiError> {
    let (start, size) = paging.resolve()?;
    // The directory follows the database; a kept list does not show whether the object still
    // exists.
    if !app.node.directory().knows(object) {
        return Err(Reason::ObjectNotFound.into());
    }
    let page = async {
        let page = app.node.timeline(object, start, size).await?;
        Ok(ActivityPage::new(page, start, size))
    };
    app.lists.answer(&app.node, list_request, page).await
}

/// A post.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = NewActivity)]
struct New {
    /// `video` or `screenshot`. Required.
    #[serde(rename = "type")]
    #[schema(
        rename = "type",
        required,
        nullable = false,
        pattern = "^(video|screenshot)$"
    )]
    kind: Option<String>,
    /// Hash of the medium. Required.
    #[schema(required, nullable = false, pattern = "^[0-9A-Za-z]{1,64}$")]
    hash: Option<String>,
    #[schema(max_length = 2000)]
    description: Option<String>,
}

/// Posts a video or picture to an object's timeline, at the place where one is in its world.
#[utoipa::path(
    post, path = "/objects/{objectID}/timeline", tag = "activities", security(("bearer" = [])),
    params(("objectID" = Uuid, Path)), request_body = New,
    responses((status = 201, body = Activity)),
    extensions(("x-reasons" = json!(reasons![
        InvalidRequestQuery: "type or hash is missing", InvalidType: "not video or screenshot",
        InvalidRequestBody: "anything else",
        Forbidden: "no admin of the object, and a guest or not in its world", ObjectNotFound,
    ]))),
)]
async fn post(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    PathId(object): PathId,
    Body(new): Body<New>,
) -> Result<(StatusCode, Json<Activity>), ApiError> {
    let required = |text: Option<String>, message: &'static str| {
        text.filter(|text| !text.is_empty())
            .ok_or_else(|| ApiError::new(Reason::InvalidRequestQuery, message))
    };
    let kind = required(new.kind, "type is required")?;
    let post = Post {
        hash: required(new.hash, "hash is required")?,
        kind: kind_of(&kind)?,
        description: new.description,
    };
    let activity = app.node.post_activity(caller, object, post).await?;
    Ok((StatusCode::CREATED, Json(activity.into())))
}

/// An activity.
#[utoipa::path(
    get, path = "/objects/{objectID}/timeline/{activityID}", tag = "activities",
    security(("bearer" = [])), params(("objectID" = Uuid, Path), ("activityID" = Uuid, Path)),
    responses((status = 200, body = Activity)),
    extensions(("x-reasons" = json!(reasons![ObjectNotFound, ActivityNotFound]))),
)]
async fn read(
    State(app): State<App>,
    _caller: Authenticated,
    PathIds(ids): PathIds<2>,
) -> Result<Json<Activity>, ApiError> {
    let [object, activity] = ids;
    Ok(Json(app.node.activity(object, activity).await?.into()))
}

/// Changes of a post; what is absent, null or empty stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = ActivityChanges)]
struct Changes {
    /// `video` or `screenshot`.
    #[serde(rename = "type")]
    #[schema(rename = "type", pattern = "^(video|screenshot)?$")]
    kind: Option<String>,
    /// Hash of the medium.
    #[schema(pattern = "^[0-9A-Za-z]{0,64}$")]
    hash: Option<String>,
    #[schema(max_length = 2000)]
    description: Option<String>,
}

/// Changes what the caller posted.
#[utoipa::path(
    patch, path = "/objects/{objectID}/timeline/{activityID}", tag = "activities",
    security(("bearer" = [])), params(("objectID" = Uuid, Path), ("activityID" = Uuid, Path)),
    request_body = Changes,
    responses((status = 200, body = bool, description = "true")),
    extensions(("x-reasons" = json!(reasons![
        InvalidType, Forbidden: "somebody else's, or nothing that was posted", ObjectNotFound,
        ActivityNotFound,
    ]))),
)]
async fn edit(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    PathIds(ids): PathIds<2>,
    Body(changes): Body<Changes>,
) -> Result<Json<bool>, ApiError> {
    let [object, activity] = ids;
    let kind = changes.kind.filter(|kind| !kind.is_empty());
    let edit = ActivityEdit {
        kind: kind.as_deref().map(kind_of).transpose()?,
        hash: changes.hash,
        description: changes.description,
    };
    app.node
        .edit_activity(caller, object, activity, edit)
        .await?;
    Ok(Json(true))
}

/// Deletes an activity; its author may, and admins of the object.
#[utoipa::path(
    delete, path = "/objects/{objectID}/timeline/{activityID}", tag = "activities",
    security(("bearer" = [])), params(("objectID" = Uuid, Path), ("activityID" = Uuid, Path)),
    responses((status = 200, body = bool, description = "true")),
    extensions(("x-reasons" = json!(reasons![Forbidden, ObjectNotFound, ActivityNotFound]))),
)]
async fn remove(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    PathIds(ids): PathIds<2>,
) -> Result<Json<bool>, ApiError> {
    let [object, activity] = ids;
    app.node.delete_activity(caller, object, activity).await?;
    Ok(Json(true))
}

fn kind_of(name: &str) -> Result<ActivityKind, ApiError> {
    let kind = ActivityKind::named(name);
    kind.ok_or_else(|| Reason::InvalidType.into())
}
