//! Stakes in worlds, as the chain mirror knows them (docs/spec/model.md §2.1, §8.4).

use std::{
    collections::{HashMap, hash_map::Entry},
    hash::Hash,
};

use chrono::{DateTime, NaiveDateTime, Utc};
use components::Umid;
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, DatabaseTransaction, DbBackend, EntityTrait, IntoActiveModel,
    QueryFilter, QueryOrder, QuerySelect, Statement, Value,
    sea_query::{ExprTrait, OnConflict},
};
use serde_json::json;
use uuid::uuid;

use crate::{
    Result, Store, StoreError,
    convert::now,
    database::sql::{display_name, get, places, text_at, wallet_of},
    entity::{Amount, blockchain, chain_fact, pending_stake, stake, wallet},
    error::Referent,
    users::wallets,
};

/// A user's stake in a world, summed over the user's wallets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StakerRow {
    /// The user.
    pub user: Umid,
    /// Profile name, empty if unset.
    pub name: String,
    /// Decimal amount in the token's smallest unit.
    pub stake: String,
    /// Media hash of the profile picture.
    pub avatar_hash: Option<String>,
}

/// A user by the number of its stakes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopStakerRow {
    /// The user.
    pub user: Umid,
    /// Stakes that are held, over all wallets, worlds and kinds of token.
    pub stakes: i64,
    /// Profile name.
    pub name: String,
    /// Media hash of the profile picture.
    pub avatar_hash: Option<String>,
}

/// Stake of one wallet of one token in one world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StakeRow {
    /// The world.
    pub world: Umid,
    /// Display name of the world.
    pub world_name: Option<String>,
    /// Media hash of the world's picture.
    pub avatar_hash: Option<String>,
    /// The wallet's address.
    pub wallet: Vec<u8>,
    /// The chain.
    pub blockchain: Umid,
    /// Decimal amount in the token's smallest unit; not zero.
    pub amount: String,
    /// The staker's last words.
    pub last_comment: String,
    /// Token: 0 = MOM, 1 = DAD.
    pub kind: i32,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// A stake announced by a client before the chain confirms it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingStake {
    /// Transaction hash, 32 bytes.
    pub transaction_id: Vec<u8>,
    /// The world staked in.
    pub world: Umid,
    /// Wallet address, 20 bytes.
    pub wallet: Vec<u8>,
    /// Decimal amount in the token's smallest unit.
    pub amount: String,
    /// The staker's comment.
    pub comment: String,
    /// Token: 0 = MOM, 1 = DAD.
    pub kind: i32,
}

/// A stake that the chain shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfirmedStake {
    /// The chain.
    pub chain: Umid,
    /// The wallet's address.
    pub wallet: Vec<u8>,
    /// The world staked in.
    pub world: Umid,
    /// Token: 0 = MOM, 1 = DAD.
    pub kind: i32,
    /// The transaction.
    pub transaction_id: Vec<u8>,
}

/// The one chain in use.
pub(crate) const BLOCKCHAIN: Umid = uuid!("ccccaaaa-1111-2222-3333-222222222222");
/// Its name until the harvester writes a better one.
pub(crate) const BLOCKCHAIN_NAME: &str = "Arbitrum Nova";
/// Stakers of a world that are told, at most.
const MAX_STAKERS: usize = 1000;
/// Announced stakes that are kept of one wallet, at most; the chain confirms within minutes.
const MAX_PENDING: u32 = 100;

impl Store {
    /// Stakers in a world, summed over each user's wallets, largest stake first. Wallets of
    /// nobody are left out.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn world_stakers(&self, world: Umid) -> Result<Vec<StakerRow>> {
        let backend = self.backend();
        let sql = format!(
            "SELECT w.user_id, s.amount, {}, {} FROM stake s JOIN user_wallet w ON w.wallet = {} \
             JOIN \"user\" u ON u.user_id = w.user_id WHERE s.object_id = $1 AND s.amount <> '0'",
            text_at(backend, "u.profile", "name"),
            text_at(backend, "u.profile", "avatar_hash"),
            wallet_of(backend, "s.wallet_id"),
        );
        let statement = Statement::from_sql_and_values(backend, sql, [world.into()]);
        let mut stakers: HashMap<Umid, (Amount, Option<String>, Option<String>)> = HashMap::new();
        for row in self.read().query_all_raw(statement).await? {
            let amount: Amount = get(&row, 1)?;
            match stakers.entry(get(&row, 0)?) {
                Entry::Occupied(mut known) => known.get_mut().0 += &amount,
                Entry::Vacant(new) => {
                    new.insert((amount, get(&row, 2)?, get(&row, 3)?));
                }
            }
        }
        let mut stakers: Vec<_> = stakers.into_iter().collect();
        stakers.sort_by(|(user_a, (a, ..)), (user_b, (b, ..))| b.cmp(a).then(user_a.cmp(user_b)));
        stakers.truncate(MAX_STAKERS);
        let stakers = stakers
            .into_iter()
            .map(|(user, (stake, name, avatar_hash))| StakerRow {
                user,
                name: name.unwrap_or_default(),
                stake: stake.to_string(),
                avatar_hash,
            });
        Ok(stakers.collect())
    }

    /// Users with stakes in most worlds, counted over all their wallets: most first. Who has no
    /// name is left out.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn top_stakers(&self, limit: u32) -> Result<Vec<TopStakerRow>> {
        let statement = top_stakers(self.backend(), limit);
        let rows = self.read().query_all_raw(statement).await?;
        let rows = rows.iter().map(|row| {
            Ok(TopStakerRow {
                user: get(row, 0)?,
                stakes: get(row, 1)?,
                name: get::<Option<String>>(row, 2)?.unwrap_or_default(),
                avatar_hash: get(row, 3)?,
            })
        });
        rows.collect()
    }

    /// Stakes of the wallets of a user in worlds that are there, newest first.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn stakes_of_user(&self, user: Umid, limit: u32) -> Result<Vec<StakeRow>> {
        let addresses = wallets::addresses(self.read(), user).await?;
        if addresses.is_empty() {
            return Ok(Vec::new());
        }
        let backend = self.backend();
        let attribute = |alias: &str, name: &str| {
            format!(
                "LEFT JOIN object_attribute {alias} ON {alias}.plugin_id = $1 \
                 AND {alias}.attribute_name = '{name}' AND {alias}.object_id = o.object_id "
            )
        };
        let sql = format!(
            "SELECT s.object_id, s.wallet_id, s.blockchain_id, s.amount, s.last_comment, s.updated_at, s.kind, {}, {} \
             FROM stake s JOIN object o ON o.object_id = s.object_id {}{} \
             WHERE s.wallet_id IN ({}) AND s.amount <> '0' \
             ORDER BY s.updated_at DESC, s.object_id, s.wallet_id, s.kind LIMIT $2",
            display_name(backend, "n.value"),
            text_at(backend, "a.value", "render_hash"),
            attribute("n", "name"),
            attribute("a", "world_avatar"),
            places(3, addresses.len()),
        );
        let mut values: Vec<Value> =
            vec![components::ids::CORE_PLUGIN.into(), i64::from(limit).into()];
        values.extend(addresses.into_iter().map(Value::from));
        let statement = Statement::from_sql_and_values(backend, sql, values);
        let rows = self.read().query_all_raw(statement).await?;
        let rows = rows.iter().map(|row| {
            Ok(StakeRow {
                world: get(row, 0)?,
                wallet: get(row, 1)?,
                blockchain: get(row, 2)?,
                amount: get::<Amount>(row, 3)?.to_string(),
                last_comment: get(row, 4)?,
                updated_at: get::<NaiveDateTime>(row, 5)?.and_utc(),
                kind: get(row, 6)?,
                world_name: get(row, 7)?,
                avatar_hash: get(row, 8)?,
            })
        });
        rows.collect()
    }

    /// The newest comment with which somebody staked in a world.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn last_staking_comment(&self, world: Umid) -> Result<Option<String>> {
        Ok(stake::Entity::find()
            .select_only()
            .column(stake::Column::LastComment)
            .filter(stake::Column::ObjectId.eq(world))
            .filter(stake::Column::LastComment.ne(""))
            .order_by_desc(stake::Column::UpdatedAt)
            .limit(1)
            .into_tuple()
            .one(self.read())
            .await?)
    }

    /// Notes a stake announced by a client, until the chain confirms it. Announcing it again
    /// replaces the comment.
    ///
    /// # Errors
    /// `Dangling(Referent::World)` when the world is gone, `Invalid` when the amount is not a whole
    /// decimal number.
    pub async fn pending_stake(&self, announced: &PendingStake) -> Result<()> {
        let amount: Amount = announced
            .amount
            .parse()
            .map_err(|e| StoreError::Invalid(format!("amount: {e}")))?;
        let time = now().naive_utc();
        let chain = blockchain::Model {
            blockchain_id: BLOCKCHAIN,
            last_processed_block_number: 0,
            blockchain_name: BLOCKCHAIN_NAME.to_owned(),
            rpc_url: String::new(),
            updated_at: time,
        };
        let wallet = wallet::Model {
            blockchain_id: BLOCKCHAIN,
            wallet_id: announced.wallet.clone(),
        };
        let stake = pending_stake::Model {
            blockchain_id: BLOCKCHAIN,
            wallet_id: announced.wallet.clone(),
            transaction_id: announced.transaction_id.clone(),
            object_id: announced.world,
            amount,
            comment: announced.comment.clone(),
            kind: announced.kind,
            updated_at: time,
            created_at: time,
        };
        let mut replace = OnConflict::columns([
            pending_stake::Column::BlockchainId,
            pending_stake::Column::WalletId,
            pending_stake::Column::TransactionId,
            pending_stake::Column::ObjectId,
        ]);
        replace.update_columns([
            pending_stake::Column::Amount,
            pending_stake::Column::Comment,
            pending_stake::Column::Kind,
            pending_stake::Column::UpdatedAt,
        ]);
        let transaction = self.begin().await?;
        blockchain::Entity::insert(chain.into_active_model())
            .on_conflict(
                OnConflict::column(blockchain::Column::BlockchainId)
                    .do_nothing()
                    .to_owned(),
            )
            .exec_without_returning(&transaction)
            .await?;
        let wallet_key = [wallet::Column::BlockchainId, wallet::Column::WalletId];
        wallet::Entity::insert(wallet.into_active_model())
            .on_conflict(OnConflict::columns(wallet_key).do_nothing().to_owned())
            .exec_without_returning(&transaction)
            .await?;
        pending_stake::Entity::insert(stake.into_active_model())
            .on_conflict(replace)
            .exec_without_returning(&transaction)
            .await
            .map_err(|e| StoreError::from(e).dangling(Referent::World))?;
        forget_older(&transaction, &announced.wallet).await?;
        // The chain may have been faster.
        let seen = chain_fact::Entity::find()
            .filter(chain_fact::Column::Transaction.eq(announced.transaction_id.clone()))
            .all(&transaction)
            .await?;
        for fact in seen {
            let is_stake = fact.fact["kind"] == "staked"
                && fact.fact["account"] == json!(announced.wallet)
                && fact.fact["world"] == json!(announced.world);
            let token = fact.fact["token"].as_i64();
            if let (true, Some(token)) = (is_stake, token.and_then(|token| token.try_into().ok())) {
                let stake = ConfirmedStake {
                    chain: fact.chain_id,
                    wallet: announced.wallet.clone(),
                    world: announced.world,
                    kind: token,
                    transaction_id: announced.transaction_id.clone(),
                };
                confirm(&transaction, &stake).await?;
            }
        }
        self.commit(transaction).await?;
        Ok(())
    }

    /// Joins what a client announced with the stake that the chain shows now: the comment becomes
    /// that of the stake, if there is one, and the announcement goes. Nothing happens without one.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn confirm_stake(&self, stake: &ConfirmedStake) -> Result<()> {
        let transaction = self.begin().await?;
        confirm(&transaction, stake).await?;
        self.commit(transaction).await
    }

    /// Transactions of announcements made before a time, newest first.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn announced_transactions(
        &self,
        before: DateTime<Utc>,
        limit: u64,
    ) -> Result<Vec<Vec<u8>>> {
        Ok(pending_stake::Entity::find()
            .select_only()
            .column(pending_stake::Column::TransactionId)
            .filter(pending_stake::Column::UpdatedAt.lt(before.naive_utc()))
            .order_by_desc(pending_stake::Column::UpdatedAt)
            .limit(limit)
            .into_tuple()
            .all(self.read())
            .await?)
    }

    /// Forgets announcements of a transaction that failed.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn forget_announced(&self, transaction_id: &[u8]) -> Result<()> {
        let transaction = self.begin().await?;
        pending_stake::Entity::delete_many()
            .filter(pending_stake::Column::TransactionId.eq(transaction_id))
            .exec(&transaction)
            .await?;
        self.commit(transaction).await
    }

    /// Forgets announcements that the chain has not confirmed since `before`; how many.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn forget_pending_stakes(&self, before: DateTime<Utc>) -> Result<u64> {
        let transaction = self.begin().await?;
        let deleted = pending_stake::Entity::delete_many()
            .filter(pending_stake::Column::UpdatedAt.lt(before.naive_utc()))
            .exec(&transaction)
            .await?;
        self.commit(transaction).await?;
        Ok(deleted.rows_affected)
    }
}

async fn confirm(transaction: &DatabaseTransaction, stake: &ConfirmedStake) -> Result<()> {
    let announced = || {
        pending_stake::Column::WalletId
            .eq(stake.wallet.clone())
            .and(pending_stake::Column::TransactionId.eq(stake.transaction_id.clone()))
            .and(pending_stake::Column::ObjectId.eq(stake.world))
    };
    let Some(row) = pending_stake::Entity::find()
        .filter(announced())
        .one(transaction)
        .await?
    else {
        return Ok(());
    };
    if !row.comment.is_empty() {
        stake::Entity::update_many()
            .set(stake::ActiveModel {
                last_comment: Set(row.comment),
                ..Default::default()
            })
            .filter(stake::Column::BlockchainId.eq(stake.chain))
            .filter(stake::Column::WalletId.eq(stake.wallet.clone()))
            .filter(stake::Column::ObjectId.eq(stake.world))
            .filter(stake::Column::Kind.eq(stake.kind))
            .exec(transaction)
            .await?;
    }
    pending_stake::Entity::delete_many()
        .filter(announced())
        .exec(transaction)
        .await?;
    Ok(())
}

/// Takes the oldest announcements of a wallet away, so that nobody fills the table.
async fn forget_older(transaction: &DatabaseTransaction, wallet: &[u8]) -> Result<()> {
    let delete = "DELETE FROM pending_stake WHERE blockchain_id = $1 AND wallet_id = $2 AND updated_at < \
        (SELECT MIN(kept.updated_at) FROM (SELECT p.updated_at FROM pending_stake p \
        WHERE p.blockchain_id = $1 AND p.wallet_id = $2 ORDER BY p.updated_at DESC LIMIT $3) kept)";
    let values: [Value; 3] = [
        BLOCKCHAIN.into(),
        wallet.to_vec().into(),
        i64::from(MAX_PENDING).into(),
    ];
    let backend = transaction.get_database_backend();
    let statement = Statement::from_sql_and_values(backend, delete, values);
    transaction.execute_raw(statement).await?;
    Ok(())
}

/// Counts by wallet first: there are far fewer wallets than stakes.
fn top_stakers(backend: DbBackend, limit: u32) -> Statement {
    let name = text_at(backend, "u.profile", "name");
    let sql = format!(
        "SELECT u.user_id, CAST(SUM(s.stakes) AS bigint) AS total, {name}, {} \
         FROM (SELECT wallet_id, COUNT(*) AS stakes FROM stake WHERE amount <> '0' GROUP BY wallet_id) s \
         JOIN user_wallet w ON w.wallet = {} JOIN \"user\" u ON u.user_id = w.user_id \
         WHERE {name} IS NOT NULL GROUP BY u.user_id ORDER BY total DESC, u.user_id LIMIT $1",
        text_at(backend, "u.profile", "avatar_hash"),
        wallet_of(backend, "s.wallet_id"),
    );
    Statement::from_sql_and_values(backend, sql, [i64::from(limit).into()])
}

/// Adds up amounts by key.
pub(crate) fn sum<K: Hash + Eq>(amounts: impl Iterator<Item = (K, Amount)>) -> HashMap<K, Amount> {
    let mut sums = HashMap::new();
    for (key, amount) in amounts {
        *sums.entry(key).or_insert_with(Amount::zero) += &amount;
    }
    sums
}
