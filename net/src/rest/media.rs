//! Contents of worlds: delivery by name and uploads (docs/spec/media.md).
//!
//! Reads need no token: pages load pictures, sound and models by elements that carry none. Names
//! are looked up, never made into paths.

mod deliver;
mod form;
mod ipfs;
mod upload;

use ::media::{Class, Encoding, Format, Kind};
use axum::{
    Json, Router,
    extract::{Request, State},
    http::{HeaderMap, Method, header::ACCEPT},
    response::Response,
    routing::get,
};
use components::Reason;
use node::{MediaFile, VariantRequest};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use self::deliver::{DeliveryRequest, Described};
use super::{ApiError, App, PathText, extract::PathTexts, reasons};

pub(super) use ipfs::gateway;
pub(super) use upload::{announced, begin as begin_upload, form as read_upload, uploads};

/// Longest name of a content.
const MAX_NAME: usize = 128;

/// Routes that deliver.
pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(image))
        .routes(routes!(texture))
        .routes(routes!(model))
        .routes(routes!(track))
        .routes(routes!(video))
        .routes(routes!(plugin))
        .route(
            "/media/render/plugin/{hash}/{folder}/{*rest}",
            get(nested_plugin),
        )
        .routes(routes!(meta))
}

/// Routes of the platform before this version, which stored links still name.
pub(super) fn former_routes() -> Router<App> {
    Router::new()
        .route("/api/v3/render/get/{file}", get(image))
        .route("/api/v3/render/texture/{rsize}/{file}", get(texture))
        .route("/api/v3/render/asset/{file}", get(model))
        .route("/api/v3/render/track/{file}", get(track))
        .route("/api/v3/render/video/{file}", get(video))
}

/// Names are letters and digits: nothing that could lead anywhere.
pub(super) fn check_name(name: &str) -> Result<(), ApiError> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric();
    if !name.is_empty() && name.len() <= MAX_NAME && name.bytes().all(plain) {
        return Ok(());
    }
    Err(ApiError::new(
        Reason::InvalidFormat,
        "names are letters and digits",
    ))
}

/// The part of a request besides the name. Other parameters have no meaning.
struct RenderRequest {
    method: Method,
    headers: HeaderMap,
    download: bool,
    animated: bool,
    encoding: Option<Encoding>,
}

impl RenderRequest {
    fn of(request: &Request) -> Self {
        let query = request.uri().query().unwrap_or_default();
        let value = |render: &str| {
            let mut pairs = form_urlencoded::parse(query.as_bytes());
            pairs.find_map(|(key, value)| (key == render).then_some(value))
        };
        Self {
            method: request.method().clone(),
            headers: request.headers().clone(),
            download: value("download").is_some_and(|value| value == "1"),
            animated: value("anim").is_some_and(|value| value == "1"),
            encoding: value("fmt").and_then(|name| Encoding::parse(&name)),
        }
    }

    fn delivery(&self) -> DeliveryRequest<'_> {
        DeliveryRequest {
            method: &self.method,
            headers: &self.headers,
            download: self.download,
        }
    }

    /// The best encoding that the client says it reads. Loaders that only say `*/*` may not.
    fn encoding(&self) -> Encoding {
        let accepts = |mime: &str| {
            let lines = self.headers.get_all(ACCEPT).iter();
            let parts = lines
                .filter_map(|line| line.to_str().ok())
                .flat_map(|line| line.split(','));
            parts.map(str::trim).any(|part| {
                let (name, parameters) = part.split_once(';').unwrap_or((part, ""));
                name.trim().eq_ignore_ascii_case(mime) && !refuses(parameters)
            })
        };
        match self.encoding {
            Some(encoding) => encoding,
            None if accepts("image/avif") => Encoding::Avif,
            None if accepts("image/webp") => Encoding::WebP,
            None => Encoding::Baseline,
        }
    }
}

/// Whether parameters of a media range give it no weight.
fn refuses(parameters: &str) -> bool {
    let weight = parameters
        .split(';')
        .find_map(|parameter| parameter.trim().strip_prefix("q="));
    weight.is_some_and(|weight| weight.trim().parse() == Ok(0.0))
}

fn describe(file: &MediaFile, is_code: bool) -> Described {
    let digest = file.digest().to_string();
    let extension = Format::of_mime(&file.mime).map_or("bin", Format::extension);
    Described {
        name: format!("{digest}.{extension}"),
        tag: digest,
        mime: file.mime.clone(),
        size: file.size(),
        created: file.row.created_at,
        pixels: file.row.blob.size_px,
        is_code,
        negotiated: false,
    }
}

/// Delivers a content of a kind as it is stored.
async fn original(
    app: &App,
    name: &str,
    kind: Kind,
    absent: Reason,
    render: RenderRequest,
) -> Result<Response, ApiError> {
    check_name(name)?;
    let file = app.node.media_file(name, Some(kind), absent).await?;
    count_hit(kind);
    deliver::file(app, &file, &describe(&file, false), &render.delivery()).await
}

fn count_hit(kind: Kind) {
    metrics::counter!("odyssey_media_delivered_total", "kind" => kind.name()).increment(1);
}

/// A picture as it was stored.
#[utoipa::path(
    get, path = "/media/render/get/{file}", tag = "media",
    params(("file" = String, Path, description = "Name of the picture")),
    responses(
        (status = 200, content_type = "image/*",
            description = "The picture; `x-width` and `x-height` tell its size"),
        (status = 206, content_type = "*/*",
            description = "The part that `Range` asks for"),
        (status = 304, description = "The client has it already"),
    ),
    extensions(("x-reasons" = json!(reasons![InvalidFormat, FailedToGetImage, MediaBlocked]))),
)]
async fn image(
    State(app): State<App>,
    PathText(name): PathText,
    request: Request,
) -> Result<Response, ApiError> {
    original(
        &app,
        &name,
        Kind::Image,
        Reason::FailedToGetImage,
        RenderRequest::of(&request),
    )
    .await
}

/// A picture in a size class: at most so many pixels, never enlarged, upright, in sRGB.
///
/// Encoded as the client reads it: AVIF, WebP, else JPEG, or PNG for what is not opaque; `fmt`
/// overrides that. An animation shows its first frame, with `anim=1` it moves.
#[utoipa::path(
    get, path = "/media/render/texture/{rsize}/{file}", tag = "media",
    params(
        ("rsize" = String, Path, description = "`s0` to `s9`"),
        ("file" = String, Path, description = "Name of the picture"),
        ("fmt" = Option<String>, Query, description = "`png`, `jpeg`, `webp` or `avif`"),
        ("anim" = Option<String>, Query, description = "`1` for an animation"),
    ),
    responses(
        (status = 200, content_type = "image/*",
            description = "The picture; `x-width` and `x-height` tell its size"),
        (status = 206, content_type = "*/*",
            description = "The part that `Range` asks for"),
        (status = 304, description = "The client has it already"),
    ),
    extensions(("x-reasons" = json!(
        reasons![InvalidFormat, FailedToGetTexture, MediaBlocked, Busy]
    ))),
)]
async fn texture(
    State(app): State<App>,
    PathTexts(names): PathTexts<2>,
    request: Request,
) -> Result<Response, ApiError> {
    let [size, name] = names;
    let render = RenderRequest::of(&request);
    let class = Class::parse(&size)
        .ok_or_else(|| ApiError::new(Reason::InvalidFormat, "sizes are s0 to s9"))?;
    check_name(&name)?;
    let absent = Reason::FailedToGetTexture;
    let file = app
        .node
        .media_file(&name, Some(Kind::Image), absent)
        .await?;
    count_hit(Kind::Image);
    let variant = VariantRequest {
        class,
        encoding: render.encoding(),
        animated: render.animated,
    };
    let mut described = Described {
        tag: app.node.variant_tag(&file, variant),
        negotiated: true,
        ..describe(&file, false)
    };
    if deliver::is_known(&described, &render.headers) {
        return Ok(deliver::not_modified(&described, &render.delivery()));
    }
    let texture = app.node.texture(&file, variant).await?;
    let extension = Format::of_mime(&texture.mime).map_or("avif", Format::extension);
    described.name = format!("{}-{class}.{extension}", file.digest());
    described.mime = texture.mime.to_string();
    described.size = texture.bytes.len() as u64;
    described.pixels = Some((texture.width, texture.height));
    Ok(deliver::bytes(
        &described,
        &render.delivery(),
        &texture.bytes,
    ))
}

/// A model by the digits of its id or by its hash.
#[utoipa::path(
    get, path = "/media/render/asset/{file}", tag = "media",
    params(("file" = String, Path, description = "The asset's id, with or without dashes, or its hash")),
    responses(
        (status = 200, content_type = "model/gltf-binary", description = "Binary glTF"),
        (status = 206, content_type = "*/*",
            description = "The part that `Range` asks for"),
        (status = 304, description = "The client has it already"),
    ),
    extensions(("x-reasons" = json!(reasons![InvalidFormat, FailedToGetAsset, MediaBlocked]))),
)]
async fn model(
    State(app): State<App>,
    PathText(name): PathText,
    request: Request,
) -> Result<Response, ApiError> {
    let name = match uuid::Uuid::try_parse(&name) {
        Ok(id) if name.len() == 36 => id.simple().to_string(),
        _ => name,
    };
    original(
        &app,
        &name,
        Kind::Model,
        Reason::FailedToGetAsset,
        RenderRequest::of(&request),
    )
    .await
}

/// A sound.
#[utoipa::path(
    get, path = "/media/render/track/{file}", tag = "media",
    params(("file" = String, Path, description = "Name of the sound")),
    responses(
        (status = 200, content_type = "audio/*", description = "The sound"),
        (status = 206, content_type = "*/*",
            description = "The part that `Range` asks for"),
        (status = 304, description = "The client has it already"),
    ),
    extensions(("x-reasons" = json!(reasons![InvalidFormat, FailedToGetAudio, MediaBlocked]))),
)]
async fn track(
    State(app): State<App>,
    PathText(name): PathText,
    request: Request,
) -> Result<Response, ApiError> {
    original(
        &app,
        &name,
        Kind::Audio,
        Reason::FailedToGetAudio,
        RenderRequest::of(&request),
    )
    .await
}

/// A video.
#[utoipa::path(
    get, path = "/media/render/video/{file}", tag = "media",
    params(("file" = String, Path, description = "Name of the video")),
    responses(
        (status = 200, content_type = "video/*", description = "The video"),
        (status = 206, content_type = "*/*",
            description = "The part that `Range` asks for"),
        (status = 304, description = "The client has it already"),
    ),
    extensions(("x-reasons" = json!(reasons![InvalidFormat, FailedToGetVideo, MediaBlocked]))),
)]
async fn video(
    State(app): State<App>,
    PathText(name): PathText,
    request: Request,
) -> Result<Response, ApiError> {
    original(
        &app,
        &name,
        Kind::Video,
        Reason::FailedToGetVideo,
        RenderRequest::of(&request),
    )
    .await
}

/// A file of a plugin's bundle.
#[utoipa::path(
    get, path = "/media/render/plugin/{hash}/{path}", tag = "media",
    params(
        ("hash" = String, Path, description = "Name of the bundle"),
        ("path" = String, Path, description = "Path in the bundle; may have slashes"),
    ),
    responses(
        (status = 200, content_type = "*/*", description = "The file"),
        (status = 206, content_type = "*/*",
            description = "The part that `Range` asks for"),
        (status = 304, description = "The client has it already"),
    ),
    extensions(("x-reasons" = json!(reasons![InvalidFormat, NotFound, PluginNotFound, MediaBlocked]))),
)]
async fn plugin(
    State(app): State<App>,
    PathTexts(names): PathTexts<2>,
    request: Request,
) -> Result<Response, ApiError> {
    let [hash, path] = names;
    plugin_file(&app, &hash, &path, RenderRequest::of(&request)).await
}

/// As [`plugin`], for files in folders of the bundle.
async fn nested_plugin(
    State(app): State<App>,
    PathTexts(names): PathTexts<3>,
    request: Request,
) -> Result<Response, ApiError> {
    let [hash, folder, rest] = names;
    let path = format!("{folder}/{rest}");
    plugin_file(&app, &hash, &path, RenderRequest::of(&request)).await
}

async fn plugin_file(
    app: &App,
    hash: &str,
    path: &str,
    render: RenderRequest,
) -> Result<Response, ApiError> {
    check_name(hash)?;
    let file = app.node.plugin_file(hash, path).await?;
    count_hit(Kind::Plugin);
    let name = path.rsplit('/').next().unwrap_or_default();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    let mut described = describe(&file, true);
    if name.bytes().all(plain) {
        described.name = name.to_owned();
    }
    deliver::file(app, &file, &described, &render.delivery()).await
}

/// Facts about a content.
#[derive(Debug, Serialize, ToSchema)]
struct MediaMeta {
    /// Name of the content: SHA-256 of its bytes.
    hash: String,
    /// `image`, `audio`, `video`, `model`, `plugin`; a content may be several.
    kinds: Vec<&'static str>,
    /// Media type.
    mime: String,
    /// Number of bytes.
    size: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    width: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    height: Option<u32>,
    /// Frames; 1 for a still picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    frames: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    triangles: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    vertices: Option<u64>,
    /// Name of the content in IPFS.
    cid: String,
    /// Time of its first upload, RFC 3339.
    created_at: String,
    /// Variants that were made of it.
    variants: Vec<String>,
    /// Reasons for which clients may not show it.
    warnings: Vec<String>,
}

/// Facts about a content: size, type, pixels, triangles, its name in IPFS.
#[utoipa::path(
    get, path = "/media/meta/{file}", tag = "media",
    params(("file" = String, Path, description = "Any name of the content")),
    responses((status = 200, body = MediaMeta)),
    extensions(("x-reasons" = json!(reasons![InvalidFormat, NotFound, MediaBlocked]))),
)]
async fn meta(
    State(app): State<App>,
    PathText(name): PathText,
) -> Result<Json<MediaMeta>, ApiError> {
    check_name(&name)?;
    let file = app.node.media_file(&name, None, Reason::NotFound).await?;
    let variants = app.node.variants_of(&file).await?;
    let blob = &file.row.blob;
    let kinds = Kind::ALL
        .into_iter()
        .filter(|kind| blob.kinds & kind.bit() != 0);
    Ok(Json(MediaMeta {
        hash: file.digest().to_string(),
        kinds: kinds.map(Kind::name).collect(),
        mime: blob.mime.clone(),
        size: blob.size,
        width: blob.size_px.map(|(width, _)| width),
        height: blob.size_px.map(|(_, height)| height),
        frames: blob.frames,
        duration_ms: blob.duration_ms,
        triangles: blob.geometry.map(|(triangles, _)| triangles),
        vertices: blob.geometry.map(|(_, vertices)| vertices),
        cid: blob.cid.clone(),
        created_at: file.row.created_at.to_rfc3339(),
        variants,
        warnings: blob.warnings.clone(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn render(accept: &str, query: &str) -> Encoding {
        let request = Request::builder()
            .uri(format!("/?{query}"))
            .header(ACCEPT, accept)
            .body(axum::body::Body::empty())
            .expect("a request");
        RenderRequest::of(&request).encoding()
    }

    #[test]
    fn clients_get_what_they_read() {
        let browser = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8";
        assert_eq!(render(browser, ""), Encoding::Avif);
        assert_eq!(render("image/webp,*/*", ""), Encoding::WebP);
        assert_eq!(render("image/avif;q=0, image/webp", ""), Encoding::WebP);
        assert_eq!(render("*/*", ""), Encoding::Baseline);
        assert_eq!(render(browser, "fmt=png"), Encoding::Png);
        assert_eq!(render(browser, "fmt=bmp"), Encoding::Avif);
        assert_eq!(render("*/*", "size=7&v=2"), Encoding::Baseline);
    }

    #[test]
    fn names_lead_nowhere() {
        for name in ["", "..", "a/b", "a.png", "5b5bd872-0328", &"a".repeat(129)] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }
}
