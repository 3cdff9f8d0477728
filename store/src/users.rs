//! Accounts and their profiles (docs/spec/model.md §7.1).
//!
//! In the folder: `wallets` (identities), `guests` and `challenges` (logins by wallet).

mod challenges;
mod guests;
pub(crate) mod wallets;

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use components::{JsonMap, Umid};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, DbBackend, EntityTrait, IntoActiveModel,
    JsonValue, Order, QueryFilter, QueryOrder, QuerySelect, Select, Statement,
    sea_query::{Expr, ExprTrait, LikeExpr, LockType},
};

use crate::{
    Result, Store, StoreError,
    convert::{fold_name, fold_wallet, map, now, optional_map},
    database::sql::BATCH,
    entity::{user, user_attribute, user_wallet},
    error::Referent,
};

pub use wallets::AccountTypes;

/// A user as lists show it.
#[derive(Clone, Debug, PartialEq)]
pub struct ProfileRow {
    /// The user.
    pub id: Umid,
    /// `name`, `bio`, `location`, `avatar_hash`, `profile_link`, `onboarded`.
    pub profile: JsonMap,
}

/// An account.
#[derive(Clone, Debug, PartialEq)]
pub struct UserRow {
    /// The user.
    pub id: Umid,
    /// Class of the user; decides whether it is a guest.
    pub user_type: Umid,
    /// `name`, `bio`, `location`, `avatar_hash`, `profile_link`, `onboarded`.
    pub profile: JsonMap,
    /// Wallets in the order they were attached, as the user spelled them.
    pub wallets: Vec<String>,
    /// When the user was last connected.
    pub last_seen: Option<DateTime<Utc>>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// An account to insert.
#[derive(Clone, Debug, PartialEq)]
pub struct NewUser {
    /// The user.
    pub id: Umid,
    /// Its class.
    pub user_type: Umid,
    /// Its profile.
    pub profile: JsonMap,
    /// Its first wallet.
    pub wallet: Option<String>,
}

impl Store {
    /// A user.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn user(&self, id: Umid) -> Result<Option<UserRow>> {
        Ok(self.users_by_ids(&[id]).await?.pop())
    }

    /// Those of the given users that exist, in the order given; each once.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn users_by_ids(&self, ids: &[Umid]) -> Result<Vec<UserRow>> {
        let snapshot = self.snapshot().await?;
        let mut rows = HashMap::with_capacity(ids.len());
        for batch in ids.chunks(BATCH) {
            let found = user::Entity::find()
                .filter(user::Column::UserId.is_in(batch.to_vec()))
                .all(&snapshot)
                .await?;
            rows.extend(found.into_iter().map(|row| (row.user_id, row)));
        }
        let ordered = ids.iter().filter_map(|id| rows.remove(id)).collect();
        let users = with_wallets(&snapshot, ordered).await?;
        snapshot.commit().await?;
        Ok(users)
    }

    /// Users of one type by time of creation.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn latest_users(
        &self,
        user_type: Umid,
        newest_first: bool,
        limit: u32,
    ) -> Result<Vec<ProfileRow>> {
        let order = if newest_first {
            Order::Desc
        } else {
            Order::Asc
        };
        let rows: Vec<(Umid, JsonValue)> = latest(user_type, order, limit)
            .into_tuple()
            .all(self.read())
            .await?;
        rows.into_iter().map(profile_row).collect()
    }

    /// Users of one type whose name has `part` in it, whatever the case of its letters, by name.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn search_users(
        &self,
        user_type: Umid,
        part: &str,
        limit: u32,
    ) -> Result<Vec<ProfileRow>> {
        // PostgreSQL refuses to even compare with this character, and no name has it.
        if part.contains('\0') {
            return Ok(Vec::new());
        }
        let rows: Vec<(Umid, JsonValue)> = user::Entity::find()
            .select_only()
            .columns([user::Column::UserId, user::Column::Profile])
            .filter(user::Column::UserTypeId.eq(user_type))
            .filter(Expr::col(user::Column::NameFolded).like(containing(part)))
            .order_by_asc(user::Column::NameFolded)
            .order_by_asc(user::Column::UserId)
            .limit(u64::from(limit))
            .into_tuple()
            .all(self.read())
            .await?;
        rows.into_iter().map(profile_row).collect()
    }

    /// Whether anybody has this profile name.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn user_name_taken(&self, name: &str) -> Result<bool> {
        let select = "SELECT 1 FROM \"user\" WHERE profile ->> 'name' = $1 LIMIT 1";
        let statement = Statement::from_sql_and_values(self.backend(), select, [name.into()]);
        Ok(self.read().query_one_raw(statement).await?.is_some())
    }

    /// Creates a user, with a first wallet or without.
    ///
    /// # Errors
    /// `WalletTaken` when somebody has the wallet, `UserExists` when the id is taken, `Dangling`
    /// when the type is unknown.
    pub async fn insert_user(&self, user: &NewUser) -> Result<UserRow> {
        let time = now();
        let row = user::Model {
            user_id: user.id,
            user_type_id: user.user_type,
            profile: JsonValue::Object(user.profile.clone()),
            options: None,
            updated_at: time.naive_utc(),
            created_at: time.naive_utc(),
            last_seen_at: None,
            name_folded: fold_name(&user.profile),
        };
        let transaction = self.begin().await?;
        user::Entity::insert(row.clone().into_active_model())
            .exec_without_returning(&transaction)
            .await
            .map_err(|e| {
                StoreError::from(e)
                    .dangling(Referent::UserType)
                    .duplicate(StoreError::UserExists)
            })?;
        let wallets = match &user.wallet {
            Some(wallet) => wallets::attach(&transaction, user.id, wallet, time).await?,
            None => Vec::new(),
        };
        self.commit(transaction).await?;
        user_row(row, wallets)
    }

    /// Overwrites the given keys of a profile and marks the user as onboarded.
    ///
    /// # Errors
    /// `UserNotFound`.
    pub async fn update_profile(&self, user: Umid, changes: &JsonMap) -> Result<UserRow> {
        let time = now();
        let transaction = self.begin().await?;
        let mut row = lock(&transaction, user).await?;
        let mut profile = map(row.profile)?;
        profile.extend(changes.clone());
        profile.insert("onboarded".to_owned(), JsonValue::Bool(true));
        row.name_folded = fold_name(&profile);
        row.profile = JsonValue::Object(profile);
        row.updated_at = time.naive_utc();
        user::Entity::update_many()
            .col_expr(user::Column::Profile, Expr::value(row.profile.clone()))
            .col_expr(
                user::Column::NameFolded,
                Expr::value(row.name_folded.clone()),
            )
            .col_expr(user::Column::UpdatedAt, Expr::value(row.updated_at))
            .filter(user::Column::UserId.eq(user))
            .exec(&transaction)
            .await?;
        let users = with_wallets(&transaction, vec![row]).await?;
        self.commit(transaction).await?;
        users.into_iter().next().ok_or(StoreError::UserNotFound)
    }

    /// Notes when users were last connected; those who are gone are skipped.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn touch_users(&self, seen: &[(Umid, DateTime<Utc>)]) -> Result<()> {
        let latest: std::collections::BTreeMap<Umid, DateTime<Utc>> =
            seen.iter().copied().collect();
        let rows: Vec<_> = latest
            .into_iter()
            .map(|(id, time)| vec![id.into(), time.into()])
            .collect();
        self.write_batches(&rows, |values| {
            format!(
                "WITH v(id, seen) AS (VALUES {values}) UPDATE \"user\" SET last_seen_at = v.seen \
                 FROM v WHERE \"user\".user_id = v.id"
            )
        })
        .await
    }
}

fn profile_row((id, profile): (Umid, JsonValue)) -> Result<ProfileRow> {
    let profile = map(profile)?;
    Ok(ProfileRow { id, profile })
}

/// The character that takes their meaning from those of a pattern; the usual one is written
/// differently per database.
const ESCAPE: char = '!';

/// A pattern for texts, in lower case, with `part` in them.
fn containing(part: &str) -> LikeExpr {
    let mut pattern = String::from("%");
    for letter in part.to_lowercase().chars() {
        if matches!(letter, '%' | '_' | ESCAPE) {
            pattern.push(ESCAPE);
        }
        pattern.push(letter);
    }
    pattern.push('%');
    LikeExpr::new(pattern).escape(ESCAPE)
}

/// Users of one type by time of creation.
pub(crate) fn latest(user_type: Umid, order: Order, limit: u32) -> Select<user::Entity> {
    user::Entity::find()
        .select_only()
        .columns([user::Column::UserId, user::Column::Profile])
        .filter(user::Column::UserTypeId.eq(user_type))
        .order_by(user::Column::CreatedAt, order.clone())
        .order_by(user::Column::UserId, order)
        .limit(u64::from(limit))
}

/// Reads a user and keeps everybody else from changing it, or from attaching anything to it, until
/// the transaction ends.
pub(crate) async fn lock(transaction: &DatabaseTransaction, id: Umid) -> Result<user::Model> {
    let mut select = user::Entity::find_by_id(id);
    if transaction.get_database_backend() == DbBackend::Postgres {
        select = select.lock(LockType::Update);
    }
    select
        .one(transaction)
        .await?
        .ok_or(StoreError::UserNotFound)
}

/// Adds the wallets to user rows: one query for whom they belong to, one for how they were spelled.
pub(crate) async fn with_wallets<C: ConnectionTrait>(
    db: &C,
    rows: Vec<user::Model>,
) -> Result<Vec<UserRow>> {
    let ids: Vec<Umid> = rows.iter().map(|row| row.user_id).collect();
    let mut owned: HashMap<Umid, Vec<String>> = HashMap::new();
    let mut spelled: HashMap<Umid, Vec<String>> = HashMap::new();
    for batch in ids.chunks(BATCH).map(<[Umid]>::to_vec) {
        let wallets = user_wallet::Entity::find()
            .filter(user_wallet::Column::UserId.is_in(batch.clone()))
            .order_by_asc(user_wallet::Column::Position)
            .all(db)
            .await?;
        for row in wallets {
            owned.entry(row.user_id).or_default().push(row.wallet);
        }
        let attribute = wallets::attribute();
        let mirrors = user_attribute::Entity::find()
            .filter(user_attribute::Column::UserId.is_in(batch))
            .filter(user_attribute::Column::PluginId.eq(attribute.plugin))
            .filter(user_attribute::Column::AttributeName.eq(attribute.name))
            .all(db)
            .await?;
        for row in mirrors {
            spelled.insert(
                row.user_id,
                wallets::spellings(&optional_map(Some(row.value))?.unwrap_or_default()),
            );
        }
    }
    let users = rows.into_iter().map(|row| {
        let spelled = spelled.remove(&row.user_id).unwrap_or_default();
        let owned = owned.remove(&row.user_id).unwrap_or_default();
        let wallets = owned.into_iter().map(|folded| {
            spelled
                .iter()
                .find(|wallet| fold_wallet(wallet) == folded)
                .cloned()
                .unwrap_or(folded)
        });
        let wallets = wallets.collect();
        user_row(row, wallets)
    });
    users.collect()
}

fn user_row(row: user::Model, wallets: Vec<String>) -> Result<UserRow> {
    Ok(UserRow {
        id: row.user_id,
        user_type: row.user_type_id,
        profile: map(row.profile)?,
        wallets,
        last_seen: row.last_seen_at,
        created_at: row.created_at.and_utc(),
        updated_at: row.updated_at.and_utc(),
    })
}
