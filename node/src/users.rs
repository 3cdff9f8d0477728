//! Accounts: looking them up, finding or making the one behind a wallet, and what a user may change
//! of itself (docs/spec/model.md §7.1).
//!
//! In the folder: `guests` and `challenges` (logins by wallet).

mod challenges;
pub(crate) mod guests;

use std::time::Duration;

use chrono::TimeDelta;
use components::{JsonMap, Profile, Reason, Umid};
use store::{AccountTypes, NewUser, ProfileRow, StoreError, UserRow};
use systems::Effect;
use tokio::{sync::MutexGuard, time::timeout};

use crate::{Node, NodeError, Result};

/// Lifetime of a session token. Guests have no way to get another one.
pub const TOKEN_LIFETIME: TimeDelta = TimeDelta::days(7);
/// The name by which others see a user who has not chosen one.
const DEFAULT_NAME: &str = "Anonymous";
/// Time for which a profile change waits for those before it.
const PATIENCE: Duration = Duration::from_secs(5);
/// Longest display name in characters: it hangs above an avatar.
const MAX_NAME: usize = 64;
/// Longest location in characters.
const MAX_LOCATION: usize = 128;
/// Longest text about oneself in characters.
const MAX_BIO: usize = 4096;
/// Longest picture, a media hash or an absolute URL, in characters: it is sent to everybody in a
/// world.
const MAX_AVATAR: usize = 512;
/// Longest link in characters.
const MAX_LINK: usize = 2048;

/// Changes of a profile; `None` leaves a field as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProfileChanges {
    /// Display name.
    pub name: Option<String>,
    /// About oneself.
    pub bio: Option<String>,
    /// Location of the user.
    pub location: Option<String>,
    /// Media hash or absolute URL of the picture.
    pub avatar_hash: Option<String>,
    /// Web site.
    pub profile_link: Option<String>,
}

impl Node {
    /// An account.
    ///
    /// # Errors
    /// `UserNotFound`.
    pub async fn user(&self, id: Umid) -> Result<UserRow> {
        self.store()
            .user(id)
            .await?
            .ok_or(NodeError::Refused(Reason::UserNotFound))
    }

    /// Whether an account is a guest's.
    pub fn is_guest(&self, user: &UserRow) -> bool {
        user.user_type == self.directory().guest_type()
    }

    /// Public profile of a user in a world. Sessions ask this as they begin: from here on until the
    /// next sweep the guest counts as present, even if its session is not known to the worlds yet.
    ///
    /// # Errors
    /// `UserNotFound`, also for a guest that is being deleted right now.
    pub async fn session_user(&self, id: Umid) -> Result<Profile> {
        if !self.identity.guests.arrive(id) {
            return Err(Reason::UserNotFound.into());
        }
        Ok(self.profile(&self.user(id).await?))
    }

    /// The user a proven wallet belongs to; a wallet nobody has makes a new user with an empty
    /// name, by which the UI knows that it has to ask for one (docs/spec/rest.md §4.2). Worlds
    /// whose tokens the user holds are created if they are missing.
    ///
    /// # Errors
    /// Those of the store. A failed look-up never makes a user.
    pub async fn user_for_wallet(&self, wallet: &str) -> Result<Umid> {
        let user = self.find_or_create_user(wallet).await?;
        self.claim_worlds(user).await;
        Ok(user)
    }

    async fn find_or_create_user(&self, wallet: &str) -> Result<Umid> {
        if let Some(user) = self.store().user_by_wallet(wallet).await? {
            return Ok(user);
        }
        let profile =
            [("name", ""), ("avatar_hash", "")].map(|(key, text)| (key.to_owned(), text.into()));
        let user = NewUser {
            id: Umid::now_v7(),
            user_type: self.directory().normal_type(),
            profile: JsonMap::from_iter(profile),
            wallet: Some(wallet.to_owned()),
        };
        match self.store().insert_user(&user).await {
            Ok(user) => Ok(user.id),
            // The same wallet logged in twice at once; the other one was first.
            Err(StoreError::WalletTaken) => self
                .store()
                .user_by_wallet(wallet)
                .await?
                .ok_or(NodeError::Refused(Reason::WalletTaken)),
            Err(error) => Err(error.into()),
        }
    }

    /// Adds a proven wallet to an account and returns all of them, the first one first. A guest is
    /// none from here on: for those in the same world, too.
    ///
    /// # Errors
    /// `WalletAlreadyExists` if it belongs to anybody, the caller included: accounts are never
    /// merged.
    pub async fn attach_wallet(&self, user: Umid, wallet: &str) -> Result<Vec<String>> {
        let types = AccountTypes {
            guest: self.directory().guest_type(),
            normal: self.directory().normal_type(),
        };
        let lock = self.profile_write_lock().await?;
        let row = match self.store().attach_wallet(user, wallet, types).await {
            Err(StoreError::WalletTaken) => return Err(wallet_already_exists()),
            row => row?,
        };
        self.show_profile(&row).await;
        drop(lock);
        self.claim_worlds(user).await;
        Ok(row.wallets)
    }

    /// Takes a wallet off an account and returns those left.
    ///
    /// # Errors
    /// `WalletNotFound` if the account has no such wallet, `LastWallet` if it has no other.
    pub async fn detach_wallet(&self, user: Umid, wallet: &str) -> Result<Vec<String>> {
        Ok(self.store().detach_wallet(user, wallet).await?)
    }

    /// Changes what is given, marks the account as set up and shows the new name and picture to
    /// everybody who sees the user (docs/spec/model.md §7.1).
    ///
    /// # Errors
    /// `InvalidRequestBody` if a text is too long or has control characters, `NotFound` if the
    /// account is gone, `Unavailable` if too many others change theirs.
    pub async fn update_profile(&self, user: Umid, changes: ProfileChanges) -> Result<UserRow> {
        let changes = changes.checked()?;
        let lock = self.profile_write_lock().await?;
        let row = match self.store().update_profile(user, &changes).await {
            Err(StoreError::UserNotFound) => return Err(Reason::NotFound.into()),
            row => row?,
        };
        self.show_profile(&row).await;
        drop(lock);
        Ok(row)
    }

    /// Announcements must come in the order of the changes they tell of.
    async fn profile_write_lock(&self) -> Result<MutexGuard<'_, ()>> {
        timeout(PATIENCE, self.identity.profiles.lock())
            .await
            .map_err(|_| NodeError::Unavailable)
    }

    /// Tells everybody who sees a user who that is now.
    async fn show_profile(&self, row: &UserRow) {
        let profile = self.profile(row);
        self.worlds().announce(vec![Effect::Profile(profile)]).await;
    }

    fn profile(&self, row: &UserRow) -> Profile {
        Profile {
            user: row.id,
            name: display_name(row),
            avatar: profile_text(row, "avatar_hash"),
            is_guest: self.is_guest(row),
        }
    }

    /// Accounts with a wallet by the time of their creation.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn latest_users(&self, newest_first: bool, limit: u32) -> Result<Vec<ProfileRow>> {
        Ok(self
            .store()
            .latest_users(self.directory().normal_type(), newest_first, limit)
            .await?)
    }

    /// Accounts with a wallet that have `part` in their name, whatever the case of its letters, by
    /// name.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn search_users(&self, part: &str, limit: u32) -> Result<Vec<ProfileRow>> {
        Ok(self
            .store()
            .search_users(self.directory().normal_type(), part, limit)
            .await?)
    }

    /// Tells a user something, if it is in a world.
    pub(crate) async fn tell(&self, user: Umid, text: String) {
        if self.worlds().connected_users().contains(&user) {
            let notice = Effect::Notice { user, text };
            self.worlds().announce(vec![notice]).await;
        }
    }
}

/// The refusal of a wallet that belongs to somebody.
pub(crate) fn wallet_already_exists() -> NodeError {
    NodeError::invalid(
        Reason::WalletAlreadyExists,
        "this wallet belongs to an account",
    )
}

impl ProfileChanges {
    /// The changes under the names of the stored profile.
    fn checked(self) -> Result<JsonMap> {
        let fields = [
            ("name", self.name, MAX_NAME, false),
            ("bio", self.bio, MAX_BIO, true),
            ("location", self.location, MAX_LOCATION, false),
            ("avatar_hash", self.avatar_hash, MAX_AVATAR, false),
            ("profile_link", self.profile_link, MAX_LINK, false),
        ];
        let mut changes = JsonMap::new();
        for (key, text, longest, lines) in fields {
            let Some(text) = text else { continue };
            if text.chars().count() > longest {
                return Err(NodeError::invalid(
                    Reason::InvalidRequestBody,
                    format!("{key} is longer than {longest} characters"),
                ));
            }
            if text
                .chars()
                .any(|c| c.is_control() && !(lines && matches!(c, '\n' | '\r' | '\t')))
            {
                return Err(NodeError::invalid(
                    Reason::InvalidRequestBody,
                    format!("{key} has control characters"),
                ));
            }
            changes.insert(key.to_owned(), text.into());
        }
        Ok(changes)
    }
}

pub(crate) fn display_name(user: &UserRow) -> String {
    match profile_text(user, "name") {
        name if name.is_empty() => DEFAULT_NAME.to_owned(),
        name => name,
    }
}

/// A text of the profile, empty if unset.
pub(crate) fn profile_text(user: &UserRow, key: &str) -> String {
    user.profile
        .get(key)
        .and_then(|value| value.as_str())
        .unwrap_or_default()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_given_fields_change() {
        let changes = ProfileChanges {
            name: Some("Ada".to_owned()),
            bio: Some("one\ntwo".to_owned()),
            avatar_hash: Some(String::new()),
            ..ProfileChanges::default()
        };
        let expected = json!({"name": "Ada", "bio": "one\ntwo", "avatar_hash": ""});
        assert_eq!(
            serde_json::Value::Object(changes.checked().expect("good")),
            expected
        );
        assert!(
            ProfileChanges::default()
                .checked()
                .expect("good")
                .is_empty()
        );
    }

    #[test]
    fn lengths_count_in_characters_and_control_characters_are_refused() {
        let named = |name: String| {
            ProfileChanges {
                name: Some(name),
                ..ProfileChanges::default()
            }
            .checked()
        };
        assert!(named("🦀".repeat(MAX_NAME)).is_ok());
        for name in [
            "x".repeat(MAX_NAME + 1),
            "a\nb".to_owned(),
            "\u{0}".to_owned(),
        ] {
            assert!(matches!(
                named(name),
                Err(NodeError::Invalid(Reason::InvalidRequestBody, _))
            ));
        }
    }
}
