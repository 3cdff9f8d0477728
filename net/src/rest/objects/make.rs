//! Making objects from others, and below those of others (docs/spec/model.md §4.3).

use axum::{Json, extract::State, http::StatusCode};
use components::{AttributeId, JsonMap, Reason};
use node::SpawnedObject;
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::ObjectId;
use crate::rest::{
    ApiError, App, Authenticated, Body, PathId,
    extract::{id_of, invalid_body, required_text},
    reasons,
};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(clone))
        .routes(routes!(spawn_by_user))
}

/// Copies an object, not what is below it, with the attributes that may be copied. The copy stands
/// where the caller is.
#[utoipa::path(
    post, path = "/objects/{objectID}/clone", tag = "objects", security(("bearer" = [])),
    params(("objectID" = Uuid, Path)),
    responses((status = 200, body = ObjectId, description = "The copy")),
    extensions(("x-reasons" = json!(reasons![
        ChildLimitReached, ObjectTypeNotPermitted, NotAdmin,
        ObjectCreationNotPermitted: "no admin of the parent", Forbidden: "a world", ObjectNotFound,
        Conflict: "the owner is gone",
    ]))),
)]
async fn clone(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    PathId(object): PathId,
) -> Result<Json<ObjectId>, ApiError> {
    let object_id = app.node.clone_object(caller, object).await?;
    Ok(Json(ObjectId { object_id }))
}

/// An object to put below somebody else's.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = SpawnedObject)]
struct Spawned {
    /// Required.
    #[schema(required, nullable = false, min_length = 1, max_length = 256)]
    object_name: Option<String>,
    /// Required.
    #[schema(required, nullable = false)]
    object_type_id: Option<String>,
    attributes: Option<SpawnedAttributes>,
}

/// Attributes to create with an object.
#[derive(Debug, Deserialize, ToSchema)]
struct SpawnedAttributes {
    /// The caller's, in the new object. At most 16.
    object_user: Option<Vec<SpawnedAttribute>>,
}

/// An attribute of the caller in a new object.
#[derive(Debug, Deserialize, ToSchema)]
struct SpawnedAttribute {
    /// The plugin that declares it. Required.
    #[schema(required, nullable = false)]
    plugin_id: Option<String>,
    /// Required.
    #[schema(required, nullable = false, min_length = 1)]
    attribute_name: Option<String>,
    /// Required.
    #[schema(required, nullable = false, value_type = Object)]
    value: Option<Map<String, Value>>,
}

impl SpawnedAttribute {
    fn resolve(self) -> Result<(AttributeId, JsonMap), ApiError> {
        let plugin = required_text(self.plugin_id, "plugin_id is required")?;
        let name = required_text(self.attribute_name, "attribute_name is required")?;
        let id = AttributeId {
            plugin: id_of(&plugin, Reason::InvalidPluginId)?,
            name,
        };
        Ok((
            id,
            self.value
                .ok_or_else(|| invalid_body("value is required"))?,
        ))
    }
}

/// Puts an object below a canvas, or below another object whose sub option `spawn_by_user` is true.
/// The caller owns it. Guests may only where they are admins.
#[utoipa::path(
    post, path = "/objects/{objectID}/spawn-by-user", tag = "objects", security(("bearer" = [])),
    params(("objectID" = Uuid, Path)), request_body = Spawned,
    responses((status = 201, body = ObjectId)),
    extensions(("x-reasons" = json!(reasons![
        InvalidObjectTypeId, InvalidPluginId, InvalidAttribute, ChildLimitReached,
        ObjectTypeNotPermitted,
        ObjectCreationNotPermitted: "the parent does not invite to it, or a guest",
        SpawnQuotaReached, OperationNotPermitted: "an attribute that the caller may not write",
        ParentNotFound, Conflict: "the caller's account is gone",
    ]))),
)]
async fn spawn_by_user(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    PathId(parent): PathId,
    Body(new): Body<Spawned>,
) -> Result<(StatusCode, Json<ObjectId>), ApiError> {
    let name = required_text(new.object_name, "object_name is required")?;
    let object_type = required_text(new.object_type_id, "object_type_id is required")?;
    let attributes = new.attributes.and_then(|given| given.object_user);
    let attributes = attributes.unwrap_or_default().into_iter();
    let new = SpawnedObject {
        name,
        object_type: id_of(&object_type, Reason::InvalidObjectTypeId)?,
        user_attributes: attributes
            .map(SpawnedAttribute::resolve)
            .collect::<Result<_, _>>()?,
    };
    let spawned = app.node.spawn_object(caller, parent, new).await;
    let object_id = spawned.map_err(|error| {
        ApiError::from(error)
            .replace_reason(Reason::InvalidPluginAttribute, Reason::InvalidAttribute)
    })?;
    Ok((StatusCode::CREATED, Json(ObjectId { object_id })))
}
