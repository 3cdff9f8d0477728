//! The tables that the API reads, which have the shape of the existing platform's, follow the derived
//! values (docs/spec/model.md §2.1).

use chrono::Utc;
use components::Umid;
use sea_orm::{
    ColumnTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryFilter,
    sea_query::OnConflict,
};

use super::{BlockMark, Cell, CellRow, long};
use crate::{
    Result, StoreError,
    entity::{Amount, balance, blockchain, contract, followed_chain, nft, stake, wallet},
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
    for row in cells {
        match &row.cell {
            Cell::Balance { contract, account } => {
                show_balance(transaction, of, row, contract, account).await?;
            }
            Cell::Owner { contract, item } => {
                show_owner(transaction, of, row.value.as_deref(), contract, item).await?;
            }
            Cell::Stake {
                account,
                world,
                token,
            } => show_stake(transaction, of, row, account, (*world, *token)).await?,
        }
    }
    Ok(())
}

async fn show_balance(
    transaction: &DatabaseTransaction,
    of: Umid,
    row: &CellRow,
    token: &[u8],
    account: &[u8],
) -> Result<()> {
    let Some(value) = &row.value else {
        balance::Entity::delete_by_id((account.to_vec(), token.to_vec(), of))
            .exec(transaction)
            .await?;
        return Ok(());
    };
    know_wallet(transaction, of, account).await?;
    let known = contract::Model {
        contract_id: token.to_vec(),
        name: Some(String::new()),
    };
    contract::Entity::insert(known.into_active_model())
        .on_conflict_do_nothing()
        .exec_without_returning(transaction)
        .await?;
    let row = balance::Model {
        wallet_id: account.to_vec(),
        contract_id: token.to_vec(),
        blockchain_id: of,
        balance: amount(value)?,
        last_processed_block_number: long(row.number),
    };
    let mut replace = OnConflict::columns([
        balance::Column::WalletId,
        balance::Column::ContractId,
        balance::Column::BlockchainId,
    ]);
    replace.update_columns([
        balance::Column::Balance,
        balance::Column::LastProcessedBlockNumber,
    ]);
    balance::Entity::insert(row.into_active_model())
        .on_conflict(replace)
        .exec_without_returning(transaction)
        .await?;
    Ok(())
}

/// Items whose id has more than 128 bits stand for no world.
async fn show_owner(
    transaction: &DatabaseTransaction,
    of: Umid,
    owner: Option<&[u8]>,
    contract: &[u8],
    item: &[u8; 32],
) -> Result<()> {
    let (high, world) = item.split_at(16);
    let (true, Ok(world)) = (high == [0; 16], Umid::from_slice(world)) else {
        return Ok(());
    };
    nft::Entity::delete_many()
        .filter(nft::Column::BlockchainId.eq(of))
        .filter(nft::Column::ContractId.eq(contract.to_vec()))
        .filter(nft::Column::ObjectId.eq(world))
        .exec(transaction)
        .await?;
    let Some(owner) = owner else { return Ok(()) };
    know_wallet(transaction, of, owner).await?;
    let time = Utc::now().naive_utc();
    let row = nft::Model {
        wallet_id: owner.to_vec(),
        contract_id: contract.to_vec(),
        blockchain_id: of,
        object_id: world,
        created_at: Some(time),
        updated_at: Some(time),
    };
    nft::Entity::insert(row.into_active_model())
        .exec_without_returning(transaction)
        .await?;
    Ok(())
}

/// A stake that is gone keeps its row: its last comment is still told.
async fn show_stake(
    transaction: &DatabaseTransaction,
    of: Umid,
    row: &CellRow,
    account: &[u8],
    (world, token): (Umid, u8),
) -> Result<()> {
    know_wallet(transaction, of, account).await?;
    let time = Utc::now().naive_utc();
    let value = row.value.as_deref().unwrap_or_default();
    let row = stake::Model {
        blockchain_id: of,
        wallet_id: account.to_vec(),
        object_id: world,
        kind: i32::from(token),
        amount: amount(value)?,
        last_comment: String::new(),
        updated_at: time,
        created_at: time,
    };
    let mut replace = OnConflict::columns([
        stake::Column::BlockchainId,
        stake::Column::WalletId,
        stake::Column::ObjectId,
        stake::Column::Kind,
    ]);
    replace.update_columns([stake::Column::Amount, stake::Column::UpdatedAt]);
    stake::Entity::insert(row.into_active_model())
        .on_conflict(replace)
        .exec_without_returning(transaction)
        .await?;
    Ok(())
}

async fn know_wallet(transaction: &DatabaseTransaction, of: Umid, account: &[u8]) -> Result<()> {
    let row = wallet::Model {
        blockchain_id: of,
        wallet_id: account.to_vec(),
    };
    wallet::Entity::insert(row.into_active_model())
        .on_conflict_do_nothing()
        .exec_without_returning(transaction)
        .await?;
    Ok(())
}

/// An amount of at most 32 bytes, the most significant first.
fn amount(bytes: &[u8]) -> Result<Amount> {
    Amount::from_be_bytes(bytes).ok_or_else(|| StoreError::Invalid("an amount".to_owned()))
}
