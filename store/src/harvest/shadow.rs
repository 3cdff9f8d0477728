//! Rows that are made anew beside the present ones, and then take their place in one transaction.

use components::Umid;
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QuerySelect,
    sea_query::{Alias, Expr, ExprTrait, Query},
};

use super::{ChainRow, outbox, shown};
use crate::{
    Result, Store, StoreError,
    entity::{
        chain_block, chain_cell, chain_dead_letter, chain_fact, chain_outbox, chain_undo,
        followed_chain,
    },
};

impl Store {
    /// Asks for the rows of a chain to be made anew; false if there is no such chain.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn ask_for_reindex(&self, chain: Umid) -> Result<bool> {
        let transaction = self.begin().await?;
        let asked = followed_chain::Entity::update_many()
            .set(followed_chain::ActiveModel {
                sources: Set(None),
                ..Default::default()
            })
            .filter(followed_chain::Column::ChainId.eq(chain))
            .exec(&transaction)
            .await?;
        self.commit(transaction).await?;
        Ok(asked.rows_affected > 0)
    }

    /// Forgets a chain with all rows of it, if it is a shadow of another.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn drop_shadow(&self, shadow: Umid) -> Result<()> {
        let transaction = self.begin().await?;
        followed_chain::Entity::delete_many()
            .filter(followed_chain::Column::ChainId.eq(shadow))
            .filter(followed_chain::Column::ShadowOf.is_not_null())
            .exec(&transaction)
            .await?;
        self.commit(transaction).await
    }

    /// Puts the rows of a shadow in the place of those of its chain. Effects that have happened
    /// stay; those that do not follow any more are taken back, and new ones are to happen.
    ///
    /// # Errors
    /// `Invalid` if that is no shadow of it, or has not begun.
    pub async fn adopt_shadow(&self, chain: Umid, shadow: Umid) -> Result<()> {
        let transaction = self.begin().await?;
        let row = followed_chain::Entity::find_by_id(shadow)
            .one(&transaction)
            .await?;
        let row = row.filter(|row| row.shadow_of == Some(chain));
        let row = row.ok_or_else(|| StoreError::Invalid("no shadow of that chain".to_owned()))?;
        let sources = row.sources.clone();
        let (applied, finalized) = {
            let row = ChainRow::from(row.clone());
            (row.applied, row.finalized)
        };
        let applied = applied.ok_or_else(|| StoreError::Invalid("an empty shadow".to_owned()))?;
        tracing::info!(block = applied.number, "rows of a chain are replaced");
        macro_rules! replace {
            ($($table:ident)*) => {$(
                $table::Entity::delete_many()
                    .filter($table::Column::ChainId.eq(chain))
                    .exec(&transaction)
                    .await?;
                $table::Entity::update_many()
                    .col_expr($table::Column::ChainId, Expr::value(chain))
                    .filter($table::Column::ChainId.eq(shadow))
                    .exec(&transaction)
                    .await?;
            )*};
        }
        replace!(chain_block chain_cell chain_undo chain_fact chain_dead_letter);
        merge_effects(&transaction, chain, shadow).await?;
        followed_chain::Entity::update_many()
            .set(followed_chain::ActiveModel {
                applied_number: Set(row.applied_number),
                applied_hash: Set(row.applied_hash),
                finalized_number: Set(finalized.as_ref().map_or(-1, |_| row.finalized_number)),
                finalized_hash: Set(row.finalized_hash),
                sources: Set(sources),
                ..Default::default()
            })
            .filter(followed_chain::Column::ChainId.eq(chain))
            .exec(&transaction)
            .await?;
        followed_chain::Entity::delete_by_id(shadow)
            .exec(&transaction)
            .await?;
        shown::show_anew(&transaction, chain, &applied).await?;
        self.commit(transaction).await
    }
}

async fn merge_effects(transaction: &DatabaseTransaction, chain: Umid, shadow: Umid) -> Result<()> {
    let keys_of = |of: Umid| {
        Query::select()
            .column(chain_outbox::Column::Key)
            .from(Alias::new("chain_outbox"))
            .and_where(chain_outbox::Column::ChainId.eq(of))
            .to_owned()
    };
    let stale = chain_outbox::Column::ChainId
        .eq(chain)
        .and(chain_outbox::Column::Key.not_in_subquery(keys_of(shadow)));
    outbox::take_back(transaction, stale).await?;
    // Those that are known go on as they are.
    let known: Vec<String> = chain_outbox::Entity::find()
        .select_only()
        .column(chain_outbox::Column::Key)
        .filter(chain_outbox::Column::ChainId.eq(shadow))
        .filter(chain_outbox::Column::Key.in_subquery(keys_of(chain)))
        .into_tuple()
        .all(transaction)
        .await?;
    for keys in known.chunks(super::BATCH) {
        chain_outbox::Entity::delete_many()
            .filter(chain_outbox::Column::ChainId.eq(shadow))
            .filter(chain_outbox::Column::Key.is_in(keys.to_vec()))
            .exec(transaction)
            .await?;
    }
    chain_outbox::Entity::update_many()
        .col_expr(chain_outbox::Column::ChainId, Expr::value(chain))
        .filter(chain_outbox::Column::ChainId.eq(shadow))
        .exec(transaction)
        .await?;
    Ok(())
}
