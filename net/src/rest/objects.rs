//! Objects (docs/spec/model.md §4).

mod claim;
mod make;
mod options;

use axum::{Json, extract::State, http::StatusCode, response::Response};
use chrono::{DateTime, Utc};
use components::Reason;
use indexmap::IndexMap;
use node::{NewObject, ObjectEdit, ObjectView, TreeNode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{
    ApiError, App, Authenticated, Body, PathId, Query,
    extract::{id_of, optional_id, required_text},
    geometry::Placement,
    lists::ListRequest,
    reasons,
};

/// Levels of a tree when the client does not say how many.
const DEFAULT_DEPTH: u32 = 10;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(create))
        .routes(routes!(read, update, delete))
        .routes(routes!(tree))
        .merge(options::routes())
        .merge(make::routes())
        .merge(claim::routes())
}

/// An object to create.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = NewObject)]
struct New {
    /// Required.
    #[schema(required, nullable = false)]
    object_name: Option<String>,
    /// The object it is put below. Required.
    #[schema(required, nullable = false)]
    parent_id: Option<String>,
    /// Required.
    #[schema(required, nullable = false)]
    object_type_id: Option<String>,
    asset_2d_id: Option<String>,
    asset_3d_id: Option<String>,
    /// If absent, the parent's placement rules or the caller's place in the world decide.
    transform: Option<Placement>,
    /// Whether it shows on the mini-map; absent leaves that to the type.
    minimap: Option<bool>,
}

/// The object it is about.
#[derive(Debug, Serialize, ToSchema)]
struct ObjectId {
    object_id: Uuid,
}

/// Creates an object owned by the caller; below the node, a world from the template of worlds.
#[utoipa::path(
    post, path = "/objects", tag = "objects", security(("bearer" = [])), request_body = New,
    responses((status = 201, body = ObjectId)),
    extensions(("x-reasons" = json!(reasons![
        InvalidParentId, InvalidObjectTypeId, InvalidAsset2dId, InvalidAsset3dId, ChildLimitReached,
        ObjectTypeNotPermitted, ObjectCreationNotPermitted: "a guest, or no admin of the parent",
        ObjectNotFound: "the parent",
        InvalidWorldTemplate: "a world, and the node's template cannot be used",
        Conflict: "the caller's account is gone",
    ]))),
)]
async fn create(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Body(new): Body<New>,
) -> Result<(StatusCode, Json<ObjectId>), ApiError> {
    let name = required_text(new.object_name, "object_name is required")?;
    let parent = required_text(new.parent_id, "parent_id is required")?;
    let object_type = required_text(new.object_type_id, "object_type_id is required")?;
    let new = NewObject {
        name,
        parent: id_of(&parent, Reason::InvalidParentId)?,
        object_type: id_of(&object_type, Reason::InvalidObjectTypeId)?,
        asset_2d: optional_id(new.asset_2d_id.as_deref(), Reason::InvalidAsset2dId)?,
        asset_3d: optional_id(new.asset_3d_id.as_deref(), Reason::InvalidAsset3dId)?,
        transform: new.transform.map(Into::into),
        minimap: new.minimap,
    };
    let object_id = app.node.create_object(caller, new).await?;
    Ok((StatusCode::CREATED, Json(ObjectId { object_id })))
}

/// An object.
#[derive(Debug, Serialize, ToSchema)]
struct Object {
    owner_id: Uuid,
    parent_id: Uuid,
    object_type_id: Uuid,
    /// Empty if there is none.
    asset_2d_id: String,
    /// Empty if there is none.
    asset_3d_id: String,
    /// Its current transform.
    transform: Placement,
}

impl From<ObjectView> for Object {
    fn from(object: ObjectView) -> Self {
        let text = |asset: Option<Uuid>| asset.map(|id| id.to_string()).unwrap_or_default();
        Self {
            owner_id: object.owner,
            parent_id: object.parent,
            object_type_id: object.object_type,
            asset_2d_id: text(object.asset_2d),
            asset_3d_id: text(object.asset_3d),
            transform: object.transform.into(),
        }
    }
}

/// Appearance of an object.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct View {
    /// Show the assets of the type where the object has none of its own.
    #[serde(default)]
    effective: bool,
}

/// An object.
#[utoipa::path(
    get, path = "/objects/{objectID}", tag = "objects", security(("bearer" = [])),
    params(("objectID" = Uuid, Path), View),
    responses((status = 200, body = Object)),
    extensions(("x-reasons" = json!(reasons![InvalidRequestQuery, ObjectNotFound]))),
)]
async fn read(
    State(app): State<App>,
    _caller: Authenticated,
    PathId(object): PathId,
    Query(view): Query<View>,
) -> Result<Json<Object>, ApiError> {
    Ok(Json(app.node.object(object, view.effective).await?.into()))
}

/// Changes of an object; what is absent or null stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = ObjectChanges)]
struct Changes {
    object_name: Option<String>,
    /// Empty text takes the asset away.
    asset_2d_id: Option<String>,
    /// Empty text takes the asset away.
    asset_3d_id: Option<String>,
}

/// Changes an object.
#[utoipa::path(
    patch, path = "/objects/{objectID}", tag = "objects", security(("bearer" = [])),
    params(("objectID" = Uuid, Path)), request_body = Changes,
    responses((status = 200, body = ObjectId)),
    extensions(("x-reasons" = json!(reasons![
        InvalidAsset2dId, InvalidAsset3dId, NotAdmin, ObjectNotFound, Asset2dNotFound,
        Asset3dNotFound,
    ]))),
)]
async fn update(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    PathId(object_id): PathId,
    Body(changes): Body<Changes>,
) -> Result<Json<ObjectId>, ApiError> {
    let asset = |text: Option<String>, reason| {
        text.map(|text| optional_id(Some(&text), reason))
            .transpose()
    };
    let edit = ObjectEdit {
        name: changes.object_name,
        asset_2d: asset(changes.asset_2d_id, Reason::InvalidAsset2dId)?,
        asset_3d: asset(changes.asset_3d_id, Reason::InvalidAsset3dId)?,
    };
    app.node.update_object(caller, object_id, edit).await?;
    Ok(Json(ObjectId { object_id }))
}

/// Deletes an object and all below it. Worlds cannot be deleted.
#[utoipa::path(
    delete, path = "/objects/{objectID}", tag = "objects", security(("bearer" = [])),
    params(("objectID" = Uuid, Path)),
    responses((status = 200, description = "null")),
    extensions(("x-reasons" = json!(reasons![NotAdmin, Forbidden: "a world", ObjectNotFound]))),
)]
async fn delete(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    PathId(object): PathId,
) -> Result<Json<()>, ApiError> {
    app.node.delete_object(caller, object).await?;
    Ok(Json(()))
}

/// The part of a tree.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct TreeQuery {
    /// Levels of children; default 10, at most 32. A tree holds 10,000 objects at most, those
    /// nearest to its root.
    max_depth: Option<u32>,
    /// Leaves out children of other types, with all below them.
    object_type: Option<Uuid>,
}

/// The root of a tree.
#[derive(Debug, Serialize, ToSchema)]
struct Tree {
    #[serde(flatten)]
    root: Branch,
    max_depth: u32,
}

/// An object in a tree.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TreeNode)]
struct Branch {
    id: Uuid,
    name: String,
    object_type_id: Uuid,
    object_type_name: String,
    total_direct_children: u64,
    created_at: DateTime<Utc>,
    /// By id; empty on the last level.
    #[schema(no_recursion, value_type = Object)]
    children: IndexMap<Uuid, Branch>,
}

impl From<TreeNode> for Branch {
    fn from(node: TreeNode) -> Self {
        Self {
            id: node.id,
            name: node.name,
            object_type_id: node.object_type,
            object_type_name: node.object_type_name,
            total_direct_children: node.total_direct_children,
            created_at: node.created_at,
            children: node
                .children
                .into_iter()
                .map(|child| (child.id, child.into()))
                .collect(),
        }
    }
}

/// The tree below an object.
#[utoipa::path(
    get, path = "/objects/{objectID}/tree", tag = "objects", security(("bearer" = [])),
    params(("objectID" = Uuid, Path), TreeQuery),
    responses((status = 200, body = Tree)),
    extensions(("x-reasons" = json!(reasons![InvalidRequestQuery, ObjectNotFound]))),
)]
async fn tree(
    State(app): State<App>,
    _caller: Authenticated,
    PathId(object): PathId,
    Query(extent): Query<TreeQuery>,
    list_request: ListRequest,
) -> Result<Response, ApiError> {
    let max_depth = extent.max_depth.unwrap_or(DEFAULT_DEPTH);
    let tree = async {
        let root = app.node.tree(object, max_depth, extent.object_type).await?;
        Ok(Tree {
            root: root.into(),
            max_depth,
        })
    };
    app.lists.answer(&app.node, list_request, tree).await
}
