//! Skies by Blockade Labs (docs/spec/model.md §8.5), and the webhook by which it reports on them
//! (docs/spec/model.md §8.5).

use axum::{
    Json,
    extract::State,
    http::header::{CONTENT_TYPE, HeaderName},
};
use components::Reason;
use node::NewSkybox;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    ApiError, App, Authenticated, Body, PathText,
    extract::{id_of, invalid_body, required_text},
    reasons,
};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(styles))
        .routes(routes!(generate))
        .routes(routes!(picture, delete))
        .routes(routes!(unsigned))
        .routes(routes!(report))
}

/// A kind of sky.
#[derive(Debug, Serialize, ToSchema)]
struct SkyboxStyle {
    id: i64,
    name: String,
    /// Longest prompt in characters.
    #[serde(rename = "max-char")]
    max_char: i64,
    /// Longest negative prompt in characters.
    #[serde(rename = "negative-text-max-char")]
    negative_text_max_char: i64,
    /// An example, as the provider gives it.
    image: Value,
    sort_order: i64,
    /// 1 if it costs extra.
    premium: i64,
    /// Groups it belongs to, as the provider gives them.
    #[schema(required)]
    skybox_style_families: Option<Vec<Value>>,
}

impl From<&node::SkyboxStyle> for SkyboxStyle {
    fn from(style: &node::SkyboxStyle) -> Self {
        Self {
            id: style.id,
            name: style.name.clone(),
            max_char: style.max_char,
            negative_text_max_char: style.negative_text_max_char,
            image: style.image.clone(),
            sort_order: style.sort_order,
            premium: style.premium,
            skybox_style_families: style.skybox_style_families.clone(),
        }
    }
}

/// Progress of a sky.
#[derive(Debug, Serialize, ToSchema)]
struct SkyboxStatus {
    /// Number of the job.
    id: i64,
    message: String,
    /// The provider's word, `complete` when the picture is there.
    status: String,
    /// Empty until the picture is there.
    file_url: String,
    /// Empty until the picture is there.
    thumb_url: String,
    created_at: String,
    updated_at: String,
    /// Empty if nothing went wrong.
    error_message: String,
    skybox_style_id: i64,
}

impl From<node::SkyboxStatus> for SkyboxStatus {
    fn from(status: node::SkyboxStatus) -> Self {
        Self {
            id: status.id,
            message: status.message,
            status: status.status,
            file_url: status.file_url,
            thumb_url: status.thumb_url,
            created_at: status.created_at,
            updated_at: status.updated_at,
            error_message: status.error_message,
            skybox_style_id: status.skybox_style_id,
        }
    }
}

/// The sky to paint.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = WantedSkybox)]
struct GenerationRequest {
    /// Required.
    #[schema(minimum = 1)]
    skybox_style_id: Option<i64>,
    /// 1 to 550 characters. Required.
    #[schema(min_length = 1, max_length = 550)]
    prompt: Option<String>,
    /// Required.
    #[schema(format = Uuid)]
    world_id: Option<String>,
}

/// A sky that is being painted.
#[derive(Debug, Serialize, ToSchema)]
struct StartedSkybox {
    /// Always true.
    success: bool,
    data: SkyboxStatus,
}

/// In which world the sky is.
#[derive(Debug, Deserialize, ToSchema)]
struct SkyboxPlace {
    /// Required.
    #[schema(format = Uuid)]
    world_id: Option<String>,
}

/// The provider's report on a job; more than this is ignored.
#[derive(Debug, Deserialize, ToSchema)]
struct SkyboxReport {
    id: i64,
    #[schema(min_length = 1, max_length = 32)]
    status: String,
    message: Option<String>,
    /// Has to be on a host of the provider.
    file_url: Option<String>,
    thumb_url: Option<String>,
    created_at: Option<String>,
    updated_at: Option<String>,
    error_message: Option<String>,
    skybox_style_id: Option<i64>,
}

impl From<SkyboxReport> for node::SkyboxStatus {
    fn from(report: SkyboxReport) -> Self {
        Self {
            id: report.id,
            message: report.message.unwrap_or_default(),
            status: report.status,
            file_url: report.file_url.unwrap_or_default(),
            thumb_url: report.thumb_url.unwrap_or_default(),
            created_at: report.created_at.unwrap_or_default(),
            updated_at: report.updated_at.unwrap_or_default(),
            error_message: report.error_message.unwrap_or_default(),
            skybox_style_id: report.skybox_style_id.unwrap_or_default(),
        }
    }
}

/// The kinds of skies there are, as heard within the last ten minutes.
#[utoipa::path(
    get, path = "/skybox/styles", tag = "pictures", security(("bearer" = [])),
    responses((status = 200, body = [SkyboxStyle])),
    extensions(("x-reasons" = json!(reasons![
        NodeAttributeNotFound: "nobody has set a key", ProviderFailed,
    ]))),
)]
async fn styles(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
) -> Result<Json<Vec<SkyboxStyle>>, ApiError> {
    let styles = app.node.skybox_styles(caller).await?;
    Ok(Json(styles.iter().map(SkyboxStyle::from).collect()))
}

/// Has a sky painted. How it comes along stands in the caller's attribute `skybox_ai` in the world.
#[utoipa::path(
    post, path = "/skybox/generate", tag = "pictures", security(("bearer" = [])),
    request_body = GenerationRequest,
    responses((status = 200, body = StartedSkybox)),
    extensions(("x-reasons" = json!(reasons![
        InvalidWorldId, GuestsNotPermitted, OperationNotPermitted, WorldNotFound,
        NodeAttributeNotFound: "nobody has set a key", ProviderFailed,
    ]))),
)]
async fn generate(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Body(wanted): Body<GenerationRequest>,
) -> Result<Json<StartedSkybox>, ApiError> {
    let style = wanted.skybox_style_id.filter(|style| *style > 0);
    let new = NewSkybox {
        style: style.ok_or_else(|| invalid_body("skybox_style_id is required"))?,
        prompt: required_text(wanted.prompt, "prompt is required")?,
        world: world(wanted.world_id)?,
    };
    let status = app.node.generate_skybox(caller, new).await?;
    Ok(Json(StartedSkybox {
        success: true,
        data: status.into(),
    }))
}

/// The picture of a finished sky of the caller.
#[utoipa::path(
    get, path = "/skybox/{skyboxID}", tag = "pictures", security(("bearer" = [])),
    params(("skyboxID" = i64, Path, minimum = 1)),
    responses((status = 200, body = Vec<u8>, content_type = "image/jpeg")),
    extensions(("x-reasons" = json!(reasons![
        InvalidSkyboxId, SkyboxNotFound, AttributeNotFound, ImageNotFound: "it is not finished",
        ProviderFailed,
    ]))),
)]
async fn picture(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    PathText(id): PathText,
) -> Result<([(HeaderName, &'static str); 1], Vec<u8>), ApiError> {
    let picture = app.node.skybox_picture(caller, number(&id)?).await?;
    Ok(([(CONTENT_TYPE, "image/jpeg")], picture))
}

/// Ends or deletes a sky of the caller.
#[utoipa::path(
    delete, path = "/skybox/{skyboxID}", tag = "pictures", security(("bearer" = [])),
    params(("skyboxID" = i64, Path, minimum = 1)), request_body = SkyboxPlace,
    responses((status = 200, body = i64, description = "Its number")),
    extensions(("x-reasons" = json!(reasons![
        InvalidSkyboxId, InvalidWorldId, OperationNotPermitted, SkyboxNotFound,
        NodeAttributeNotFound: "nobody has set a key", ProviderFailed,
    ]))),
)]
async fn delete(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    PathText(id): PathText,
    Body(place): Body<SkyboxPlace>,
) -> Result<Json<i64>, ApiError> {
    let number = number(&id)?;
    let world = world(place.world_id)?;
    app.node.delete_skybox(caller, number, world).await?;
    Ok(Json(number))
}

/// Refuses reports without a secret.
#[utoipa::path(
    post, path = "/webhook/skybox-blockadelabs", tag = "webhooks",
    extensions(("x-reasons" = json!(reasons![WebhookNotSigned]))),
)]
async fn unsigned() -> ApiError {
    let message = "each job has a secret path of its own to report to";
    ApiError::new(Reason::WebhookNotSigned, message)
}

/// The provider's report on a job. The secret was told to the provider, and to nobody else, when
/// the job was given to it.
#[utoipa::path(
    post, path = "/webhook/skybox-blockadelabs/{secret}", tag = "webhooks",
    params(("secret" = String, Path)), request_body = SkyboxReport,
    responses((status = 200, body = String, description = "`ok`")),
    extensions(("x-reasons" = json!(reasons![
        InvalidRequestPath, UnknownJob, WebhookNotSigned, OperationNotPermitted, ObjectNotFound,
    ]))),
)]
async fn report(
    State(app): State<App>,
    PathText(secret): PathText,
    Body(report): Body<SkyboxReport>,
) -> Result<Json<&'static str>, ApiError> {
    app.node.report_skybox(&secret, report.into()).await?;
    Ok(Json("ok"))
}

fn number(text: &str) -> Result<i64, ApiError> {
    let number = text.parse().ok().filter(|number| *number > 0);
    number.ok_or_else(|| Reason::InvalidSkyboxId.into())
}

fn world(text: Option<String>) -> Result<uuid::Uuid, ApiError> {
    id_of(
        &required_text(text, "world_id is required")?,
        Reason::InvalidWorldId,
    )
}
