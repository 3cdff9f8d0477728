//! Attributes of objects (spec rest §2.11, §4).

use axum::{
    Json,
    extract::{FromRequest, Request, State},
    http::StatusCode,
};
use components::AttributeId;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use store::AttributeTarget;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    ApiError, App, Authenticated, Body, PathId, Query, bytes_of,
    error::ErrorBody,
    extract::{id_of, invalid_body, parse, required_text},
    query,
};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(read, write, remove))
        .routes(routes!(read_entry, write_entry, remove_entry))
}

/// Names an attribute and perhaps one of its keys.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct AttributeRef {
    /// The plugin that declares it. Required.
    plugin_id: Option<String>,
    /// Required.
    attribute_name: Option<String>,
    /// Required where one key is meant.
    sub_attribute_key: Option<String>,
}

impl AttributeRef {
    fn in_query(self) -> Result<(AttributeId, Option<String>), ApiError> {
        self.resolve("invalid_request_query", "invalid_request_query")
    }

    fn in_body(self) -> Result<(AttributeId, Option<String>), ApiError> {
        self.resolve("invalid_request_body", "invalid_plugin_id")
    }

    fn resolve(
        self,
        missing: &'static str,
        malformed: &'static str,
    ) -> Result<(AttributeId, Option<String>), ApiError> {
        let required = |text: Option<String>, message| {
            text.filter(|text| !text.is_empty())
                .ok_or_else(|| ApiError::bad_request(missing, message))
        };
        let plugin = required(self.plugin_id, "plugin_id is required")?;
        let name = required(self.attribute_name, "attribute_name is required")?;
        let id = AttributeId {
            plugin: id_of(&plugin, malformed)?,
            name,
        };
        Ok((id, self.sub_attribute_key.filter(|key| !key.is_empty())))
    }
}

/// The attribute a deletion is about: in the query, as some clients do it, or in a JSON body, as others do.
struct Deleted(AttributeId, Option<String>);

impl FromRequest<App> for Deleted {
    type Rejection = ApiError;

    async fn from_request(request: Request, _app: &App) -> Result<Self, ApiError> {
        let in_query: Option<AttributeRef> = request
            .uri()
            .query()
            .and_then(|query| query::parse(query).ok());
        let (id, key) = match in_query.filter(|reference| reference.plugin_id.is_some()) {
            Some(reference) => reference.in_query()?,
            None => parse::<AttributeRef>(&bytes_of(request).await?)?.in_body()?,
        };
        Ok(Self(id, key))
    }
}

/// An attribute and its new value.
#[derive(Debug, Deserialize, ToSchema)]
struct AttributeSet {
    #[serde(flatten)]
    attribute: AttributeRef,
    /// An object. Required; `{}` is a value.
    #[schema(value_type = Option<Object>)]
    attribute_value: Option<Map<String, Value>>,
}

/// One key of an attribute and its new value.
#[derive(Debug, Deserialize, ToSchema)]
struct SubAttributeSet {
    #[serde(flatten)]
    attribute: AttributeRef,
    /// Anything but null. Required.
    sub_attribute_value: Option<Value>,
}

/// Undeclared attributes have another code in bodies than in queries (spec rest §1.3).
fn in_body(error: node::NodeError) -> ApiError {
    ApiError::from(error).renamed("invalid_plugin_attribute", "invalid_attribute")
}

fn entry(key: String, value: Value) -> Json<Map<String, Value>> {
    Json(Map::from_iter([(key, value)]))
}

fn required_key(key: Option<String>, reason: &'static str) -> Result<String, ApiError> {
    key.ok_or_else(|| ApiError::bad_request(reason, "sub_attribute_key is required"))
}

/// The value of an attribute.
#[utoipa::path(get, path = "/objects/{objectID}/attributes", tag = "attributes", security(("bearer" = [])),
    params(("objectID" = Uuid, Path), AttributeRef), responses(
    (status = 200, body = Option<Object>, description = "The value"),
    (status = 400, body = ErrorBody, description = "`invalid_object_id`, `invalid_request_query`, `invalid_plugin_attribute`"),
    (status = 401, body = ErrorBody, description = "`failed_to_verify_access_token`"),
    (status = 403, body = ErrorBody, description = "`operation_not_permitted`"),
    (status = 404, body = ErrorBody, description = "`object_not_found`, `attribute_not_found`"),
))]
async fn read(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    PathId(object): PathId,
    Query(reference): Query<AttributeRef>,
) -> Result<Json<Option<Map<String, Value>>>, ApiError> {
    let (id, _) = reference.in_query()?;
    Ok(Json(
        app.node
            .attribute(caller, AttributeTarget::Object(object), &id)
            .await?,
    ))
}

/// Replaces the value of an attribute.
#[utoipa::path(post, path = "/objects/{objectID}/attributes", tag = "attributes", security(("bearer" = [])),
    params(("objectID" = Uuid, Path)), request_body = AttributeSet, responses(
    (status = 202, body = Option<Object>, description = "The value stored"),
    (status = 400, body = ErrorBody, description = "`invalid_object_id`, `invalid_request_body`, `invalid_plugin_id`, `invalid_attribute`"),
    (status = 401, body = ErrorBody, description = "`failed_to_verify_access_token`"),
    (status = 403, body = ErrorBody, description = "`operation_not_permitted`"),
    (status = 404, body = ErrorBody, description = "`object_not_found`"),
    (status = 503, body = ErrorBody, description = "`unavailable`"),
))]
async fn write(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    PathId(object): PathId,
    Body(set): Body<AttributeSet>,
) -> Result<(StatusCode, Json<Option<Map<String, Value>>>), ApiError> {
    let (id, _) = set.attribute.in_body()?;
    let value = set
        .attribute_value
        .ok_or_else(|| invalid_body("attribute_value is required"))?;
    let target = AttributeTarget::Object(object);
    let stored = app
        .node
        .set_attribute(caller, target, &id, value)
        .await
        .map_err(in_body)?;
    Ok((StatusCode::ACCEPTED, Json(stored)))
}

/// Removes an attribute; one that is not there is fine. The reference comes in the query or in a JSON body.
#[utoipa::path(delete, path = "/objects/{objectID}/attributes", tag = "attributes", security(("bearer" = [])),
    params(("objectID" = Uuid, Path), AttributeRef), responses(
    (status = 200, description = "null"),
    (status = 400, body = ErrorBody, description = "`invalid_object_id`, `invalid_request_query`, `invalid_request_body`, `invalid_plugin_attribute`"),
    (status = 401, body = ErrorBody, description = "`failed_to_verify_access_token`"),
    (status = 403, body = ErrorBody, description = "`operation_not_permitted`"),
    (status = 404, body = ErrorBody, description = "`object_not_found`"),
    (status = 503, body = ErrorBody, description = "`unavailable`"),
))]
async fn remove(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    PathId(object): PathId,
    Deleted(id, _): Deleted,
) -> Result<Json<()>, ApiError> {
    app.node
        .remove_attribute(caller, AttributeTarget::Object(object), &id)
        .await?;
    Ok(Json(()))
}

/// The value under one key of an attribute.
#[utoipa::path(get, path = "/objects/{objectID}/attributes/sub", tag = "attributes", security(("bearer" = [])),
    params(("objectID" = Uuid, Path), AttributeRef), responses(
    (status = 200, body = Object, description = "The key with its value"),
    (status = 400, body = ErrorBody, description = "`invalid_object_id`, `invalid_request_query`, `invalid_plugin_attribute`"),
    (status = 401, body = ErrorBody, description = "`failed_to_verify_access_token`"),
    (status = 403, body = ErrorBody, description = "`operation_not_permitted`"),
    (status = 404, body = ErrorBody, description = "`object_not_found`, `attribute_value_not_found`, `attribute_value_nil`"),
))]
async fn read_entry(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    PathId(object): PathId,
    Query(reference): Query<AttributeRef>,
) -> Result<Json<Map<String, Value>>, ApiError> {
    let (id, key) = reference.in_query()?;
    let key = required_key(key, "invalid_request_query")?;
    let value = app
        .node
        .sub_attribute(caller, AttributeTarget::Object(object), &id, &key)
        .await?;
    Ok(entry(key, value))
}

/// Sets one key of an attribute and leaves the others alone.
#[utoipa::path(post, path = "/objects/{objectID}/attributes/sub", tag = "attributes", security(("bearer" = [])),
    params(("objectID" = Uuid, Path)), request_body = SubAttributeSet, responses(
    (status = 202, body = Object, description = "The key with its value"),
    (status = 400, body = ErrorBody, description = "`invalid_object_id`, `invalid_request_body`, `invalid_plugin_id`, `invalid_attribute`"),
    (status = 401, body = ErrorBody, description = "`failed_to_verify_access_token`"),
    (status = 403, body = ErrorBody, description = "`operation_not_permitted`"),
    (status = 404, body = ErrorBody, description = "`object_not_found`"),
    (status = 503, body = ErrorBody, description = "`unavailable`"),
))]
async fn write_entry(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    PathId(object): PathId,
    Body(set): Body<SubAttributeSet>,
) -> Result<(StatusCode, Json<Map<String, Value>>), ApiError> {
    let (id, key) = set.attribute.in_body()?;
    let key = required_text(key, "sub_attribute_key is required")?;
    let value = set
        .sub_attribute_value
        .ok_or_else(|| invalid_body("sub_attribute_value is required"))?;
    let target = AttributeTarget::Object(object);
    let stored = app
        .node
        .set_sub_attribute(caller, target, &id, key.clone(), value)
        .await
        .map_err(in_body)?;
    let value = stored
        .and_then(|mut value| value.swap_remove(&key))
        .unwrap_or_default();
    Ok((StatusCode::ACCEPTED, entry(key, value)))
}

/// Removes one key of an attribute; one that is not there is fine. The reference comes in the query or in a JSON body.
#[utoipa::path(delete, path = "/objects/{objectID}/attributes/sub", tag = "attributes", security(("bearer" = [])),
    params(("objectID" = Uuid, Path), AttributeRef), responses(
    (status = 200, description = "null"),
    (status = 400, body = ErrorBody, description = "`invalid_object_id`, `invalid_request_query`, `invalid_request_body`, `invalid_plugin_attribute`"),
    (status = 401, body = ErrorBody, description = "`failed_to_verify_access_token`"),
    (status = 403, body = ErrorBody, description = "`operation_not_permitted`"),
    (status = 404, body = ErrorBody, description = "`object_not_found`"),
    (status = 503, body = ErrorBody, description = "`unavailable`"),
))]
async fn remove_entry(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    PathId(object): PathId,
    Deleted(id, key): Deleted,
) -> Result<Json<()>, ApiError> {
    let key = required_key(key, "invalid_request_body")?;
    app.node
        .remove_sub_attribute(caller, AttributeTarget::Object(object), &id, key)
        .await?;
    Ok(Json(()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_map_is_a_value_and_null_is_none() {
        let vote: AttributeSet =
            parse(br#"{"plugin_id": "x", "attribute_name": "vote", "attribute_value": {}}"#)
                .expect("parses");
        assert_eq!(vote.attribute_value, Some(Map::new()));
        let none: AttributeSet = parse(br#"{"attribute_value": null}"#).expect("parses");
        assert_eq!(none.attribute_value, None);
        assert!(
            parse::<AttributeSet>(br#"{"attribute_value": [1]}"#).is_err(),
            "only objects are values"
        );
    }

    #[test]
    fn references_need_both_parts() {
        let plugin = "F0F0F0F00F0F4FF0AF0FF0F0F0F0F0F0";
        let reference = |plugin: &str, name: &str| AttributeRef {
            plugin_id: Some(plugin.to_owned()),
            attribute_name: Some(name.to_owned()),
            sub_attribute_key: Some(String::new()),
        };
        let (id, key) = reference(plugin, "name").in_query().expect("complete");
        assert_eq!((id, key), (components::ids::core("name"), None));
        for (plugin, name) in [("", "name"), (plugin, ""), ("plugin", "name")] {
            assert!(
                reference(plugin, name).in_body().is_err(),
                "{plugin} {name}"
            );
        }
        assert!(AttributeRef::default().in_query().is_err());
    }
}
