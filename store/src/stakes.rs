//! Stakes in worlds, as the chain mirror knows them (spec model §2.3, §8.4).

use std::{collections::HashMap, hash::Hash};

use components::{JsonMap, Umid};
use sea_orm::{
    ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
    sea_query::OnConflict,
};
use uuid::uuid;

use crate::{
    PendingStake, Result, StakerRow, Store, StoreError,
    convert::{map, now, text},
    entity::{Amount, blockchain, pending_stake, stake, user, user_wallet, wallet},
    objects::BATCH,
};

/// The one chain in use.
const BLOCKCHAIN: Umid = uuid!("ccccaaaa-1111-2222-3333-222222222222");
/// Its name until the harvester writes a better one.
const BLOCKCHAIN_NAME: &str = "Arbitrum Nova";

impl Store {
    /// Who has staked in a world, summed over each user's wallets, largest stake first. Wallets of nobody are left out.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn world_stakers(&self, world: Umid) -> Result<Vec<StakerRow>> {
        let snapshot = self.snapshot().await?;
        let rows = stake::Entity::find()
            .filter(stake::Column::ObjectId.eq(world))
            .all(&snapshot)
            .await?;
        let by_wallet = sum(rows
            .into_iter()
            .map(|row| (hex(&row.wallet_id), row.amount)));
        let wallets: Vec<&String> = by_wallet.keys().collect();
        let mut owners = Vec::new();
        for batch in wallets.chunks(BATCH) {
            let batch: Vec<String> = batch.iter().map(|wallet| (*wallet).clone()).collect();
            let select =
                user_wallet::Entity::find().filter(user_wallet::Column::Wallet.is_in(batch));
            owners.extend(select.all(&snapshot).await?);
        }
        let by_user = sum(owners
            .into_iter()
            .filter_map(|row| Some((row.user_id, by_wallet.get(&row.wallet)?.clone()))));
        let users: Vec<Umid> = by_user.keys().copied().collect();
        let mut profiles: HashMap<Umid, JsonMap> = HashMap::with_capacity(users.len());
        for batch in users.chunks(BATCH) {
            let select = user::Entity::find().filter(user::Column::UserId.is_in(batch.to_vec()));
            for row in select.all(&snapshot).await? {
                profiles.insert(row.user_id, map(row.profile)?);
            }
        }
        snapshot.commit().await?;
        let mut stakes: Vec<(Umid, Amount)> = by_user
            .into_iter()
            .filter(|(_, stake)| !stake.is_zero())
            .collect();
        stakes.sort_by(|(user_a, a), (user_b, b)| b.cmp(a).then(user_a.cmp(user_b)));
        Ok(stakes
            .into_iter()
            .map(|(user, stake)| {
                let profile = profiles.remove(&user).unwrap_or_default();
                StakerRow {
                    user,
                    name: text(&profile, "name").unwrap_or_default().to_owned(),
                    stake: stake.to_string(),
                    avatar_hash: text(&profile, "avatar_hash").map(str::to_owned),
                }
            })
            .collect())
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

    /// Notes a stake announced by a client, until the chain confirms it. Announcing it again replaces the comment.
    ///
    /// # Errors
    /// `Conflict("world")` when the world is gone, `Invalid` when the amount is not a whole decimal number.
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
            .map_err(|e| StoreError::from(e).reference_on("world"))?;
        transaction.commit().await?;
        Ok(())
    }
}

/// Adds up amounts by key.
pub(crate) fn sum<K: Hash + Eq>(amounts: impl Iterator<Item = (K, Amount)>) -> HashMap<K, Amount> {
    let mut sums = HashMap::new();
    for (key, amount) in amounts {
        *sums.entry(key).or_insert_with(Amount::zero) += &amount;
    }
    sums
}

/// An address as wallets are spelled when case-folded.
fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold("0x".to_owned(), |text, byte| format!("{text}{byte:02x}"))
}
