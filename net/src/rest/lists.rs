//! Lists that are the same for whoever asks: rendered once, and kept for as long as nothing in the
//! database changes.
//!
//! A kept list is never stale: each request asks the database for its version, which any commit
//! changes, whoever made it, and what was rendered at another version is rendered again. Only what
//! comes from the database alone, and does not depend on the caller, may be answered this way.

use std::{collections::HashMap, convert::Infallible, io::Write, sync::Arc};

use axum::{
    body::Body,
    extract::FromRequestParts,
    http::{
        HeaderMap, HeaderValue,
        header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, ETAG, VARY},
        request::Parts,
    },
    response::Response,
};
use bytes::Bytes;
use components::Reason;
use flate2::{Compression, write::GzEncoder};
use node::{Node, Version, VersionedCache};
use parking_lot::Mutex;
use serde::Serialize;
use tokio::sync::OnceCell;

use super::{ApiError, App, etag};

/// Lists kept at most.
const MAX_LISTS: usize = 1024;
/// Bytes kept at most: some 150 of the longest lists.
const MAX_BYTES: usize = 64 * 1024 * 1024;
/// A shorter list fits into a packet or two and is not worth compressing.
const MIN_COMPRESSED: usize = 1024;

/// Key of a list, and the form in which the client takes it.
pub(super) struct ListRequest {
    /// Path and query.
    key: String,
    takes_gzip: bool,
}

impl FromRequestParts<App> for ListRequest {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _app: &App) -> Result<Self, Infallible> {
        Ok(Self {
            key: parts.uri.to_string(),
            takes_gzip: takes_gzip(&parts.headers),
        })
    }
}

/// The lists that are kept.
#[derive(Default)]
pub(crate) struct Lists(Mutex<HashMap<String, Arc<VersionedCache<List>>>>);

/// A rendered list.
struct List {
    etag: HeaderValue,
    json: Bytes,
    /// Made when it is first asked for.
    gzip: OnceCell<Bytes>,
}

impl Lists {
    /// Answers with what is kept, or with what `make` comes to if there is nothing of this version.
    pub(super) async fn answer<T: Serialize>(
        &self,
        node: &Node,
        request: ListRequest,
        make: impl Future<Output = Result<T, ApiError>>,
    ) -> Result<Response, ApiError> {
        let (place, is_new) = self.place(&request.key);
        let list = node
            .cached(&place, async { List::render(&make.await?) })
            .await;
        match place.newest() {
            Some((version, _)) if is_new => self.bound(&version),
            Some(_) => {}
            // An absent list takes no place either.
            None => drop(self.0.lock().remove(&request.key)),
        }
        list?.answer(request.takes_gzip).await
    }

    /// Place of a list, and whether this is the first request for it.
    fn place(&self, key: &str) -> (Arc<VersionedCache<List>>, bool) {
        let mut places = self.0.lock();
        if let Some(place) = places.get(key) {
            return (Arc::clone(place), false);
        }
        let place = Arc::<VersionedCache<List>>::default();
        places.insert(key.to_owned(), Arc::clone(&place));
        (place, true)
    }

    /// Forgets what is too much: first what is outdated, and if that is not enough, everything.
    fn bound(&self, version: &Version) {
        let mut places = self.0.lock();
        let is_too_much = |places: &HashMap<String, Arc<VersionedCache<List>>>| {
            let bytes = places.values().filter_map(|place| place.newest());
            let bytes: usize = bytes.map(|(_, list)| list.size()).sum();
            places.len() > MAX_LISTS || bytes > MAX_BYTES
        };
        if is_too_much(&places) {
            places.retain(|_, place| place.at(version).is_some());
        }
        if is_too_much(&places) {
            places.clear();
        }
    }
}

impl List {
    fn render(rows: &impl Serialize) -> Result<List, ApiError> {
        let json = serde_json::to_vec(rows).map_err(|error| {
            tracing::error!(%error, "a list cannot be rendered");
            ApiError::from(Reason::InternalError)
        })?;
        Ok(List {
            etag: etag::of(&json),
            json: json.into(),
            gzip: OnceCell::new(),
        })
    }

    fn size(&self) -> usize {
        self.json.len() + self.gzip.get().map_or(0, Bytes::len)
    }

    async fn answer(&self, takes_gzip: bool) -> Result<Response, ApiError> {
        let response = Response::builder()
            .header(CONTENT_TYPE, "application/json")
            .header(ETAG, &self.etag)
            .header(VARY, "accept-encoding");
        let response = if takes_gzip && self.json.len() >= MIN_COMPRESSED {
            let gzip = self.gzip.get_or_try_init(|| compress(self.json.clone()));
            response
                .header(CONTENT_ENCODING, "gzip")
                .body(Body::from(gzip.await?.clone()))
        } else {
            response.body(Body::from(self.json.clone()))
        };
        response.map_err(|_| ApiError::from(Reason::InternalError))
    }
}

/// Compresses off the threads that answer requests: it takes milliseconds.
async fn compress(json: Bytes) -> Result<Bytes, ApiError> {
    let compressed = tokio::task::spawn_blocking(move || {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
        gzip.write_all(&json)?;
        gzip.finish()
    });
    match compressed.await {
        Ok(Ok(gzip)) => Ok(gzip.into()),
        _ => Err(ApiError::from(Reason::InternalError)),
    }
}

/// Whether the client says that it takes gzip, and not that it does not.
fn takes_gzip(headers: &HeaderMap) -> bool {
    let codings = headers
        .get_all(ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    codings
        .map(|coding| coding.split_once(';').unwrap_or((coding, "")))
        .any(|(name, weight)| {
            let weight = weight.trim().trim_start_matches("q=");
            let is_refused = weight.parse::<f32>().is_ok_and(|weight| weight <= 0.0);
            name.trim().eq_ignore_ascii_case("gzip") && !is_refused
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_for_those_who_take_it() {
        let says = |text: &'static str| {
            takes_gzip(&HeaderMap::from_iter([(
                ACCEPT_ENCODING,
                HeaderValue::from_static(text),
            )]))
        };
        for yes in ["gzip", "br, gzip", "GZIP;q=0.5", "deflate,gzip;q=1.0"] {
            assert!(says(yes), "{yes}");
        }
        for no in ["", "br", "gzip;q=0", "identity, gzip; q=0.0", "notgzip"] {
            assert!(!says(no), "{no}");
        }
        assert!(!takes_gzip(&HeaderMap::new()));
    }
}
