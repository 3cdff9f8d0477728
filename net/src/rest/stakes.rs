//! Stakes and what is in wallets (docs/spec/model.md §8.4).

use axum::{Json, extract::State, response::Response};
use chrono::{DateTime, SecondsFormat, Utc};
use components::Reason;
use node::{BalanceRow, StakeClaim, StakeRow, TopStakerRow};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{
    ApiError, App, Authenticated, Body, PathId,
    extract::{id_of, required_text},
    lists::ListRequest,
    reasons,
    worlds::WorldRow,
};
use crate::auth::ethereum;

/// Facts that the chain does not tell.
const UNKNOWN: &str = "0";

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(stakes, announce))
        .routes(routes!(wallets))
        .routes(routes!(top_stakers))
        .routes(routes!(staked_worlds))
}

/// Stake of one of the caller's wallets of one token in one world.
#[derive(Debug, Serialize, ToSchema)]
struct Stake {
    /// The world.
    object_id: Uuid,
    /// The world's name, empty if it has none.
    name: String,
    /// Address with the checksum of EIP-55.
    wallet_id: String,
    blockchain_id: Uuid,
    /// Decimal, in the token's smallest unit; not zero.
    amount: String,
    /// Always `0`: the chain does not tell.
    reward: &'static str,
    last_comment: String,
    /// Media hash of the world's picture, empty if it has none.
    avatar_hash: String,
    /// RFC 3339.
    updated_at: String,
    /// Token: 0 = MOM, 1 = DAD.
    kind: i32,
}

impl From<StakeRow> for Stake {
    fn from(row: StakeRow) -> Self {
        Self {
            object_id: row.world,
            name: row.world_name.unwrap_or_default(),
            wallet_id: address(&row.wallet),
            blockchain_id: row.blockchain,
            amount: row.amount,
            reward: UNKNOWN,
            last_comment: row.last_comment,
            avatar_hash: row.avatar_hash.unwrap_or_default(),
            updated_at: time(row.updated_at),
            kind: row.kind,
        }
    }
}

/// Stakes of the caller, newest first; at most 1000.
#[utoipa::path(
    get, path = "/users/me/stakes", tag = "stakes", security(("bearer" = [])),
    responses((status = 200, body = [Stake])),
)]
async fn stakes(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
) -> Result<Json<Vec<Stake>>, ApiError> {
    let stakes = app.node.stakes_of_user(caller.user).await?;
    Ok(Json(stakes.into_iter().map(Stake::from).collect()))
}

/// A stake that was sent to the chain. All keys are required.
#[derive(Debug, Deserialize, ToSchema)]
struct NewStake {
    /// Hash of the transaction.
    #[schema(required, nullable = false, pattern = "^0x[0-9a-fA-F]{64}$")]
    transaction_id: Option<String>,
    /// The world staked in.
    #[schema(required, nullable = false, format = Uuid)]
    odyssey_id: Option<String>,
    /// One of the caller's wallets.
    #[schema(required, nullable = false, pattern = "^0x[0-9a-fA-F]{40}$")]
    wallet: Option<String>,
    /// At most 4096 bytes.
    #[schema(required, nullable = false, min_length = 1)]
    comment: Option<String>,
    /// Decimal, in the token's smallest unit.
    #[schema(required, nullable = false, pattern = "^[0-9]{1,78}$")]
    amount: Option<String>,
    /// Token: `0` = MOM, `1` = DAD.
    #[schema(required, nullable = false, pattern = "^[01]$")]
    kind: Option<String>,
}

/// That it was done.
#[derive(Debug, Serialize, ToSchema)]
struct Done {
    success: bool,
}

/// Announces a stake, so that its comment is known when the chain confirms it.
#[utoipa::path(
    post, path = "/users/me/stakes", tag = "stakes", security(("bearer" = [])),
    request_body = NewStake,
    responses((status = 200, body = Done)),
    extensions(("x-reasons" = json!(reasons![InvalidStake, NotYourWallet, WorldNotFound]))),
)]
async fn announce(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Body(new): Body<NewStake>,
) -> Result<Json<Done>, ApiError> {
    let world = required_text(new.odyssey_id, "odyssey_id is required")?;
    let kind = required_text(new.kind, "kind is required")?;
    let claim = StakeClaim {
        transaction_hash: required_text(new.transaction_id, "transaction_id is required")?,
        wallet: required_text(new.wallet, "wallet is required")?,
        world: id_of(&world, Reason::InvalidRequestBody)?,
        amount: required_text(new.amount, "amount is required")?,
        comment: required_text(new.comment, "comment is required")?,
        kind: kind
            .parse()
            .map_err(|_| ApiError::new(Reason::InvalidStake, "kind is no number"))?,
    };
    app.node.announce_stake(caller.user, &claim).await?;
    Ok(Json(Done { success: true }))
}

/// Balance of a wallet in a token.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Balance)]
struct Wallet {
    /// Address with the checksum of EIP-55.
    wallet_id: String,
    /// Address of the token's contract with the checksum of EIP-55.
    contract_id: String,
    /// Decimal, in the token's smallest unit.
    balance: String,
    blockchain_name: String,
    /// RFC 3339.
    updated_at: String,
    /// Always `0`: the chain does not tell.
    reward: &'static str,
    /// Always `0`: the chain does not tell.
    transferable: &'static str,
    /// Always `0`: the chain does not tell.
    staked: &'static str,
    /// Always `0`: the chain does not tell.
    unbonding: &'static str,
}

impl From<BalanceRow> for Wallet {
    fn from(row: BalanceRow) -> Self {
        Self {
            wallet_id: address(&row.wallet),
            contract_id: address(&row.contract),
            balance: row.balance,
            blockchain_name: row.blockchain_name,
            updated_at: time(row.updated_at),
            reward: UNKNOWN,
            transferable: UNKNOWN,
            staked: UNKNOWN,
            unbonding: UNKNOWN,
        }
    }
}

/// Balances of the caller's Ethereum wallets in each token.
#[utoipa::path(
    get, path = "/users/me/wallets", tag = "stakes", security(("bearer" = [])),
    responses((status = 200, body = [Wallet])),
    extensions(("x-reasons" = json!(reasons![WalletsNotFound]))),
)]
async fn wallets(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
) -> Result<Json<Vec<Wallet>>, ApiError> {
    let balances = app.node.balances_of_user(caller.user).await?;
    Ok(Json(balances.into_iter().map(Wallet::from).collect()))
}

/// Somebody with stakes.
#[derive(Debug, Serialize, ToSchema)]
struct TopStaker {
    user_id: Uuid,
    name: String,
    /// Stakes that are held, over all wallets, worlds and tokens.
    stake_count: i64,
    #[serde(rename = "avatarHash")]
    #[schema(required)]
    avatar_hash: Option<String>,
}

impl From<TopStakerRow> for TopStaker {
    fn from(row: TopStakerRow) -> Self {
        Self {
            user_id: row.user,
            name: row.name,
            stake_count: row.stakes,
            avatar_hash: row.avatar_hash,
        }
    }
}

/// Users with most stakes, most first; at most 100. Users without a name are left out.
#[utoipa::path(
    get, path = "/users/top-stakers", tag = "stakes", security(("bearer" = [])),
    responses((status = 200, body = [TopStaker])),
)]
async fn top_stakers(
    State(app): State<App>,
    _caller: Authenticated,
    list_request: ListRequest,
) -> Result<Response, ApiError> {
    let list = async {
        let stakers = app.node.top_stakers().await?;
        Ok(stakers.into_iter().map(TopStaker::from).collect::<Vec<_>>())
    };
    app.lists.answer(&app.node, list_request, list).await
}

/// The worlds somebody has stakes in, oldest first; at most 1000.
#[utoipa::path(
    get, path = "/users/{userID}/staked-worlds", tag = "stakes", security(("bearer" = [])),
    params(("userID" = Uuid, Path)),
    responses((status = 200, body = [WorldRow])),
)]
async fn staked_worlds(
    State(app): State<App>,
    _caller: Authenticated,
    PathId(user): PathId,
    list_request: ListRequest,
) -> Result<Response, ApiError> {
    let list = async {
        let worlds = app.node.staked_worlds(user).await?;
        Ok(worlds.into_iter().map(WorldRow::from).collect::<Vec<_>>())
    };
    app.lists.answer(&app.node, list_request, list).await
}

/// An address as clients compare it; one that is of another chain in plain hex.
fn address(bytes: &[u8]) -> String {
    let plain = format!("0x{}", hex::encode(bytes));
    ethereum::checksummed(&plain).unwrap_or(plain)
}

fn time(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Micros, true)
}
