//! Worlds for those who hold their tokens (docs/spec/model.md §8.6).

use components::Umid;

use crate::{
    Node, NodeError, Result,
    chain::{nft::sequence, stakes::bytes},
};

/// Worlds made at one login, at most; the others come with the next.
const MAX_WORLDS: u32 = 32;

/// First name of the world of a token.
pub(crate) fn world_name(world: Umid) -> String {
    format!("Odyssey#{}", sequence(world))
}

impl Node {
    /// Creates the worlds whose tokens the user's wallets hold and that do not exist yet. What
    /// fails is logged: whoever logs in is let in, and the next login tries again.
    pub(crate) async fn create_missing_worlds(&self, user: Umid) {
        if let Err(error) = self.try_create_missing_worlds(user).await {
            tracing::warn!(%user, %error, "worlds of tokens could not be created");
        }
    }

    async fn try_create_missing_worlds(&self, user: Umid) -> Result<()> {
        let account = self.user(user).await?;
        // Other wallets than those of Ethereum hold no tokens.
        let wallets = account.wallets.iter();
        let wallets: Vec<_> = wallets.filter_map(|wallet| bytes::<20>(wallet)).collect();
        let worlds = self.store().nfts_without_world(&wallets, MAX_WORLDS);
        for world in worlds.await? {
            match self.create_world(user, world, &world_name(world)).await {
                Ok(true) => tracing::info!(%world, %user, "created the world of a token"),
                Ok(false) => {}
                Err(error @ NodeError::Unavailable) => return Err(error),
                Err(error) => {
                    tracing::warn!(%world, %error, "the world of a token was not created")
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use uuid::uuid;

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
