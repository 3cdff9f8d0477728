//! Worlds as lists and detail pages show them (spec rest §2.8).

use components::{Umid, ids};
use store::{AttributeTarget, StakerRow, UserRow, WorldRow};

use crate::{Caller, Node, NodeError, Result};

/// Most users listed as online in a world.
const MAX_ONLINE: usize = 1000;

/// Most worlds of one owner listed at once.
const MAX_OWNED: u32 = 1000;

/// Everything a world's page shows.
#[derive(Clone, Debug, PartialEq)]
pub struct WorldDetails {
    /// The world.
    pub world: WorldRow,
    /// Who stakes in it, highest stake first.
    pub stakers: Vec<StakerRow>,
    /// What the last staker with words said.
    pub last_staking_comment: Option<String>,
    /// Whether the caller is an indirect admin of it.
    pub is_admin: bool,
}

impl Node {
    /// The worlds by time of creation.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn list_worlds(&self, newest_first: bool, limit: u32) -> Result<Vec<WorldRow>> {
        Ok(self.store().worlds(newest_first, limit).await?)
    }

    /// The worlds a user owns, oldest first.
    ///
    /// # Errors
    /// `NotFound("user_not_found")`.
    pub async fn worlds_of_user(&self, user: Umid) -> Result<Vec<WorldRow>> {
        let worlds = self.store().worlds_of_user(user, MAX_OWNED).await?;
        if worlds.is_empty() {
            self.user(user).await?;
        }
        Ok(worlds)
    }

    /// A world with its stakers.
    ///
    /// # Errors
    /// `NotFound("world_not_found")`, also for objects that are no worlds.
    pub async fn world_details(&self, caller: Caller, world: Umid) -> Result<WorldDetails> {
        let row = self
            .store()
            .world(world)
            .await?
            .ok_or(NodeError::NotFound("world_not_found"))?;
        Ok(WorldDetails {
            world: row,
            stakers: self.store().world_stakers(world).await?,
            last_staking_comment: self.store().last_staking_comment(world).await?,
            is_admin: self.directory().is_admin(caller.user, world),
        })
    }

    /// The display name of an object, empty if unset.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn object_name(&self, object: Umid) -> Result<String> {
        let name = self
            .store()
            .attribute(AttributeTarget::Object(object), &ids::core("name"))
            .await?;
        let value = name.and_then(|record| record.value).unwrap_or_default();
        let text = |key: &str| value.get(key).and_then(|text| text.as_str());
        Ok(text("name")
            .or_else(|| text("value"))
            .unwrap_or_default()
            .to_owned())
    }

    /// Who is in a world right now; nobody if it is not loaded.
    ///
    /// # Errors
    /// `NotFound("world_not_found")`.
    pub async fn online_users(&self, world: Umid) -> Result<Vec<UserRow>> {
        if !self.directory().is_world(world) {
            return Err(NodeError::NotFound("world_not_found"));
        }
        let mut users = self.worlds().online_users(world).await;
        users.truncate(MAX_ONLINE);
        Ok(self.store().users_by_ids(&users).await?)
    }
}
