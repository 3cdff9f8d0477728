//! Login challenges: one per wallet, used once, gone after a while (spec model §12.1 S9, §12.2 C17).

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, Statement,
    sea_query::OnConflict,
};

use crate::{
    Result, Store,
    convert::{fold_wallet, now},
    entity::auth_challenge::{ActiveModel, Column, Entity},
};

impl Store {
    /// Keeps a challenge until it is taken or expires, in place of an earlier one for the wallet. Forgets all expired.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn put_challenge(
        &self,
        wallet: &str,
        text: &str,
        expires: DateTime<Utc>,
    ) -> Result<()> {
        let row = ActiveModel {
            wallet: Set(fold_wallet(wallet)),
            challenge: Set(text.to_owned()),
            expires_at: Set(expires),
        };
        let mut then = OnConflict::column(Column::Wallet);
        then.update_columns([Column::Challenge, Column::ExpiresAt]);
        let transaction = self.begin().await?;
        Entity::delete_many()
            .filter(Column::ExpiresAt.lte(now()))
            .exec(&transaction)
            .await?;
        Entity::insert(row)
            .on_conflict(then)
            .exec_without_returning(&transaction)
            .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Takes the challenge of a wallet; nobody can take it again. `None` if there is none or it expired before `now`.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn take_challenge(&self, wallet: &str, now: DateTime<Utc>) -> Result<Option<String>> {
        let take = Statement::from_sql_and_values(
            self.backend(),
            "DELETE FROM auth_challenge WHERE wallet = $1 RETURNING challenge, expires_at",
            [fold_wallet(wallet).into()],
        );
        let transaction = self.begin().await?;
        let row = transaction.query_one_raw(take).await?;
        transaction.commit().await?;
        let Some(row) = row else { return Ok(None) };
        let expires: DateTime<Utc> = row.try_get("", "expires_at")?;
        let text = row.try_get("", "challenge")?;
        Ok((now < expires).then_some(text))
    }
}
