//! Users: oneself, others, and the wallets one logs in with (docs/spec/model.md §7.1).

use axum::{Json, extract::State, http::StatusCode, response::Response};
use chrono::{DateTime, SecondsFormat, Utc};
use components::{JsonMap, Reason};
use node::{Node, UserRow as Account};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{
    ApiError, App, Authenticated, Body, PathId, Query, auth::SignedChallenge, lists::ListRequest,
    reasons, worlds::WorldRow,
};

/// Users listed when the client does not say how many.
const DEFAULT_LIMIT: u64 = 100;
/// Most users listed at once.
const MAX_LIMIT: u64 = 1000;
/// Most users found at once: who finds more should say more.
const MAX_FOUND: u64 = 100;
/// Longest text to look for in characters.
const MAX_QUERY: usize = 256;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(me))
        .routes(routes!(attach_account))
        .routes(routes!(remove_wallet))
        .routes(routes!(list))
        .routes(routes!(search))
        .routes(routes!(by_id))
        .routes(routes!(worlds))
}

/// An account as its owner and others see it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct User {
    id: Uuid,
    user_type_id: Uuid,
    /// Empty as long as a wallet user has not chosen one.
    name: String,
    /// The first wallet; that of others only if the node shows them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    wallet: Option<String>,
    profile: Profile,
    /// Session token; only in the answer that makes the account.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    token: Option<String>,
    /// RFC 3339 with seconds.
    created_at: String,
    /// RFC 3339 with seconds.
    updated_at: String,
    is_guest: bool,
}

/// A user's words about itself; keys without a value are left out, clients refuse null.
#[derive(Debug, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Profile {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    bio: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    location: Option<String>,
    /// Media hash or absolute URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    avatar_hash: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    profile_link: Option<String>,
}

/// An account in a list.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct UserRow {
    id: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    name: Option<String>,
    profile: Profile,
}

impl User {
    /// An account as others see it.
    pub(super) fn new(node: &Node, account: &Account) -> Self {
        let mut user = Self::own(node, account, None);
        user.wallet = user.wallet.filter(|_| node.options().show_wallets);
        user
    }

    /// An account as its owner sees it, with a token if it was just made.
    pub(super) fn own(node: &Node, account: &Account, token: Option<String>) -> Self {
        Self {
            id: account.id,
            user_type_id: account.user_type,
            name: text(&account.profile, "name").unwrap_or_default(),
            wallet: account.wallets.first().cloned(),
            profile: Profile::new(&account.profile),
            token,
            created_at: seconds(account.created_at),
            updated_at: seconds(account.updated_at),
            is_guest: node.is_guest(account),
        }
    }
}

impl Profile {
    fn new(profile: &JsonMap) -> Self {
        Self {
            bio: text(profile, "bio"),
            location: text(profile, "location"),
            avatar_hash: text(profile, "avatar_hash"),
            profile_link: text(profile, "profile_link"),
        }
    }
}

impl UserRow {
    fn new(id: Uuid, profile: &JsonMap) -> Self {
        Self {
            id,
            name: text(profile, "name").filter(|name| !name.is_empty()),
            profile: Profile::new(profile),
        }
    }
}

fn text(profile: &JsonMap, key: &str) -> Option<String> {
    profile.get(key)?.as_str().map(str::to_owned)
}

fn seconds(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// The caller's own account.
#[utoipa::path(
    get, path = "/users/me", tag = "users", security(("bearer" = [])),
    responses((status = 200, body = User)),
    extensions(("x-reasons" = json!(reasons![UserNotFound]))),
)]
async fn me(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
) -> Result<Json<User>, ApiError> {
    let account = app.node.user(caller.user).await?;
    Ok(Json(User::own(&app.node, &account, None)))
}

/// All wallets of an account.
#[derive(Debug, Serialize, ToSchema)]
struct Wallets {
    wallet: Vec<String>,
}

/// Adds a wallet to the caller's account, proven by a signed challenge. A guest is none any more.
#[utoipa::path(
    post, path = "/users/me/attach-account", tag = "users", security(("bearer" = [])),
    request_body = SignedChallenge,
    responses((status = 202, body = Wallets)),
    extensions(("x-reasons" = json!(reasons![
        WalletAlreadyExists, InvalidSignature, ChallengeNotFound, UserNotFound,
    ]))),
)]
async fn attach_account(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Body(proof): Body<SignedChallenge>,
) -> Result<(StatusCode, Json<Wallets>), ApiError> {
    // The challenge is spent before anything else is looked at, so that no answer can be used
    // twice. A malformed signature is a 403 as well: the UI takes the body of a 400 for the answer
    // it wanted.
    let wallet = proof
        .verify(&app)
        .await?
        .map_err(|error| ApiError::new(Reason::InvalidSignature, error.to_string()))?;
    let wallet = app.node.attach_wallet(caller.user, &wallet).await?;
    app.callers.forget(caller.user);
    Ok((StatusCode::ACCEPTED, Json(Wallets { wallet })))
}

/// The wallet to take off.
#[derive(Debug, Deserialize, ToSchema)]
struct Wallet {
    wallet: String,
}

/// Takes a wallet off the caller's account, but never the last one.
#[utoipa::path(
    delete, path = "/users/me/remove-wallet", tag = "users", security(("bearer" = [])),
    request_body = Wallet,
    responses((status = 200, description = "null")),
    extensions(("x-reasons" = json!(reasons![WalletNotFound, LastWallet]))),
)]
async fn remove_wallet(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Body(body): Body<Wallet>,
) -> Result<Json<()>, ApiError> {
    app.node.detach_wallet(caller.user, &body.wallet).await?;
    Ok(Json(()))
}

/// Order and number of users.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct Listing {
    /// `ASC` or `DESC` by time of creation; default `DESC`.
    sort: Option<String>,
    /// At most 1000; default 100.
    limit: Option<u64>,
}

/// Users with a wallet.
#[utoipa::path(
    get, path = "/users", tag = "users", security(("bearer" = [])), params(Listing),
    responses((status = 200, body = [UserRow])),
    extensions(("x-reasons" = json!(reasons![InvalidRequestQuery]))),
)]
async fn list(
    State(app): State<App>,
    _caller: Authenticated,
    Query(listing): Query<Listing>,
    list_request: ListRequest,
) -> Result<Response, ApiError> {
    let newest_first = !listing
        .sort
        .is_some_and(|sort| sort.eq_ignore_ascii_case("asc"));
    let limit = listing.limit.unwrap_or(DEFAULT_LIMIT).min(MAX_LIMIT) as u32;
    let list = async {
        let users = app.node.latest_users(newest_first, limit).await?;
        let rows = users
            .iter()
            .map(|user| UserRow::new(user.id, &user.profile));
        Ok(rows.collect::<Vec<_>>())
    };
    app.lists.answer(&app.node, list_request, list).await
}

/// Search for users.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct Search {
    /// A part of the name, whatever the case of its letters.
    #[param(min_length = 1, max_length = 256)]
    query: String,
    /// At most 100, which is the default.
    limit: Option<u64>,
}

/// Users with a wallet that have a text in their name, by name.
#[utoipa::path(
    get, path = "/users/search", tag = "users", security(("bearer" = [])), params(Search),
    responses((status = 200, body = [UserRow])),
    extensions(("x-reasons" = json!(reasons![InvalidRequestQuery]))),
)]
async fn search(
    State(app): State<App>,
    _caller: Authenticated,
    Query(search): Query<Search>,
) -> Result<Json<Vec<UserRow>>, ApiError> {
    if search.query.chars().count() > MAX_QUERY {
        return Err(ApiError::new(
            Reason::InvalidRequestQuery,
            "no name is that long",
        ));
    }
    let limit = search.limit.unwrap_or(MAX_FOUND).min(MAX_FOUND) as u32;
    let accounts = app.node.search_users(&search.query, limit).await?;
    let rows = accounts
        .iter()
        .map(|account| UserRow::new(account.id, &account.profile));
    Ok(Json(rows.collect()))
}

/// Somebody's account.
#[utoipa::path(
    get, path = "/users/{userID}", tag = "users", security(("bearer" = [])),
    params(("userID" = Uuid, Path)),
    responses((status = 200, body = User)),
    extensions(("x-reasons" = json!(reasons![UserNotFound]))),
)]
async fn by_id(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    PathId(user): PathId,
) -> Result<Json<User>, ApiError> {
    let account = app.node.user(user).await?;
    let account = if user == caller.user {
        User::own(&app.node, &account, None)
    } else {
        User::new(&app.node, &account)
    };
    Ok(Json(account))
}

/// The worlds somebody owns, oldest first; at most 1000.
#[utoipa::path(
    get, path = "/users/{userID}/worlds", tag = "users", security(("bearer" = [])),
    params(("userID" = Uuid, Path)),
    responses((status = 200, body = [WorldRow])),
    extensions(("x-reasons" = json!(reasons![UserNotFound]))),
)]
async fn worlds(
    State(app): State<App>,
    _caller: Authenticated,
    PathId(user): PathId,
    list_request: ListRequest,
) -> Result<Response, ApiError> {
    let list = async {
        let worlds = app.node.worlds_of_user(user).await?;
        Ok(worlds.into_iter().map(WorldRow::from).collect::<Vec<_>>())
    };
    app.lists.answer(&app.node, list_request, list).await
}
