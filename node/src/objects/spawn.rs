//! Objects that visitors put below a parent that invites them to, such as contributions to a canvas
//! (docs/spec/model.md §4.3, §8.3).

use std::collections::HashSet;

use components::{
    AttributeId, AttributeTarget, JsonMap, ObjectOptions, Reason, Role, Roles, TransformNoScale,
    Umid, ids,
};
use store::{Creation, NewObjectRow, NewUserAttribute, ObjectRecord};
use systems::Effect;

use crate::{
    Caller, Node, NodeError, Result,
    attributes::{
        permissions::Access,
        values::{check_name, check_value},
    },
    objects::create::place,
};

/// Objects that one visitor may have below one parent. A canvas asks each for one contribution;
/// more leave room to try again, and a canvas of 42 still takes several people.
const QUOTA: u64 = 5;
/// Attributes given with one object, at most.
const MAX_ATTRIBUTES: usize = 16;

/// An object that a visitor puts below another.
#[derive(Clone, Debug, PartialEq)]
pub struct SpawnedObject {
    /// Display name.
    pub name: String,
    /// Its type.
    pub object_type: Umid,
    /// Attributes of the visitor in the new object.
    pub user_attributes: Vec<(AttributeId, JsonMap)>,
}

impl Node {
    /// Puts an object below a parent that is a canvas, has the sub option `spawn_by_user`, or has
    /// the caller as admin. The caller owns it.
    ///
    /// # Errors
    /// `ParentNotFound`; `ObjectCreationNotPermitted` below any other parent, and for guests who
    /// are no admins; `SpawnQuotaReached`; `Invalid` if the parent's rules forbid it, or for
    /// attributes that no plugin declares; `OperationNotPermitted` for attributes the caller may
    /// not write.
    pub async fn spawn_object(
        &self,
        caller: Caller,
        parent: Umid,
        new: SpawnedObject,
    ) -> Result<Umid> {
        check_name(&new.name)?;
        if !self.directory().knows(parent) {
            return Err(Reason::ParentNotFound.into());
        }
        // The children of the node are worlds.
        let world = self
            .directory()
            .world_of(parent)
            .ok_or(Reason::ObjectCreationNotPermitted)?;
        let id = Umid::now_v7();
        self.check_user_attributes(caller, id, &new.user_attributes)?;
        // Before the write lock is taken, because the world's tick answers.
        let pose = self.worlds().user_pose(world, caller.user).await;
        let spawn = self.insert_spawned(caller, id, parent, new, pose);
        self.worlds().change(world, spawn).await
    }

    async fn insert_spawned(
        &self,
        caller: Caller,
        id: Umid,
        parent: Umid,
        new: SpawnedObject,
        pose: Option<TransformNoScale>,
    ) -> Result<(Umid, Vec<Effect>)> {
        let record = match self.record(parent).await {
            Err(error) if error.is_absence() => return Err(Reason::ParentNotFound.into()),
            record => record?,
        };
        let rules = self.effective_options(&record);
        self.may_spawn(caller, &record, &rules).await?;
        self.check_rules(parent, &rules, new.object_type)?;
        self.check_references(new.object_type, None, None)?;
        let name = JsonMap::from_iter([("name".to_owned(), new.name.into())]);
        let row = NewObjectRow {
            id,
            object_type: new.object_type,
            owner: caller.user,
            parent,
            asset_2d: None,
            asset_3d: None,
            options: None,
            transform: place(None, &rules, new.object_type, pose),
            attributes: vec![(ids::core("name"), name)],
        };
        let attributes = new.user_attributes.into_iter();
        let creation = Creation {
            objects: vec![row],
            user_attributes: attributes
                .map(|(attribute, value)| NewUserAttribute {
                    object: id,
                    user: caller.user,
                    id: attribute,
                    value,
                })
                .collect(),
            ..Creation::default()
        };
        Ok((id, self.create(creation).await?))
    }

    async fn may_spawn(
        &self,
        caller: Caller,
        parent: &ObjectRecord,
        rules: &ObjectOptions,
    ) -> Result<()> {
        if self.directory().is_admin(caller.user, parent.id) {
            return Ok(());
        }
        let invites = parent.object_type == ids::CANVAS_TYPE || rules.spawn_by_user;
        if caller.is_guest || !invites {
            return Err(Reason::ObjectCreationNotPermitted.into());
        }
        let children = self.store().children_of_owner(parent.id, caller.user);
        if children.await? >= QUOTA {
            return Err(Reason::SpawnQuotaReached.into());
        }
        Ok(())
    }

    /// The ordinary rules of writing: the caller will own the object and the attributes.
    fn check_user_attributes(
        &self,
        caller: Caller,
        object: Umid,
        attributes: &[(AttributeId, JsonMap)],
    ) -> Result<()> {
        let mut seen = HashSet::new();
        if attributes.len() > MAX_ATTRIBUTES || !attributes.iter().all(|(id, _)| seen.insert(id)) {
            return Err(NodeError::invalid(
                Reason::InvalidRequestBody,
                format!("at most {MAX_ATTRIBUTES} different attributes can be given"),
            ));
        }
        let target = AttributeTarget::ObjectUser {
            object,
            user: caller.user,
        };
        let owner = Roles::AUTHENTICATED.with(Role::Admin).with(Role::UserOwner);
        for (id, value) in attributes {
            self.check_declared(id)?;
            check_value(id, value)?;
            self.check_roles(owner, target, id, None, Access::Write)?;
        }
        Ok(())
    }
}
