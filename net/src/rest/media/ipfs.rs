//! A trustless gateway to the contents of this node: what it sends can be verified by its name
//! (docs/spec/media.md §4).

use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderName, HeaderValue, header::ACCEPT},
    response::Response,
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    super::{ApiError, App, PathText, reasons},
    RenderRequest, check_name,
    deliver::{self, Described},
    describe,
};

const RAW: &str = "application/vnd.ipld.raw";
const CAR: &str = "application/vnd.ipld.car";

/// The route of the gateway, at the root.
pub(in crate::rest) fn gateway() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(content))
}

/// Form in which a content is asked for.
enum Form {
    File,
    Block,
    Archive,
}

impl Form {
    fn of(request: &Request) -> Self {
        let query = request.uri().query().unwrap_or_default();
        let format = form_urlencoded::parse(query.as_bytes());
        let format = format.into_iter().find(|(key, _)| key == "format");
        let accepts = |mime: &str| {
            let accept = request
                .headers()
                .get(ACCEPT)
                .and_then(|accept| accept.to_str().ok());
            accept.is_some_and(|accept| accept.contains(mime))
        };
        match format.as_ref().map(|(_, value)| value.as_ref()) {
            Some("raw") => Self::Block,
            Some("car") => Self::Archive,
            Some(_) => Self::File,
            None if accepts(RAW) => Self::Block,
            None if accepts(CAR) => Self::Archive,
            None => Self::File,
        }
    }
}

/// A content by its name in IPFS: the file, with `format=raw` one block of it, with `format=car` an
/// archive of all its blocks.
#[utoipa::path(
    get, path = "/ipfs/{cid}", tag = "media",
    params(
        ("cid" = String, Path, description = "CID of SHA-256"),
        ("format" = Option<String>, Query, description = "`raw` or `car`; `Accept` says it as well"),
    ),
    responses(
        (status = 200, content_type = "*/*", description = "The content"),
        (status = 206, content_type = "*/*",
            description = "The part that `Range` asks for"),
        (status = 304, description = "The client has it already"),
    ),
    extensions(("x-reasons" = json!(reasons![InvalidFormat, NotFound, MediaBlocked]))),
)]
async fn content(
    State(app): State<App>,
    PathText(cid): PathText,
    request: Request,
) -> Result<Response, ApiError> {
    check_name(&cid)?;
    let (form, render) = (Form::of(&request), RenderRequest::of(&request));
    let delivery = render.delivery();
    let mut response = match form {
        Form::Block => {
            let block = app.node.ipfs_block(&cid).await?;
            let content = Described {
                tag: format!("{}.raw", block.cid),
                mime: RAW.to_owned(),
                size: block.bytes.len() as u64,
                created: chrono::DateTime::UNIX_EPOCH,
                name: format!("{}.bin", block.cid),
                pixels: None,
                is_code: false,
                negotiated: true,
            };
            deliver::bytes(&content, &delivery, &block.bytes)
        }
        Form::Archive => {
            let tree = app.node.content_of_cid(&cid).await?;
            let described = Described {
                tag: format!("{}.car", tree.file.row.blob.cid),
                mime: format!("{CAR}; version=1; order=unk; dups=y"),
                name: format!("{}.car", tree.file.row.blob.cid),
                negotiated: true,
                ..describe(&tree.file, false)
            };
            if deliver::is_known(&described, delivery.headers) {
                deliver::not_modified(&described, &delivery)
            } else {
                let body = Body::from_stream(app.node.ipfs_archive(tree));
                deliver::stream(&described, &delivery, body)
            }
        }
        Form::File => {
            let file = app.node.content_of_cid(&cid).await?.file;
            let described = Described {
                tag: file.row.blob.cid.clone(),
                negotiated: true,
                ..describe(&file, false)
            };
            deliver::file(&app, &file, &described, &delivery).await?
        }
    };
    if let Ok(path) = HeaderValue::from_str(&format!("/ipfs/{cid}")) {
        response
            .headers_mut()
            .insert(HeaderName::from_static("x-ipfs-path"), path);
    }
    Ok(response)
}
