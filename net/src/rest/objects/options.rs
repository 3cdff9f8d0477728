//! Options of objects (docs/spec/model.md §4.2).

use axum::{Json, extract::State, http::StatusCode};
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::rest::{
    ApiError, App, Authenticated, Body, PathId, Query,
    extract::{invalid_body, required_text},
    reasons,
};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(read, write))
        .routes(routes!(read_sub, write_sub, remove_sub))
}

/// The options.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct View {
    /// The options that hold: the object's own, laid over those of its type.
    #[serde(default)]
    effective: bool,
}

/// The options of an object, every key optional: `visible` 0 to 3, `editable`, `private`,
/// `minimap`, `spawn_point`, `child_placement`, `allowed_children`, `child_limit`, `subs` and more.
#[utoipa::path(
    get, path = "/objects/{objectID}/options", tag = "objects", security(("bearer" = [])),
    params(("objectID" = Uuid, Path), View),
    responses((status = 200, body = Object)),
    extensions(("x-reasons" = json!(reasons![InvalidRequestQuery, ObjectNotFound]))),
)]
async fn read(
    State(app): State<App>,
    _caller: Authenticated,
    PathId(object): PathId,
    Query(view): Query<View>,
) -> Result<Json<Map<String, Value>>, ApiError> {
    Ok(Json(app.node.object_options(object, view.effective).await?))
}

/// New options.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = ObjectOptionsSet)]
struct Set {
    /// Replaces all own options; unknown keys are dropped. Required.
    #[schema(required, nullable = false, value_type = Object)]
    options: Option<Map<String, Value>>,
}

/// Replaces the own options of an object and shows it anew to everybody in its world.
#[utoipa::path(
    post, path = "/objects/{objectID}/options", tag = "objects", security(("bearer" = [])),
    params(("objectID" = Uuid, Path)), request_body = Set,
    responses((status = 202, body = Object, description = "The options stored")),
    extensions(("x-reasons" = json!(reasons![
        InvalidRequestBody: "also options of the wrong type and placement rules that make no sense",
        NotAdmin, ObjectNotFound,
    ]))),
)]
async fn write(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    PathId(object): PathId,
    Body(set): Body<Set>,
) -> Result<(StatusCode, Json<Map<String, Value>>), ApiError> {
    let options = set
        .options
        .ok_or_else(|| invalid_body("options is required"))?;
    let stored = app
        .node
        .set_object_options(caller, object, &options)
        .await?;
    Ok((StatusCode::ACCEPTED, Json(stored)))
}

/// The sub option.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct SubView {
    /// The key of the sub option.
    #[param(min_length = 1)]
    sub_option_key: String,
    /// Look at the options of the type as well.
    #[serde(default)]
    effective: bool,
}

/// One sub option, under its key.
#[utoipa::path(
    get, path = "/objects/{objectID}/options/sub", tag = "objects", security(("bearer" = [])),
    params(("objectID" = Uuid, Path), SubView),
    responses((status = 200, body = Object)),
    extensions(("x-reasons" = json!(reasons![
        InvalidRequestQuery, ObjectNotFound, EmptyOptions, EmptySubOptions,
    ]))),
)]
async fn read_sub(
    State(app): State<App>,
    _caller: Authenticated,
    PathId(object): PathId,
    Query(view): Query<SubView>,
) -> Result<Json<Map<String, Value>>, ApiError> {
    let value = app
        .node
        .sub_option(object, &view.sub_option_key, view.effective)
        .await?;
    Ok(entry(view.sub_option_key, value))
}

/// A sub option and its new value.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = SubOptionSet)]
struct SubSet {
    /// Required.
    #[schema(required, nullable = false, min_length = 1, max_length = 256)]
    sub_option_key: Option<String>,
    /// Anything but null. Required.
    #[schema(required)]
    sub_option_value: Option<Value>,
}

/// Sets one sub option and shows the object anew.
#[utoipa::path(
    post, path = "/objects/{objectID}/options/sub", tag = "objects", security(("bearer" = [])),
    params(("objectID" = Uuid, Path)), request_body = SubSet,
    responses((status = 202, body = Object, description = "The value under its key")),
    extensions(("x-reasons" = json!(reasons![NotAdmin, ObjectNotFound]))),
)]
async fn write_sub(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    PathId(object): PathId,
    Body(set): Body<SubSet>,
) -> Result<(StatusCode, Json<Map<String, Value>>), ApiError> {
    let key = required_text(set.sub_option_key, "sub_option_key is required")?;
    let value = set
        .sub_option_value
        .ok_or_else(|| invalid_body("sub_option_value is required"))?;
    app.node
        .set_sub_option(caller, object, key.clone(), value.clone())
        .await?;
    Ok((StatusCode::ACCEPTED, entry(key, value)))
}

/// Names a sub option.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = SubOptionRef)]
struct SubRef {
    /// Required.
    #[schema(required, nullable = false, min_length = 1, max_length = 256)]
    sub_option_key: Option<String>,
}

/// Removes one sub option; one that is not there is fine.
#[utoipa::path(
    delete, path = "/objects/{objectID}/options/sub", tag = "objects", security(("bearer" = [])),
    params(("objectID" = Uuid, Path)), request_body = SubRef,
    responses((status = 200, description = "null")),
    extensions(("x-reasons" = json!(reasons![NotAdmin, ObjectNotFound]))),
)]
async fn remove_sub(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    PathId(object): PathId,
    Body(reference): Body<SubRef>,
) -> Result<Json<()>, ApiError> {
    let key = required_text(reference.sub_option_key, "sub_option_key is required")?;
    app.node.remove_sub_option(caller, object, &key).await?;
    Ok(Json(()))
}

fn entry(key: String, value: Value) -> Json<Map<String, Value>> {
    Json(Map::from_iter([(key, value)]))
}
