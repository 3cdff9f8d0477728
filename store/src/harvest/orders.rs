//! Transactions of our own: ordered once by key, signed under one nonce, and sent until one version
//! of each is in a block.
//!
//! ```text
//! waiting ─► sent ─► done
//!    │        │ ▲      or failed
//!    ▼        └─┘ with a higher fee
//! deleted
//! ```
//!
//! Each version is stored before it is sent, so that a program that dies in between sends the same
//! again, and never another one.

use chrono::{DateTime, Utc};
use components::Umid;
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{ExprTrait, OnConflict},
};
use serde_json::json;

use super::long;
use crate::{Result, Store, entity::chain_order};

const WAITING: &str = "waiting";
const SENT: &str = "sent";
const DONE: &str = "done";
const FAILED: &str = "failed";

/// A transaction that is ordered, or on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderRow {
    /// The same whenever the same thing is ordered again.
    pub key: String,
    /// The block that it follows from.
    pub number: u64,
    /// The contract that is called.
    pub to: Vec<u8>,
    /// The call.
    pub data: Vec<u8>,
    /// The version that was sent last.
    pub sent: Option<SignedOrder>,
    /// Hashes of all versions that were sent.
    pub hashes: Vec<Vec<u8>>,
    /// When the last one was.
    pub sent_at: Option<DateTime<Utc>>,
}

/// A version of an order that can be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedOrder {
    /// Its number among the account's transactions.
    pub nonce: u64,
    /// The fee of a unit of work at most.
    pub fee: u128,
    /// Hash of the transaction.
    pub hash: Vec<u8>,
    /// The transaction as it is sent.
    pub raw: Vec<u8>,
}

impl Store {
    /// Orders a transaction that follows from a block; nothing, if it is ordered already.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn place_order(
        &self,
        chain: Umid,
        key: &str,
        number: u64,
        to: &[u8],
        data: &[u8],
    ) -> Result<()> {
        let row = chain_order::Model {
            chain_id: chain,
            key: key.to_owned(),
            number: long(number),
            to_account: to.to_vec(),
            data: data.to_vec(),
            state: WAITING.to_owned(),
            nonce: None,
            hashes: json!([]),
            raw: None,
            fee: None,
            error: None,
            created_at: Utc::now(),
            sent_at: None,
        };
        let once = OnConflict::columns([chain_order::Column::ChainId, chain_order::Column::Key])
            .do_nothing()
            .to_owned();
        let transaction = self.begin().await?;
        chain_order::Entity::insert(row.into_active_model())
            .on_conflict(once)
            .exec_without_returning(&transaction)
            .await?;
        self.commit(transaction).await
    }

    /// Takes an order back that was never signed: its block was lost.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn cancel_order(&self, chain: Umid, key: &str) -> Result<()> {
        let transaction = self.begin().await?;
        chain_order::Entity::delete_many()
            .filter(chain_order::Column::ChainId.eq(chain))
            .filter(chain_order::Column::Key.eq(key))
            .filter(chain_order::Column::State.eq(WAITING))
            .exec(&transaction)
            .await?;
        self.commit(transaction).await
    }

    /// Orders that were sent, lowest nonce first, and after them those that wait and follow from
    /// blocks up to one, oldest first.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn open_orders(&self, chain: Umid, until: u64, limit: u64) -> Result<Vec<OrderRow>> {
        let of = |state: &str| {
            chain_order::Entity::find()
                .filter(chain_order::Column::ChainId.eq(chain))
                .filter(chain_order::Column::State.eq(state))
                .limit(limit)
        };
        let mut rows = of(SENT)
            .order_by_asc(chain_order::Column::Nonce)
            .all(self.read())
            .await?;
        let waiting = of(WAITING)
            .filter(chain_order::Column::Number.lte(long(until)))
            .order_by_asc(chain_order::Column::Number)
            .order_by_asc(chain_order::Column::Key)
            .all(self.read())
            .await?;
        rows.extend(waiting);
        Ok(rows.into_iter().map(OrderRow::from).collect())
    }

    /// The highest nonce that was ever given to an order.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn last_nonce(&self, chain: Umid) -> Result<Option<u64>> {
        let row = chain_order::Entity::find()
            .filter(chain_order::Column::ChainId.eq(chain))
            .filter(chain_order::Column::Nonce.is_not_null())
            .order_by_desc(chain_order::Column::Nonce)
            .one(self.read())
            .await?;
        Ok(row.and_then(|row| row.nonce).map(i64::unsigned_abs))
    }

    /// Notes a version of an order that is about to be sent: the first, or one that replaces the
    /// last under the same nonce. False if it has another nonce already, or is closed.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn sign_order(
        &self,
        chain: Umid,
        order: &OrderRow,
        signed: &SignedOrder,
    ) -> Result<bool> {
        let mut hashes: Vec<String> = order.hashes.iter().map(hex::encode).collect();
        hashes.push(hex::encode(&signed.hash));
        let nonce = long(signed.nonce);
        let has_none = chain_order::Column::Nonce.is_null();
        let transaction = self.begin().await?;
        let updated = chain_order::Entity::update_many()
            .set(chain_order::ActiveModel {
                state: Set(SENT.to_owned()),
                nonce: Set(Some(nonce)),
                hashes: Set(json!(hashes)),
                raw: Set(Some(signed.raw.clone())),
                fee: Set(Some(signed.fee.to_string())),
                sent_at: Set(Some(Utc::now())),
                ..Default::default()
            })
            .filter(chain_order::Column::ChainId.eq(chain))
            .filter(chain_order::Column::Key.eq(order.key.as_str()))
            .filter(chain_order::Column::State.is_in([WAITING, SENT]))
            .filter(has_none.or(chain_order::Column::Nonce.eq(nonce)))
            .exec(&transaction)
            .await?;
        self.commit(transaction).await?;
        Ok(updated.rows_affected == 1)
    }

    /// Notes that an order is in a block, or that it never will be, and why.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn close_order(&self, chain: Umid, key: &str, error: Option<&str>) -> Result<()> {
        let state = match error {
            None => DONE,
            Some(_) => FAILED,
        };
        let transaction = self.begin().await?;
        chain_order::Entity::update_many()
            .set(chain_order::ActiveModel {
                state: Set(state.to_owned()),
                error: Set(error.map(str::to_owned)),
                ..Default::default()
            })
            .filter(chain_order::Column::ChainId.eq(chain))
            .filter(chain_order::Column::Key.eq(key))
            .exec(&transaction)
            .await?;
        self.commit(transaction).await
    }
}

impl From<chain_order::Model> for OrderRow {
    fn from(row: chain_order::Model) -> Self {
        let texts = row.hashes.as_array().cloned().unwrap_or_default();
        let hashes = texts
            .iter()
            .filter_map(|text| hex::decode(text.as_str()?).ok());
        let hashes: Vec<Vec<u8>> = hashes.collect();
        let fee = row.fee.and_then(|fee| fee.parse().ok());
        let sent = row.nonce.zip(fee).zip(row.raw).zip(hashes.last().cloned());
        Self {
            key: row.key,
            number: row.number.unsigned_abs(),
            to: row.to_account,
            data: row.data,
            sent: sent.map(|(((nonce, fee), raw), hash)| SignedOrder {
                nonce: nonce.unsigned_abs(),
                fee,
                hash,
                raw,
            }),
            hashes,
            sent_at: row.sent_at,
        }
    }
}
