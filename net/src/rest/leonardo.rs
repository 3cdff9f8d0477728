//! Pictures by Leonardo (docs/spec/model.md §8.5).

use axum::{Json, extract::State};
use components::Reason;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    ApiError, App, Authenticated, Body, PathText,
    extract::{invalid_body, required_text},
    reasons,
};

/// Longest id of a model or generation; they are UUIDs.
const MAX_ID: usize = 64;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(generate))
        .routes(routes!(generation))
}

/// The pictures to paint.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = WantedPictures)]
struct GenerationRequest {
    /// 1 to 550 characters. Required.
    #[schema(min_length = 1, max_length = 550)]
    prompt: Option<String>,
    /// The provider's id of the model. Required.
    #[schema(pattern = "^[a-zA-Z0-9-]{1,64}$")]
    model: Option<String>,
}

/// Pictures that are being painted.
#[derive(Debug, Serialize, ToSchema)]
struct StartedPictures {
    /// Always true.
    success: bool,
    data: StartedJob,
}

/// The job.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct StartedJob {
    sd_generation_job: GenerationJob,
}

/// Its id.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct GenerationJob {
    generation_id: String,
}

/// Progress of pictures.
#[derive(Debug, Serialize, ToSchema)]
struct Pictures {
    /// Always true.
    success: bool,
    data: FoundGeneration,
}

/// The result.
#[derive(Debug, Serialize, ToSchema)]
struct FoundGeneration {
    generations_by_pk: Generation,
}

/// The request and its results.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Generation {
    /// None until they are there.
    #[serde(rename = "generated_images")]
    generated_images: Vec<Picture>,
    prompt: String,
    /// The provider's word, as `PENDING`, `COMPLETE` or `FAILED`.
    status: String,
    id: String,
    created_at: String,
}

/// A picture.
#[derive(Debug, Serialize, ToSchema)]
struct Picture {
    url: String,
    /// Whether it is not for everybody's eyes.
    nsfw: bool,
    id: String,
}

impl From<node::Generation> for Generation {
    fn from(found: node::Generation) -> Self {
        let pictures = found.generated_images.into_iter();
        Self {
            generated_images: pictures
                .map(|picture| Picture {
                    url: picture.url,
                    nsfw: picture.nsfw,
                    id: picture.id,
                })
                .collect(),
            prompt: found.prompt,
            status: found.status,
            id: found.id,
            created_at: found.created_at,
        }
    }
}

/// Has pictures painted.
#[utoipa::path(
    post, path = "/leonardo/generate", tag = "pictures", security(("bearer" = [])),
    request_body = GenerationRequest,
    responses((status = 200, body = StartedPictures)),
    extensions(("x-reasons" = json!(reasons![
        GuestsNotPermitted, NodeAttributeNotFound: "nobody has set a key", ProviderFailed,
    ]))),
)]
async fn generate(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Body(wanted): Body<GenerationRequest>,
) -> Result<Json<StartedPictures>, ApiError> {
    let prompt = required_text(wanted.prompt, "prompt is required")?;
    let model = required_text(wanted.model, "model is required")?;
    if !is_id(&model) {
        return Err(invalid_body("model is not the id of one"));
    }
    let generation_id = app.node.generate_pictures(caller, &prompt, &model).await?;
    Ok(Json(StartedPictures {
        success: true,
        data: StartedJob {
            sd_generation_job: GenerationJob { generation_id },
        },
    }))
}

/// Pictures so far that the caller asked for.
#[utoipa::path(
    get, path = "/leonardo/generate/{generationID}", tag = "pictures", security(("bearer" = [])),
    params(("generationID" = String, Path, pattern = "^[a-zA-Z0-9-]{1,64}$")),
    responses((status = 200, body = Pictures)),
    extensions(("x-reasons" = json!(reasons![
        InvalidGenerationId, GenerationNotFound, NodeAttributeNotFound: "nobody has set a key",
        ProviderFailed,
    ]))),
)]
async fn generation(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    PathText(id): PathText,
) -> Result<Json<Pictures>, ApiError> {
    if !is_id(&id) {
        let message = "not the id of a generation";
        return Err(ApiError::new(Reason::InvalidGenerationId, message));
    }
    let found = app.node.pictures(caller, &id).await?;
    Ok(Json(Pictures {
        success: true,
        data: FoundGeneration {
            generations_by_pk: found.into(),
        },
    }))
}

fn is_id(text: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (1..=MAX_ID).contains(&text.len()) && text.bytes().all(word)
}
