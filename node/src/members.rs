//! Members of objects: users with the admin role on exactly that object (spec model §6.11).

use components::Umid;
use store::{MemberRow, StoreError};
use systems::Effect;

use crate::{Caller, Node, NodeError, Result};

/// The only role there is.
const ADMIN: &str = "admin";
/// Most members of one object. Each of them can be listed in one answer.
const MAX_MEMBERS: usize = 1000;

/// Whom to make a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NewMember {
    /// The user with this id.
    User(Umid),
    /// The user with this wallet.
    Wallet(String),
}

impl Node {
    /// The direct members of an object, oldest first; owners and inherited admins are not among them.
    ///
    /// # Errors
    /// `NotFound("object_not_found")`, `Forbidden("not_admin")`.
    pub async fn members(&self, caller: Caller, object: Umid) -> Result<Vec<MemberRow>> {
        self.require_admin(caller, object)?;
        Ok(self.store().members(object).await?)
    }

    /// Makes a user admin of an object; one who is already stays so.
    ///
    /// # Errors
    /// `NotFound("object_not_found")`, `Forbidden("not_admin")`, `NotFound("user_not_found")` for an unknown user or
    /// wallet, `Conflict("too_many_members")`.
    pub async fn add_member(&self, caller: Caller, object: Umid, member: NewMember) -> Result<()> {
        self.require_admin(caller, object)?;
        let user = match member {
            NewMember::User(user) => self.store().user(user).await?.map(|row| row.id),
            NewMember::Wallet(wallet) => self.store().user_by_wallet(&wallet).await?,
        };
        let user = user.ok_or(NodeError::NotFound("user_not_found"))?;
        let change = async {
            self.require_admin(caller, object)?;
            let members = self.store().members(object).await?;
            if members.len() >= MAX_MEMBERS && members.iter().all(|member| member.user != user) {
                return Err(NodeError::Conflict("too_many_members"));
            }
            match self.store().set_member(object, user, ADMIN).await {
                // The object cannot go in this turn, so it is the user who went.
                Err(StoreError::Conflict(_)) => return Err(NodeError::NotFound("user_not_found")),
                result => result?,
            }
            self.directory().set_admin(object, user, true);
            Ok(((), vec![Effect::RolesChanged]))
        };
        self.change_roles(object, change).await
    }

    /// Takes the role of a user on an object; one who has none stays without.
    ///
    /// # Errors
    /// `NotFound("object_not_found")`, `Forbidden("not_admin")`, `Conflict("last_admin")` if the node would have no admin
    /// left.
    pub async fn remove_member(&self, caller: Caller, object: Umid, user: Umid) -> Result<()> {
        self.require_admin(caller, object)?;
        let change = async {
            self.require_admin(caller, object)?;
            if object == self.directory().node() {
                self.keep_an_admin(user).await?;
            }
            self.store().remove_member(object, user).await?;
            self.directory().set_admin(object, user, false);
            Ok(((), vec![Effect::RolesChanged]))
        };
        self.change_roles(object, change).await
    }

    /// Refuses to take the role of the only admin of the node. Any other object has an owner to fall back on; the node
    /// belongs to the system user, as whom nobody can log in.
    async fn keep_an_admin(&self, leaving: Umid) -> Result<()> {
        let members = self.store().members(self.directory().node()).await?;
        let admins = members.iter().filter(|member| member.role == ADMIN);
        let (leaving, others): (Vec<_>, Vec<_>) = admins.partition(|member| member.user == leaving);
        if others.is_empty() && !leaving.is_empty() {
            return Err(NodeError::Conflict("last_admin"));
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
