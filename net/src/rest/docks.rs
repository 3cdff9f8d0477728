//! Docks between the worlds of two users (docs/spec/model.md §4.8).

use axum::{Json, extract::State, http::StatusCode};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{ApiError, App, Authenticated, Body, extract::required_text, reasons};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(dock, undock))
}

/// Worlds of the owners of these wallets, one of whom is the caller.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Docked {
    #[schema(required, nullable = false)]
    wallet_a: Option<String>,
    #[schema(required, nullable = false)]
    wallet_b: Option<String>,
}

impl Docked {
    fn wallets(self) -> Result<(String, String), ApiError> {
        let message = "walletA and walletB are required";
        Ok((
            required_text(self.wallet_a, message)?,
            required_text(self.wallet_b, message)?,
        ))
    }
}

/// Asks for a dock between two worlds, or, if the other side has asked for it in the last seven
/// days, makes it: a portal in each, and each owner admin of the other's.
#[utoipa::path(
    post, path = "/users/mutual-docks", tag = "docks", security(("bearer" = [])),
    request_body = Docked,
    responses((status = 200, description = "null")),
    extensions(("x-reasons" = json!(reasons![
        ChildLimitReached, NotYourWallet, UserANotFound, UserBNotFound, UserAWorldNotFound,
        UserBWorldNotFound, TooManyWishes, TooManyMembers, WorldHasAnotherOwner,
    ]))),
)]
async fn dock(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Body(docked): Body<Docked>,
) -> Result<Json<()>, ApiError> {
    let (a, b) = docked.wallets()?;
    app.node.dock(caller, &a, &b).await?;
    Ok(Json(()))
}

/// Ends a dock, with both portals and both roles, or takes the request for one back. Either side
/// may.
#[utoipa::path(
    delete, path = "/users/mutual-docks", tag = "docks", security(("bearer" = [])),
    request_body = Docked,
    responses((status = 202, description = "null")),
    extensions(("x-reasons" = json!(reasons![NotYourWallet, UserANotFound, UserBNotFound]))),
)]
async fn undock(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Body(docked): Body<Docked>,
) -> Result<(StatusCode, Json<()>), ApiError> {
    let (a, b) = docked.wallets()?;
    app.node.undock(caller, &a, &b).await?;
    Ok((StatusCode::ACCEPTED, Json(())))
}
