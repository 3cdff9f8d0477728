//! What the browser client loads before anybody logs in (spec rest §2.2).

use axum::{Json, extract::State};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{ApiError, App, Query, error::ErrorBody};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(ui_config))
        .routes(routes!(plugins))
}

/// The configuration of the browser client.
#[utoipa::path(get, path = "/config/ui-client", tag = "system", responses(
    (status = 200, body = Object, description = "Keys of the client's configuration"),
))]
async fn ui_config(State(app): State<App>) -> Json<Map<String, Value>> {
    Json(app.node.ui_config())
}

/// Which plugins.
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

/// The plugins of this node.
#[utoipa::path(get, path = "/plugin", tag = "system", params(Filter), responses(
    (status = 200, body = [Plugin]),
    (status = 400, body = ErrorBody, description = "`invalid_request_query`"),
))]
async fn plugins(
    State(app): State<App>,
    Query(filter): Query<Filter>,
) -> Result<Json<Vec<Plugin>>, ApiError> {
    let plugins = app.node.directory().plugins();
    let named = |meta: &Map<String, Value>, text: &str| {
        meta.get("name")
            .and_then(Value::as_str)
            .is_some_and(|name| name.contains(text))
    };
    let found = plugins
        .iter()
        .filter(|plugin| filter.plugin_id.is_none_or(|id| id == plugin.id))
        .filter(|plugin| {
            filter
                .text
                .as_deref()
                .is_none_or(|text| named(&plugin.meta, text))
        })
        .map(|plugin| Plugin {
            plugin_id: plugin.id,
            meta: plugin.meta.clone(),
            options: None,
            created_at: plugin.created_at,
            updated_at: plugin.updated_at,
        });
    Ok(Json(found.collect()))
}
