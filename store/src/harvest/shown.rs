//! The tables that the API reads, which have the shape of the existing platform's, follow the
//! derived values (docs/spec/model.md §2.1).

use std::collections::{BTreeMap, BTreeSet};

use chrono::Utc;
use components::Umid;
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect,
    sea_query::{ExprTrait, OnConflict},
};

use super::{BATCH, BlockMark, Cell, CellRow, insert_all, long};
use crate::{
    Result, StoreError,
    entity::{
        Amount, balance, blockchain, chain_cell, contract, followed_chain, nft, stake, wallet,
    },
};

/// Follows changes of cells; `to` is the last applied block.
pub(super) async fn show(
    transaction: &DatabaseTransaction,
    of: Umid,
    to: &BlockMark,
    cells: &[CellRow],
) -> Result<()> {
    let known = followed_chain::Entity::find_by_id(of)
        .one(transaction)
        .await?;
    if known.as_ref().is_some_and(|row| row.shadow_of.is_some()) {
        return Ok(());
    }
    let row = blockchain::Model {
        blockchain_id: of,
        last_processed_block_number: long(to.number),
        blockchain_name: known.map_or_else(String::new, |row| row.name),
        rpc_url: String::new(),
        updated_at: Utc::now().naive_utc(),
    };
    let mut replace = OnConflict::column(blockchain::Column::BlockchainId);
    replace.update_columns([
        blockchain::Column::LastProcessedBlockNumber,
        blockchain::Column::BlockchainName,
        blockchain::Column::UpdatedAt,
    ]);
    blockchain::Entity::insert(row.into_active_model())
        .on_conflict(replace)
        .exec_without_returning(transaction)
        .await?;
    let mut rows = Shown::default();
    for row in cells {
        rows.add(of, row)?;
    }
    rows.write(transaction, of).await
}

/// Shows a chain anew: rows that follow from no cell go.
pub(super) async fn show_anew(
    transaction: &DatabaseTransaction,
    of: Umid,
    to: &BlockMark,
) -> Result<()> {
    balance::Entity::delete_many()
        .filter(balance::Column::BlockchainId.eq(of))
        .exec(transaction)
        .await?;
    nft::Entity::delete_many()
        .filter(nft::Column::BlockchainId.eq(of))
        .exec(transaction)
        .await?;
    // A stake that is gone keeps its last comment.
    stake::Entity::update_many()
        .set(stake::ActiveModel {
            amount: Set(Amount::zero()),
            ..Default::default()
        })
        .filter(stake::Column::BlockchainId.eq(of))
        .exec(transaction)
        .await?;
    let mut after: Option<(i32, Vec<u8>)> = None;
    loop {
        let mut rows = chain_cell::Entity::find().filter(chain_cell::Column::ChainId.eq(of));
        if let Some((kind, cell)) = &after {
            let same_kind = chain_cell::Column::Kind
                .eq(*kind)
                .and(chain_cell::Column::Cell.gt(cell.clone()));
            rows = rows.filter(chain_cell::Column::Kind.gt(*kind).or(same_kind));
        }
        let rows = rows
            .order_by_asc(chain_cell::Column::Kind)
            .order_by_asc(chain_cell::Column::Cell)
            .limit(BATCH as u64)
            .all(transaction)
            .await?;
        let Some(last) = rows.last() else {
            return show(transaction, of, to, &[]).await;
        };
        after = Some((last.kind, last.cell.clone()));
        let rows: Result<Vec<CellRow>> = rows.into_iter().map(CellRow::try_from).collect();
        show(transaction, of, to, &rows?).await?;
    }
}

/// Rows that follow from cells.
#[derive(Default)]
struct Shown {
    wallets: BTreeSet<Vec<u8>>,
    contracts: BTreeSet<Vec<u8>>,
    balances: Vec<balance::Model>,
    /// Account and contract of balances that are gone.
    empty: Vec<(Vec<u8>, Vec<u8>)>,
    /// Worlds by contract, whoever held them.
    handed_over: BTreeMap<Vec<u8>, Vec<Umid>>,
    owners: Vec<nft::Model>,
    stakes: Vec<stake::Model>,
}

impl Shown {
    fn add(&mut self, of: Umid, row: &CellRow) -> Result<()> {
        let time = Utc::now().naive_utc();
        match &row.cell {
            Cell::Balance { contract, account } => {
                let Some(value) = &row.value else {
                    self.empty.push((account.clone(), contract.clone()));
                    return Ok(());
                };
                self.wallets.insert(account.clone());
                self.contracts.insert(contract.clone());
                self.balances.push(balance::Model {
                    wallet_id: account.clone(),
                    contract_id: contract.clone(),
                    blockchain_id: of,
                    balance: amount(value)?,
                    last_processed_block_number: long(row.number),
                });
            }
            Cell::Owner { contract, item } => {
                // Items whose id has more than 128 bits stand for no world.
                let (high, world) = item.split_at(16);
                let (true, Ok(world)) = (high == [0; 16], Umid::from_slice(world)) else {
                    return Ok(());
                };
                let handed_over = self.handed_over.entry(contract.clone());
                handed_over.or_default().push(world);
                let Some(owner) = &row.value else {
                    return Ok(());
                };
                self.wallets.insert(owner.clone());
                self.owners.push(nft::Model {
                    wallet_id: owner.clone(),
                    contract_id: contract.clone(),
                    blockchain_id: of,
                    object_id: world,
                    created_at: Some(time),
                    updated_at: Some(time),
                });
            }
            Cell::Announced { .. } => {}
            // A stake that is gone keeps its row: its last comment is still told.
            Cell::Stake {
                account,
                world,
                token,
            } => {
                self.wallets.insert(account.clone());
                self.stakes.push(stake::Model {
                    blockchain_id: of,
                    wallet_id: account.clone(),
                    object_id: *world,
                    kind: i32::from(*token),
                    amount: amount(row.value.as_deref().unwrap_or_default())?,
                    last_comment: String::new(),
                    updated_at: time,
                    created_at: time,
                });
            }
        }
        Ok(())
    }

    async fn write(self, transaction: &DatabaseTransaction, of: Umid) -> Result<()> {
        let wallets = self.wallets.into_iter().map(|wallet| wallet::Model {
            blockchain_id: of,
            wallet_id: wallet,
        });
        let mut known =
            OnConflict::columns([wallet::Column::BlockchainId, wallet::Column::WalletId]);
        known.do_nothing();
        insert_all(transaction, wallets.collect(), Some(known)).await?;
        let contracts = self.contracts.into_iter().map(|contract| contract::Model {
            contract_id: contract,
            name: Some(String::new()),
        });
        let mut known = OnConflict::column(contract::Column::ContractId);
        known.do_nothing();
        insert_all(transaction, contracts.collect(), Some(known)).await?;

        for (account, contract) in self.empty {
            balance::Entity::delete_by_id((account, contract, of))
                .exec(transaction)
                .await?;
        }
        let mut replace = OnConflict::columns([
            balance::Column::WalletId,
            balance::Column::ContractId,
            balance::Column::BlockchainId,
        ]);
        replace.update_columns([
            balance::Column::Balance,
            balance::Column::LastProcessedBlockNumber,
        ]);
        insert_all(transaction, self.balances, Some(replace)).await?;

        for (contract, worlds) in self.handed_over {
            for worlds in worlds.chunks(BATCH) {
                nft::Entity::delete_many()
                    .filter(nft::Column::BlockchainId.eq(of))
                    .filter(nft::Column::ContractId.eq(contract.clone()))
                    .filter(nft::Column::ObjectId.is_in(worlds.to_vec()))
                    .exec(transaction)
                    .await?;
            }
        }
        insert_all(transaction, self.owners, None).await?;

        let mut replace = OnConflict::columns([
            stake::Column::BlockchainId,
            stake::Column::WalletId,
            stake::Column::ObjectId,
            stake::Column::Kind,
        ]);
        replace.update_columns([stake::Column::Amount, stake::Column::UpdatedAt]);
        insert_all(transaction, self.stakes, Some(replace)).await
    }
}

/// An amount of at most 32 bytes, the most significant first.
fn amount(bytes: &[u8]) -> Result<Amount> {
    Amount::from_be_bytes(bytes).ok_or_else(|| StoreError::Invalid("an amount".to_owned()))
}
