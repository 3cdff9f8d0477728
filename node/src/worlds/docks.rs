//! Docks: portals between the worlds of two users, who become admins of each other's, if both want
//! that (docs/spec/model.md §4.8).
//!
//! The first to ask leaves a wish, the second makes the dock; either ends it. A user is represented
//! by the oldest world they own.

use chrono::{TimeDelta, Utc};
use components::{
    AttributeState, AttributeTarget, JsonMap, ObjectState, Reason, Transform, Umid, Vec3, ids,
};
use serde_json::{Value, json};
use store::{Docking, NewObjectRow, StoreError, UserRow};
use systems::Effect;

use crate::{
    Caller, Node, NodeError, Result,
    users::{display_name, profile_text},
};

/// Time within which the other side has to answer a wish.
const WISH_LIFETIME: TimeDelta = TimeDelta::days(7);
/// Wishes of one user that may be open.
const MAX_WISHES: u64 = 100;
/// Distance of the first portals from the middle of their station in metres: one can stand between
/// them.
const RING: f32 = 4.0;
/// Turns by this angle, in radians, never fall onto each other.
const GOLDEN_ANGLE: f32 = 2.399_963;

/// One of the two worlds.
struct Side {
    owner: UserRow,
    world: Umid,
}

impl Node {
    /// Notes that the caller wishes to dock the worlds of the owners of two wallets, one of which
    /// is the caller's, or makes the dock if the other side wishes it, too: a portal in each world,
    /// and each user admin of the other's world. What is there already stays as it is.
    ///
    /// # Errors
    /// `UserANotFound`, `UserAWorldNotFound` and the same for b,
    /// `NotYourWallet`, `InvalidRequestBody` if both wallets are of one user,
    /// `TooManyWishes`; when the dock is made also `ChildLimitReached`,
    /// `TooManyMembers` and `WorldHasAnotherOwner`.
    pub async fn dock(&self, caller: Caller, wallet_a: &str, wallet_b: &str) -> Result<()> {
        let [a, b] = self.dockers(caller, wallet_a, wallet_b).await?;
        let (world_a, world_b) = (
            self.store().first_world(a).await?,
            self.store().first_world(b).await?,
        );
        let world_a = world_a.ok_or(Reason::UserAWorldNotFound)?;
        let world_b = world_b.ok_or(Reason::UserBWorldNotFound)?;
        let other = if caller.user == a { b } else { a };
        let expires = Utc::now() + WISH_LIFETIME;
        let wish = self
            .store()
            .put_dock_wish(caller.user, other, expires, MAX_WISHES);
        let mutual = match wish.await {
            Err(StoreError::TooManyWishes) => {
                return Err(Reason::TooManyWishes.into());
            }
            mutual => mutual?,
        };
        if !mutual {
            return Ok(());
        }
        let mut owners = self.store().users_by_ids(&[a, b]).await?.into_iter();
        let (Some(owner_a), Some(owner_b)) = (owners.next(), owners.next()) else {
            return Err(Reason::UserNotFound.into());
        };
        let (a, b) = (
            Side {
                owner: owner_a,
                world: world_a,
            },
            Side {
                owner: owner_b,
                world: world_b,
            },
        );
        let (first, second) = if a.world < b.world { (a, b) } else { (b, a) };
        let change = self.make_dock(&first, &second);
        self.change_both(first.world, second.world, change).await
    }

    /// Ends the dock between the worlds of the owners of two wallets, one of which is the caller's,
    /// with both portals and both roles; or withdraws what was only wished.
    ///
    /// # Errors
    /// `UserANotFound` and the same for b, `NotYourWallet`, `InvalidRequestBody`
    /// if both wallets are of one user.
    pub async fn undock(&self, caller: Caller, wallet_a: &str, wallet_b: &str) -> Result<()> {
        let [a, b] = self.dockers(caller, wallet_a, wallet_b).await?;
        let (world_a, world_b) = (
            self.store().first_world(a).await?,
            self.store().first_world(b).await?,
        );
        let (Some(world_a), Some(world_b)) = (world_a, world_b) else {
            self.store().undock([a, b], &[], &[]).await?;
            return Ok(());
        };
        let (first, second) = if world_a < world_b {
            ((a, world_a), (b, world_b))
        } else {
            ((b, world_b), (a, world_a))
        };
        self.change_both(first.1, second.1, self.end_dock(first, second))
            .await
    }

    /// Owners of two wallets: two users, one of them the caller.
    async fn dockers(&self, caller: Caller, wallet_a: &str, wallet_b: &str) -> Result<[Umid; 2]> {
        let a = self.store().user_by_wallet(wallet_a).await?;
        let a = a.ok_or(Reason::UserANotFound)?;
        let b = self.store().user_by_wallet(wallet_b).await?;
        let b = b.ok_or(Reason::UserBNotFound)?;
        if ![a, b].contains(&caller.user) {
            return Err(Reason::NotYourWallet.into());
        }
        if a == b {
            return Err(NodeError::invalid(
                Reason::InvalidRequestBody,
                "both wallets are of one user",
            ));
        }
        Ok([a, b])
    }

    /// Runs a change of two worlds under the write locks of both, `first` being that with the
    /// smaller id: whoever takes two locks takes them in this order.
    async fn change_both<F>(&self, first: Umid, second: Umid, change: F) -> Result<()>
    where
        F: Future<Output = Result<(Vec<Effect>, Vec<Effect>)>>,
    {
        let inner = async {
            let effects = self.worlds().change(second, change).await?;
            Ok(((), effects))
        };
        self.worlds().change(first, inner).await
    }

    /// Makes the dock and returns what the two worlds have to know of it.
    async fn make_dock(&self, first: &Side, second: &Side) -> Result<(Vec<Effect>, Vec<Effect>)> {
        let mut portals = Vec::new();
        for (here, there) in [(first, second), (second, first)] {
            let owner = self.directory().authority().read().owner(here.world);
            if owner != Some(here.owner.id) {
                return Err(Reason::WorldHasAnotherOwner.into());
            }
            self.check_room(here.world, there.owner.id).await?;
            portals.push(self.portal(here, there).await?);
        }
        let docking = Docking {
            users: [first.owner.id, second.owner.id],
            admins: [
                (first.world, second.owner.id),
                (second.world, first.owner.id),
            ],
        };
        let rows: Vec<NewObjectRow> = portals.iter().flatten().cloned().collect();
        // Nothing to tell if somebody was faster.
        let Some(time) = self.store().dock(&docking, &rows).await? else {
            return Ok((Vec::new(), Vec::new()));
        };
        for row in &rows {
            self.directory()
                .add_object(row.id, row.parent, row.owner, row.object_type);
        }
        for (world, user) in docking.admins {
            self.directory().set_admin(world, user, true);
        }
        let mut effects = portals.into_iter().map(|portal| {
            let shown =
                portal.map(|row| Effect::Object(Box::new(shown(row, time.timestamp_micros()))));
            shown.into_iter().chain([Effect::RolesChanged]).collect()
        });
        Ok((
            effects.next().unwrap_or_default(),
            effects.next().unwrap_or_default(),
        ))
    }

    /// The portal that `here` needs to lead to `there`; `None` if there is one.
    async fn portal(&self, here: &Side, there: &Side) -> Result<Option<NewObjectRow>> {
        let station = self.docking_station(here.world).await?;
        let object_type = self.portal_type();
        let present = self
            .store()
            .portals(station, object_type, there.world)
            .await?;
        if !present.is_empty() {
            return Ok(None);
        }
        let record = self.record(station).await?;
        let rules = self.effective_options(&record);
        let neighbours = self.directory().children(station);
        if rules.child_limit.is_some_and(|limit| neighbours >= limit) {
            return Err(NodeError::invalid(
                Reason::ChildLimitReached,
                "a docking station holds as many objects as it may",
            ));
        }
        let middle = match record.transform {
            Some(transform) if station != here.world => transform.position,
            _ => rules.spawn_point.map_or(Vec3::ZERO, |spawn| spawn.position),
        };
        let (name, picture) = (
            display_name(&there.owner),
            profile_text(&there.owner, "avatar_hash"),
        );
        let mut attributes = vec![
            ("name", json!({"name": name})),
            ("teleport", json!({"DestinationWorldID": there.world})),
        ];
        if !picture.is_empty() {
            attributes.push(("dock_face", json!({"render_hash": picture})));
        }
        let attributes = attributes
            .into_iter()
            .filter_map(|(name, value)| match value {
                Value::Object(value) => Some((ids::core(name), value)),
                _ => None,
            });
        Ok(Some(NewObjectRow {
            id: Umid::now_v7(),
            object_type,
            owner: here.owner.id,
            parent: station,
            asset_2d: None,
            asset_3d: None,
            options: None,
            transform: match rules.child_placement {
                Some(_) => None,
                None => Some(around(middle, neighbours)),
            },
            attributes: attributes.collect(),
        }))
    }

    /// Ends the dock and returns what the two worlds have to know of it.
    async fn end_dock(
        &self,
        first: (Umid, Umid),
        second: (Umid, Umid),
    ) -> Result<(Vec<Effect>, Vec<Effect>)> {
        let object_type = self.portal_type();
        let mut portals = Vec::new();
        for (here, there) in [(first.1, second.1), (second.1, first.1)] {
            let station = self.docking_station(here).await?;
            let found = self.store().portals(station, object_type, there).await?;
            portals.push(found);
        }
        let admins = [(first.1, second.0), (second.1, first.0)];
        let all: Vec<Umid> = portals.iter().flatten().copied().collect();
        let removed = self
            .store()
            .undock([first.0, second.0], &admins, &all)
            .await?;
        for (world, user) in admins {
            self.directory().set_admin(world, user, false);
        }
        let mut removed = all.into_iter().zip(removed);
        let mut effects = portals.into_iter().map(|portals| {
            let gone = removed.by_ref().take(portals.len());
            let gone = gone.map(|(root, removed)| {
                self.directory().remove_objects(&removed);
                Effect::RemoveObjects { root, removed }
            });
            gone.chain([Effect::RolesChanged]).collect()
        });
        Ok((
            effects.next().unwrap_or_default(),
            effects.next().unwrap_or_default(),
        ))
    }

    /// Place of the portals of a world: below the object its settings name, else in the world
    /// itself.
    async fn docking_station(&self, world: Umid) -> Result<Umid> {
        let settings = self
            .store()
            .attribute(AttributeTarget::Object(world), &ids::core("world_settings"))
            .await?;
        let value = settings.and_then(|record| record.value).unwrap_or_default();
        let station = value
            .get("objects")
            .and_then(|objects| objects.get("docking_station"))
            .and_then(id_in);
        let inside = |station: &Umid| self.directory().world_of(*station) == Some(world);
        Ok(station.filter(inside).unwrap_or(world))
    }

    /// The type the node's settings name, else that of ordinary objects.
    fn portal_type(&self) -> Umid {
        let settings: JsonMap = self
            .directory()
            .node_attribute(&ids::core("node_settings"))
            .unwrap_or_default();
        let named = settings.get("docking_hub_object_type").and_then(id_in);
        let catalogue = self.directory().catalogue();
        named
            .filter(|id| catalogue.object_types.contains_key(id))
            .unwrap_or(ids::CUSTOM_OBJECT_TYPE)
    }
}

fn id_in(value: &Value) -> Option<Umid> {
    Umid::parse_str(value.as_str()?).ok()
}

/// A place around a middle for the next of some things, such that none covers another.
fn around(middle: Vec3, before: u64) -> Transform {
    let number = before as f32;
    let (angle, radius) = (number * GOLDEN_ANGLE, RING * (1.0 + number).sqrt());
    let (sin, cos) = angle.sin_cos();
    Transform {
        position: Vec3::new(middle.x + radius * cos, middle.y, middle.z + radius * sin),
        rotation: Vec3::ZERO,
        scale: Vec3::ONE,
    }
}

/// A new object as its world takes it.
fn shown(row: NewObjectRow, created_at: i64) -> ObjectState {
    let attributes = row.attributes.into_iter();
    ObjectState {
        id: row.id,
        parent: row.parent,
        owner: row.owner,
        object_type: row.object_type,
        asset_2d: row.asset_2d,
        asset_3d: row.asset_3d,
        options: row.options,
        transform: row.transform,
        attributes: attributes
            .map(|(id, value)| AttributeState {
                id,
                value: Some(value),
                options: None,
            })
            .collect(),
        created_at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn portals_stand_apart() {
        let middle = Vec3::new(10.0, 2.0, -5.0);
        let places: Vec<Vec3> = (0..50).map(|n| around(middle, n).position).collect();
        for (index, place) in places.iter().enumerate() {
            assert_eq!(place.y, middle.y);
            for other in &places[..index] {
                let (x, z) = (place.x - other.x, place.z - other.z);
                assert!(x.hypot(z) > RING / 2.0, "{place:?} {other:?}");
            }
        }
    }
}
