//! Members of objects: users with the admin role on exactly that object (docs/spec/model.md §3.1).

use components::{Reason, Umid, ids};
use store::{MemberRow, ObjectRecord, StoreError};
use systems::Effect;

use crate::{Caller, Node, NodeError, Result};

/// The only role there is.
const ADMIN: &str = "admin";
/// Most members of one object. Each of them can be listed in one answer.
const MAX_MEMBERS: usize = 1000;

/// The user to make a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NewMember {
    /// The user with this id.
    User(Umid),
    /// The user with this wallet.
    Wallet(String),
}

impl Node {
    /// The direct members of an object, oldest first; owners and inherited admins are not among
    /// them.
    ///
    /// # Errors
    /// `ObjectNotFound`, `NotAdmin`.
    pub async fn members(&self, caller: Caller, object: Umid) -> Result<Vec<MemberRow>> {
        self.require_admin(caller, object)?;
        Ok(self.store().members(object).await?)
    }

    /// Makes a user admin of an object; one who is already stays so.
    ///
    /// # Errors
    /// `ObjectNotFound`, `NotAdmin`, `UserNotFound` for an unknown user or
    /// wallet, `TooManyMembers`.
    pub async fn add_member(&self, caller: Caller, object: Umid, member: NewMember) -> Result<()> {
        self.require_admin(caller, object)?;
        let user = self.member(member).await?;
        let change = async {
            self.require_admin(caller, object)?;
            self.check_room(object, user).await?;
            match self.store().set_member(object, user, ADMIN).await {
                // The object cannot be deleted under this write lock, so the user is the missing
                // one.
                Err(StoreError::Dangling(_)) => return Err(Reason::UserNotFound.into()),
                result => result?,
            }
            self.directory().set_admin(object, user, true);
            Ok(((), vec![Effect::RolesChanged]))
        };
        self.change_roles(object, change).await?;
        self.tell_role(user, object, "You are an admin now:").await;
        Ok(())
    }

    /// Takes the role of a user on an object; one who has none stays without.
    ///
    /// # Errors
    /// `ObjectNotFound`, `NotAdmin`, `LastAdmin` if the node would have no admin
    /// left.
    pub async fn remove_member(&self, caller: Caller, object: Umid, user: Umid) -> Result<()> {
        self.require_admin(caller, object)?;
        let mut was_member = false;
        let change = async {
            self.require_admin(caller, object)?;
            if object == self.directory().node() {
                self.keep_an_admin(user).await?;
            }
            was_member = self.store().remove_member(object, user).await?;
            self.directory().set_admin(object, user, false);
            Ok(((), vec![Effect::RolesChanged]))
        };
        self.change_roles(object, change).await?;
        if was_member {
            self.tell_role(user, object, "You are no longer an admin:")
                .await;
        }
        Ok(())
    }

    /// The user.
    pub(crate) async fn member(&self, member: NewMember) -> Result<Umid> {
        let user = match member {
            NewMember::User(user) => self.store().user(user).await?.map(|row| row.id),
            NewMember::Wallet(wallet) => self.store().user_by_wallet(&wallet).await?,
        };
        user.ok_or(NodeError::Refused(Reason::UserNotFound))
    }

    /// Refuses one member more than an object may have.
    pub(crate) async fn check_room(&self, object: Umid, user: Umid) -> Result<()> {
        let members = self.store().members(object).await?;
        if members.len() >= MAX_MEMBERS && members.iter().all(|member| member.user != user) {
            return Err(Reason::TooManyMembers.into());
        }
        Ok(())
    }

    /// Tells a user in a world what became of their role. That is a courtesy: the change itself is
    /// made.
    pub(crate) async fn tell_role(&self, user: Umid, object: Umid, what: &str) {
        if !self.worlds().connected_users().contains(&user) {
            return;
        }
        if let Ok(record) = self.record(object).await {
            self.tell(user, format!("{what} {}", name_of(&record)))
                .await;
        }
    }

    /// Refuses to take the role of the only admin of the node. Any other object has an owner to
    /// fall back on; the node belongs to the system user, as whom nobody can log in.
    async fn keep_an_admin(&self, leaving: Umid) -> Result<()> {
        let members = self.store().members(self.directory().node()).await?;
        let admins = members.iter().filter(|member| member.role == ADMIN);
        let (leaving, others): (Vec<_>, Vec<_>) = admins.partition(|member| member.user == leaving);
        if others.is_empty() && !leaving.is_empty() {
            return Err(Reason::LastAdmin.into());
        }
        Ok(())
    }

    /// Roles on the node reach into every world, those on any other object into its own.
    pub(crate) async fn change_roles<F>(&self, object: Umid, change: F) -> Result<()>
    where
        F: Future<Output = Result<((), Vec<Effect>)>>,
    {
        self.change_object(object, change).await?;
        if object == self.directory().node() {
            self.worlds().announce(vec![Effect::RolesChanged]).await;
        }
        Ok(())
    }
}

/// Display name of an object; its id, if it has no name.
fn name_of(record: &ObjectRecord) -> String {
    let name = ids::core("name");
    let value = record
        .attributes
        .iter()
        .find(|attribute| attribute.id == name)
        .and_then(|attribute| attribute.value.as_ref());
    let text = value.and_then(|value| value.get("name")?.as_str());
    text.map_or_else(|| record.id.to_string(), str::to_owned)
}
