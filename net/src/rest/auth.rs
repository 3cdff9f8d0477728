//! Getting a session token: as a guest, or by proving a wallet (docs/spec/rest.md §4).

use axum::{Json, extract::State};
use chrono::Utc;
use components::Reason;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{ApiError, App, Body, Query, reasons, users::User};
use crate::auth::{self, SignatureError};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(challenge))
        .routes(routes!(token))
        .routes(routes!(guest_token))
}

/// User of the challenge.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct ForWallet {
    /// `0x` and 40 (Ethereum address) or 64 (Substrate public key) hexadecimal digits.
    wallet: String,
}

/// The text to sign.
#[derive(Debug, Serialize, ToSchema)]
struct Challenge {
    challenge: String,
}

/// Makes a challenge for a wallet; it can be answered once within five minutes. Those made before
/// stay good.
#[utoipa::path(
    get, path = "/auth/challenge", tag = "auth", params(ForWallet),
    responses((status = 200, body = Challenge)),
    extensions(("x-reasons" = json!(reasons![InvalidRequestQuery]))),
)]
async fn challenge(
    State(app): State<App>,
    Query(query): Query<ForWallet>,
) -> Result<Json<Challenge>, ApiError> {
    let challenge = app.node.begin_challenge(&query.wallet).await?;
    Ok(Json(Challenge { challenge }))
}

/// A challenge signed by a wallet.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct SignedChallenge {
    /// The wallet of the challenge.
    pub(super) wallet: String,
    /// Signature in hexadecimal.
    pub(super) signed_challenge: String,
    /// `ethereum`; anything else is Substrate.
    pub(super) network: Option<String>,
}

impl SignedChallenge {
    /// The wallet that is proven by this answer to one of its challenges, which is spent.
    pub(super) async fn verify(
        &self,
        app: &App,
    ) -> Result<Result<String, SignatureError>, ApiError> {
        self.check()?;
        let verify = |challenge: &str| {
            auth::verify_wallet(
                self.network.as_deref(),
                &self.wallet,
                challenge,
                &self.signed_challenge,
            )
        };
        Ok(app.node.answer_challenge(&self.wallet, verify).await?)
    }

    /// Required texts have to be there and not empty (docs/spec/rest.md §1).
    fn check(&self) -> Result<(), ApiError> {
        if self.wallet.is_empty() || self.signed_challenge.is_empty() {
            return Err(ApiError::new(
                Reason::InvalidRequestBody,
                "wallet and signedChallenge are required",
            ));
        }
        Ok(())
    }
}

/// A session token.
#[derive(Debug, Serialize, ToSchema)]
struct Token {
    token: String,
}

/// Logs a wallet in; the first time makes its user. The challenge that is answered is spent, and a
/// wrong answer spends one, too.
#[utoipa::path(
    post, path = "/auth/token", tag = "auth", request_body = SignedChallenge,
    responses((status = 200, body = Token)),
    extensions(("x-reasons" = json!(reasons![
        SignatureValidationFailed, InvalidSignature, ChallengeNotFound,
    ]))),
)]
async fn token(
    State(app): State<App>,
    Body(proof): Body<SignedChallenge>,
) -> Result<Json<Token>, ApiError> {
    let wallet = proof.verify(&app).await?.map_err(|error| match error {
        SignatureError::Malformed => {
            ApiError::new(Reason::SignatureValidationFailed, error.to_string())
        }
        SignatureError::Mismatch => ApiError::new(Reason::InvalidSignature, error.to_string()),
    })?;
    let user = app.node.user_for_wallet(&wallet).await?;
    Ok(Json(Token {
        token: app.keys.issue(user, Utc::now()),
    }))
}

/// Makes a guest. Whatever body comes is ignored.
#[utoipa::path(
    post, path = "/auth/guest-token", tag = "auth",
    responses((status = 200, body = User, description = "With `token`")),
)]
async fn guest_token(State(app): State<App>) -> Result<Json<User>, ApiError> {
    let guest = app.node.create_guest().await?;
    let token = app.keys.issue(guest.id, Utc::now());
    Ok(Json(User::own(&app.node, &guest, Some(token))))
}
