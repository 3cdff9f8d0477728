//! The node's own pages, and the answer to paths that lead nowhere.

use axum::{
    http::header::{CACHE_CONTROL, HeaderName, X_CONTENT_TYPE_OPTIONS},
    response::Html,
};
use components::Reason;

use super::ApiError;

/// Status of the node, for people; reads `/status.json`.
pub(super) async fn status() -> ([(HeaderName, &'static str); 2], Html<&'static str>) {
    let headers = [
        (CACHE_CONTROL, "no-cache"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (
        headers,
        Html(include_str!("../../../assets/web/status.html")),
    )
}

/// An unknown path, or a known one with a method it does not have (docs/spec/rest.md §1).
pub(super) async fn unknown() -> ApiError {
    Reason::RouteNotFound.into()
}
