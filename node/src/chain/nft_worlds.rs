//! Worlds for those who hold their tokens (docs/spec/model.md §8.6).

use components::{Umid, ids};
use systems::Effect;
use uuid::uuid;

use crate::{
    Node, NodeError, Result,
    chain::{nft::sequence, stakes::accounts},
    objects::state,
};

/// Worlds made at one login, at most; the others come with the next.
const MAX_WORLDS: u32 = 32;

/// Wallets whose balances are read at once, at most.
const MAX_WALLETS: usize = 1000;
/// An object of the welcome world of a new node, whose id is also that of the first token. It is
/// the node's, whoever holds that token.
const WELCOME_GROUND: Umid = uuid!("00000000-0000-8000-8000-000000000101");

/// First name of the world of a token.
pub(crate) fn world_name(world: Umid) -> String {
    format!("Odyssey#{}", sequence(world))
}

impl Node {
    /// Gives a user the worlds whose tokens its wallets hold: creates those that do not exist yet.
    /// A failure is logged: whoever logs in is let in, and the next login tries again.
    pub(crate) async fn claim_worlds(&self, user: Umid) {
        if let Err(error) = self.try_claim_worlds(user).await {
            tracing::warn!(%user, %error, "worlds of tokens could not be given");
        }
    }

    async fn try_claim_worlds(&self, user: Umid) -> Result<()> {
        let account = self.user(user).await?;
        let accounts = accounts(&account.wallets);
        let worlds = self.store().worlds_due(user, &accounts, MAX_WORLDS);
        for world in worlds.await? {
            match self.settle_world(world).await {
                Ok(()) => {}
                Err(error @ NodeError::Unavailable) => return Err(error),
                Err(error) => {
                    tracing::warn!(%world, %error, "the world of a token was not created")
                }
            }
        }
        Ok(())
    }

    /// Accounts of so many bytes of those who are connected, a thousand at most.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn wallets_here(&self, bytes: usize) -> Result<Vec<Vec<u8>>> {
        let users: Vec<Umid> = self.worlds().connected_users().into_iter().collect();
        let wallets = self.store().wallets_of(&users).await?;
        let mut accounts = accounts(&wallets);
        accounts.retain(|account| account.len() == bytes);
        accounts.truncate(MAX_WALLETS);
        Ok(accounts)
    }

    /// Makes a world what its token says: it is created for the user who holds it, given to that
    /// user, kept for nobody while no user holds it, and archived when it is burned. This looks at
    /// how things are now, so it may be repeated, and comes to the same in any order.
    ///
    /// # Errors
    /// Those of [`create_world`](Self::create_world) and of the store.
    pub async fn settle_world(&self, world: Umid) -> Result<()> {
        if self.directory().world_of(WELCOME_GROUND) == Some(world) {
            return Ok(());
        }
        let holder = self.store().holder_of_world(world).await?;
        let user = match &holder {
            Some(wallet) => {
                let wallet = format!("0x{}", hex::encode(wallet));
                self.store().user_by_wallet(&wallet).await?
            }
            None => None,
        };
        if !self.directory().knows(world) {
            let Some(user) = user else { return Ok(()) };
            if self.create_world(user, world, &world_name(world)).await? {
                tracing::info!(%world, %user, "created the world of a token");
            }
            return Ok(());
        }
        let to = user.unwrap_or(ids::SYSTEM_USER);
        let archived = holder.is_none();
        let is_settled = self.directory().owner(world) == Some(to)
            && self.directory().is_archived(world) == archived;
        match is_settled || self.directory().world_of(world) != Some(world) {
            true => Ok(()),
            false => self.hand_over(world, to, archived).await,
        }
    }

    async fn hand_over(&self, world: Umid, to: Umid, archived: bool) -> Result<()> {
        let mut from = to;
        let change = async {
            let handed = self.store().hand_over_world(world, to, archived).await?;
            from = handed.from;
            for object in &handed.objects {
                self.directory().set_owner(*object, to);
            }
            self.directory().remove_admin(world, from);
            self.directory().set_archived(world, archived);
            let root = Effect::Object(Box::new(state(handed.world)));
            Ok(((), vec![root, Effect::RolesChanged]))
        };
        self.worlds().change(world, change).await?;
        tracing::info!(%world, %from, %to, archived, "a world has another owner");
        if archived {
            self.worlds().close(world).await;
        }
        if from != to {
            self.tell_role(from, world, "You no longer own this world:")
                .await;
            self.tell_role(to, world, "You own this world now:").await;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_world_is_called_by_the_number_of_its_token() {
        let world = uuid!("00000000-0000-8000-8000-00000000000a");
        assert_eq!(world_name(world), "Odyssey#10");
        assert_eq!(
            world_name(uuid!("00000000-0000-8000-8000-000000000001")),
            "Odyssey#1"
        );
    }
}
