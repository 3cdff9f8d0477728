//! Answers that a client has already: each JSON answer to a GET carries an `ETag`, and a client
//! that names it gets 304 instead of the body (docs/spec/rest.md §7).

use axum::{
    body::{Body, HttpBody},
    extract::Request,
    http::{
        HeaderMap, HeaderValue, Method, StatusCode,
        header::{
            CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG, IF_NONE_MATCH,
        },
    },
    middleware::Next,
    response::{IntoResponse, Response},
};
use components::Reason;
use sha2::{Digest, Sha256};

use super::{ApiError, BASE};

/// Largest answer that is looked at: all that are made in memory.
const MAX_BODY: u64 = 16 * 1024 * 1024;
/// Browsers keep the answer, ask whether it still holds each time, and show it to nobody else.
const ASK_AGAIN: HeaderValue = HeaderValue::from_static("private, no-cache");

/// The tag of a body. A weak one: the same list compressed is still the same list.
pub(super) fn of(body: &[u8]) -> HeaderValue {
    let hash = Sha256::digest(body);
    let text = format!("W/\"{}\"", hex::encode(&hash[..16]));
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("W/\"\""))
}

/// Tags JSON answers to GETs of the API, and leaves out the body that the client has.
pub(super) async fn tag(request: Request, next: Next) -> Response {
    if request.method() != Method::GET || !request.uri().path().starts_with(BASE) {
        return next.run(request).await;
    }
    let known = request.headers().get_all(IF_NONE_MATCH);
    let known: Vec<HeaderValue> = known.iter().cloned().collect();
    let response = next.run(request).await;
    if response.status() != StatusCode::OK || !is_json(response.headers()) {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let (tag, body) = match parts.headers.get(ETAG) {
        Some(tag) => (tag.clone(), body),
        None if body
            .size_hint()
            .upper()
            .is_some_and(|size| size <= MAX_BODY) =>
        {
            let Ok(bytes) = axum::body::to_bytes(body, MAX_BODY as usize).await else {
                return ApiError::from(Reason::InternalError).into_response();
            };
            (of(&bytes), Body::from(bytes))
        }
        None => return Response::from_parts(parts, body),
    };
    parts.headers.insert(CACHE_CONTROL, ASK_AGAIN);
    let is_known = known.iter().any(|value| names(value, &tag));
    parts.headers.insert(ETAG, tag);
    if !is_known {
        return Response::from_parts(parts, body);
    }
    parts.status = StatusCode::NOT_MODIFIED;
    for header in [CONTENT_TYPE, CONTENT_LENGTH, CONTENT_ENCODING] {
        parts.headers.remove(header);
    }
    Response::from_parts(parts, Body::empty())
}

fn is_json(headers: &HeaderMap) -> bool {
    headers
        .get(CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"))
}

/// Whether a list of tags has this one, strong or weak.
fn names(list: &HeaderValue, tag: &HeaderValue) -> bool {
    let opaque = |text: &str| text.trim().trim_start_matches("W/").to_owned();
    match (list.to_str(), tag.to_str()) {
        (Ok(list), Ok(tag)) => {
            list.trim() == "*" || list.split(',').any(|one| opaque(one) == opaque(tag))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_found_in_lists_of_them() {
        let tag = of(b"[]");
        let text = tag.to_str().expect("text").to_owned();
        let strong = text.trim_start_matches("W/").to_owned();
        for list in [
            text.clone(),
            strong,
            format!("\"x\", {text}"),
            "*".to_owned(),
        ] {
            let list = HeaderValue::try_from(list).expect("a header");
            assert!(names(&list, &tag), "{list:?}");
        }
        assert!(!names(&of(b"{}"), &tag));
        assert!(!names(&HeaderValue::from_static(""), &tag));
    }
}
