//! Objects: creating, looking at, editing and deleting them (docs/spec/model.md §4).
//!
//! In the folder: `create` is shared by all ways of making objects, which are this module,
//! `clone`, `claim`, `spawn` and `templates`; `members`, `options` and `tree` are operations on
//! one object.

pub(crate) mod claim;
mod clone;
pub(crate) mod create;
pub(crate) mod members;
pub(crate) mod options;
pub(crate) mod spawn;
pub(crate) mod templates;
pub(crate) mod tree;

use components::{
    AttributeState, JsonMap, ObjectState, Reason, Transform, TransformNoScale, Umid, ids,
};
use serde_json::Value;
use store::{Creation, NewObjectRow, ObjectPatch, ObjectRecord};
use systems::Effect;
use tokio::time::timeout;

use crate::{
    Caller, Node, NodeError, Result,
    attributes::{PATIENCE, values::check_name},
    objects::create::{AT_ORIGIN, place},
};

pub use claim::Customisation;
pub use members::NewMember;
pub use spawn::SpawnedObject;
pub use tree::TreeNode;

/// An object to create.
#[derive(Clone, Debug, PartialEq)]
pub struct NewObject {
    /// Display name.
    pub name: String,
    /// The object it is put below.
    pub parent: Umid,
    /// Its type.
    pub object_type: Umid,
    /// Own 2D asset.
    pub asset_2d: Option<Umid>,
    /// Own 3D asset.
    pub asset_3d: Option<Umid>,
    /// Its transform; if absent the parent's placement rules or the caller's place decide.
    pub transform: Option<Transform>,
    /// Whether it shows on the mini-map; absent leaves that to the type.
    pub minimap: Option<bool>,
}

/// Changes of an object; `None` leaves a field as it is, `Some(None)` clears it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ObjectEdit {
    /// Display name.
    pub name: Option<String>,
    /// Own 2D asset.
    pub asset_2d: Option<Option<Umid>>,
    /// Own 3D asset.
    pub asset_3d: Option<Option<Umid>>,
}

/// An object as seen from outside.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ObjectView {
    /// Its owner.
    pub owner: Umid,
    /// Its parent.
    pub parent: Umid,
    /// Its type.
    pub object_type: Umid,
    /// 2D asset.
    pub asset_2d: Option<Umid>,
    /// 3D asset.
    pub asset_3d: Option<Umid>,
    /// Its current transform.
    pub transform: Transform,
}

impl Node {
    /// Creates an object owned by the caller and shows it to the world. Below the node it is a
    /// world, made from the template of worlds.
    ///
    /// # Errors
    /// `ObjectNotFound` for the parent, `ObjectCreationNotPermitted` for those who are not admin of
    /// the parent, `Invalid` if the parent's rules or a reference forbid it, `InvalidWorldTemplate`
    /// for a world if the template cannot be used.
    pub async fn create_object(&self, caller: Caller, new: NewObject) -> Result<Umid> {
        check_name(&new.name)?;
        if new
            .transform
            .is_some_and(|transform| !transform.is_finite())
        {
            return Err(NodeError::invalid(
                Reason::InvalidRequestBody,
                "the transform is not finite",
            ));
        }
        if !self.directory().knows(new.parent) {
            return Err(Reason::ObjectNotFound.into());
        }
        self.may_create(caller, new.parent)?;
        if new.parent == self.directory().node() {
            return self.create_world_below_node(caller, new).await;
        }
        let id = Umid::now_v7();
        let world = self
            .directory()
            .world_of(new.parent)
            .ok_or(Reason::ObjectNotFound)?;
        // Before the write lock is taken, because the world's tick answers.
        let pose = self.worlds().user_pose(world, caller.user).await;
        let change = self.insert_object(caller, id, new, pose);
        self.worlds().change(world, change).await
    }

    /// Guests need no rule of their own: one that is admin of the parent was made so, or is the
    /// node's first owner.
    pub(crate) fn may_create(&self, caller: Caller, parent: Umid) -> Result<()> {
        if !self.directory().is_admin(caller.user, parent) {
            return Err(Reason::ObjectCreationNotPermitted.into());
        }
        Ok(())
    }

    async fn insert_object(
        &self,
        caller: Caller,
        id: Umid,
        new: NewObject,
        pose: Option<TransformNoScale>,
    ) -> Result<(Umid, Vec<Effect>)> {
        let parent = self.record(new.parent).await?;
        // Rights may have been taken away while this change waited for the write lock.
        self.may_create(caller, new.parent)?;
        let rules = self.effective_options(&parent);
        self.check_rules(new.parent, &rules, new.object_type)?;
        self.check_references(new.object_type, new.asset_2d, new.asset_3d)?;

        let name = JsonMap::from_iter([("name".to_owned(), Value::String(new.name))]);
        let row = NewObjectRow {
            id,
            object_type: new.object_type,
            owner: caller.user,
            parent: new.parent,
            asset_2d: new.asset_2d,
            asset_3d: new.asset_3d,
            options: new.minimap.map(minimap),
            transform: place(new.transform, &rules, new.object_type, pose),
            attributes: vec![(ids::core("name"), name)],
        };
        let creation = Creation {
            objects: vec![row],
            ..Creation::default()
        };
        Ok((id, self.create(creation).await?))
    }

    /// Changes name or assets of an object and shows it anew to the world.
    ///
    /// # Errors
    /// `NotFound` for the object or an asset, `NotAdmin`.
    pub async fn update_object(
        &self,
        caller: Caller,
        object: Umid,
        edit: ObjectEdit,
    ) -> Result<()> {
        if let Some(name) = &edit.name {
            check_name(name)?;
        }
        if edit
            .asset_2d
            .flatten()
            .is_some_and(|asset| self.directory().asset_2d(asset).is_none())
        {
            return Err(Reason::Asset2dNotFound.into());
        }
        if edit
            .asset_3d
            .flatten()
            .is_some_and(|asset| self.directory().asset_3d(asset).is_none())
        {
            return Err(Reason::Asset3dNotFound.into());
        }
        self.require_admin(caller, object)?;
        let patch = ObjectPatch {
            name: edit.name,
            asset_2d: edit.asset_2d,
            asset_3d: edit.asset_3d,
            ..ObjectPatch::default()
        };
        self.change_object(object, async {
            self.require_admin(caller, object)?;
            self.patch_object(object, &patch)
                .await
                .map(|effect| ((), vec![effect]))
        })
        .await
    }

    /// Stores a patch and returns what the world has to know of it.
    pub(crate) async fn patch_object(&self, object: Umid, patch: &ObjectPatch) -> Result<Effect> {
        let record = self.store().update_object(object, patch).await?;
        if let Some(owner) = patch.owner {
            self.directory().set_owner(object, owner);
        }
        Ok(Effect::Object(Box::new(state(record))))
    }

    /// Deletes an object and all below it.
    ///
    /// # Errors
    /// `ObjectNotFound`, `NotAdmin`, `Forbidden` for worlds and the node.
    pub async fn delete_object(&self, caller: Caller, object: Umid) -> Result<()> {
        self.require_admin(caller, object)?;
        let catalogue = self.directory().catalogue();
        let object_type = self.directory().object_type(object);
        let object_type = object_type.and_then(|id| catalogue.object_types.get(&id));
        let protected = object_type.is_some_and(|of| of.category == ids::WORLDS_CATEGORY);
        let world = self
            .directory()
            .world_of(object)
            .filter(|world| *world != object);
        let Some(world) = world.filter(|_| !protected) else {
            return Err(Reason::Forbidden.into());
        };
        let change = async {
            self.require_admin(caller, object)?;
            let removed = self.store().delete_object(object).await?;
            self.directory().remove_objects(&removed);
            Ok((
                (),
                vec![Effect::RemoveObjects {
                    root: object,
                    removed,
                }],
            ))
        };
        self.worlds().change(world, change).await
    }

    /// An object; `effective` puts the assets of its type where it has none of its own.
    ///
    /// # Errors
    /// `ObjectNotFound`.
    pub async fn object(&self, object: Umid, effective: bool) -> Result<ObjectView> {
        let record = self.record(object).await?;
        let catalogue = self.directory().catalogue();
        let object_type = catalogue
            .object_types
            .get(&record.object_type)
            .filter(|_| effective);
        let live = match self.directory().world_of(object) {
            Some(world) => self.worlds().object_transform(world, object).await,
            None => None,
        };
        Ok(ObjectView {
            owner: record.owner,
            parent: record.parent,
            object_type: record.object_type,
            asset_2d: record.asset_2d.or(object_type.and_then(|of| of.asset_2d)),
            asset_3d: record.asset_3d.or(object_type.and_then(|of| of.asset_3d)),
            transform: live.or(record.transform).unwrap_or(AT_ORIGIN),
        })
    }

    /// Refuses everybody who is not an indirect admin of the object (docs/spec/model.md §3).
    ///
    /// # Errors
    /// `ObjectNotFound`, `NotAdmin`.
    pub fn require_admin(&self, caller: Caller, object: Umid) -> Result<()> {
        if !self.directory().knows(object) {
            return Err(Reason::ObjectNotFound.into());
        }
        if !self.directory().is_admin(caller.user, object) {
            return Err(Reason::NotAdmin.into());
        }
        Ok(())
    }

    /// An object as stored.
    pub(crate) async fn record(&self, object: Umid) -> Result<ObjectRecord> {
        self.store()
            .object(object)
            .await?
            .ok_or(NodeError::Refused(Reason::ObjectNotFound))
    }

    /// Runs a structural change of an object under the write lock of its world. The node object has
    /// no world and no users to notify; its changes still take a write lock, or the directory could
    /// follow them in another order than the database.
    pub(crate) async fn change_object<T, F>(&self, object: Umid, change: F) -> Result<T>
    where
        F: Future<Output = Result<(T, Vec<Effect>)>>,
    {
        match self.directory().world_of(object) {
            Some(world) => self.worlds().change(world, change).await,
            None => {
                let lock = self.directory().write_lock(Umid::nil());
                let _held = timeout(PATIENCE, lock.lock())
                    .await
                    .map_err(|_| NodeError::Unavailable)?;
                Ok(change.await?.0)
            }
        }
    }
}

/// The option that says whether an object shows on the mini-map.
pub(crate) fn minimap(shown: bool) -> JsonMap {
    JsonMap::from_iter([("minimap".to_owned(), Value::Bool(shown))])
}

/// A stored object as a world takes it.
pub(crate) fn state(record: ObjectRecord) -> ObjectState {
    let attributes = record.attributes.into_iter();
    ObjectState {
        id: record.id,
        parent: record.parent,
        owner: record.owner,
        object_type: record.object_type,
        asset_2d: record.asset_2d,
        asset_3d: record.asset_3d,
        options: record.options,
        transform: record.transform,
        attributes: attributes
            .map(|row| AttributeState {
                id: row.id,
                value: row.value,
                options: row.options,
            })
            .collect(),
        created_at: record.created_at.timestamp_micros(),
    }
}
