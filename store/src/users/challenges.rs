//! Login challenges: each used once and gone after a while, several at a time for one wallet
//! (docs/regressions.md S9, C17).

use chrono::{DateTime, Utc};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::{
    Result, Store,
    convert::{fold_wallet, now},
    entity::auth_challenge::{ActiveModel, Column, Entity},
};

/// Challenges of one wallet that are kept; one more replaces the oldest. Anybody may ask for
/// challenges of any wallet, and each is tried when one is answered.
const MAX_CHALLENGES: u64 = 16;

impl Store {
    /// Keeps one more challenge of a wallet until it is spent or expires. Forgets all expired.
    ///
    /// # Errors
    /// `Duplicate` if there is the very same challenge; those of the database.
    pub async fn put_challenge(
        &self,
        wallet: &str,
        text: &str,
        expires: DateTime<Utc>,
    ) -> Result<()> {
        let wallet = fold_wallet(wallet);
        let row = ActiveModel {
            wallet: Set(wallet.clone()),
            challenge: Set(text.to_owned()),
            expires_at: Set(expires),
        };
        let transaction = self.begin().await?;
        Entity::delete_many()
            .filter(Column::ExpiresAt.lte(now()))
            .exec(&transaction)
            .await?;
        Entity::insert(row)
            .exec_without_returning(&transaction)
            .await?;
        let surplus: Vec<String> = Entity::find()
            .select_only()
            .column(Column::Challenge)
            .filter(Column::Wallet.eq(wallet.clone()))
            .order_by_desc(Column::ExpiresAt)
            .order_by_desc(Column::Challenge)
            .offset(MAX_CHALLENGES)
            .limit(MAX_CHALLENGES)
            .into_tuple()
            .all(&transaction)
            .await?;
        if !surplus.is_empty() {
            Entity::delete_many()
                .filter(Column::Wallet.eq(wallet))
                .filter(Column::Challenge.is_in(surplus))
                .exec(&transaction)
                .await?;
        }
        self.commit(transaction).await?;
        Ok(())
    }

    /// The challenges of a wallet that have not expired at `now`, oldest first.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn challenges(&self, wallet: &str, now: DateTime<Utc>) -> Result<Vec<String>> {
        // PostgreSQL refuses to even compare with this character.
        if wallet.contains('\0') {
            return Ok(Vec::new());
        }
        Ok(Entity::find()
            .select_only()
            .column(Column::Challenge)
            .filter(Column::Wallet.eq(fold_wallet(wallet)))
            .filter(Column::ExpiresAt.gt(now))
            .order_by_asc(Column::ExpiresAt)
            .order_by_asc(Column::Challenge)
            .limit(MAX_CHALLENGES)
            .into_tuple()
            .all(self.read())
            .await?)
    }

    /// Ends a challenge; false if somebody else has done so.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn spend_challenge(&self, wallet: &str, text: &str) -> Result<bool> {
        let transaction = self.begin().await?;
        let spent = Entity::delete_by_id((fold_wallet(wallet), text.to_owned()))
            .exec(&transaction)
            .await?;
        self.commit(transaction).await?;
        Ok(spent.rows_affected == 1)
    }
}
