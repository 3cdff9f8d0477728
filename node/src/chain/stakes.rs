//! Stakes and balances: what the chain mirror tells of them, and what clients announce before the
//! chain does (docs/spec/model.md §8.4).

use chrono::{DateTime, TimeDelta, Utc};
use components::{ActivityData, ActivityKind, Reason, Umid};
use store::{
    BalanceRow, ConfirmedStake, NewActivity, PendingStake, StakeRow, StoreError, TopStakerRow,
    WorldRow, stake_activity_id,
};

use crate::{Node, NodeError, Result};

/// Users in the list of those with most stakes, at most.
const MAX_TOP_STAKERS: u32 = 100;
/// Stakes, and worlds staked in, listed at once, at most.
const MAX_STAKES: u32 = 1000;
/// Time for which an announced stake waits for the chain.
const PENDING: TimeDelta = TimeDelta::hours(24);
/// Longest comment in bytes.
const MAX_COMMENT: usize = 4096;

/// A stake that a client says it has sent to the chain (docs/spec/posbus.md §4.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StakeClaim {
    /// Transaction hash, 32 bytes as 0x hex.
    pub transaction_hash: String,
    /// Wallet address, 20 bytes as 0x hex.
    pub wallet: String,
    /// The world staked to.
    pub world: Umid,
    /// Amount in the token's smallest unit, decimal.
    pub amount: String,
    /// The staker's words.
    pub comment: String,
    /// 0 MOM, 1 DAD.
    pub kind: i64,
}

impl StakeClaim {
    /// The stake, if it can be one.
    fn checked(&self) -> Result<PendingStake> {
        let invalid = |message| NodeError::invalid(Reason::InvalidStake, message);
        let transaction_id =
            bytes::<32>(&self.transaction_hash).ok_or_else(|| invalid("bad transaction hash"))?;
        let wallet = bytes::<20>(&self.wallet).ok_or_else(|| invalid("bad wallet"))?;
        let kind = i32::try_from(self.kind).ok();
        let kind = kind.filter(|kind| matches!(kind, 0 | 1));
        let kind = kind.ok_or_else(|| invalid("unknown kind"))?;
        // A 256-bit number has 78 digits at most.
        let digits = self.amount.len();
        if digits == 0 || digits > 78 || !self.amount.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(invalid("bad amount"));
        }
        // No database takes this character in a text.
        if self.comment.len() > MAX_COMMENT || self.comment.contains('\0') {
            return Err(invalid("bad comment"));
        }
        Ok(PendingStake {
            transaction_id,
            world: self.world,
            wallet,
            amount: self.amount.clone(),
            comment: self.comment.clone(),
            kind,
        })
    }
}

/// A stake that a chain shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StakeNews {
    /// The chain.
    pub chain: Umid,
    /// The wallet's address.
    pub wallet: Vec<u8>,
    /// The world.
    pub world: Umid,
    /// Kind of token: 0 MOM, 1 DAD.
    pub kind: u8,
    /// By how much the stake grew, decimal, in the token's smallest unit.
    pub amount: String,
    /// When, if the chain says so.
    pub time: Option<DateTime<Utc>>,
    /// The transaction.
    pub transaction: Vec<u8>,
    /// Index of the log entry.
    pub position: u64,
}

impl StakeNews {
    fn transaction_hash(&self) -> String {
        format!("0x{}", hex::encode(&self.transaction))
    }

    /// Its activity: the same, however often the chain is read.
    fn activity(&self) -> Umid {
        stake_activity_id(&self.transaction_hash(), &self.position.to_string())
    }

    fn data(&self) -> ActivityData {
        let symbol = match self.kind {
            0 => "MOM",
            _ => "DAD",
        };
        ActivityData {
            token_symbol: Some(symbol.to_owned()),
            token_amount: Some(self.amount.clone()),
            bc_tx_hash: Some(self.transaction_hash()),
            bc_log_index: Some(self.position.to_string()),
            ..ActivityData::default()
        }
    }
}

impl Node {
    /// Puts a stake into the news of its world and tells everybody there, with the comment that was
    /// announced for it. Once only, however often this is called. Stakes of nobody known and in
    /// worlds that are not there are no news.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn tell_stake(&self, news: &StakeNews) -> Result<()> {
        let confirmed = ConfirmedStake {
            chain: news.chain,
            wallet: news.wallet.clone(),
            world: news.world,
            kind: i32::from(news.kind),
            transaction_id: news.transaction.clone(),
        };
        self.store().confirm_stake(&confirmed).await?;
        let wallet = format!("0x{}", hex::encode(&news.wallet));
        let user = self.store().user_by_wallet(&wallet).await?;
        let Some(user) = user.filter(|_| self.directory().is_world(news.world)) else {
            return Ok(());
        };
        let activity = NewActivity {
            id: news.activity(),
            user,
            object: news.world,
            kind: ActivityKind::Stake,
            data: news.data(),
            created_at: news.time,
        };
        self.post_by_itself(&activity).await
    }

    /// Takes a stake out of the news: its block was lost.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn untell_stake(&self, news: &StakeNews) -> Result<()> {
        self.remove_by_itself(news.world, news.activity()).await
    }

    /// Forgets stakes that were announced and never came: those older than a day.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn forget_pending_stakes(&self) -> Result<u64> {
        let before = Utc::now() - PENDING;
        Ok(self.store().forget_pending_stakes(before).await?)
    }

    /// Notes a stake that a client announced, so that its comment is found when the chain confirms
    /// it. The wallet must belong to the user (docs/regressions.md W24, S13).
    ///
    /// # Errors
    /// `InvalidStake` for what cannot be a stake, `NotYourWallet`,
    /// `WorldNotFound`, those of the store.
    pub async fn announce_stake(&self, user: Umid, claim: &StakeClaim) -> Result<()> {
        let stake = claim.checked()?;
        if self.store().user_by_wallet(&claim.wallet).await? != Some(user) {
            return Err(Reason::NotYourWallet.into());
        }
        if !self.directory().is_world(claim.world) {
            return Err(Reason::WorldNotFound.into());
        }
        match self.store().pending_stake(&stake).await {
            Err(StoreError::Dangling(_)) => Err(Reason::WorldNotFound.into()),
            result => Ok(result?),
        }
    }

    /// Stakes of the wallets of a user in worlds that are there, newest first.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn stakes_of_user(&self, user: Umid) -> Result<Vec<StakeRow>> {
        Ok(self.store().stakes_of_user(user, MAX_STAKES).await?)
    }

    /// Balances of each Ethereum wallet of a user in each token.
    ///
    /// # Errors
    /// `WalletsNotFound` if the user has no wallet.
    pub async fn balances_of_user(&self, user: Umid) -> Result<Vec<BalanceRow>> {
        let balances = self.store().balances_of_user(user).await?;
        balances.ok_or(NodeError::Refused(Reason::WalletsNotFound))
    }

    /// Users with most stakes, most first.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn top_stakers(&self) -> Result<Vec<TopStakerRow>> {
        Ok(self.store().top_stakers(MAX_TOP_STAKERS).await?)
    }

    /// The worlds a user has stakes in.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn staked_worlds(&self, user: Umid) -> Result<Vec<WorldRow>> {
        Ok(self.store().staked_worlds(user, MAX_STAKES).await?)
    }
}

/// Accounts of wallets, on chains of either family.
pub(crate) fn accounts(wallets: &[String]) -> Vec<Vec<u8>> {
    let account = |wallet: &String| bytes::<20>(wallet).or_else(|| bytes::<32>(wallet));
    wallets.iter().filter_map(account).collect()
}

/// Exactly `N` bytes of 0x hex.
pub(crate) fn bytes<const N: usize>(text: &str) -> Option<Vec<u8>> {
    let digits = text.strip_prefix("0x")?;
    if digits.len() != 2 * N {
        return None;
    }
    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    (0..N)
        .map(|index| u8::from_str_radix(digits.get(2 * index..2 * index + 2)?, 16).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::bytes;

    /// Hex shorter than its prefix, of the wrong length, or no hex at all is refused, not sliced
    /// (W6, C3).
    #[test]
    fn hex_is_parsed_not_sliced() {
        for bad in [
            "", "0", "0x", "0x1", "0xzz", "0x+1", "abcd", "0x123", "0x€€",
        ] {
            assert_eq!(bytes::<1>(bad), None, "{bad}");
        }
        assert_eq!(bytes::<2>("0xAb01"), Some(vec![0xab, 1]));
    }
}
