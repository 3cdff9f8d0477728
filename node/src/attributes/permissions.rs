//! Permissions to read and write an attribute: the one place that decides, for all five kinds
//! (docs/spec/model.md §5.5).

#[cfg(test)]
mod tests;

use components::{
    AttributeId, AttributeOptions, AttributeTarget, JsonMap, Reason, Role, Roles, Umid, ids,
};

use crate::{Caller, Directory, Node, NodeError, Result};

/// Subject of a permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    Write,
}

impl Node {
    /// Relation of the caller to the owner of an attribute.
    ///
    /// # Errors
    /// `ObjectNotFound`.
    pub fn roles(&self, caller: Caller, target: AttributeTarget) -> Result<Roles> {
        roles(self.directory(), caller.user, target)
    }

    /// Refuses a caller without the right; `row` are the options of the stored attribute, if there
    /// is one.
    pub(crate) fn check_access(
        &self,
        caller: Caller,
        target: AttributeTarget,
        id: &AttributeId,
        row: Option<&JsonMap>,
        access: Access,
    ) -> Result<()> {
        let roles = self.roles(caller, target)?;
        self.check_roles(roles, target, id, row, access)
    }

    /// Refuses whoever has no more than these roles.
    pub(crate) fn check_roles(
        &self,
        roles: Roles,
        target: AttributeTarget,
        id: &AttributeId,
        row: Option<&JsonMap>,
        access: Access,
    ) -> Result<()> {
        let options = self.directory().catalogue().attribute_options(id, row);
        if permitted(&options, roles, target, id, access) {
            Ok(())
        } else {
            Err(Reason::OperationNotPermitted.into())
        }
    }

    /// Refuses to show everybody's values of an attribute at once, unless its type lets everybody
    /// read; no role helps (docs/spec/model.md §5.5).
    pub(crate) fn check_read_all(&self, id: &AttributeId) -> Result<()> {
        let options = self.directory().catalogue().attribute_options(id, None);
        if is_sealed(id) || !options.may_read(Roles::AUTHENTICATED) {
            return Err(Reason::OperationNotPermitted.into());
        }
        Ok(())
    }

    /// Refuses attributes that no plugin declares.
    pub(crate) fn check_declared(&self, id: &AttributeId) -> Result<()> {
        if self
            .directory()
            .catalogue()
            .attribute_types
            .contains_key(id)
        {
            return Ok(());
        }
        Err(NodeError::invalid(
            Reason::InvalidPluginAttribute,
            "no plugin declares this attribute",
        ))
    }
}

/// The roles of the table in docs/spec/model.md §5.5. There is no order among them: an admin is no
/// owner.
fn roles(directory: &Directory, user: Umid, target: AttributeTarget) -> Result<Roles> {
    let of_object = |object, owner| {
        let authority = directory.authority();
        let authority = authority.read();
        if authority.knows(object) {
            Ok(authority.object_roles(user, object, owner))
        } else {
            Err(Reason::ObjectNotFound.into())
        }
    };
    let node_admin = || directory.is_admin(user, directory.node());
    match target {
        AttributeTarget::Node => Ok(Roles::AUTHENTICATED.with_if(Role::Admin, node_admin())),
        AttributeTarget::Object(object) => of_object(object, None),
        AttributeTarget::ObjectUser {
            object,
            user: owner,
        } => of_object(object, Some(owner)),
        AttributeTarget::User(owner) => Ok(Roles::AUTHENTICATED
            .with_if(Role::Admin, node_admin())
            .with_if(Role::UserOwner, owner == user)),
        AttributeTarget::UserUser { source, target } => Ok(Roles::AUTHENTICATED
            .with_if(Role::UserOwner, source == user)
            .with_if(Role::TargetUser, target == user)),
    }
}

fn permitted(
    options: &AttributeOptions,
    roles: Roles,
    target: AttributeTarget,
    id: &AttributeId,
    access: Access,
) -> bool {
    // Wallets are proven, never written.
    if is_sealed(id) || access == Access::Write && id.plugin == ids::WALLET_PLUGIN {
        return false;
    }
    // Node attributes hold settings and secrets: what is not declared readable is for admins.
    if target == AttributeTarget::Node && options.permissions.is_none() {
        return roles.has(Role::Admin);
    }
    match access {
        Access::Read => options.may_read(roles),
        Access::Write => options.may_write(roles),
    }
}

/// Secrets that other programs keep in attributes: a database that was theirs may still hold them,
/// with options that let everybody read. They are no business of any client (X1, S1).
fn is_sealed(id: &AttributeId) -> bool {
    let secrets: &[&str] = match id.plugin {
        ids::CORE_PLUGIN => &["jwt_key", "node_private_key"],
        ids::WALLET_PLUGIN => &["challenge_store"],
        _ => &[],
    };
    secrets.contains(&id.name.as_str())
}
