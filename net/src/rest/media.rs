//! The files that ship with the program, so that the welcome world can be seen: shapes, sky and
//! pictures under the ids that worlds name them by (docs/spec/rest.md §1).
//!
//! They are part of the binary: a node needs nothing beside it to show its first world.

use axum::{
    extract::Request,
    http::{
        HeaderMap, HeaderName, HeaderValue, StatusCode,
        header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH, X_CONTENT_TYPE_OPTIONS},
    },
    response::{IntoResponse, Response},
};
use components::Reason;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{ApiError, App, PathText, extract::PathTexts, reasons};

/// The meaning of a name never changes.
const FOREVER: &str = "public, max-age=31536000, immutable";

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(asset))
        .routes(routes!(texture))
        .routes(routes!(image))
}

/// A file by its id: the digits of the asset's id, or a media hash.
type File = (&'static str, &'static [u8]);

macro_rules! files {
    ($folder:literal, $($name:literal $extension:literal)*) => {
        &[$(($name, include_bytes!(concat!("../../../assets/", $folder, "/", $name, $extension)))),*]
    };
}

/// Basic shapes and the orb, binary glTF. File names have dashes, requests do not.
const SHAPES: &[File] = files!("shapes",
    "2dc7df8e-a34a-829c-e3ca-b73bfe99faf0" ".glb"
    "313a97cc-fe1b-39bb-56e7-516d213cc23d" ".glb"
    "418c4963-623a-391c-795d-e6080be11899" ".glb"
    "46d923ad-21ff-276d-c3c4-ead2212bcb02" ".glb"
    "5b5bd872-0328-e38c-1b54-bf2bfa70fc85" ".glb"
    "6e8fec1c-ff95-df66-1375-e312f6447b3d" ".glb"
    "839b21db-52ff-45ce-7484-fd1b59ebb087" ".glb"
    "8a7e55f5-934d-8ebf-17bb-39e2d8d9bfa1" ".glb"
    "97daa12f-9b2e-536d-7851-3b0837175e4c" ".glb"
    "a1f144de-b21a-d1e9-0635-6eb250927326" ".glb"
    "a55f9ca7-4b45-692e-204f-e37ed9dc3d78" ".glb"
    "dad4e8a4-cdcc-4174-9d77-f7e849bba352" ".glb"
    "eea924c0-6e33-393f-e06e-e6631e8860e9" ".glb"
);
/// Equirectangular skies, PNG.
const SKIES: &[File] = files!("sky", "26485e74acb29223ba7a9fa600d36c7f" ".png");
/// Pictures, PNG.
const IMAGES: &[File] = files!("images",
    "03ce359d18bfc0fe977bd66ab471d222" ".png"
    "bd6563cc9fceac3e1ed6fcad752c902d" ".png"
);

/// Looks a file up by an id without dashes, in any case.
fn find(files: &'static [File], id: &str) -> Option<File> {
    let same = |name: &str| {
        name.bytes()
            .filter(|byte| *byte != b'-')
            .eq(id.bytes().map(|byte| byte.to_ascii_lowercase()))
    };
    files.iter().find(|(name, _)| same(name)).copied()
}

/// File names are letters and digits: nothing that could lead anywhere.
fn check_name(name: &str) -> Result<(), ApiError> {
    if !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Ok(());
    }
    Err(ApiError::new(
        Reason::InvalidFormat,
        "file names are letters and digits",
    ))
}

/// Sizes are `s0` to `s9`.
fn check_size(size: &str) -> Result<(), ApiError> {
    match size.as_bytes() {
        [b's', b'0'..=b'9'] => Ok(()),
        _ => Err(ApiError::new(Reason::InvalidFormat, "sizes are s0 to s9")),
    }
}

/// A 3D asset by the digits of its id.
#[utoipa::path(
    get, path = "/media/render/asset/{file}", tag = "media",
    params(("file" = String, Path, description = "The asset's id without dashes")),
    responses(
        (status = 200, content_type = "model/gltf-binary", description = "Binary glTF"),
        (status = 304, description = "The client has it already"),
    ),
    extensions(("x-reasons" = json!(reasons![InvalidFormat, FailedToGetAsset]))),
)]
async fn asset(PathText(file): PathText, request: Request) -> Result<Response, ApiError> {
    check_name(&file)?;
    let found = find(SHAPES, &file).ok_or(Reason::FailedToGetAsset)?;
    Ok(serve(found, "model/gltf-binary", request.headers()))
}

/// A picture in a size. Shipped pictures have one size, which is never enlarged; it is given for
/// all.
#[utoipa::path(
    get, path = "/media/render/texture/{rsize}/{file}", tag = "media",
    params(("rsize" = String, Path, description = "`s0` to `s9`"), ("file" = String, Path)),
    responses(
        (status = 200, content_type = "image/png",
            description = "The picture; `x-width` and `x-height` tell its size"),
        (status = 304, description = "The client has it already"),
    ),
    extensions(("x-reasons" = json!(reasons![InvalidFormat, FailedToGetTexture]))),
)]
async fn texture(PathTexts(names): PathTexts<2>, request: Request) -> Result<Response, ApiError> {
    let [size, file] = names;
    check_size(&size)?;
    check_name(&file)?;
    picture(&file, Reason::FailedToGetTexture, request.headers())
}

/// A picture as it was stored.
#[utoipa::path(
    get, path = "/media/render/get/{file}", tag = "media", params(("file" = String, Path)),
    responses(
        (status = 200, content_type = "image/png",
            description = "The picture; `x-width` and `x-height` tell its size"),
        (status = 304, description = "The client has it already"),
    ),
    extensions(("x-reasons" = json!(reasons![InvalidFormat, FailedToGetImage]))),
)]
async fn image(PathText(file): PathText, request: Request) -> Result<Response, ApiError> {
    check_name(&file)?;
    picture(&file, Reason::FailedToGetImage, request.headers())
}

fn picture(id: &str, reason: Reason, headers: &HeaderMap) -> Result<Response, ApiError> {
    let found = find(IMAGES, id).or_else(|| find(SKIES, id));
    let found = found.ok_or(reason)?;
    let mut response = serve(found, "image/png", headers);
    if let Some((width, height)) = png_size(found.1) {
        response
            .headers_mut()
            .insert(HeaderName::from_static("x-width"), width.into());
        response
            .headers_mut()
            .insert(HeaderName::from_static("x-height"), height.into());
    }
    Ok(response)
}

/// The file, or 304 for a client that has it.
fn serve((name, bytes): File, content_type: &'static str, headers: &HeaderMap) -> Response {
    let tag = format!("\"{name}\"");
    let known = headers
        .get(IF_NONE_MATCH)
        .and_then(|value| value.to_str().ok());
    let known = known.is_some_and(|tags| {
        tags.split(',').any(|known| {
            matches!(known.trim(), "*") || known.trim().trim_start_matches("W/") == tag
        })
    });
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        bytes.into_response()
    };
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(FOREVER));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(ETAG, tag);
    }
    response
}

/// Width and height of a PNG, from its first chunk.
fn png_size(bytes: &[u8]) -> Option<(u32, u32)> {
    let number = |at: usize| Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
    Some((number(16)?, number(20)?))
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path as FilePath};

    use super::*;

    #[test]
    fn every_shipped_file_is_served() {
        for (folder, files) in [("shapes", SHAPES), ("sky", SKIES), ("images", IMAGES)] {
            let folder = FilePath::new(env!("CARGO_MANIFEST_DIR"))
                .join("../assets")
                .join(folder);
            let listed = fs::read_dir(&folder)
                .expect("is there")
                .map(|entry| entry.expect("readable").path());
            for path in listed {
                let name = path
                    .file_stem()
                    .and_then(|name| name.to_str())
                    .expect("a name");
                let (_, bytes) = find(files, &name.replace('-', "")).expect("in the table");
                assert_eq!(bytes, fs::read(&path).expect("readable"), "{name}");
            }
        }
    }

    #[test]
    fn a_client_that_has_a_file_gets_none() {
        let mut headers = HeaderMap::new();
        let first = serve(IMAGES[0], "image/png", &headers);
        assert_eq!(first.status(), StatusCode::OK);
        headers.insert(IF_NONE_MATCH, first.headers()[ETAG].clone());
        assert_eq!(
            serve(IMAGES[0], "image/png", &headers).status(),
            StatusCode::NOT_MODIFIED
        );
        assert_eq!(
            serve(IMAGES[1], "image/png", &headers).status(),
            StatusCode::OK
        );
    }

    #[test]
    fn names_lead_nowhere_and_sizes_are_known() {
        for name in ["", "..", "a/b", "a.png", "5b5bd872-0328"] {
            assert!(check_name(name).is_err(), "{name}");
        }
        assert!(check_size("s8").is_ok());
        for size in ["s", "s10", "m1", "8"] {
            assert!(check_size(size).is_err(), "{size}");
        }
        assert_eq!(png_size(SKIES[0].1), Some((4096, 2048)));
    }
}
