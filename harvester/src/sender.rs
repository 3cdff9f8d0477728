//! Sends transactions of our own: each order once, whatever breaks in between.
//!
//! An order gets its nonce when it is first signed, and keeps it: of all versions that are sent, a
//! chain takes one. What is sent is stored before.

use std::{sync::Arc, time::Duration};

use chrono::Utc;
use components::Umid;
use store::{OrderRow, SignedOrder, Store};

use crate::{
    adapter::{AdapterError, Outcome},
    follower::FollowError,
};

/// Orders that are on their way at once, at most.
const AT_ONCE: u64 = 16;

/// An account of our own on a chain.
#[async_trait::async_trait]
pub trait ChainWallet: Send + Sync + 'static {
    /// Number of the account's transactions that are in blocks.
    ///
    /// # Errors
    /// Those of asking.
    async fn nonce(&self) -> Result<u64, AdapterError>;

    /// The fee of a unit of work with which a transaction is taken soon.
    ///
    /// # Errors
    /// Those of asking.
    async fn fee(&self) -> Result<u128, AdapterError>;

    /// Signs a call of a contract. The chain may be asked what it will need.
    ///
    /// # Errors
    /// Those of asking; `Fatal` if the contract refuses the call.
    async fn sign(
        &self,
        to: &[u8],
        data: &[u8],
        nonce: u64,
        fee: u128,
    ) -> Result<SignedOrder, AdapterError>;

    /// Sends a transaction. One that the chain knows already is as good as sent.
    ///
    /// # Errors
    /// Those of asking.
    async fn publish(&self, raw: &[u8]) -> Result<(), AdapterError>;

    /// Fate of a transaction; none while it is in no block.
    ///
    /// # Errors
    /// Those of asking.
    async fn outcome(&self, hash: &[u8]) -> Result<Option<Outcome>, AdapterError>;
}

/// Options of a sender.
#[derive(Clone, Debug)]
pub struct SenderOptions {
    /// Time after which a transaction that is in no block is sent again with a higher fee. Default
    /// one minute.
    pub patience: Duration,
}

impl Default for SenderOptions {
    fn default() -> Self {
        Self {
            patience: Duration::from_secs(60),
        }
    }
}

/// Carries out the orders of a chain. There is one of them: two would give one nonce twice.
pub struct Sender {
    chain: Umid,
    store: Store,
    wallet: Arc<dyn ChainWallet>,
    options: SenderOptions,
}

impl Sender {
    /// A sender; nothing is sent yet.
    pub fn new(
        chain: Umid,
        store: Store,
        wallet: Arc<dyn ChainWallet>,
        options: SenderOptions,
    ) -> Self {
        Self {
            chain,
            store,
            wallet,
            options,
        }
    }

    /// Looks at the orders that are on their way, and signs those that follow from blocks up to
    /// `until`; answers how many are open afterwards. One that the contract refuses is closed with
    /// the reason, and keeps no other waiting.
    ///
    /// # Errors
    /// Those of asking the chain and of the database. Nothing is lost: the next call goes on.
    pub async fn step(&self, until: u64) -> Result<usize, FollowError> {
        let orders = self.store.open_orders(self.chain, until, AT_ONCE).await?;
        if orders.is_empty() {
            return Ok(0);
        }
        let in_blocks = self.wallet.nonce().await?;
        let last = self.store.last_nonce(self.chain).await?;
        let mut next = in_blocks.max(last.map_or(0, |last| last + 1));
        let mut open = 0;
        for order in orders {
            let goes_on = match &order.sent {
                Some(sent) => self.look_after(&order, sent, in_blocks).await?,
                None => {
                    let signed = self.send(&order, next, None).await?;
                    next += u64::from(signed);
                    signed
                }
            };
            open += usize::from(goes_on);
        }
        Ok(open)
    }

    /// False if the order is closed.
    async fn look_after(
        &self,
        order: &OrderRow,
        sent: &SignedOrder,
        in_blocks: u64,
    ) -> Result<bool, FollowError> {
        for hash in &order.hashes {
            let error = match self.wallet.outcome(hash).await? {
                None => continue,
                Some(Outcome::Succeeded) => None,
                Some(Outcome::Failed) => Some("the contract refused it"),
            };
            self.store
                .close_order(self.chain, &order.key, error)
                .await?;
            tracing::info!(
                key = order.key,
                hash = hex::encode(hash),
                error,
                "a transaction is in a block"
            );
            return Ok(false);
        }
        // The account has been used elsewhere: perhaps for the same thing, which people have to
        // see.
        if sent.nonce < in_blocks {
            let error = "another transaction of the account has its nonce";
            self.store
                .close_order(self.chain, &order.key, Some(error))
                .await?;
            tracing::error!(
                key = order.key,
                nonce = sent.nonce,
                error,
                "a transaction is lost"
            );
            return Ok(false);
        }
        let age = order.sent_at.map(|sent| Utc::now() - sent);
        let age = age.and_then(|age| age.to_std().ok()).unwrap_or_default();
        match age > self.options.patience {
            true => self.send(order, sent.nonce, Some(sent.fee)).await,
            false => {
                // It may have been stored and never sent.
                self.wallet.publish(&sent.raw).await?;
                Ok(true)
            }
        }
    }

    /// Signs an order, stores that, and sends it; with a higher fee than before, if it was sent
    /// before. False if it is closed.
    async fn send(
        &self,
        order: &OrderRow,
        nonce: u64,
        before: Option<u128>,
    ) -> Result<bool, FollowError> {
        // Nodes take a version in the place of another for a tenth more.
        let least = before.map_or(0, |fee| fee + fee / 8 + 1);
        let fee = self.wallet.fee().await?.max(least);
        let signed = self.wallet.sign(&order.to, &order.data, nonce, fee).await;
        let signed = match signed {
            Err(AdapterError::Fatal(error)) if before.is_none() => {
                self.store
                    .close_order(self.chain, &order.key, Some(&error))
                    .await?;
                tracing::warn!(key = order.key, error, "a transaction cannot be made");
                return Ok(false);
            }
            signed => signed?,
        };
        if !self.store.sign_order(self.chain, order, &signed).await? {
            return Ok(false);
        }
        self.wallet.publish(&signed.raw).await?;
        Ok(true)
    }
}
