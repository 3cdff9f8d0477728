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
    /// The worlds that these wallets (20 bytes each) hold the token of and that do not exist yet,
    /// lowest id first.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn nfts_without_world(&self, wallets: &[Vec<u8>], limit: u32) -> Result<Vec<Umid>> {
        if wallets.is_empty() {
            return Ok(Vec::new());
        }
        let world = Query::select()
            .expr(Expr::val(1))
            .from(Alias::new("object"))
            .and_where(
                Expr::col((object::Entity, object::Column::ObjectId))
                    .equals((nft::Entity, nft::Column::ObjectId)),
            )
            .to_owned();
        Ok(nft::Entity::find()
            .select_only()
            .column(nft::Column::ObjectId)
            .distinct()
            .filter(nft::Column::WalletId.is_in(wallets.to_vec()))
            .filter(Expr::exists(world).not())
            .order_by_asc(nft::Column::ObjectId)
            .limit(u64::from(limit))
            .into_tuple()
            .all(self.read())
            .await?)
    }
}
