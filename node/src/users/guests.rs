//! Guests: accounts without a wallet, made by one anonymous request and deleted some time after
//! they were last seen (docs/spec/model.md §7.2).
//!
//! A guest is never deleted while it is connected or just connecting. Two kinds stay however long
//! they are away: those who attached a wallet, since they can come back, and admins of the node.
//! The objects of a deleted guest go to the system user, so that nothing others see disappears with
//! it.

use std::{collections::HashSet, sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use components::{JsonMap, Umid, ids};
use parking_lot::Mutex;
use store::{NewUser, StoreError, UserRow};
use systems::Effect;
use tokio::time::{Instant, MissedTickBehavior, interval_at};
use tokio_util::sync::CancellationToken;

use crate::{Node, NodeError, Result};

/// Time between sweeps, and how exactly it is known when somebody was last seen. Shorter if guests
/// are kept shorter.
const SWEEP_INTERVAL: Duration = Duration::from_secs(60);
/// Shortest time between sweeps, however short guests are kept.
const MIN_SWEEP_INTERVAL: Duration = Duration::from_secs(1);
/// Guests looked at in one query.
const BATCH: u32 = 256;
/// Names tried before giving up; with a tenth of all names taken, one in 10¹⁶ guests would be
/// refused.
const NAME_ATTEMPTS: usize = 16;
/// Visitor names have seven digits.
const VISITOR_NUMBERS: u128 = 10_000_000;

impl Node {
    /// Makes a guest, `Visitor_` and seven digits.
    ///
    /// # Errors
    /// Those of the store; `Internal` if no free name was found.
    pub async fn create_guest(&self) -> Result<UserRow> {
        for _ in 0..NAME_ATTEMPTS {
            let name = visitor_name(Umid::new_v4());
            if self.store().user_name_taken(&name).await? {
                continue;
            }
            let user = NewUser {
                id: Umid::now_v7(),
                user_type: self.directory().guest_type(),
                profile: JsonMap::from_iter([("name".to_owned(), name.into())]),
                wallet: None,
            };
            return Ok(self.store().insert_user(&user).await?);
        }
        Err(NodeError::Internal("no free visitor name was found".into()))
    }

    /// Remembers that everybody connected was seen, then deletes the guests not seen for the guest
    /// time of the options. Returns how many were deleted.
    ///
    /// # Errors
    /// Those of the store. What was deleted before the error stays deleted.
    pub async fn sweep_guests(&self, now: DateTime<Utc>) -> Result<usize> {
        self.touch_present(now).await?;
        let lifetime = TimeDelta::from_std(self.options.guest_ttl).unwrap_or(TimeDelta::MAX);
        let Some(since) = now.checked_sub_signed(lifetime) else {
            return Ok(0);
        };
        let guest_type = self.directory().guest_type();
        let (mut deleted, mut kept, mut reassigned) = (0, 0, 0);
        loop {
            // Those that are kept come up in every query, so each has to reach beyond them.
            let limit = BATCH.saturating_add(kept);
            let expired = self
                .store()
                .expired_guests(guest_type, since, limit)
                .await?;
            let complete = expired.len() < limit as usize;
            let before = deleted;
            kept = 0;
            for guest in self.store().users_by_ids(&expired).await? {
                match self.delete_guest(&guest).await? {
                    Some(objects) => {
                        deleted += 1;
                        reassigned += objects;
                    }
                    None => kept = kept.saturating_add(1),
                }
            }
            if complete || (deleted == before && kept < limit) {
                break;
            }
        }
        if reassigned > 0 {
            self.worlds().announce(vec![Effect::RolesChanged]).await;
        }
        Ok(deleted)
    }

    /// Sweeps at intervals until stopped. While the node runs for less than the guest time nobody
    /// is deleted: who could not connect because the node was down has not been away.
    pub async fn sweep_guests_until(self: Arc<Self>, stop: CancellationToken) {
        let started = Instant::now();
        let interval = self
            .options
            .guest_ttl
            .clamp(MIN_SWEEP_INTERVAL, SWEEP_INTERVAL);
        let mut ticks = interval_at(started + interval, interval);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while stop.run_until_cancelled(ticks.tick()).await.is_some() {
            let now = Utc::now();
            let swept = if started.elapsed() < self.options.guest_ttl {
                self.touch_present(now).await.map(|()| 0)
            } else {
                self.sweep_guests(now).await
            };
            match swept {
                Ok(0) => {}
                Ok(guests) => tracing::info!(guests, "deleted guests that left"),
                Err(error) => {
                    tracing::warn!(%error, "sweeping guests failed, the next sweep tries again")
                }
            }
        }
    }

    /// Writes down that those with a session, or about to get one, are here.
    async fn touch_present(&self, now: DateTime<Utc>) -> Result<()> {
        let arrived = self.identity.guests.take_arrived();
        let mut present = self.worlds().connected_users();
        present.extend(&arrived);
        let seen: Vec<_> = present.into_iter().map(|user| (user, now)).collect();
        if seen.is_empty() {
            return Ok(());
        }
        let touched = self.store().touch_users(&seen).await;
        if touched.is_err() {
            self.identity.guests.put_back(arrived);
        }
        Ok(touched?)
    }

    /// Deletes a guest and returns how many objects went to the heir; `None` if this guest stays.
    async fn delete_guest(&self, guest: &UserRow) -> Result<Option<usize>> {
        let stays = !guest.wallets.is_empty()
            || self.directory().is_admin(guest.id, self.directory().node());
        if stays || self.worlds().connected_users().contains(&guest.id) {
            return Ok(None);
        }
        let Some(_leaving) = self.identity.guests.leave(guest.id) else {
            return Ok(None);
        };
        let objects = match self.store().delete_guest(guest.id, ids::SYSTEM_USER).await {
            Ok(objects) => objects,
            Err(StoreError::UserNotFound) => return Ok(None),
            // Something refers to this guest that may not be lost with it; the others go on.
            Err(error) if error.is_conflict() => {
                tracing::warn!(guest = %guest.id, %error, "a guest could not be deleted");
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        };
        for object in &objects {
            self.directory().set_owner(*object, ids::SYSTEM_USER);
        }
        Ok(Some(objects.len()))
    }
}

fn visitor_name(random: Umid) -> String {
    format!("Visitor_{:07}", random.as_u128() % VISITOR_NUMBERS)
}

/// Guests between two states: those who came since the last sweep and those who are being deleted.
/// Makes sure that no guest is both.
#[derive(Debug, Default)]
pub(crate) struct Guests(Mutex<Transitions>);

#[derive(Debug, Default)]
struct Transitions {
    arrived: HashSet<Umid>,
    leaving: HashSet<Umid>,
}

impl Guests {
    /// Notes that a session begins; false if the user is being deleted.
    pub(crate) fn arrive(&self, user: Umid) -> bool {
        let mut transitions = self.0.lock();
        let welcome = !transitions.leaving.contains(&user);
        if welcome {
            transitions.arrived.insert(user);
        }
        welcome
    }

    /// Everybody who arrived since this was last asked.
    fn take_arrived(&self) -> HashSet<Umid> {
        std::mem::take(&mut self.0.lock().arrived)
    }

    /// Undoes [`Self::take_arrived`].
    fn put_back(&self, arrived: HashSet<Umid>) {
        self.0.lock().arrived.extend(arrived);
    }

    /// Marks a guest as being deleted while the mark lives; `None` if it just arrived.
    fn leave(&self, user: Umid) -> Option<Leaving<'_>> {
        let mut transitions = self.0.lock();
        if transitions.arrived.contains(&user) {
            return None;
        }
        transitions.leaving.insert(user);
        Some(Leaving { guests: self, user })
    }
}

struct Leaving<'a> {
    guests: &'a Guests,
    user: Umid,
}

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        self.guests.0.lock().leaving.remove(&self.user);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn visitor_names_have_seven_digits() {
        assert_eq!(visitor_name(Umid::nil()), "Visitor_0000000");
        assert_eq!(visitor_name(Umid::from_u128(12_345_678)), "Visitor_2345678");
    }

    #[test]
    fn nobody_arrives_and_leaves_at_once() {
        let guests = Guests::default();
        let user = Umid::from_u128(1);
        assert!(guests.arrive(user));
        assert!(guests.leave(user).is_none(), "just arrived");
        assert_eq!(guests.take_arrived(), HashSet::from([user]));
        let leaving = guests.leave(user).expect("may go");
        assert!(!guests.arrive(user), "being deleted");
        drop(leaving);
        assert!(
            guests.arrive(user),
            "the deletion is over; whether the account still exists is for the store to say"
        );
    }

    #[test]
    fn a_failed_sweep_forgets_no_arrival() {
        let guests = Guests::default();
        let (one, two) = (Umid::from_u128(1), Umid::from_u128(2));
        assert!(guests.arrive(one));
        let arrived = guests.take_arrived();
        assert!(guests.arrive(two));
        guests.put_back(arrived);
        assert_eq!(guests.take_arrived(), HashSet::from([one, two]));
    }
}
