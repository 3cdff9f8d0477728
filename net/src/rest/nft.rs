//! Metadata of the tokens of worlds, for those who trade them (docs/spec/model.md §8.6).

use axum::{
    extract::{FromRequestParts, RawPathParams, State},
    http::request::Parts,
    response::Response,
};
use components::Reason;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{ApiError, App, lists::ListRequest, reasons};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(metadata))
}

/// The metadata of a token.
#[derive(Debug, Serialize, ToSchema)]
struct Nft {
    name: String,
    description: String,
    /// URL of a picture.
    image: String,
    /// URL of the world.
    external_url: String,
    #[schema(required)]
    attributes: Option<Vec<Trait>>,
}

/// Something that sets a token apart.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NftTrait)]
struct Trait {
    trait_type: &'static str,
    value: &'static str,
}

impl From<node::Nft> for Nft {
    fn from(nft: node::Nft) -> Self {
        let origin = Trait {
            trait_type: "type",
            value: "origin",
        };
        Self {
            name: nft.name,
            description: nft.description,
            image: nft.image,
            external_url: nft.external_url,
            attributes: nft.is_origin.then(|| vec![origin]),
        }
    }
}

/// The metadata of a world's token. A token without a world has some as well.
#[utoipa::path(
    get, path = "/nft/{nftID}", tag = "nft",
    params((
        "nftID" = String, Path, pattern = "^[0-9]{1,38}$",
        description = "The world's id as a decimal number of at most 128 bits.",
    )),
    responses((status = 200, body = Nft)),
    extensions(("x-reasons" = json!(reasons![InvalidNftId]))),
)]
async fn metadata(
    State(app): State<App>,
    Token(token): Token,
    list_request: ListRequest,
) -> Result<Response, ApiError> {
    let nft = async { Ok(Nft::from(app.node.nft(token).await?)) };
    app.lists.answer(&app.node, list_request, nft).await
}

/// The number in the path.
struct Token(u128);

impl FromRequestParts<App> for Token {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let params = RawPathParams::from_request_parts(parts, app).await.ok();
        let number = params.as_ref().and_then(|params| params.iter().next());
        // The parser of the standard library takes a sign as well.
        let number = number.filter(|(_, text)| text.bytes().all(|byte| byte.is_ascii_digit()));
        let number = number.and_then(|(_, text)| text.parse().ok());
        number.map(Self).ok_or_else(|| Reason::InvalidNftId.into())
    }
}
