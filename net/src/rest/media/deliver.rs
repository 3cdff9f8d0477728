//! Answers with contents: validators, ranges, and headers that make them safe and cached for ever
//! (docs/spec/media.md §2.4, §6 G).

use std::ops::Range;

use axum::{
    body::Body,
    http::{
        HeaderMap, HeaderName, HeaderValue, Method, StatusCode,
        header::{
            ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE,
            CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_MODIFIED_SINCE, IF_NONE_MATCH,
            IF_RANGE, LAST_MODIFIED, RANGE, VARY, X_CONTENT_TYPE_OPTIONS,
        },
    },
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use chrono::{DateTime, NaiveDateTime, Utc};
use node::MediaFile;

use super::super::{ApiError, App};

/// The meaning of a name never changes.
const FOREVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");
/// A content, whatever it claims to be, does nothing in the name of this server.
const SANDBOX: HeaderValue = HeaderValue::from_static("default-src 'none'; sandbox");
const DATE: &str = "%a, %d %b %Y %H:%M:%S GMT";

/// The part of a request that decides what is sent.
pub(super) struct DeliveryRequest<'a> {
    pub(super) method: &'a Method,
    pub(super) headers: &'a HeaderMap,
    /// Whether the client wants to save the file.
    pub(super) download: bool,
}

/// Headers of a content.
pub(super) struct Described {
    /// Tag of the representation, without quotes.
    pub(super) tag: String,
    pub(super) mime: String,
    pub(super) size: u64,
    pub(super) created: DateTime<Utc>,
    /// Name for whoever saves it.
    pub(super) name: String,
    pub(super) pixels: Option<(u32, u32)>,
    /// Whether scripts in it are meant to run.
    pub(super) is_code: bool,
    /// Whether the answer depends on what the client reads.
    pub(super) negotiated: bool,
}

/// The answer to a request.
enum Answer {
    All,
    Part(Range<u64>),
    NotModified,
    OutOfRange,
}

/// Whether the client has the representation already.
pub(super) fn is_known(described: &Described, headers: &HeaderMap) -> bool {
    let tag = format!("\"{}\"", described.tag);
    if let Some(tags) = text(headers, IF_NONE_MATCH) {
        return tags.split(',').any(|known| {
            let known = known.trim();
            known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag
        });
    }
    let since = text(headers, IF_MODIFIED_SINCE).and_then(date);
    since.is_some_and(|since| described.created.timestamp() <= since.timestamp())
}

fn answer(described: &Described, headers: &HeaderMap) -> Answer {
    if is_known(described, headers) {
        return Answer::NotModified;
    }
    let Some(range) = text(headers, RANGE) else {
        return Answer::All;
    };
    // A part of something else would be glued to what the client has.
    if let Some(condition) = text(headers, IF_RANGE) {
        let same = match condition.starts_with('"') {
            true => condition == format!("\"{}\"", described.tag),
            false => date(condition)
                .is_some_and(|date| date.timestamp() == described.created.timestamp()),
        };
        if !same {
            return Answer::All;
        }
    }
    part(range, described.size)
}

/// The part that a header asks for. Several parts get everything, as the standard allows; what is
/// malformed is ignored.
fn part(range: &str, size: u64) -> Answer {
    let Some(ranges) = range.strip_prefix("bytes=") else {
        return Answer::All;
    };
    if ranges.contains(',') {
        return Answer::All;
    }
    let Some((first, last)) = ranges.trim().split_once('-') else {
        return Answer::All;
    };
    let number = |text: &str| match text.bytes().all(|byte| byte.is_ascii_digit()) {
        true => text.parse::<u64>().ok(),
        false => None,
    };
    let (begin, end) = match (first, last) {
        ("", "") => return Answer::All,
        ("", suffix) => match number(suffix) {
            Some(0) => return Answer::OutOfRange,
            Some(length) => (size.saturating_sub(length), size),
            None => return Answer::All,
        },
        (first, "") => match number(first) {
            Some(first) => (first, size),
            None => return Answer::All,
        },
        (first, last) => match (number(first), number(last)) {
            (Some(first), Some(last)) if first <= last => (first, last.saturating_add(1).min(size)),
            _ => return Answer::All,
        },
    };
    match begin < end && begin < size {
        true => Answer::Part(begin..end),
        false => Answer::OutOfRange,
    }
}

/// Sends a stored content.
pub(super) async fn file(
    app: &App,
    file: &MediaFile,
    described: &Described,
    delivery: &DeliveryRequest<'_>,
) -> Result<Response, ApiError> {
    let answer = answer(described, delivery.headers);
    let range = match &answer {
        Answer::All => 0..described.size,
        Answer::Part(range) => range.clone(),
        Answer::NotModified | Answer::OutOfRange => 0..0,
    };
    let body = if delivery.method == Method::HEAD || range.is_empty() {
        Body::empty()
    } else if app.node.is_small(file) {
        let all = app.node.media_bytes(file).await?.bytes;
        Body::from(slice(&all, &range))
    } else {
        Body::from_stream(app.node.media_stream(file, range.clone()).await?)
    };
    Ok(respond(described, delivery, &answer, &range, body))
}

/// Sends bytes that are in memory.
pub(super) fn bytes(
    described: &Described,
    delivery: &DeliveryRequest<'_>,
    all: &Bytes,
) -> Response {
    let answer = answer(described, delivery.headers);
    let range = match &answer {
        Answer::All => 0..described.size,
        Answer::Part(range) => range.clone(),
        Answer::NotModified | Answer::OutOfRange => 0..0,
    };
    let body = match delivery.method == Method::HEAD {
        true => Body::empty(),
        false => Body::from(slice(all, &range)),
    };
    respond(described, delivery, &answer, &range, body)
}

/// Sends what has no known length and no parts.
pub(super) fn stream(
    described: &Described,
    delivery: &DeliveryRequest<'_>,
    body: Body,
) -> Response {
    let body = match delivery.method == Method::HEAD {
        true => Body::empty(),
        false => body,
    };
    let mut response = respond(described, delivery, &Answer::All, &(0..0), body);
    response.headers_mut().remove(CONTENT_LENGTH);
    response.headers_mut().remove(ACCEPT_RANGES);
    response
}

/// Tells a client that it has the representation.
pub(super) fn not_modified(described: &Described, delivery: &DeliveryRequest<'_>) -> Response {
    respond(
        described,
        delivery,
        &Answer::NotModified,
        &(0..0),
        Body::empty(),
    )
}

fn slice(all: &Bytes, range: &Range<u64>) -> Bytes {
    let length = all.len() as u64;
    let (begin, end) = (range.start.min(length), range.end.min(length));
    all.slice(begin as usize..end as usize)
}

fn respond(
    described: &Described,
    delivery: &DeliveryRequest<'_>,
    answer: &Answer,
    range: &Range<u64>,
    body: Body,
) -> Response {
    let status = match answer {
        Answer::All => StatusCode::OK,
        Answer::Part(_) => StatusCode::PARTIAL_CONTENT,
        Answer::NotModified => StatusCode::NOT_MODIFIED,
        Answer::OutOfRange => StatusCode::RANGE_NOT_SATISFIABLE,
    };
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    let mut set = |name: HeaderName, value: String| {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    };
    set(ETAG, format!("\"{}\"", described.tag));
    set(LAST_MODIFIED, described.created.format(DATE).to_string());
    match answer {
        Answer::OutOfRange => set(CONTENT_RANGE, format!("bytes */{}", described.size)),
        Answer::Part(range) => {
            let (first, last) = (range.start, range.end - 1);
            set(
                CONTENT_RANGE,
                format!("bytes {first}-{last}/{}", described.size),
            );
        }
        _ => {}
    }
    if matches!(answer, Answer::All | Answer::Part(_)) {
        set(CONTENT_TYPE, described.mime.clone());
        set(CONTENT_LENGTH, (range.end - range.start).to_string());
        let how = if delivery.download {
            "attachment"
        } else {
            "inline"
        };
        set(
            CONTENT_DISPOSITION,
            format!("{how}; filename=\"{}\"", described.name),
        );
        if let Some((width, height)) = described.pixels {
            set(HeaderName::from_static("x-width"), width.to_string());
            set(HeaderName::from_static("x-height"), height.to_string());
        }
    }
    if !matches!(answer, Answer::OutOfRange) {
        headers.insert(CACHE_CONTROL, FOREVER);
    }
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, NOSNIFF);
    headers.insert(
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("cross-origin"),
    );
    if !described.is_code {
        headers.insert(CONTENT_SECURITY_POLICY, SANDBOX);
    }
    if described.negotiated {
        headers.insert(VARY, HeaderValue::from_static("accept"));
    }
    response
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn date(text: &str) -> Option<DateTime<Utc>> {
    NaiveDateTime::parse_from_str(text, DATE)
        .ok()
        .map(|date| date.and_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_those_of_the_standard() {
        let of = |range: &str| match part(range, 1000) {
            Answer::Part(range) => Some((range.start, range.end)),
            Answer::OutOfRange => Some((0, 0)),
            _ => None,
        };
        assert_eq!(of("bytes=0-1"), Some((0, 2)));
        assert_eq!(of("bytes=100-"), Some((100, 1000)));
        assert_eq!(of("bytes=-500"), Some((500, 1000)));
        assert_eq!(of("bytes=-5000"), Some((0, 1000)));
        assert_eq!(of("bytes=990-5000"), Some((990, 1000)));
        for unsatisfiable in ["bytes=1000-", "bytes=5000-6000", "bytes=-0"] {
            assert_eq!(of(unsatisfiable), Some((0, 0)), "{unsatisfiable}");
        }
        for ignored in [
            "",
            "lines=1-2",
            "bytes=",
            "bytes=5-2",
            "bytes=a-b",
            "bytes=+1-2",
            "bytes=0-1,5-6",
        ] {
            assert_eq!(of(ignored), None, "{ignored}");
        }
    }
}
