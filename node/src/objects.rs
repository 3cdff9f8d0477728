//! Objects: creating, looking at, editing and deleting them (spec model §6, spec rest §2.10).

use components::{
    AttributeState, JsonMap, ObjectOptions, ObjectState, Transform, TransformNoScale, Umid, Vec3,
    ids,
};
use serde_json::Value;
use store::{NewObjectRow, ObjectPatch, ObjectRecord};
use systems::Effect;
use tokio::time::timeout;

use crate::{Caller, Node, NodeError, Result, attributes::PATIENCE};

/// Longest name of an object in characters: it stands above the object, and everybody in the world gets it.
pub(crate) const MAX_NAME: usize = 256;

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
    /// Where it is; if absent the parent's placement rules or the caller's place decide.
    pub transform: Option<Transform>,
    /// Whether it shows on the mini-map; absent leaves that to the type.
    pub minimap: Option<bool>,
}

/// What to change of an object; `None` leaves a field as it is, `Some(None)` clears it.
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
    /// Where it is at this moment.
    pub transform: Transform,
}

impl Node {
    /// Creates an object owned by the caller and shows it to the world.
    ///
    /// # Errors
    /// `NotFound("object_not_found")` for the parent, `Forbidden("object_creation_not_permitted")` for
    /// those who are not admin of the parent, `Invalid` if the parent's rules or a reference forbid it.
    pub async fn create_object(&self, caller: Caller, new: NewObject) -> Result<Umid> {
        check_name(&new.name)?;
        if new
            .transform
            .is_some_and(|transform| !transform.is_finite())
        {
            return Err(NodeError::invalid(
                "invalid_request_body",
                "the transform is not finite",
            ));
        }
        if !self.directory().knows(new.parent) {
            return Err(NodeError::NotFound("object_not_found"));
        }
        self.may_create(caller, new.parent)?;
        let id = Umid::now_v7();
        // A child of the node is a world of its own.
        let world = self.directory().world_of(new.parent).unwrap_or(id);
        // Asked before the turn begins: it is the world's tick that answers.
        let pose = self.worlds().user_pose(world, caller.user).await;
        let change = self.insert_object(caller, id, new, pose);
        self.worlds().change(world, change).await
    }

    /// Guests need no rule of their own: one that is admin of the parent was made so, or is the node's first owner.
    fn may_create(&self, caller: Caller, parent: Umid) -> Result<()> {
        if !self.directory().is_admin(caller.user, parent) {
            return Err(NodeError::Forbidden("object_creation_not_permitted"));
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
        // Rights may have been taken while this change waited for its turn.
        self.may_create(caller, new.parent)?;
        let rules = self.effective_options(&parent);
        self.check_rules(&new, &rules)?;
        self.check_references(&new)?;

        let minimap = new
            .minimap
            .map(|shown| ("minimap".to_owned(), Value::Bool(shown)));
        let name = JsonMap::from_iter([("name".to_owned(), Value::String(new.name))]);
        let row = NewObjectRow {
            id,
            object_type: new.object_type,
            owner: caller.user,
            parent: new.parent,
            asset_2d: new.asset_2d,
            asset_3d: new.asset_3d,
            options: minimap.map(|option| JsonMap::from_iter([option])),
            transform: place(new.transform, &rules, pose),
            attributes: vec![(ids::core("name"), name)],
        };
        let created_at = self
            .store()
            .insert_objects(std::slice::from_ref(&row))
            .await?;
        self.directory()
            .add_object(id, row.parent, row.owner, row.object_type);
        let attributes = row.attributes.into_iter();
        let state = ObjectState {
            id,
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
            created_at: created_at.timestamp_micros(),
        };
        Ok((id, vec![Effect::Object(Box::new(state))]))
    }

    /// What the parent allows: how many children, and of which types (spec rest §2.10).
    fn check_rules(&self, new: &NewObject, rules: &ObjectOptions) -> Result<()> {
        let full = |limit| self.directory().children(new.parent) >= limit;
        if rules.child_limit.is_some_and(full) {
            return Err(NodeError::invalid(
                "child_limit_reached",
                "the parent holds as many objects as it may",
            ));
        }
        if !rules.allowed_children.contains(&new.object_type) {
            return Err(NodeError::invalid(
                "object_type_not_permitted",
                "the parent does not take objects of this type",
            ));
        }
        Ok(())
    }

    fn check_references(&self, new: &NewObject) -> Result<()> {
        if !self
            .directory()
            .catalogue()
            .object_types
            .contains_key(&new.object_type)
        {
            return Err(NodeError::invalid(
                "invalid_object_type_id",
                "there is no such object type",
            ));
        }
        if new
            .asset_2d
            .is_some_and(|asset| self.directory().asset_2d(asset).is_none())
        {
            return Err(NodeError::invalid(
                "invalid_asset_2d_id",
                "there is no such 2D asset",
            ));
        }
        if new
            .asset_3d
            .is_some_and(|asset| self.directory().asset_3d(asset).is_none())
        {
            return Err(NodeError::invalid(
                "invalid_asset_3d_id",
                "there is no such 3D asset",
            ));
        }
        Ok(())
    }

    /// Changes name or assets of an object and shows it anew to the world.
    ///
    /// # Errors
    /// `NotFound` for the object or an asset, `Forbidden("not_admin")`.
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
            return Err(NodeError::NotFound("asset_2d_not_found"));
        }
        if edit
            .asset_3d
            .flatten()
            .is_some_and(|asset| self.directory().asset_3d(asset).is_none())
        {
            return Err(NodeError::NotFound("asset_3d_not_found"));
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
    /// `NotFound("object_not_found")`, `Forbidden("not_admin")`, `Forbidden("forbidden")` for worlds and the node.
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
            return Err(NodeError::Forbidden("forbidden"));
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
    /// `NotFound("object_not_found")`.
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

    /// Refuses everybody who is not an indirect admin of the object (spec rest §1.7).
    ///
    /// # Errors
    /// `NotFound("object_not_found")`, `Forbidden("not_admin")`.
    pub fn require_admin(&self, caller: Caller, object: Umid) -> Result<()> {
        if !self.directory().knows(object) {
            return Err(NodeError::NotFound("object_not_found"));
        }
        if !self.directory().is_admin(caller.user, object) {
            return Err(NodeError::Forbidden("not_admin"));
        }
        Ok(())
    }

    /// An object as stored.
    pub(crate) async fn record(&self, object: Umid) -> Result<ObjectRecord> {
        self.store()
            .object(object)
            .await?
            .ok_or(NodeError::NotFound("object_not_found"))
    }

    fn effective_options(&self, record: &ObjectRecord) -> ObjectOptions {
        let catalogue = self.directory().catalogue();
        let none = JsonMap::new();
        let of_type = catalogue
            .object_types
            .get(&record.object_type)
            .map_or(&none, |of| &of.options);
        ObjectOptions::effective(record.options.as_ref(), of_type)
    }

    /// Runs a structural change of an object in the turn of its world. The node object has no world: nobody is in it, so
    /// there is nobody to tell; its changes still take turns, or the directory could follow them in another order than
    /// the database.
    pub(crate) async fn change_object<T, F>(&self, object: Umid, change: F) -> Result<T>
    where
        F: Future<Output = Result<(T, Vec<Effect>)>>,
    {
        match self.directory().world_of(object) {
            Some(world) => self.worlds().change(world, change).await,
            None => {
                let turn = self.directory().turn(Umid::nil());
                let _turn = timeout(PATIENCE, turn.lock())
                    .await
                    .map_err(|_| NodeError::Unavailable)?;
                Ok(change.await?.0)
            }
        }
    }
}

/// Where an object is that nobody has placed.
const AT_ORIGIN: Transform = Transform {
    position: Vec3::ZERO,
    rotation: Vec3::ZERO,
    scale: Vec3::ONE,
};

/// The transform a new object is stored with; `None` leaves it to the parent's placement rules (spec model §6.5).
fn place(
    given: Option<Transform>,
    rules: &ObjectOptions,
    pose: Option<TransformNoScale>,
) -> Option<Transform> {
    if given.is_some() || rules.child_placement.is_some() {
        return given;
    }
    let position = pose.map_or(Vec3::ZERO, |pose| pose.position);
    Some(Transform {
        position,
        ..AT_ORIGIN
    })
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

/// Names are short, not empty and one line.
pub(crate) fn check_name(name: &str) -> Result<()> {
    let problem = if name.is_empty() {
        "the name is empty"
    } else if name.chars().count() > MAX_NAME {
        "the name is too long"
    } else if name.chars().any(char::is_control) {
        "the name has control characters"
    } else {
        return Ok(());
    };
    Err(NodeError::invalid("invalid_request_body", problem))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_object_goes_where_it_is_told_else_by_rule_else_to_the_caller() {
        let free = ObjectOptions::default();
        let ruled = ObjectOptions {
            child_placement: Some(JsonMap::new()),
            ..ObjectOptions::default()
        };
        let given = Transform {
            position: Vec3::new(1.0, 2.0, 3.0),
            ..AT_ORIGIN
        };
        let pose = TransformNoScale {
            position: Vec3::new(4.0, 5.0, 6.0),
            rotation: Vec3::ONE,
        };
        assert_eq!(place(Some(given), &ruled, Some(pose)), Some(given));
        assert_eq!(place(None, &ruled, Some(pose)), None);
        let at_pose = Transform {
            position: pose.position,
            ..AT_ORIGIN
        };
        assert_eq!(
            place(None, &free, Some(pose)),
            Some(at_pose),
            "without the caller's rotation"
        );
        assert_eq!(place(None, &free, None), Some(AT_ORIGIN));
    }

    #[test]
    fn names_are_short_single_lines() {
        for name in ["", "a\nb", "\u{0}", &"x".repeat(MAX_NAME + 1)] {
            assert!(check_name(name).is_err(), "{name:?}");
        }
        assert!(check_name(&"🦀".repeat(MAX_NAME)).is_ok());
    }
}
