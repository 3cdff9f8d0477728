//! The first owner: how somebody becomes admin of a node that has none.
//!
//! A fresh node belongs to the system user, as whom nobody can log in. As long as no admin of the
//! node can log in, each start makes a new random token, which the program prints as a link;
//! whoever brings it back becomes admin. The token is kept in memory only: the log of the latest
//! start always has the valid one, and there is no file to steal.
//!
//! The first person may well be a guest. A guest who becomes admin of the node is never swept away
//! (see `guests`), but its session token ends after a week like any other, so it should attach a
//! wallet; if it does not, the next start offers the node again.

use chrono::{DateTime, Utc};
use components::{Reason, Umid, ids};
use parking_lot::Mutex;
use store::UserRow;
use systems::Effect;

use crate::{
    Node, Result,
    users::{TOKEN_LIFETIME, guests::Guests},
};

/// The role that makes an admin.
const ADMIN: &str = "admin";

/// Memory of the operations on identities.
#[derive(Debug, Default)]
pub(crate) struct Identity {
    pub(crate) guests: Guests,
    /// Takes the write lock of profiles.
    pub(crate) profiles: tokio::sync::Mutex<()>,
    claim: Mutex<Option<ClaimToken>>,
}

impl Node {
    /// If no admin of the node can log in: makes the token that makes one and returns the link to
    /// it. An earlier token is void. The token stands behind the `#`, where it reaches no log.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn offer_ownership(&self) -> Result<Option<String>> {
        if self.has_owner(Utc::now()).await? {
            return Ok(None);
        }
        let token = ClaimToken::random();
        let link = format!(
            "{}/claim#token={}",
            self.options.base_url.trim_end_matches('/'),
            token.0
        );
        *self.identity.claim.lock() = Some(token);
        Ok(Some(link))
    }

    /// Makes the caller admin of the node and owner of its worlds that nobody owns, once.
    ///
    /// # Errors
    /// `NoClaimOpen` if the node is not on offer, `InvalidOwnerToken` if the token is not the
    /// one.
    pub async fn claim_ownership(&self, user: Umid, token: &str) -> Result<()> {
        let offer = {
            let mut claim = self.identity.claim.lock();
            match claim.as_ref() {
                None => return Err(Reason::NoClaimOpen.into()),
                Some(expected) if !expected.matches(token) => {
                    return Err(Reason::InvalidOwnerToken.into());
                }
                Some(_) => claim.take(),
            }
        };
        let node = self.directory().node();
        let change = async {
            self.store().set_member(node, user, ADMIN).await?;
            self.directory().set_admin(node, user, true);
            // The welcome world has an owner from now on.
            let worlds = self
                .store()
                .hand_over_worlds(node, ids::SYSTEM_USER, user)
                .await?;
            for world in worlds {
                self.directory().set_owner(world, user);
            }
            Ok(((), vec![Effect::RolesChanged]))
        };
        if let Err(error) = self.change_roles(node, change).await {
            *self.identity.claim.lock() = offer;
            return Err(error);
        }
        tracing::info!(%user, "the node has an owner");
        Ok(())
    }

    async fn has_owner(&self, now: DateTime<Utc>) -> Result<bool> {
        let node = self.directory().node();
        let members = self.store().members(node).await?;
        let admins = members
            .iter()
            .filter(|member| member.role == ADMIN)
            .map(|member| member.user);
        let owner = self.directory().authority().read().owner(node);
        let candidates: Vec<Umid> = admins.chain(owner).collect();
        let users = self.store().users_by_ids(&candidates).await?;
        Ok(users.iter().any(|user| self.can_log_in(user, now)))
    }

    /// By wallet at any time, as a guest as long as its one token is valid.
    fn can_log_in(&self, user: &UserRow, now: DateTime<Utc>) -> bool {
        !user.wallets.is_empty() || (self.is_guest(user) && user.created_at + TOKEN_LIFETIME > now)
    }
}

/// 244 random bits as text.
#[derive(Clone, PartialEq, Eq)]
struct ClaimToken(String);

impl ClaimToken {
    fn random() -> Self {
        Self(format!(
            "{}{}",
            Umid::new_v4().simple(),
            Umid::new_v4().simple()
        ))
    }

    /// Compares in a time that does not tell where the first difference is.
    fn matches(&self, token: &str) -> bool {
        let differences = self
            .0
            .bytes()
            .zip(token.bytes())
            .fold(0, |found, (a, b)| std::hint::black_box(found | (a ^ b)));
        self.0.len() == token.len() && differences == 0
    }
}

impl std::fmt::Debug for ClaimToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ClaimToken(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_token_matches_only_itself() {
        let token = ClaimToken::random();
        let text = token.0.clone();
        assert_eq!(text.len(), 64);
        assert!(token.matches(&text));
        for other in [
            "",
            &text[1..],
            &format!("{text}0"),
            &text.to_uppercase().replace('A', "b"),
            &ClaimToken::random().0,
        ] {
            assert!(!token.matches(other), "{other}");
        }
        assert!(
            !format!("{token:?}").contains(&text),
            "never in a log by accident"
        );
    }
}
