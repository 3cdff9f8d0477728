//! What sessions need of the node: who is connected, where users last were, and announced stakes.

use components::{TransformNoScale, Umid, ids};
use store::{AttributeTarget, PendingStake};

use crate::worlds::Connections;
use crate::{Node, NodeError, Result};

/// A stake that a client says it has sent to the chain (spec posbus §4.2 UserStakedToOdyssey).
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
    /// What the staker says.
    pub comment: String,
    /// 0 MOM, 1 DAD.
    pub kind: i64,
}

/// Counts a user as connected until dropped.
pub struct ConnectionGuard {
    connections: Connections,
    user: Umid,
    connection: u64,
}

impl Drop for ConnectionGuard {
    fn drop(&mut self) {
        self.connections.remove(self.user, self.connection);
    }
}

impl Node {
    /// Counts a user as connected by a connection, whose number no other one has.
    pub fn connect(&self, user: Umid, connection: u64) -> ConnectionGuard {
        let connections = self.worlds().connections();
        connections.add(user, connection);
        ConnectionGuard {
            connections,
            user,
            connection,
        }
    }

    /// Notes which world a connection is about to enter, for what is told to the user alone.
    pub fn enters(&self, user: Umid, connection: u64, world: Umid) {
        self.worlds().connections().enter(user, connection, world);
    }

    /// Where a user last left a world; `None` also when the database is away: better the spawn point than no entry.
    pub async fn last_position(&self, world: Umid, user: Umid) -> Option<TransformNoScale> {
        if let Some(unsaved) = self.worlds().unsaved_position(world, user) {
            return Some(unsaved);
        }
        let target = AttributeTarget::ObjectUser {
            object: world,
            user,
        };
        let stored = self
            .store()
            .attribute(target, &ids::core("last_known_position"))
            .await;
        let value = stored.ok().flatten()?.value?;
        let position: TransformNoScale = serde_json::from_value(value.into()).ok()?;
        position.is_finite().then_some(position)
    }

    /// Notes a stake that a client announced, so that its comment is found when the chain confirms it. The wallet must
    /// belong to the user (W24).
    ///
    /// # Errors
    /// `Invalid` for what cannot be a stake, `Forbidden` for somebody else's wallet, those of the store.
    pub async fn announce_stake(&self, user: Umid, claim: &StakeClaim) -> Result<()> {
        const REASON: &str = "invalid_stake";
        let transaction_id = bytes::<32>(&claim.transaction_hash)
            .ok_or_else(|| NodeError::invalid(REASON, "bad transaction hash"))?;
        let wallet =
            bytes::<20>(&claim.wallet).ok_or_else(|| NodeError::invalid(REASON, "bad wallet"))?;
        let kind = i32::try_from(claim.kind)
            .ok()
            .filter(|kind| matches!(kind, 0 | 1));
        let kind = kind.ok_or_else(|| NodeError::invalid(REASON, "unknown kind"))?;
        // A 256-bit number has 78 digits at most.
        let digits = claim.amount.len();
        if digits == 0 || digits > 78 || !claim.amount.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(NodeError::invalid(REASON, "bad amount"));
        }
        if self.store().user_by_wallet(&claim.wallet).await? != Some(user) {
            return Err(NodeError::Forbidden("not_your_wallet"));
        }
        let stake = PendingStake {
            transaction_id,
            world: claim.world,
            wallet,
            amount: claim.amount.clone(),
            comment: claim.comment.clone(),
            kind,
        };
        Ok(self.store().pending_stake(&stake).await?)
    }
}

/// Exactly `N` bytes of 0x hex.
fn bytes<const N: usize>(text: &str) -> Option<Vec<u8>> {
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

    /// Hex shorter than its prefix, of the wrong length, or no hex at all is refused, not sliced (W6, C3).
    #[test]
    fn w6_hex_is_parsed_not_sliced() {
        for bad in [
            "", "0", "0x", "0x1", "0xzz", "0x+1", "abcd", "0x123", "0x€€",
        ] {
            assert_eq!(bytes::<1>(bad), None, "{bad}");
        }
        assert_eq!(bytes::<2>("0xAb01"), Some(vec![0xab, 1]));
    }
}
