//! Tokens that stand for worlds, as the chain mirror knows them (docs/spec/model.md §2.1, §8.6).

use components::Umid;
use sea_orm::{
    ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Alias, Expr, ExprTrait, Query},
};

use crate::{
    Result, Store,
    entity::{nft, object},
};

impl Store {
    /// The worlds that these wallets hold the token of and that are not their user's, lowest id
    /// first: those that do not exist yet, and, on chains that are followed, those of somebody
    /// else.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn worlds_due(
        &self,
        user: Umid,
        wallets: &[Vec<u8>],
        limit: u32,
    ) -> Result<Vec<Umid>> {
        if wallets.is_empty() {
            return Ok(Vec::new());
        }
        let of_token = |table: &str, theirs: &str, ours: nft::Column| {
            Query::select()
                .expr(Expr::val(1))
                .from(Alias::new(table))
                .and_where(
                    Expr::col((Alias::new(table), Alias::new(theirs))).equals((nft::Entity, ours)),
                )
                .to_owned()
        };
        let world = of_token("object", "object_id", nft::Column::ObjectId);
        let mut own = world.clone();
        own.and_where(Expr::col((object::Entity, object::Column::OwnerId)).eq(user));
        let archived = of_token("archived_world", "object_id", nft::Column::ObjectId);
        let followed = of_token("chain", "chain_id", nft::Column::BlockchainId);
        let is_due = Expr::exists(own).not().or(Expr::exists(archived));
        Ok(nft::Entity::find()
            .select_only()
            .column(nft::Column::ObjectId)
            .distinct()
            .filter(nft::Column::WalletId.is_in(wallets.to_vec()))
            .filter(
                Expr::exists(world)
                    .not()
                    .or(Expr::exists(followed).and(is_due)),
            )
            .order_by_asc(nft::Column::ObjectId)
            .limit(u64::from(limit))
            .into_tuple()
            .all(self.read())
            .await?)
    }

    /// The wallet that holds the token of a world, on any chain; none if there is no such token or
    /// nobody has it.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn holder_of_world(&self, world: Umid) -> Result<Option<Vec<u8>>> {
        Ok(nft::Entity::find()
            .select_only()
            .column(nft::Column::WalletId)
            .filter(nft::Column::ObjectId.eq(world))
            .order_by_asc(nft::Column::BlockchainId)
            .order_by_asc(nft::Column::ContractId)
            .limit(1)
            .into_tuple()
            .one(self.read())
            .await?)
    }
}
