//! Accounts that hold enough of a token (docs/spec/chains.md §5).

use std::collections::BTreeMap;

use components::Umid;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::{
    Cell, CellRow, Result, Store,
    entity::{Amount, chain_undo, nft},
    harvest::BATCH,
};

/// A token, and the amount of it that somebody has to hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holding {
    /// The chain.
    pub chain: Umid,
    /// The token's contract.
    pub contract: Vec<u8>,
    /// At least so much, in the smallest unit, or so many items: 32 bytes, the most significant
    /// first.
    pub minimum: [u8; 32],
}

impl Store {
    /// Whether these accounts together hold enough. What came in a block that may still be replaced
    /// does not count yet, and what went in one counts no longer.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn holds(&self, holding: &Holding, accounts: &[Vec<u8>]) -> Result<bool> {
        let Some(chain) = self.chain(holding.chain).await? else {
            return Ok(false);
        };
        let finalized = chain.finalized.map(|block| block.number);
        let mut held = Amount::zero();
        for balance in self.balances_in(holding, accounts).await? {
            held += &match Some(balance.number) <= finalized {
                true => amount(&balance),
                false => amount(&balance).min(self.before(holding.chain, &balance).await?),
            };
        }
        for item in self.items_of(holding, accounts).await? {
            if Some(item.number) <= finalized {
                held += &Amount::from(1);
            }
        }
        Ok(Amount::from_be_bytes(&holding.minimum).is_some_and(|minimum| held >= minimum))
    }

    async fn balances_in(&self, holding: &Holding, accounts: &[Vec<u8>]) -> Result<Vec<CellRow>> {
        let cell = |account: &Vec<u8>| Cell::Balance {
            contract: holding.contract.clone(),
            account: account.clone(),
        };
        let cells: Vec<Cell> = accounts.iter().map(cell).collect();
        self.chain_cells(holding.chain, &cells).await
    }

    /// The value of a cell after the last block that cannot be replaced any more.
    async fn before(&self, chain: Umid, row: &CellRow) -> Result<Amount> {
        let (kind, cell) = row.cell.key();
        let oldest = chain_undo::Entity::find()
            .filter(chain_undo::Column::ChainId.eq(chain))
            .filter(chain_undo::Column::Kind.eq(kind))
            .filter(chain_undo::Column::Cell.eq(cell))
            .order_by_asc(chain_undo::Column::Number)
            .one(self.read())
            .await?;
        let value = oldest.and_then(|row| row.value);
        Ok(value
            .and_then(|value| Amount::from_be_bytes(&value))
            .unwrap_or_else(Amount::zero))
    }

    /// Items of a contract that these accounts hold, not more than one statement takes.
    async fn items_of(&self, holding: &Holding, accounts: &[Vec<u8>]) -> Result<Vec<CellRow>> {
        let rows: Vec<(Umid, Vec<u8>)> = nft::Entity::find()
            .select_only()
            .columns([nft::Column::ObjectId, nft::Column::WalletId])
            .filter(nft::Column::BlockchainId.eq(holding.chain))
            .filter(nft::Column::ContractId.eq(holding.contract.clone()))
            .filter(nft::Column::WalletId.is_in(accounts.to_vec()))
            .limit(BATCH as u64)
            .into_tuple()
            .all(self.read())
            .await?;
        let held = rows.into_iter().map(|(object, wallet)| {
            let mut item = [0; 32];
            item[16..].copy_from_slice(object.as_bytes());
            let cell = Cell::Owner {
                contract: holding.contract.clone(),
                item,
            };
            (cell, wallet)
        });
        let held: BTreeMap<Cell, Vec<u8>> = held.collect();
        let cells: Vec<Cell> = held.keys().cloned().collect();
        let mut rows = self.chain_cells(holding.chain, &cells).await?;
        rows.retain(|row| row.value.as_ref() == held.get(&row.cell));
        Ok(rows)
    }
}

fn amount(row: &CellRow) -> Amount {
    let value = row.value.as_deref().and_then(Amount::from_be_bytes);
    value.unwrap_or_else(Amount::zero)
}
