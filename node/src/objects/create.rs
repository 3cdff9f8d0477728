//! Parts that all ways of making objects share: the rules of the parent, where the new object
//! stands, and one transaction (docs/spec/model.md §4.3).

use components::{
    AttributeState, JsonMap, ObjectOptions, ObjectState, Reason, Transform, TransformNoScale, Umid,
    Vec3, ids,
};
use store::{Creation, NewObjectRow, ObjectRecord};
use systems::{AttributeChange, Effect};

use crate::{Node, NodeError, Result};

/// Levels of objects below a world, at most. Rights are looked up along the parents, so their
/// number has to be bounded.
const MAX_DEPTH: usize = 64;

/// Transform of an object that nobody has placed.
pub(crate) const AT_ORIGIN: Transform = Transform {
    position: Vec3::ZERO,
    rotation: Vec3::ZERO,
    scale: Vec3::ONE,
};

impl Node {
    /// Limits of the parent: the number of children, and their types.
    ///
    /// # Errors
    /// `ChildLimitReached`, `ObjectTypeNotPermitted`.
    pub(crate) fn check_rules(
        &self,
        parent: Umid,
        rules: &ObjectOptions,
        object_type: Umid,
    ) -> Result<()> {
        let full = |limit| self.directory().children(parent) >= limit;
        if rules.child_limit.is_some_and(full) || self.depth(parent) >= MAX_DEPTH {
            return Err(NodeError::invalid(
                Reason::ChildLimitReached,
                "the parent holds as many objects as it may",
            ));
        }
        if !rules.allowed_children.contains(&object_type)
            || self.belongs_elsewhere(parent, object_type)
        {
            return Err(NodeError::invalid(
                Reason::ObjectTypeNotPermitted,
                "the parent does not take objects of this type",
            ));
        }
        Ok(())
    }

    /// Worlds stand below the node only, and there is one node: whatever an object's options allow.
    fn belongs_elsewhere(&self, parent: Umid, object_type: Umid) -> bool {
        let catalogue = self.directory().catalogue();
        let of = catalogue.object_types.get(&object_type);
        let is_world = of.is_some_and(|of| of.category == ids::WORLDS_CATEGORY);
        object_type == ids::NODE_TYPE || (is_world && parent != self.directory().node())
    }

    /// Number of objects above an object; no more are counted than matter.
    fn depth(&self, object: Umid) -> usize {
        let authority = self.directory().authority();
        let authority = authority.read();
        let mut current = object;
        for depth in 0..MAX_DEPTH {
            match authority.parent(current) {
                Some(parent) if parent != current => current = parent,
                _ => return depth,
            }
        }
        MAX_DEPTH
    }

    /// Refuses types and assets that do not exist.
    ///
    /// # Errors
    /// `Invalid` with the code of the field.
    pub(crate) fn check_references(
        &self,
        object_type: Umid,
        asset_2d: Option<Umid>,
        asset_3d: Option<Umid>,
    ) -> Result<()> {
        let directory = self.directory();
        if !directory
            .catalogue()
            .object_types
            .contains_key(&object_type)
        {
            return Err(NodeError::invalid(
                Reason::InvalidObjectTypeId,
                "there is no such object type",
            ));
        }
        if asset_2d.is_some_and(|asset| directory.asset_2d(asset).is_none()) {
            return Err(NodeError::invalid(
                Reason::InvalidAsset2dId,
                "there is no such 2D asset",
            ));
        }
        if asset_3d.is_some_and(|asset| directory.asset_3d(asset).is_none()) {
            return Err(NodeError::invalid(
                Reason::InvalidAsset3dId,
                "there is no such 3D asset",
            ));
        }
        Ok(())
    }

    /// Stores new objects with all that belongs to them, follows them in the directory, and returns
    /// what their world has to know. Only after the transaction: a failed one leaves nothing
    /// behind, in memory neither.
    ///
    /// # Errors
    /// Those of the store.
    pub(crate) async fn create(&self, creation: Creation) -> Result<Vec<Effect>> {
        let created_at = self.store().create(&creation).await?.timestamp_micros();
        let Creation {
            objects,
            attribute_options,
            user_attributes,
            ..
        } = creation;
        let mut effects = Vec::with_capacity(objects.len() + user_attributes.len());
        for row in objects {
            self.directory()
                .add_object(row.id, row.parent, row.owner, row.object_type);
            let options = |id: &_| {
                let mut options = attribute_options.iter();
                options
                    .find(|(object, of, _)| *object == row.id && of == id)
                    .map(|(_, _, options)| options.clone())
            };
            let state = created(&row, created_at, options);
            effects.push(Effect::Object(Box::new(state)));
        }
        effects.extend(
            user_attributes
                .into_iter()
                .map(|attribute| Effect::ObjectUserAttribute {
                    object: attribute.object,
                    user: attribute.user,
                    change: AttributeChange {
                        attribute: attribute.id,
                        value: Some(attribute.value),
                        options: None,
                        removed: false,
                    },
                }),
        );
        Ok(effects)
    }

    /// Rules for the children of an object.
    pub(crate) fn effective_options(&self, record: &ObjectRecord) -> ObjectOptions {
        let catalogue = self.directory().catalogue();
        let none = JsonMap::new();
        let of_type = catalogue
            .object_types
            .get(&record.object_type)
            .map_or(&none, |of| &of.options);
        ObjectOptions::effective(record.options.as_ref(), of_type)
    }
}

/// A new object as its world takes it.
fn created(
    row: &NewObjectRow,
    created_at: i64,
    options: impl Fn(&components::AttributeId) -> Option<JsonMap>,
) -> ObjectState {
    let attributes = row.attributes.iter();
    ObjectState {
        id: row.id,
        parent: row.parent,
        owner: row.owner,
        object_type: row.object_type,
        asset_2d: row.asset_2d,
        asset_3d: row.asset_3d,
        options: row.options.clone(),
        transform: row.transform,
        attributes: attributes
            .map(|(id, value)| AttributeState {
                id: id.clone(),
                value: Some(value.clone()),
                options: options(id),
            })
            .collect(),
        created_at,
    }
}

/// The transform a new object is stored with; `None` leaves it to the parent's placement rules.
/// Without a rule for its type it stands where its maker is, else at the origin.
pub(crate) fn place(
    given: Option<Transform>,
    rules: &ObjectOptions,
    object_type: Umid,
    pose: Option<TransformNoScale>,
) -> Option<Transform> {
    if given.is_some() || rules.places(object_type) {
        return given;
    }
    let position = pose.map_or(Vec3::ZERO, |pose| pose.position);
    Some(Transform {
        position,
        ..AT_ORIGIN
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_new_object_goes_where_it_is_told_else_by_rule_else_to_the_caller() {
        let (door, window) = (Umid::from_u128(1), Umid::from_u128(2));
        let free = ObjectOptions::default();
        let ruled = ObjectOptions {
            child_placement: json!({door.to_string(): {}}).as_object().cloned(),
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
        assert_eq!(place(Some(given), &ruled, door, Some(pose)), Some(given));
        assert_eq!(place(None, &ruled, door, Some(pose)), None);
        let at_pose = Transform {
            position: pose.position,
            ..AT_ORIGIN
        };
        assert_eq!(
            place(None, &free, door, Some(pose)),
            Some(at_pose),
            "without the caller's rotation"
        );
        assert_eq!(
            place(None, &ruled, window, Some(pose)),
            Some(at_pose),
            "the rule is for doors"
        );
        assert_eq!(place(None, &free, door, None), Some(AT_ORIGIN));
    }
}
