//! Plugins (docs/spec/rest.md §8; docs/spec/model.md §5.7), and the configuration that the browser
//! client loads together with them.

use std::collections::HashMap;

use axum::{Json, extract::State};
use chrono::{DateTime, Utc};
use components::Reason;
use node::{MAX_PLUGINS, PluginRow};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{ApiError, App, Authenticated, Body, Query, extract::required_text, reasons};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(ui_config))
        .routes(routes!(plugins))
        .routes(routes!(names))
        .routes(routes!(search))
        .routes(routes!(meta))
        .routes(routes!(options))
        .routes(routes!(activate))
}

/// The configuration of the browser client.
#[utoipa::path(
    get, path = "/config/ui-client", tag = "system",
    responses((status = 200, body = Object, description = "Keys of the client's configuration")),
)]
async fn ui_config(State(app): State<App>) -> Json<Map<String, Value>> {
    Json(app.node.ui_config())
}

/// The plugins.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
struct Filter {
    /// Only this one.
    plugin_id: Option<Uuid>,
    /// Only those with this in their name.
    text: Option<String>,
}

/// A plugin.
#[derive(Debug, Serialize, ToSchema)]
struct Plugin {
    plugin_id: Uuid,
    #[schema(value_type = Object)]
    meta: Map<String, Value>,
    /// Always null: options are not for the public.
    #[schema(value_type = Option<Object>, required)]
    options: Option<Map<String, Value>>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

/// The plugins of this node, before anybody logs in.
#[utoipa::path(
    get, path = "/plugin", tag = "plugins", params(Filter),
    responses((status = 200, body = [Plugin])),
    extensions(("x-reasons" = json!(reasons![InvalidRequestQuery]))),
)]
async fn plugins(
    State(app): State<App>,
    Query(filter): Query<Filter>,
) -> Result<Json<Vec<Plugin>>, ApiError> {
    let plugins = app.node.plugins();
    let found = plugins
        .iter()
        .filter(|plugin| filter.plugin_id.is_none_or(|id| id == plugin.id))
        .filter(|plugin| {
            let text = filter.text.as_deref();
            text.is_none_or(|text| described(plugin, "name").contains(text))
        })
        .take(MAX_PLUGINS)
        .map(|plugin| Plugin {
            plugin_id: plugin.id,
            meta: plugin.meta.clone(),
            options: None,
            created_at: plugin.created_at,
            updated_at: plugin.updated_at,
        });
    Ok(Json(found.collect()))
}

/// Value of the manifest of a plugin under a key; a missing one is the empty text.
fn described<'a>(plugin: &'a PluginRow, key: &str) -> &'a str {
    plugin
        .meta
        .get(key)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// Something of each plugin, by its id.
type ById<T> = Json<HashMap<Uuid, T>>;

/// Names of plugins by their ids.
fn name_by_id<'a>(plugins: impl Iterator<Item = &'a PluginRow>) -> ById<String> {
    let named = plugins.map(|plugin| (plugin.id, described(plugin, "name").to_owned()));
    Json(named.take(MAX_PLUGINS).collect())
}

/// The plugins.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct Selection {
    /// Only these; absent means all.
    #[serde(default)]
    #[param(rename = "ids[]")]
    ids: Vec<Uuid>,
    /// Only those whose manifest names this type.
    #[serde(rename = "type")]
    #[param(rename = "type")]
    kind: Option<String>,
}

/// The names of plugins, by id.
#[utoipa::path(
    get, path = "/plugins", tag = "plugins", security(("bearer" = [])), params(Selection),
    responses((status = 200, body = HashMap<Uuid, String>)),
    extensions(("x-reasons" = json!(reasons![InvalidRequestQuery]))),
)]
async fn names(
    State(app): State<App>,
    _caller: Authenticated,
    Query(selection): Query<Selection>,
) -> Result<ById<String>, ApiError> {
    let plugins = app.node.plugins();
    let found = plugins
        .iter()
        .filter(|plugin| selection.ids.is_empty() || selection.ids.contains(&plugin.id))
        .filter(|plugin| {
            let kind = selection.kind.as_deref();
            kind.is_none_or(|kind| described(plugin, "type") == kind)
        });
    Ok(name_by_id(found))
}

/// Search for plugins. A plugin is found if it meets all conditions.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct PluginQuery {
    /// Part of the name, in any case.
    #[param(example = "image")]
    name: Option<String>,
    /// The type that the manifest names.
    #[serde(rename = "type")]
    #[param(rename = "type")]
    kind: Option<String>,
    /// Part of the description, in any case.
    description: Option<String>,
}

/// The names of the plugins that are looked for, by id.
#[utoipa::path(
    get, path = "/plugins/search", tag = "plugins", security(("bearer" = [])), params(PluginQuery),
    responses((status = 200, body = HashMap<Uuid, String>)),
    extensions(("x-reasons" = json!(reasons![InvalidRequestQuery]))),
)]
async fn search(
    State(app): State<App>,
    _caller: Authenticated,
    Query(wanted): Query<PluginQuery>,
) -> Result<ById<String>, ApiError> {
    let part = |text: Option<String>| text.map(|text| text.to_lowercase());
    let (name, description) = (part(wanted.name), part(wanted.description));
    let has = |plugin: &PluginRow, key: &str, part: &Option<String>| {
        let text = described(plugin, key).to_lowercase();
        part.as_ref().is_none_or(|part| text.contains(part))
    };
    let plugins = app.node.plugins();
    let found = plugins
        .iter()
        .filter(|plugin| has(plugin, "name", &name) && has(plugin, "description", &description))
        .filter(|plugin| {
            let kind = wanted.kind.as_deref();
            kind.is_none_or(|kind| described(plugin, "type") == kind)
        });
    Ok(name_by_id(found))
}

/// The plugins, each of which has to exist.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct Chosen {
    #[serde(default)]
    #[param(rename = "ids[]", example = json!(["f0f0f0f0-0f0f-4ff0-af0f-f0f0f0f0f0f0"]))]
    ids: Vec<Uuid>,
}

impl Chosen {
    /// The finding of `of` in each of the plugins.
    fn each(
        &self,
        app: &App,
        of: impl Fn(&PluginRow) -> Map<String, Value>,
    ) -> Result<ById<Map<String, Value>>, ApiError> {
        let plugins = app.node.plugins();
        let absent = || ApiError::new(Reason::PluginNotFound, "there is no such plugin");
        let found = self.ids.iter().map(|id| {
            let plugin = plugins.iter().find(|plugin| plugin.id == *id);
            plugin.map(|plugin| (*id, of(plugin))).ok_or_else(absent)
        });
        Ok(Json(found.collect::<Result<_, _>>()?))
    }
}

/// The manifests of plugins, by id.
#[utoipa::path(
    get, path = "/plugins/meta", tag = "plugins", security(("bearer" = [])), params(Chosen),
    responses((status = 200, body = HashMap<Uuid, Object>)),
    extensions(("x-reasons" = json!(reasons![InvalidRequestQuery, PluginNotFound]))),
)]
async fn meta(
    State(app): State<App>,
    _caller: Authenticated,
    Query(chosen): Query<Chosen>,
) -> Result<ById<Map<String, Value>>, ApiError> {
    chosen.each(&app, |plugin| plugin.meta.clone())
}

/// The options of plugins, by id, for admins of the node.
#[utoipa::path(
    get, path = "/plugins/options", tag = "plugins", security(("bearer" = [])), params(Chosen),
    responses((status = 200, body = HashMap<Uuid, Object>)),
    extensions(("x-reasons" = json!(reasons![InvalidRequestQuery, NotAdmin, PluginNotFound]))),
)]
async fn options(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Query(chosen): Query<Chosen>,
) -> Result<ById<Map<String, Value>>, ApiError> {
    app.node.require_admin(caller, app.node.id())?;
    chosen.each(&app, |plugin| plugin.options.clone().unwrap_or_default())
}

/// The uploaded bundle.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = PluginActivation)]
struct Activation {
    /// Answer of the upload: 32 hexadecimal digits. Required.
    #[schema(
        required,
        nullable = false,
        example = "0123456789abcdef0123456789abcdef"
    )]
    plugin_hash: Option<String>,
}

/// Makes an uploaded bundle a plugin, or a newer version of the plugin that has its name. For
/// admins of the node.
#[utoipa::path(
    post, path = "/node/activate-plugin", tag = "plugins", security(("bearer" = [])),
    request_body = Activation,
    responses((status = 200, description = "null")),
    extensions(("x-reasons" = json!(reasons![
        InvalidRequestBody: "no hash, or a manifest that makes no sense", NotAdmin,
        PluginNotFound: "no such bundle was uploaded", PluginIsBuiltIn, TooManyPlugins,
    ]))),
)]
async fn activate(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Body(activation): Body<Activation>,
) -> Result<Json<()>, ApiError> {
    let hash = required_text(activation.plugin_hash, "plugin_hash is required")?;
    app.node.activate_plugin(caller, &hash).await?;
    Ok(Json(()))
}
