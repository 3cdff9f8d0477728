//! Owners of wallets: one table that says so, unique and case-folded, mirrored into the attribute
//! that clients read.
//!
//! Identity never depends on the attribute (docs/regressions.md S7, S9): whatever may be planted
//! there, a wallet logs in as the user of the table.

use chrono::{DateTime, Utc};
use components::{AttributeId, AttributeTarget, JsonMap, Umid};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, JsonValue,
    QueryFilter, QueryOrder, QuerySelect, sea_query::Expr,
};

use crate::{
    Result, Store, StoreError, UserRow, attributes,
    convert::{fold_wallet, now},
    database::sql::BATCH,
    entity::{user, user_wallet},
    error::Referent,
    users,
};

/// Ids of the user types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountTypes {
    /// Accounts that nobody can come back to without their token.
    pub guest: Umid,
    /// Accounts with a wallet.
    pub normal: Umid,
}

/// The key of the mirror's value.
const LIST: &str = "wallet";

impl Store {
    /// The user who has this wallet, whatever the case of its letters.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn user_by_wallet(&self, wallet: &str) -> Result<Option<Umid>> {
        // PostgreSQL refuses to even compare with this character.
        if wallet.contains('\0') {
            return Ok(None);
        }
        let row = user_wallet::Entity::find_by_id(fold_wallet(wallet))
            .one(self.read())
            .await?;
        Ok(row.map(|row| row.user_id))
    }

    /// Wallets of some users.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn wallets_of(&self, users: &[Umid]) -> Result<Vec<String>> {
        let mut wallets = Vec::new();
        for batch in users.chunks(BATCH).map(<[Umid]>::to_vec) {
            let found: Vec<String> = user_wallet::Entity::find()
                .select_only()
                .column(user_wallet::Column::Wallet)
                .filter(user_wallet::Column::UserId.is_in(batch))
                .into_tuple()
                .all(self.read())
                .await?;
            wallets.extend(found);
        }
        Ok(wallets)
    }

    /// Gives a user one more wallet. A guest becomes what users with a wallet are: `types` says
    /// what is what.
    ///
    /// # Errors
    /// `WalletTaken` when anybody has it, the user included; `UserNotFound`.
    pub async fn attach_wallet(
        &self,
        user: Umid,
        wallet: &str,
        types: AccountTypes,
    ) -> Result<UserRow> {
        let time = now();
        let transaction = self.begin().await?;
        let mut row = users::lock(&transaction, user).await?;
        attach(&transaction, user, wallet, time).await?;
        if row.user_type_id == types.guest {
            row.user_type_id = types.normal;
        }
        row.updated_at = time.naive_utc();
        user::Entity::update_many()
            .col_expr(user::Column::UserTypeId, Expr::value(row.user_type_id))
            .col_expr(user::Column::UpdatedAt, Expr::value(row.updated_at))
            .filter(user::Column::UserId.eq(user))
            .exec(&transaction)
            .await
            .map_err(|e| StoreError::from(e).dangling(Referent::UserType))?;
        let users = users::with_wallets(&transaction, vec![row]).await?;
        self.commit(transaction).await?;
        users.into_iter().next().ok_or(StoreError::UserNotFound)
    }

    /// Takes a wallet from a user. Returns the rest of the user's wallets in order.
    ///
    /// # Errors
    /// `WalletNotFound` when it is not the user's, `LastWallet` when it is the only one,
    /// `UserNotFound`.
    pub async fn detach_wallet(&self, user: Umid, wallet: &str) -> Result<Vec<String>> {
        let folded = fold_wallet(wallet);
        let transaction = self.begin().await?;
        users::lock(&transaction, user).await?;
        let rows = rows(&transaction, user).await?;
        if !rows.iter().any(|row| row.wallet == folded) {
            return Err(StoreError::WalletNotFound);
        }
        if rows.len() == 1 {
            return Err(StoreError::LastWallet);
        }
        user_wallet::Entity::delete_by_id(folded.clone())
            .exec(&transaction)
            .await?;
        let spelled = mirrored(&transaction, user).await?;
        let rest: Vec<String> = rows
            .into_iter()
            .filter(|row| row.wallet != folded)
            .map(|row| spelling(&spelled, row.wallet))
            .collect();
        mirror(&transaction, user, &rest, now()).await?;
        self.commit(transaction).await?;
        Ok(rest)
    }
}

/// The attribute that mirrors a user's wallets.
pub(crate) fn attribute() -> AttributeId {
    AttributeId {
        plugin: components::ids::WALLET_PLUGIN,
        name: "wallet".to_owned(),
    }
}

/// The wallets a mirror holds.
pub(crate) fn spellings(value: &JsonMap) -> Vec<String> {
    let list = value
        .get(LIST)
        .and_then(JsonValue::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default();
    list.iter()
        .filter_map(JsonValue::as_str)
        .map(str::to_owned)
        .collect()
}

/// Appends a wallet to those of a user whom the transaction has locked or just created.
pub(crate) async fn attach(
    transaction: &DatabaseTransaction,
    user: Umid,
    wallet: &str,
    time: DateTime<Utc>,
) -> Result<Vec<String>> {
    let rows = rows(transaction, user).await?;
    let position = rows.last().map_or(0, |row| row.position.saturating_add(1));
    let row = user_wallet::ActiveModel {
        wallet: Set(fold_wallet(wallet)),
        kind: Set(kind(wallet).to_owned()),
        user_id: Set(user),
        position: Set(position),
    };
    user_wallet::Entity::insert(row)
        .exec_without_returning(transaction)
        .await
        .map_err(|e| StoreError::from(e).duplicate(StoreError::WalletTaken))?;
    let spelled = mirrored(transaction, user).await?;
    let mut wallets: Vec<String> = rows
        .into_iter()
        .map(|row| spelling(&spelled, row.wallet))
        .collect();
    wallets.push(wallet.trim().to_owned());
    mirror(transaction, user, &wallets, time).await?;
    Ok(wallets)
}

/// Whether a user has a wallet.
pub(crate) async fn has_any(transaction: &DatabaseTransaction, user: Umid) -> Result<bool> {
    Ok(!rows(transaction, user).await?.is_empty())
}

/// The addresses behind a user's wallets, in order: 20 bytes on Ethereum, 32 on Substrate. At most
/// [`BATCH`] of them.
pub(crate) async fn addresses<C: ConnectionTrait>(db: &C, user: Umid) -> Result<Vec<Vec<u8>>> {
    let rows = rows(db, user).await?;
    let addresses = rows.iter().filter_map(|row| bytes(&row.wallet));
    Ok(addresses.take(BATCH).collect())
}

/// The bytes of a folded wallet; `None` if it is no hex.
fn bytes(wallet: &str) -> Option<Vec<u8>> {
    let digits = wallet.strip_prefix("0x")?;
    let byte = |pair: &[u8]| {
        let text = std::str::from_utf8(pair).ok()?;
        u8::from_str_radix(text, 16).ok()
    };
    let is_hex = digits.len() % 2 == 0 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    is_hex.then(|| digits.as_bytes().chunks(2).map_while(byte).collect())
}

async fn rows<C: ConnectionTrait>(db: &C, user: Umid) -> Result<Vec<user_wallet::Model>> {
    let select = user_wallet::Entity::find().filter(user_wallet::Column::UserId.eq(user));
    Ok(select
        .order_by_asc(user_wallet::Column::Position)
        .all(db)
        .await?)
}

async fn mirrored(transaction: &DatabaseTransaction, user: Umid) -> Result<Vec<String>> {
    let record = attributes::get(transaction, AttributeTarget::User(user), &attribute()).await?;
    Ok(spellings(
        &record.and_then(|record| record.value).unwrap_or_default(),
    ))
}

async fn mirror(
    transaction: &DatabaseTransaction,
    user: Umid,
    wallets: &[String],
    time: DateTime<Utc>,
) -> Result<()> {
    let value = JsonMap::from_iter([(LIST.to_owned(), JsonValue::from(wallets))]);
    attributes::set(
        transaction,
        AttributeTarget::User(user),
        &attribute(),
        &value,
        time,
    )
    .await?;
    Ok(())
}

fn spelling(spelled: &[String], folded: String) -> String {
    spelled
        .iter()
        .find(|wallet| fold_wallet(wallet) == folded)
        .cloned()
        .unwrap_or(folded)
}

/// Told by length: an Ethereum address has 20 bytes, a Substrate public key 32.
pub(crate) fn kind(wallet: &str) -> &'static str {
    match wallet.trim().len() {
        42 => "ethereum",
        66 => "substrate",
        _ => "other",
    }
}
