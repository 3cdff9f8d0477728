//! 2D assets, and the library of 3D assets (docs/spec/model.md §6.4).

use std::collections::HashMap;

use ::media::Kind;
use axum::{
    Json,
    extract::{Request, State},
    http::StatusCode,
};
use chrono::SecondsFormat;
use components::{Reason, merge};
use node::{LibraryPage, MAX_LIBRARY};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{
    ApiError, App, Authenticated, Body, PathId, PathText, Query, extract::id_of, media, reasons,
};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(asset_2d))
        .routes(routes!(library))
        .routes(routes!(options))
        .routes(routes!(update, remove))
}

/// The route that takes models, beside those of other contents.
pub(super) fn uploads() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(upload))
}

/// A model with its description.
#[derive(ToSchema)]
#[allow(dead_code)]
struct ModelForm {
    /// Binary glTF.
    #[schema(value_type = String, format = Binary)]
    asset: Vec<u8>,
    /// Name in the library; the name of the file if there is none.
    name: Option<String>,
    /// Name of a picture of it.
    preview_hash: Option<String>,
    /// Whether only the caller sees it in the library.
    is_private: Option<bool>,
}

/// Stores a model and puts it into the caller's library.
///
/// The same model uploaded by somebody else is one asset with one id.
#[utoipa::path(
    post, path = "/assets-3d/upload", tag = "assets", security(("bearer" = [])),
    request_body(content = inline(ModelForm), content_type = "multipart/form-data"),
    responses((status = 202, body = Asset3d)),
    extensions(("x-reasons" = json!(reasons![
        FailedToRead, UploadTooSlow, TooLarge, UnsupportedType, InvalidMedia, QuotaExceeded,
        UploadBlocked, HashConflict, StorageFull, Busy, InvalidRequestBody,
        InvalidFormat: "the preview is no hash"
    ]))),
)]
async fn upload(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    request: Request,
) -> Result<(StatusCode, Json<Asset3d>), ApiError> {
    let upload = media::begin_upload(&app, caller, Kind::Model, media::announced(&request)).await?;
    let (upload, texts) = media::read_upload(upload, "asset", request).await?;
    let text = |name: &str| {
        let found = texts.iter().find(|(key, _)| key == name);
        found
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    };
    let of_file = text("filename").map(|file| file.rsplit_once('.').map_or(file, |(name, _)| name));
    let name = text("name").or(of_file).unwrap_or_default();
    let preview = text("preview_hash");
    if let Some(hash) = preview {
        media::check_name(hash)?;
    }
    let is_private = match text("is_private") {
        None | Some("false" | "0") => false,
        Some("true" | "1") => true,
        Some(_) => {
            return Err(ApiError::new(
                Reason::FailedToRead,
                "is_private is true or false",
            ));
        }
    };
    let stored = upload.finish().await?;
    let model = stored.model.ok_or(Reason::InternalError)?;
    let entry = app
        .node
        .add_to_library(caller, model, name, preview, is_private);
    Ok((StatusCode::ACCEPTED, Json(entry.await?.into())))
}

/// Description of an asset for the window that clients show of it.
#[derive(Debug, Serialize, ToSchema)]
struct Asset2d {
    /// `name` decides which window opens; `pluginId`, `scopeName` and `scriptUrl` name the bundle
    /// behind it.
    #[schema(value_type = Object)]
    meta: Map<String, Value>,
    #[schema(value_type = Object)]
    options: Map<String, Value>,
}

/// A 2D asset.
#[utoipa::path(
    get, path = "/assets-2d/{asset2dID}", tag = "assets", security(("bearer" = [])),
    params(("asset2dID" = Uuid, Path)),
    responses((status = 200, body = Asset2d)),
    extensions(("x-reasons" = json!(reasons![Asset2dNotFound]))),
)]
async fn asset_2d(
    State(app): State<App>,
    _caller: Authenticated,
    PathText(id): PathText,
) -> Result<Json<Asset2d>, ApiError> {
    // Clients ask for the nil asset of objects that have none, and take 400 for data.
    let asset = match Uuid::try_parse(&id) {
        Ok(nil) if nil.is_nil() => nil,
        _ => id_of(&id, Reason::InvalidAsset2dId)?,
    };
    let asset = app.node.asset_2d(asset)?;
    Ok(Json(Asset2d {
        meta: asset.meta,
        options: asset.options.unwrap_or_default(),
    }))
}

/// A 3D asset in somebody's library.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Asset3d {
    /// Its id, made of the digest of its file.
    id: Uuid,
    /// Owner of the library.
    #[serde(rename = "user_id")]
    user_id: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    name: Option<String>,
    /// The user's description of it, below what it is: `category`, `type`, `name`, `preview_hash`.
    #[schema(value_type = Object)]
    meta: Map<String, Value>,
    /// Whether only its user sees it.
    #[serde(rename = "is_private")]
    is_private: bool,
    /// RFC 3339 with seconds.
    created_at: String,
    /// RFC 3339 with seconds.
    updated_at: String,
}

impl From<node::LibraryRow> for Asset3d {
    fn from(row: node::LibraryRow) -> Self {
        // The kind of an asset is not for its user to say: nobody's upload is a basic shape.
        let meta = match merge(&Value::Object(row.base_meta), &Value::Object(row.meta)) {
            Value::Object(meta) => meta,
            _ => Map::new(),
        };
        let seconds =
            |time: chrono::DateTime<chrono::Utc>| time.to_rfc3339_opts(SecondsFormat::Secs, true);
        let name = meta.get("name").and_then(Value::as_str);
        Self {
            id: row.asset,
            user_id: row.user,
            name: name.map(str::to_owned),
            meta,
            is_private: row.is_private,
            created_at: seconds(row.created_at),
            updated_at: seconds(row.updated_at),
        }
    }
}

/// The part of the library.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct Page {
    /// `basic`: the shapes every node has; `custom`: what users uploaded; there may be others.
    #[param(example = "basic")]
    category: Option<String>,
    /// At most 1000, which is the default.
    limit: Option<u64>,
    /// Number of entries to leave out at the beginning.
    offset: Option<u64>,
}

/// The library of 3D assets: the caller's own, then those that others do not keep private, each
/// oldest first.
#[utoipa::path(
    get, path = "/assets-3d", tag = "assets", security(("bearer" = [])), params(Page),
    responses((status = 200, body = [Asset3d])),
    extensions(("x-reasons" = json!(reasons![InvalidRequestQuery]))),
)]
async fn library(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Query(page): Query<Page>,
) -> Result<Json<Vec<Asset3d>>, ApiError> {
    let page = LibraryPage {
        category: page.category,
        limit: page.limit.unwrap_or(u64::from(MAX_LIBRARY)),
        offset: page.offset.unwrap_or_default(),
    };
    let rows = app.node.library(caller, &page).await?;
    Ok(Json(rows.into_iter().map(Asset3d::from).collect()))
}

/// The assets.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct Chosen {
    /// Ids; those of no asset are left out of the answer.
    #[serde(default)]
    #[param(rename = "assets3d_ids[]")]
    assets3d_ids: Vec<Uuid>,
}

/// The options of 3D assets, by id.
#[utoipa::path(
    get, path = "/assets-3d/options", tag = "assets", security(("bearer" = [])), params(Chosen),
    responses((status = 200, body = HashMap<Uuid, Object>)),
    extensions(("x-reasons" = json!(reasons![InvalidAsset3dUuid]))),
)]
async fn options(
    State(app): State<App>,
    _caller: Authenticated,
    chosen: Result<Query<Chosen>, ApiError>,
) -> Result<Json<HashMap<Uuid, Map<String, Value>>>, ApiError> {
    let Query(chosen) = chosen.map_err(|error| {
        error.replace_reason(Reason::InvalidRequestQuery, Reason::InvalidAsset3dUuid)
    })?;
    let found = chosen.assets3d_ids.into_iter().filter_map(|id| {
        let asset = app.node.directory().asset_3d(id)?;
        Some((id, asset.options.unwrap_or_default()))
    });
    Ok(Json(found.collect()))
}

/// Changes; what is absent or null stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = Asset3dChanges)]
struct Changes {
    /// Laid over what is there, key by key.
    #[schema(value_type = Option<Object>)]
    meta: Option<Map<String, Value>>,
    is_private: Option<bool>,
}

/// Changes an entry of the caller's own library.
#[utoipa::path(
    patch, path = "/assets-3d/{asset3dID}", tag = "assets", security(("bearer" = [])),
    params(("asset3dID" = Uuid, Path)), request_body = Changes,
    responses((status = 200, body = Asset3d)),
    extensions(("x-reasons" = json!(reasons![NotFound: "not in the caller's library"]))),
)]
async fn update(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    PathId(asset): PathId,
    Body(changes): Body<Changes>,
) -> Result<Json<Asset3d>, ApiError> {
    let updated = app
        .node
        .update_library_entry(caller, asset, changes.meta, changes.is_private);
    Ok(Json(updated.await?.into()))
}

/// Takes an asset out of the caller's library. The asset itself stays.
#[utoipa::path(
    delete, path = "/assets-3d/{asset3dID}", tag = "assets", security(("bearer" = [])),
    params(("asset3dID" = Uuid, Path)),
    responses((status = 200, description = "null")),
    extensions(("x-reasons" = json!(reasons![Asset3dNotRemoved: "not in the caller's library"]))),
)]
async fn remove(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    PathId(asset): PathId,
) -> Result<Json<()>, ApiError> {
    app.node.remove_library_entry(caller, asset).await?;
    Ok(Json(()))
}
