//! Balances of wallets, as the chain mirror knows them (docs/spec/model.md §8.4).

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use components::Umid;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::{
    Result, Store,
    chain::stakes::{BLOCKCHAIN, BLOCKCHAIN_NAME},
    convert::now,
    entity::{Amount, balance, blockchain, contract},
    users::wallets,
};

/// Balance of one wallet in one token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BalanceRow {
    /// The wallet's address, 20 bytes.
    pub wallet: Vec<u8>,
    /// The token's contract, 20 bytes.
    pub contract: Vec<u8>,
    /// Decimal amount in the token's smallest unit.
    pub balance: String,
    /// Display name of the chain.
    pub blockchain_name: String,
    /// When the chain was last looked at.
    pub updated_at: DateTime<Utc>,
}

/// Token contracts that are told, at most.
const MAX_CONTRACTS: u64 = 100;
/// Bytes of an address on Ethereum and its kin, the only ones whose balances are mirrored.
const ADDRESS: usize = 20;

impl Store {
    /// Balances of each Ethereum wallet of a user in each token, zeros included; `None` if the user
    /// has no wallet at all.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn balances_of_user(&self, user: Umid) -> Result<Option<Vec<BalanceRow>>> {
        let snapshot = self.snapshot().await?;
        let mut addresses = wallets::addresses(&snapshot, user).await?;
        if addresses.is_empty() {
            return Ok(None);
        }
        addresses.retain(|address| address.len() == ADDRESS);
        let contracts = contract::Entity::find()
            .order_by_asc(contract::Column::ContractId)
            .limit(MAX_CONTRACTS)
            .all(&snapshot)
            .await?;
        let balances = balance::Entity::find()
            .filter(balance::Column::WalletId.is_in(addresses.clone()))
            .filter(balance::Column::BlockchainId.eq(BLOCKCHAIN))
            .all(&snapshot)
            .await?;
        let chain = blockchain::Entity::find_by_id(BLOCKCHAIN)
            .one(&snapshot)
            .await?;
        snapshot.commit().await?;
        let (blockchain_name, updated_at) = match chain {
            Some(chain) => (chain.blockchain_name, chain.updated_at.and_utc()),
            None => (BLOCKCHAIN_NAME.to_owned(), now()),
        };
        let balances: HashMap<(Vec<u8>, Vec<u8>), Amount> = balances
            .into_iter()
            .map(|row| ((row.wallet_id, row.contract_id), row.balance))
            .collect();
        let rows = addresses.iter().flat_map(|wallet| {
            contracts.iter().map(|contract| {
                let key = (wallet.clone(), contract.contract_id.clone());
                let balance = balances.get(&key);
                BalanceRow {
                    balance: balance.map_or_else(|| "0".to_owned(), ToString::to_string),
                    wallet: key.0,
                    contract: key.1,
                    blockchain_name: blockchain_name.clone(),
                    updated_at,
                }
            })
        });
        Ok(Some(rows.collect()))
    }
}
