//! New worlds, made from the template of worlds: by an admin of the node, or for the holder of a
//! token (docs/spec/model.md §4.6).

use components::{ActivityData, ActivityKind, JsonMap, Reason, Transform, Umid, ids, merge};
use serde_json::{Value, json};
use store::{Creation, NewActivity};
use tokio::time::timeout;

use crate::{
    Caller, Node, NodeError, Result,
    attributes::{PATIENCE, values::check_name},
    objects::{
        NewObject, minimap,
        templates::{Layout, Root, Surroundings, Template, TemplateError},
    },
};

/// A world to create.
struct NewWorld {
    id: Umid,
    owner: Umid,
    name: String,
    /// Attributes of the request; they come before what the template says.
    object_type: Option<Umid>,
    asset_2d: Option<Umid>,
    asset_3d: Option<Umid>,
    transform: Option<Transform>,
    minimap: Option<bool>,
}

impl Node {
    /// Creates a world for the holder of its token. Returns false if there is an object of this id
    /// already.
    ///
    /// # Errors
    /// `InvalidWorldTemplate` if the node attribute `world_template` cannot be used, `Conflict` if
    /// the owner is gone, `Invalid` if the rules of the node forbid one more world.
    pub async fn create_world(&self, owner: Umid, id: Umid, name: &str) -> Result<bool> {
        let world = NewWorld {
            id,
            owner,
            name: name.to_owned(),
            object_type: None,
            asset_2d: None,
            asset_3d: None,
            transform: None,
            minimap: None,
        };
        check_name(name)?;
        self.insert_world(world, None).await
    }

    /// Creates a world as an admin of the node asks for it.
    pub(crate) async fn create_world_below_node(
        &self,
        caller: Caller,
        new: NewObject,
    ) -> Result<Umid> {
        let id = Umid::now_v7();
        let world = NewWorld {
            id,
            owner: caller.user,
            name: new.name,
            object_type: Some(new.object_type),
            asset_2d: new.asset_2d,
            asset_3d: new.asset_3d,
            transform: new.transform,
            minimap: new.minimap,
        };
        self.insert_world(world, Some(caller)).await?;
        Ok(id)
    }

    /// Inserts a world under the write lock of the node: two requests for one world make it once.
    async fn insert_world(&self, new: NewWorld, caller: Option<Caller>) -> Result<bool> {
        let node = self.directory().node();
        let lock = self.directory().write_lock(Umid::nil());
        let _held = timeout(PATIENCE, lock.lock())
            .await
            .map_err(|_| NodeError::Unavailable)?;
        if self.directory().knows(new.id) {
            return Ok(false);
        }
        let record = self.record(node).await?;
        if let Some(caller) = caller {
            // Rights may have been taken away while this change waited for the write lock.
            self.may_create(caller, node)?;
        }
        let rules = self.effective_options(&record);
        let template = self.world_template()?;
        let asked = new.object_type.or(template.object_type_id);
        let object_type = asked.unwrap_or(ids::WORLD_TYPE);
        self.check_rules(node, &rules, object_type)?;
        self.check_references(object_type, new.asset_2d, new.asset_3d)?;
        let template = Template {
            object_type_id: Some(object_type),
            ..template
        };
        let creation = self.lay_out_world(template, new).map_err(unusable)?;
        // Nobody is in a world that was not there, so there is nobody to tell.
        let effects = self.create(creation).await?;
        self.worlds().render(&effects);
        Ok(true)
    }

    fn world_template(&self) -> Result<Template> {
        let value = self
            .directory()
            .node_attribute(&ids::core("world_template"))
            .unwrap_or_default();
        Template::parse(value).map_err(unusable)
    }

    fn lay_out_world(
        &self,
        mut template: Template,
        new: NewWorld,
    ) -> std::result::Result<Creation, TemplateError> {
        let directory = self.directory();
        let root = Root {
            id: new.id,
            parent: directory.node(),
            owner: new.owner,
        };
        template.object_name = Some(new.name);
        template.asset_2d_id = new.asset_2d.or(template.asset_2d_id);
        template.asset_3d_id = new.asset_3d.or(template.asset_3d_id);
        let surroundings = Surroundings {
            catalogue: &directory.catalogue(),
            knows_asset_2d: &|id| directory.asset_2d(id).is_some(),
            is_taken: &|id| directory.knows(id),
            pick: &pick,
        };
        let Layout {
            mut creation,
            labels,
        } = template.lay_out(root, &surroundings)?;
        if let Some(world) = creation.objects.first_mut() {
            let options = world.options.get_or_insert_default();
            options.entry("spawn_point").or_insert_with(spawn_point);
            options.extend(new.minimap.map(minimap).unwrap_or_default());
            world.transform = new.transform.or(world.transform);
            let settings = json!({
                "kind": "basic", "objects": labels, "attributes": {}, "object_types": {}, "effects": {},
            });
            add_settings(&mut world.attributes, settings);
        }
        creation.news = Some(NewActivity {
            id: Umid::now_v7(),
            kind: ActivityKind::WorldCreated,
            user: new.owner,
            object: new.id,
            data: ActivityData::default(),
            created_at: None,
        });
        Ok(creation)
    }
}

/// Start of newcomers in a world whose template does not say: the platform's worlds have had it
/// there, with a view of what stands around the origin.
fn spawn_point() -> Value {
    json!({
        "position": { "x": 50.0, "y": 50.0, "z": 150.0 },
        "rotation": { "x": 0.0, "y": 0.0, "z": 0.0 },
    })
}

/// Puts the settings of a world among its attributes, over what its template says of them.
fn add_settings(attributes: &mut Vec<(components::AttributeId, JsonMap)>, settings: Value) {
    let id = ids::core("world_settings");
    let given = attributes.iter().position(|(known, _)| *known == id);
    let given = given.map(|index| attributes.swap_remove(index).1);
    let base = given.map_or(Value::Null, Value::Object);
    if let Value::Object(settings) = merge(&settings, &base) {
        attributes.push((id, settings));
    }
}

/// One of so many, at random.
fn pick(count: usize) -> usize {
    let count = u128::try_from(count.max(1)).unwrap_or(1);
    usize::try_from(Umid::new_v4().as_u128() % count).unwrap_or_default()
}

fn unusable(error: TemplateError) -> NodeError {
    tracing::warn!(%error, "the template of worlds cannot be used");
    NodeError::Refused(Reason::InvalidWorldTemplate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_come_over_the_settings_of_the_template() {
        let given = json!({"kind": "grand", "objects": {"door": "1"}, "effects": {"rain": true}});
        let given = given.as_object().cloned().expect("a map");
        let mut attributes = vec![
            (ids::core("world_settings"), given),
            (ids::core("name"), JsonMap::new()),
        ];
        let settings = json!({"kind": "basic", "objects": {"dock": "2"}, "effects": {}});
        add_settings(&mut attributes, settings);
        assert_eq!(attributes.len(), 2);
        let (id, value) = &attributes[1];
        assert_eq!(*id, ids::core("world_settings"));
        let expected = json!({"kind": "basic", "objects": {"door": "1", "dock": "2"}, "effects": {"rain": true}});
        assert_eq!(Value::Object(value.clone()), expected);
    }

    #[test]
    fn picked_trajectories_exist() {
        assert_eq!(pick(1), 0);
        assert!((0..100).all(|_| pick(3) < 3));
    }
}
