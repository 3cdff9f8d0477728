//! Uploads: a form with one file.

use ::media::Kind;
use axum::{
    Json,
    extract::{Request, State},
    http::header::CONTENT_LENGTH,
};
use components::Reason;
use node::{Caller, Stored, Upload};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    super::{ApiError, App, Authenticated, PathText, Query, extract::PathTexts, reasons},
    check_name,
    form::Form,
};

/// Bytes of a form around its file: boundaries, heads, texts.
const AROUND: u64 = 128 * 1024;

/// Routes that take uploads, and one that takes them back.
pub(in crate::rest) fn uploads() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(image))
        .routes(routes!(audio))
        .routes(routes!(video))
        .routes(routes!(plugin))
        .routes(routes!(remove))
        .routes(routes!(remove_track))
}

/// A stored content.
#[derive(Debug, Serialize, ToSchema)]
struct Uploaded {
    /// Name of the content.
    hash: String,
    /// Number of bytes.
    size: u64,
    /// Media type, by the bytes.
    mime: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    width: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    height: Option<u32>,
    /// Name of the content in IPFS.
    cid: String,
    /// Whether the content was there before.
    deduplicated: bool,
}

impl From<Stored> for Uploaded {
    fn from(stored: Stored) -> Self {
        let hash = stored.hash();
        let blob = stored.row.blob;
        Self {
            hash,
            size: blob.size,
            mime: blob.mime,
            width: blob.size_px.map(|(width, _)| width),
            height: blob.size_px.map(|(_, height)| height),
            cid: blob.cid,
            deduplicated: stored.known,
        }
    }
}

/// A file in a form.
#[derive(ToSchema)]
#[allow(dead_code)]
struct FileForm {
    /// The file. Its name and declared type do not count.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// Lets an upload begin before a byte of the body is read.
pub(in crate::rest) async fn begin(
    app: &App,
    caller: Caller,
    kind: Kind,
    announced: Option<u64>,
) -> Result<Upload, ApiError> {
    Ok(app.node.begin_upload(caller, kind, announced).await?)
}

/// The size of the file, as far as the client tells.
pub(in crate::rest) fn announced(request: &Request) -> Option<u64> {
    let length = request.headers().get(CONTENT_LENGTH)?;
    let length: u64 = length.to_str().ok()?.parse().ok()?;
    Some(length.saturating_sub(AROUND))
}

/// Reads a form with one file named `part`; returns it and the texts beside it.
pub(in crate::rest) async fn form(
    mut upload: Upload,
    part: &str,
    request: Request,
) -> Result<(Upload, Vec<(String, String)>), ApiError> {
    let mut form = Form::open(request)?;
    let mut texts = Vec::new();
    let mut found = false;
    while let Some(mut field) = form.next().await? {
        let name = field.name().unwrap_or_default().to_owned();
        let file = field.file_name().map(str::to_owned);
        if name == part {
            if found {
                let sentence = "the form has more than one file";
                return Err(ApiError::new(Reason::FailedToRead, sentence));
            }
            found = true;
            if let Some(file) = file {
                texts.push(("filename".to_owned(), file));
            }
            while let Some(piece) = form.piece(&mut field).await? {
                upload.write(piece).await?;
            }
        } else if file.is_some() {
            let sentence = "the form has a file with another name than it should";
            return Err(ApiError::new(Reason::FailedToRead, sentence));
        } else {
            texts.push((name, form.text(field).await?));
        }
    }
    if !found {
        let sentence = format!("the form has no part {part}");
        return Err(ApiError::new(Reason::FailedToRead, sentence));
    }
    Ok((upload, texts))
}

async fn take(
    app: &App,
    caller: Caller,
    kind: Kind,
    request: Request,
) -> Result<Json<Uploaded>, ApiError> {
    let upload = begin(app, caller, kind, announced(&request)).await?;
    let (upload, _) = form(upload, "file", request).await?;
    let stored = upload.finish().await?;
    Ok(Json(stored.into()))
}

/// Stores a picture: PNG, JPEG, GIF or WebP.
///
/// Everything that tells of its author and place is taken out; colours and orientation stay.
#[utoipa::path(
    post, path = "/media/upload/image", tag = "media", security(("bearer" = [])),
    request_body(content = inline(FileForm), content_type = "multipart/form-data"),
    responses((status = 200, body = Uploaded)),
    extensions(("x-reasons" = json!(reasons![
        FailedToRead, UploadTooSlow, TooLarge, UnsupportedType, InvalidMedia, QuotaExceeded,
        UploadBlocked, HashConflict, StorageFull, Busy
    ]))),
)]
async fn image(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    request: Request,
) -> Result<Json<Uploaded>, ApiError> {
    take(&app, caller, Kind::Image, request).await
}

/// Stores a sound: MP3, Ogg, AAC, M4A, WAV, FLAC or WebM.
#[utoipa::path(
    post, path = "/media/upload/audio", tag = "media", security(("bearer" = [])),
    request_body(content = inline(FileForm), content_type = "multipart/form-data"),
    responses((status = 200, body = Uploaded)),
    extensions(("x-reasons" = json!(reasons![
        FailedToRead, UploadTooSlow, GuestsNotPermitted, TooLarge, UnsupportedType, InvalidMedia,
        QuotaExceeded, UploadBlocked, HashConflict, StorageFull, Busy
    ]))),
)]
async fn audio(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    request: Request,
) -> Result<Json<Uploaded>, ApiError> {
    take(&app, caller, Kind::Audio, request).await
}

/// Stores a video: MP4, MOV, WMV, MPEG, WebM or MKV.
#[utoipa::path(
    post, path = "/media/upload/video", tag = "media", security(("bearer" = [])),
    request_body(content = inline(FileForm), content_type = "multipart/form-data"),
    responses((status = 200, body = Uploaded)),
    extensions(("x-reasons" = json!(reasons![
        FailedToRead, UploadTooSlow, GuestsNotPermitted, TooLarge, UnsupportedType, InvalidMedia,
        QuotaExceeded, UploadBlocked, HashConflict, StorageFull, Busy
    ]))),
)]
async fn video(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    request: Request,
) -> Result<Json<Uploaded>, ApiError> {
    take(&app, caller, Kind::Video, request).await
}

/// Stores the bundle of a plugin: a gzipped tar of one folder with `manifest.json` and
/// `remoteEntry.js`.
#[utoipa::path(
    post, path = "/media/upload/plugin", tag = "media", security(("bearer" = [])),
    request_body(content = inline(FileForm), content_type = "multipart/form-data"),
    responses((status = 200, body = Uploaded)),
    extensions(("x-reasons" = json!(reasons![
        FailedToRead, UploadTooSlow, NotAdmin, TooLarge, UnsupportedType, InvalidMedia,
        QuotaExceeded, UploadBlocked, HashConflict, StorageFull, Busy
    ]))),
)]
async fn plugin(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    request: Request,
) -> Result<Json<Uploaded>, ApiError> {
    take(&app, caller, Kind::Plugin, request).await
}

/// Options of a removal.
#[derive(Debug, serde::Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct Removal {
    /// `1`: it is served no more from now on, whoever owns it. For admins of the node.
    #[serde(default)]
    force: Option<u8>,
    /// `1`: nobody may upload it again, either. For admins of the node.
    #[serde(default)]
    block: Option<u8>,
}

/// Gives up a content that the caller has uploaded.
///
/// It counts no more against the caller's quota. It is served as long as anything refers to it.
#[utoipa::path(
    delete, path = "/media/{kind}/{file}", tag = "media", security(("bearer" = [])),
    params(
        ("kind" = String, Path, description = "`image`, `audio`, `video`, `model` or `plugin`"),
        ("file" = String, Path, description = "Any name of the content"),
        Removal,
    ),
    responses((status = 200, description = "null")),
    extensions(("x-reasons" = json!(reasons![InvalidFormat, InvalidRequestQuery, NotAdmin, NotFound]))),
)]
async fn remove(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    PathTexts(names): PathTexts<2>,
    Query(removal): Query<Removal>,
) -> Result<Json<()>, ApiError> {
    let [kind, name] = names;
    if !Kind::ALL.iter().any(|known| known.name() == kind) {
        return Err(ApiError::new(
            Reason::InvalidFormat,
            "there is no such kind",
        ));
    }
    take_away(&app, caller, &name, &removal).await
}

/// Gives up a sound that the caller has uploaded.
#[utoipa::path(
    delete, path = "/media/deltrack/{file}", tag = "media", security(("bearer" = [])),
    params(("file" = String, Path, description = "Any name of the sound"), Removal),
    responses((status = 200, description = "null")),
    extensions(("x-reasons" = json!(reasons![InvalidFormat, InvalidRequestQuery, NotAdmin, NotFound]))),
)]
async fn remove_track(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    PathText(name): PathText,
    Query(removal): Query<Removal>,
) -> Result<Json<()>, ApiError> {
    take_away(&app, caller, &name, &removal).await
}

async fn take_away(
    app: &App,
    caller: Caller,
    name: &str,
    removal: &Removal,
) -> Result<Json<()>, ApiError> {
    check_name(name)?;
    let set = |flag: Option<u8>| flag == Some(1);
    match (set(removal.block), set(removal.force)) {
        (true, _) => app.node.block_media(caller, name).await?,
        (false, true) => app.node.withdraw_media(caller, name).await?,
        (false, false) => app.node.disown_media(caller, name).await?,
    }
    Ok(Json(()))
}
