//! Hosting: whose worlds this node vouches for, and the key it does so with (docs/spec/model.md
//! §8.6).

use components::{AttributeId, AttributeTarget, JsonMap, Reason, Umid, ids};
use serde_json::Value;
use store::UserRow;

use crate::{Caller, NewMember, Node, Result, chain::stakes::accounts};

/// Most users in the list: each is shown in one answer.
const MAX_USERS: usize = 1000;
/// The key of the list in its attribute.
const USERS: &str = "users";

impl Node {
    /// Whether the node vouches for the worlds of a user: as the list of the node says, or because
    /// their wallets hold enough of a token.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn may_host(&self, user: Umid) -> Result<bool> {
        if self.options().hosting_allow_all || self.hosted().contains(&user) {
            return Ok(true);
        }
        let tokens = &self.options().hosting_tokens;
        if tokens.is_empty() {
            return Ok(false);
        }
        let wallets = self.store().wallets_of(&[user]).await?;
        let accounts = accounts(&wallets);
        for token in tokens {
            if self.store().holds(token, &accounts).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The users whose worlds the node vouches for, in the order in which they were added. Ids of
    /// nobody are left out.
    ///
    /// # Errors
    /// `NotAdmin`.
    pub async fn hosting_list(&self, caller: Caller) -> Result<Vec<UserRow>> {
        self.require_admin(caller, self.id())?;
        let mut users = self.hosted();
        users.truncate(MAX_USERS);
        Ok(self.store().users_by_ids(&users).await?)
    }

    /// Adds a user to the list; one who is there stays.
    ///
    /// # Errors
    /// `NotAdmin`, `UserNotFound` for an unknown user or wallet,
    /// `TooManyUsers`.
    pub async fn allow_hosting(&self, caller: Caller, user: NewMember) -> Result<()> {
        self.require_admin(caller, self.id())?;
        let user = self.member(user).await?;
        self.change_hosted(caller, |users| {
            if !users.contains(&user) {
                users.push(user);
            }
            users.len() <= MAX_USERS
        })
        .await
    }

    /// Takes a user off the list, also one who does not exist any more.
    ///
    /// # Errors
    /// `NotAdmin`.
    pub async fn disallow_hosting(&self, caller: Caller, user: Umid) -> Result<()> {
        self.require_admin(caller, self.id())?;
        self.change_hosted(caller, |users| {
            users.retain(|known| *known != user);
            true
        })
        .await
    }

    /// The private key of the node, if the database has it in the attribute where the platform kept
    /// it.
    pub fn former_key(&self) -> Option<String> {
        let value = self.directory().node_attribute(&private_key())?;
        let text = value.get("node_private_key")?.as_str()?;
        Some(text.to_owned())
    }

    /// Lets everybody know the public key of the node, and forgets the private one if it has
    /// `moved` elsewhere.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn publish_key(&self, public: &str, moved: bool) -> Result<()> {
        const PUBLIC_KEY: &str = "node_public_key";
        let id = ids::core(PUBLIC_KEY);
        let value = JsonMap::from_iter([(PUBLIC_KEY.to_owned(), Value::from(public))]);
        if self.directory().node_attribute(&id).as_ref() != Some(&value) {
            self.write_node_attribute(&id, &value).await?;
        }
        if moved {
            let id = private_key();
            let target = AttributeTarget::Node;
            self.store().remove_attribute(target, &id).await?;
            self.directory().set_node_attribute(&id, None);
        }
        Ok(())
    }

    /// The list as it is stored, without what is no id in it; each user once.
    fn hosted(&self) -> Vec<Umid> {
        let value = self.directory().node_attribute(&list()).unwrap_or_default();
        let entries = value.get(USERS).and_then(Value::as_array);
        let mut users = Vec::new();
        for entry in entries.into_iter().flatten() {
            if let Some(id) = entry.as_str().and_then(|text| Umid::parse_str(text).ok())
                && !users.contains(&id)
            {
                users.push(id);
            }
        }
        users
    }

    /// Writes the list anew; `change` answers whether it may be as it is then.
    async fn change_hosted(
        &self,
        caller: Caller,
        change: impl FnOnce(&mut Vec<Umid>) -> bool,
    ) -> Result<()> {
        let node = self.id();
        let write = async {
            self.require_admin(caller, node)?;
            let mut users = self.hosted();
            if !change(&mut users) {
                return Err(Reason::TooManyUsers.into());
            }
            let mut value = self.directory().node_attribute(&list()).unwrap_or_default();
            let users: Vec<String> = users.iter().map(Umid::to_string).collect();
            value.insert(USERS.to_owned(), users.into());
            self.write_node_attribute(&list(), &value).await?;
            Ok(((), Vec::new()))
        };
        self.change_object(node, write).await
    }

    async fn write_node_attribute(&self, id: &AttributeId, value: &JsonMap) -> Result<()> {
        let record = self
            .store()
            .set_attribute(AttributeTarget::Node, id, value)
            .await?;
        self.directory().set_node_attribute(id, Some(record));
        Ok(())
    }
}

fn list() -> AttributeId {
    ids::core("hosting_allow_list")
}

fn private_key() -> AttributeId {
    ids::core("node_private_key")
}
