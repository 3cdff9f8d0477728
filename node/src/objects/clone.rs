//! Copies of objects (docs/spec/model.md §4.3).

use components::{JsonMap, Reason, Transform, TransformNoScale, Umid, ids, merge};
use serde_json::Value;
use store::{AttributeRecord, Creation, NewObjectRow, ObjectRecord};
use systems::Effect;

use crate::{Caller, Node, NodeError, Result, objects::create::AT_ORIGIN};

impl Node {
    /// Copies an object, not what is below it: type, parent, owner, assets, options, name, and
    /// those attributes that say they may be copied. The copy stands where the caller is in the
    /// world, turned and as large as the original; with no caller there, on the original; below a
    /// parent with placement rules, where they say.
    ///
    /// # Errors
    /// `ObjectNotFound`, `NotAdmin`, `ObjectCreationNotPermitted` for an admin of the object who is
    /// none of its parent, `Forbidden` for worlds and the node, `Invalid` if the parent's rules
    /// forbid one more.
    pub async fn clone_object(&self, caller: Caller, object: Umid) -> Result<Umid> {
        self.require_admin(caller, object)?;
        let world = self.world_below_node(object)?;
        // Before the write lock is taken, because the world's tick answers.
        let pose = self.worlds().user_pose(world, caller.user).await;
        let shown = self.worlds().object_transform(world, object).await;
        let copy = self.insert_copy(caller, object, pose, shown);
        self.worlds().change(world, copy).await
    }

    async fn insert_copy(
        &self,
        caller: Caller,
        object: Umid,
        pose: Option<TransformNoScale>,
        shown: Option<Transform>,
    ) -> Result<(Umid, Vec<Effect>)> {
        let source = self.record(object).await?;
        let parent = self.record(source.parent).await?;
        // Rights may have been taken away while this change waited for the write lock.
        self.require_admin(caller, object)?;
        self.may_create(caller, parent.id)?;
        let rules = self.effective_options(&parent);
        self.check_rules(parent.id, &rules, source.object_type)?;

        let id = Umid::now_v7();
        let original = shown.or(source.transform).unwrap_or(AT_ORIGIN);
        let position = pose.map_or(original.position, |pose| pose.position);
        let transform = Transform {
            position,
            ..original
        };
        let (attributes, attribute_options) = self.copied_attributes(id, &source);
        let row = NewObjectRow {
            id,
            object_type: source.object_type,
            owner: source.owner,
            parent: source.parent,
            asset_2d: source.asset_2d,
            asset_3d: source.asset_3d,
            options: source.options,
            transform: (!rules.places(source.object_type)).then_some(transform),
            attributes,
        };
        let creation = Creation {
            objects: vec![row],
            attribute_options,
            ..Creation::default()
        };
        Ok((id, self.create(creation).await?))
    }

    /// The name, and attributes whose options have `cloneable`: their value, or the one under
    /// `use_default`.
    #[expect(
        clippy::type_complexity,
        reason = "two lists in the form of a creation"
    )]
    fn copied_attributes(
        &self,
        copy: Umid,
        source: &ObjectRecord,
    ) -> (
        Vec<(components::AttributeId, JsonMap)>,
        Vec<(Umid, components::AttributeId, JsonMap)>,
    ) {
        let catalogue = self.directory().catalogue();
        let (mut values, mut options) = (Vec::new(), Vec::new());
        for attribute in &source.attributes {
            let of_type = catalogue.attribute_types.get(&attribute.id);
            let of_type = of_type.and_then(Option::as_ref);
            if let Some(value) = copied(attribute, of_type) {
                values.push((attribute.id.clone(), value));
                let row = attribute.options.clone();
                options.extend(row.map(|row| (copy, attribute.id.clone(), row)));
            }
        }
        (values, options)
    }

    /// The world of an object that is neither a world nor the node.
    pub(crate) fn world_below_node(&self, object: Umid) -> Result<Umid> {
        let world = self.directory().world_of(object);
        world
            .filter(|world| *world != object)
            .ok_or(NodeError::Refused(Reason::Forbidden))
    }
}

/// The part of an attribute that goes into a copy.
fn copied(attribute: &AttributeRecord, of_type: Option<&JsonMap>) -> Option<JsonMap> {
    let value = attribute.value.clone()?;
    if attribute.id == ids::core("name") {
        return Some(value);
    }
    let as_value =
        |map: Option<&JsonMap>| map.map_or(Value::Null, |map| Value::Object(map.clone()));
    let options = merge(&as_value(attribute.options.as_ref()), &as_value(of_type));
    let cloneable = options.get("cloneable")?.as_object()?;
    let default = cloneable.get("use_default").and_then(Value::as_object);
    Some(default.cloned().unwrap_or(value))
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use serde_json::json;

    use super::*;

    fn copy(name: &str, row: Value, of_type: Value) -> Option<Value> {
        let attribute = AttributeRecord {
            id: ids::core(name),
            value: json!({"value": "red"}).as_object().cloned(),
            options: row.as_object().cloned(),
            created_at: DateTime::UNIX_EPOCH,
            updated_at: DateTime::UNIX_EPOCH,
        };
        copied(&attribute, of_type.as_object()).map(Value::Object)
    }

    #[test]
    fn only_what_says_so_is_copied() {
        let (value, cloneable) = (json!({"value": "red"}), json!({"cloneable": {}}));
        let default = json!({"cloneable": {"use_default": {"value": "none"}}});
        assert_eq!(copy("name", json!(null), json!(null)), Some(value.clone()));
        assert_eq!(copy("color", json!(null), json!(null)), None);
        assert_eq!(copy("color", json!(null), json!({"cloneable": null})), None);
        assert_eq!(
            copy("color", json!(null), cloneable.clone()),
            Some(value.clone())
        );
        assert_eq!(copy("color", cloneable, json!({})), Some(value));
        let none = Some(json!({"value": "none"}));
        assert_eq!(copy("color", json!(null), default.clone()), none);
        assert_eq!(
            copy("color", json!({"cloneable": {}}), default),
            none,
            "options are merged"
        );
    }
}
