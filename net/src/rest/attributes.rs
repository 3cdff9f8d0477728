//! Attributes of all five kinds (docs/spec/model.md §5.1, §5.6).
//!
//! The operations on one attribute are written once ([`one`]) and mounted for each kind of
//! owner ([`kinds`]).

mod entries;
mod kinds;
mod lists;
mod one;
mod reference;

use serde_json::{Map, Value};
use utoipa_axum::router::OpenApiRouter;

use super::App;

/// The value of an attribute.
type ValueMap = Map<String, Value>;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .merge(kinds::routes())
        .merge(lists::routes())
        .merge(entries::routes())
}
