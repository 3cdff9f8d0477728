//! The REST API: routers, what wraps them, and the generated OpenAPI document (docs/spec/rest.md).
//!
//! A new endpoint is one function with `#[utoipa::path]` in the file of its resource and one line
//! in that file's `routes`. Handlers translate between HTTP and the node's operations; rules live
//! in the node.

mod agora;
mod app;
mod assets;
mod attributes;
mod auth;
mod caller;
mod canvas;
mod docks;
mod document;
mod error;
mod etag;
mod extract;
mod geometry;
mod hosting;
mod layers;
mod leonardo;
mod lists;
mod media;
mod members;
mod newsfeed;
mod nft;
mod node_owner;
mod objects;
mod pages;
mod plugins;
mod profile;
mod query;
mod quic;
mod reasons;
mod request_log;
mod skybox;
mod stakes;
mod streamchat;
mod system;
mod timeline;
mod users;
mod worlds;

use axum::{Router, extract::DefaultBodyLimit, middleware, routing::get};
use tower_http::compression::CompressionLayer;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_swagger_ui::SwaggerUi;

use self::{
    caller::Authenticated,
    error::ApiError,
    extract::{Body, PathId, PathIds, PathText, Query, bytes_of},
    reasons::reasons,
};

pub use self::app::App;

/// Path of the versioned API (docs/spec/rest.md §1).
const BASE: &str = "/api/v4";

/// Everything HTTP: the API below `/api/v4`, its documentation, and the node's own pages. `GET
/// /posbus` is mounted beside.
///
/// Served with the peer's address as connect info, which the rate limits go by.
pub fn router(app: App) -> Router {
    let (api, _) = versioned(api()).split_for_parts();
    let document = document::complete(documented().into_openapi());
    let pages = Router::new()
        .route("/", get(pages::status))
        .route("/claim", get(node_owner::page))
        .route("/metrics", get(system::metrics));
    let docs = SwaggerUi::new("/api/docs").url(format!("{BASE}/openapi.json"), document);
    let api = Router::new()
        .merge(api)
        .merge(system_routes())
        .merge(pages)
        .merge(Router::<App>::from(docs))
        .fallback(pages::unknown)
        .method_not_allowed_fallback(pages::unknown)
        .layer(DefaultBodyLimit::max(extract::MAX_BODY))
        .layer(middleware::from_fn(etag::tag))
        .layer(CompressionLayer::new())
        .layer(middleware::from_fn_with_state(app.clone(), layers::guard))
        .layer(middleware::from_fn_with_state(app.clone(), layers::limit))
        .layer(layers::cors(&app.options));
    Router::new()
        .merge(api)
        .merge(contents(&app))
        .merge(uploads(&app))
        .layer(middleware::map_response(layers::name_charset))
        .layer(middleware::from_fn(request_log::log_request))
        .with_state(app)
}

/// The OpenAPI document of the API.
pub fn openapi() -> utoipa::openapi::OpenApi {
    document::complete(documented().into_openapi())
}

/// The OpenAPI document as the JSON that is kept in `docs/openapi.json`.
///
/// # Errors
/// None that is known of.
pub fn openapi_json() -> serde_json::Result<String> {
    serde_json::to_string_pretty(&openapi()).map(|json| json + "\n")
}

/// Delivery of contents: compressed as they are, tagged by their names, open to all pages.
fn contents(app: &App) -> Router<App> {
    let (contents, _) = versioned(media::routes()).split_for_parts();
    contents
        .merge(media::gateway().split_for_parts().0)
        .merge(media::former_routes())
        .layer(middleware::from_fn_with_state(app.clone(), layers::guard))
        .layer(middleware::from_fn_with_state(app.clone(), layers::limit))
        .layer(layers::open_to_all())
}

/// Uploads: as large as their kinds may be, and as slow as their progress allows.
fn uploads(app: &App) -> Router<App> {
    let uploads = media::uploads().merge(assets::uploads());
    let (uploads, _) = versioned(uploads).split_for_parts();
    uploads
        .layer(DefaultBodyLimit::disable())
        .layer(middleware::from_fn(layers::guard_panics))
        .layer(middleware::from_fn_with_state(
            app.clone(),
            layers::limit_uploads,
        ))
        .layer(middleware::from_fn_with_state(app.clone(), layers::limit))
        .layer(layers::cors(&app.options))
}

/// Routes below the path of this version.
fn versioned(routes: OpenApiRouter<App>) -> OpenApiRouter<App> {
    OpenApiRouter::new().nest(BASE, routes)
}

fn system_routes() -> Router<App> {
    system::routes().split_for_parts().0
}

fn documented() -> OpenApiRouter<App> {
    let all = api()
        .merge(media::routes())
        .merge(media::uploads())
        .merge(assets::uploads());
    OpenApiRouter::with_openapi(Document::openapi())
        .merge(system::routes())
        .merge(media::gateway())
        .merge(versioned(all))
}

fn api() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .merge(auth::routes())
        .merge(users::routes())
        .merge(stakes::routes())
        .merge(nft::routes())
        .merge(profile::routes())
        .merge(node_owner::routes())
        .merge(worlds::routes())
        .merge(objects::routes())
        .merge(attributes::routes())
        .merge(members::routes())
        .merge(newsfeed::routes())
        .merge(timeline::routes())
        .merge(canvas::routes())
        .merge(hosting::routes())
        .merge(docks::routes())
        .merge(plugins::routes())
        .merge(assets::routes())
        .merge(agora::routes())
        .merge(streamchat::routes())
        .merge(skybox::routes())
        .merge(leonardo::routes())
        .merge(quic::routes())
}

#[derive(OpenApi)]
#[openapi(
    info(title = "odyssey", description = "Shared 3D worlds: users, worlds, objects and their attributes.\n\n\
        Get a token from `/api/v4/auth/guest-token` and send it as `Authorization: Bearer TOKEN`. Bodies are JSON whatever \
        their content type; unknown keys are ignored. Every failure has the one body `ErrorBody` with a stable `reason`. An \
        empty success is `null`."),
    modifiers(&BearerToken),
    components(schemas(error::ErrorBody))
)]
struct Document;

struct BearerToken;

impl utoipa::Modify for BearerToken {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("JWT")
            .build();
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("bearer", SecurityScheme::Http(scheme));
    }
}

#[cfg(test)]
mod tests {
    use super::openapi;

    #[test]
    fn the_document_knows_the_routes_and_how_to_log_in() {
        let document = serde_json::to_value(openapi()).expect("serialises");
        for path in [
            "/version",
            "/api/v4/objects/{objectID}/attributes/sub",
            "/api/v4/worlds",
        ] {
            assert!(document["paths"].get(path).is_some(), "{path}");
        }
        assert_eq!(
            document["components"]["securitySchemes"]["bearer"]["scheme"],
            "bearer"
        );
        assert!(document["components"]["schemas"].get("ErrorBody").is_some());
    }
}
