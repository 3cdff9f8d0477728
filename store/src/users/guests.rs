//! Guests come and go; what they made stays (docs/spec/model.md §7.2; docs/regressions.md D1–D3).

use chrono::{DateTime, Utc};
use components::Umid;
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::Expr,
};

use crate::{
    Result, Store, StoreError,
    convert::now,
    entity::{object, user},
    error::Referent,
    users::{self, wallets},
};

impl Store {
    /// Guests neither seen nor created since a point in time, oldest account first.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn expired_guests(
        &self,
        guest_type: Umid,
        not_seen_since: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<Umid>> {
        // The two columns are stored differently, so each is compared with a time of its own kind.
        let never_seen = Condition::all()
            .add(user::Column::LastSeenAt.is_null())
            .add(user::Column::CreatedAt.lt(not_seen_since.naive_utc()));
        let absent = Condition::any()
            .add(user::Column::LastSeenAt.lt(not_seen_since))
            .add(never_seen);
        Ok(user::Entity::find()
            .select_only()
            .column(user::Column::UserId)
            .filter(user::Column::UserTypeId.eq(guest_type))
            .filter(absent)
            .order_by_asc(user::Column::CreatedAt)
            .limit(u64::from(limit))
            .into_tuple()
            .all(self.read())
            .await?)
    }

    /// Deletes a guest with memberships and attributes and hands its objects to `heir`. Returns
    /// those objects.
    ///
    /// # Errors
    /// `UserNotFound` if there is no such guest, `HasWallet` if it has a wallet by now, with which
    /// it can come back, `InvalidHeir` if the heir is the guest, `Dangling` if it does not exist.
    pub async fn delete_guest(&self, user: Umid, heir: Umid) -> Result<Vec<Umid>> {
        if user == heir {
            return Err(StoreError::InvalidHeir);
        }
        let transaction = self.begin().await?;
        users::lock(&transaction, user).await?;
        // Attaching a wallet takes the same lock: whichever comes first, no wallet goes with the
        // account.
        if wallets::has_any(&transaction, user).await? {
            return Err(StoreError::HasWallet);
        }
        let owned: Vec<Umid> = object::Entity::find()
            .select_only()
            .column(object::Column::ObjectId)
            .filter(object::Column::OwnerId.eq(user))
            .order_by_asc(object::Column::ObjectId)
            .into_tuple()
            .all(&transaction)
            .await?;
        if !owned.is_empty() {
            object::Entity::update_many()
                .col_expr(object::Column::OwnerId, Expr::value(heir))
                .col_expr(object::Column::UpdatedAt, Expr::value(now().naive_utc()))
                .filter(object::Column::OwnerId.eq(user))
                .exec(&transaction)
                .await
                .map_err(|e| StoreError::from(e).dangling(Referent::Heir))?;
        }
        user::Entity::delete_by_id(user).exec(&transaction).await?;
        self.commit(transaction).await?;
        Ok(owned)
    }
}
