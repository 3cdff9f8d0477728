//! Worlds as lists and detail pages show them.

use components::{AttributeTarget, Reason, Umid, ids};
use store::{Landmark, StakerRow, UserRow, WorldRow};

use crate::{Caller, Node, Result};

/// Most users listed as online in a world.
const MAX_ONLINE: usize = 1000;
/// Most worlds or objects found at once.
const MAX_FOUND: u32 = 100;
/// Most stakers listed with a world.
const MAX_STAKERS: usize = 1000;

/// Most worlds of one owner listed at once.
const MAX_OWNED: u32 = 1000;

/// Everything a world's page shows.
#[derive(Clone, Debug, PartialEq)]
pub struct WorldDetails {
    /// The world.
    pub world: WorldRow,
    /// Stakers of the world, highest stake first.
    pub stakers: Vec<StakerRow>,
    /// Words of the last staker who left some.
    pub last_staking_comment: Option<String>,
    /// Whether the caller is an indirect admin of it.
    pub is_admin: bool,
}

/// An object and what is directly below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The object.
    pub object: Landmark,
    /// Its children by time of creation, as many as are listed at once.
    pub children: Vec<Landmark>,
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
    /// `UserNotFound`.
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
    /// `WorldNotFound`, also for objects that are no worlds.
    pub async fn world_details(&self, caller: Caller, world: Umid) -> Result<WorldDetails> {
        let row = self
            .store()
            .world(world)
            .await?
            .ok_or(Reason::WorldNotFound)?;
        let mut stakers = self.store().world_stakers(world).await?;
        stakers.truncate(MAX_STAKERS);
        Ok(WorldDetails {
            world: row,
            stakers,
            last_staking_comment: self.store().last_staking_comment(world).await?,
            is_admin: self.directory().is_admin(caller.user, world),
        })
    }

    /// Worlds whose name contains a text, in whatever case, newest first.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn search_worlds(&self, text: &str) -> Result<Vec<Landmark>> {
        Ok(self.store().search_worlds(text, MAX_FOUND).await?)
    }

    /// An object of a world with what is directly below it.
    ///
    /// # Errors
    /// `WorldNotFound`, `ObjectNotFound` also for objects of other worlds.
    pub async fn explore(&self, world: Umid, object: Umid) -> Result<Place> {
        if !self.directory().is_world(world) {
            return Err(Reason::WorldNotFound.into());
        }
        if self.directory().world_of(object) != Some(world) {
            return Err(Reason::ObjectNotFound.into());
        }
        let mut landmarks = self.store().landmarks(object, MAX_FOUND).await?.into_iter();
        let object = landmarks
            .next()
            .filter(|landmark| landmark.id == object)
            .ok_or(Reason::ObjectNotFound)?;
        Ok(Place {
            object,
            children: landmarks.collect(),
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

    /// Users who are in a world right now; none if it is not loaded.
    ///
    /// # Errors
    /// `WorldNotFound`.
    pub async fn online_users(&self, world: Umid) -> Result<Vec<UserRow>> {
        if !self.directory().is_world(world) {
            return Err(Reason::WorldNotFound.into());
        }
        let mut users = self.worlds().online_users(world).await;
        users.truncate(MAX_ONLINE);
        Ok(self.store().users_by_ids(&users).await?)
    }
}
