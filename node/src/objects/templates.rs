//! Templates: trees of objects to be created at once, as the node attribute `world_template` holds
//! one for new worlds (docs/spec/model.md §4.3, §4.6, §6.5).
//!
//! A template is laid out into rows and checked as a whole before anything is stored.

use std::collections::{BTreeMap, HashSet};

use components::{AttributeId, Catalogue, JsonMap, ObjectOptions, Transform, Umid, Vec3, ids};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use store::{Creation, NewObjectRow};

use crate::{
    attributes::values::{check_map, check_name, check_value},
    objects::options::storable,
};

/// Levels of objects below the root, at most.
const MAX_DEPTH: usize = 16;
/// Objects, at most. They are stored in one transaction.
const MAX_OBJECTS: usize = 2_000;
/// Attributes of one object, at most.
const MAX_ATTRIBUTES: usize = 64;

/// An object to be created, with what is below it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Template {
    /// Its id, if that is free; else, or if absent, a new one.
    pub(crate) object_id: Option<Umid>,
    /// Display name.
    #[serde(alias = "name")]
    pub(crate) object_name: Option<String>,
    /// Its type.
    pub(crate) object_type_id: Option<Umid>,
    pub(crate) asset_2d_id: Option<Umid>,
    pub(crate) asset_3d_id: Option<Umid>,
    pub(crate) options: Option<JsonMap>,
    pub(crate) transform: Option<Place>,
    /// The name by which the settings of the world know the object.
    pub(crate) label: Option<String>,
    #[serde(deserialize_with = "list")]
    pub(crate) object_attributes: Vec<TemplateAttribute>,
    /// Its descendants.
    #[serde(deserialize_with = "list")]
    pub(crate) objects: Vec<Template>,
    /// One of these comes below it, too.
    #[serde(deserialize_with = "list")]
    pub(crate) random_objects: Vec<Template>,
}

/// An attribute of an object of a template.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct TemplateAttribute {
    plugin_id: Umid,
    attribute_name: String,
    value: JsonMap,
    #[serde(default)]
    options: Option<JsonMap>,
}

/// A transform of which every part may be absent.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Place {
    position: Vec3,
    rotation: Vec3,
    scale: Option<Vec3>,
}

impl From<Place> for Transform {
    fn from(place: Place) -> Self {
        Self {
            position: place.position,
            rotation: place.rotation,
            scale: place.scale.unwrap_or(Vec3::ONE),
        }
    }
}

/// Null is an empty list.
fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// Why a template cannot be used, for whoever wrote it.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct TemplateError(String);

/// Layout of a template.
pub(crate) struct Surroundings<'a> {
    /// Types and assets.
    pub(crate) catalogue: &'a Catalogue,
    /// Whether there is such a 2D asset.
    pub(crate) knows_asset_2d: &'a dyn Fn(Umid) -> bool,
    /// Whether an object has this id.
    pub(crate) is_taken: &'a dyn Fn(Umid) -> bool,
    /// Picks one of so many.
    pub(crate) pick: &'a dyn Fn(usize) -> usize,
}

/// Place of the root of a template.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Root {
    pub(crate) id: Umid,
    pub(crate) parent: Umid,
    /// Owns everything of it.
    pub(crate) owner: Umid,
}

/// A template laid out: rows, parents first, and the objects that have a label.
#[derive(Debug, Default)]
pub(crate) struct Layout {
    pub(crate) creation: Creation,
    pub(crate) labels: BTreeMap<String, Umid>,
}

impl Template {
    /// Reads a template from the value of an attribute.
    pub(crate) fn parse(value: JsonMap) -> Result<Self, TemplateError> {
        serde_json::from_value(Value::Object(value))
            .map_err(|error| TemplateError(error.to_string()))
    }

    /// Lays the template out, with every rule for the creation of objects checked. The root's own
    /// place below its parent is for the caller to check.
    pub(crate) fn lay_out(
        self,
        root: Root,
        surroundings: &Surroundings<'_>,
    ) -> Result<Layout, TemplateError> {
        let mut laying = Laying {
            surroundings,
            owner: root.owner,
            ids: HashSet::from([root.id]),
            layout: Layout::default(),
        };
        laying.lay(self, root.id, root.parent, 0)?;
        Ok(laying.layout)
    }
}

struct Laying<'a> {
    surroundings: &'a Surroundings<'a>,
    owner: Umid,
    ids: HashSet<Umid>,
    layout: Layout,
}

impl Laying<'_> {
    /// Lays out an object and what is below it.
    fn lay(
        &mut self,
        template: Template,
        id: Umid,
        parent: Umid,
        depth: usize,
    ) -> Result<(), TemplateError> {
        if depth > MAX_DEPTH || self.layout.creation.objects.len() >= MAX_OBJECTS {
            return Err(TemplateError(format!(
                "more than {MAX_DEPTH} levels or {MAX_OBJECTS} objects"
            )));
        }
        let object_type = self.check_references(&template)?;
        let transform: Option<Transform> = template.transform.map(Into::into);
        if transform.is_some_and(|transform| !transform.is_finite()) {
            return fault(&template, "the transform is not finite");
        }
        let options = match &template.options {
            Some(options) => Some(storable(options).or_else(|e| fault(&template, e))?),
            None => None,
        };
        let rules = self.rules(object_type, options.as_ref());
        let attributes = self.attributes(&template, id)?;
        if let Some(label) = template.label.clone().filter(|label| !label.is_empty())
            && self.layout.labels.insert(label, id).is_some()
        {
            return fault(&template, "its label is there twice");
        }
        self.layout.creation.objects.push(NewObjectRow {
            id,
            object_type,
            owner: self.owner,
            parent,
            asset_2d: template.asset_2d_id,
            asset_3d: template.asset_3d_id,
            options,
            transform,
            attributes,
        });
        for child in self.children(template, &rules)? {
            let child_id = self.id_of(&child);
            self.lay(child, child_id, id, depth + 1)?;
        }
        Ok(())
    }

    /// The objects below, one of the random ones among them, as many and of such types as the rules
    /// allow.
    fn children(
        &self,
        mut template: Template,
        rules: &ObjectOptions,
    ) -> Result<Vec<Template>, TemplateError> {
        let mut children = std::mem::take(&mut template.objects);
        let mut random = std::mem::take(&mut template.random_objects);
        if !random.is_empty() {
            let picked = (self.surroundings.pick)(random.len());
            children.push(random.swap_remove(picked.min(random.len() - 1)));
        }
        let count = children.len() as u64;
        if rules.child_limit.is_some_and(|limit| count > limit) {
            return fault(&template, "it holds more objects than it may");
        }
        let allowed = |child: &Template| {
            child
                .object_type_id
                .is_some_and(|of| rules.allowed_children.contains(&of))
        };
        match children.iter().find(|child| !allowed(child)) {
            Some(child) => fault(child, "it is of a type that its parent does not take"),
            None => Ok(children),
        }
    }

    fn id_of(&mut self, template: &Template) -> Umid {
        let free = template
            .object_id
            .filter(|id| !id.is_nil() && !(self.surroundings.is_taken)(*id))
            .filter(|id| self.ids.insert(*id));
        free.unwrap_or_else(Umid::now_v7)
    }

    fn check_references(&self, template: &Template) -> Result<Umid, TemplateError> {
        let catalogue = self.surroundings.catalogue;
        let known = |of: &Umid| catalogue.object_types.contains_key(of) && *of != ids::NODE_TYPE;
        let Some(object_type) = template.object_type_id.filter(known) else {
            return fault(template, "there is no such object type");
        };
        let unknown_2d = template
            .asset_2d_id
            .is_some_and(|asset| !(self.surroundings.knows_asset_2d)(asset));
        let unknown_3d = template
            .asset_3d_id
            .is_some_and(|asset| !catalogue.assets_3d.contains_key(&asset));
        if unknown_2d || unknown_3d {
            return fault(template, "there is no such asset");
        }
        Ok(object_type)
    }

    fn rules(&self, object_type: Umid, options: Option<&JsonMap>) -> ObjectOptions {
        let none = JsonMap::new();
        let of_type = self.surroundings.catalogue.object_types.get(&object_type);
        ObjectOptions::effective(options, of_type.map_or(&none, |of| &of.options))
    }

    /// The attributes of an object; the name it is given comes before one among its attributes.
    fn attributes(
        &mut self,
        template: &Template,
        object: Umid,
    ) -> Result<Vec<(AttributeId, JsonMap)>, TemplateError> {
        if template.object_attributes.len() > MAX_ATTRIBUTES {
            return fault(template, "it has too many attributes");
        }
        let mut attributes: Vec<(AttributeId, JsonMap)> = Vec::new();
        if let Some(name) = &template.object_name {
            check_name(name).or_else(|e| fault(template, e))?;
            let value = JsonMap::from_iter([("name".to_owned(), Value::from(name.as_str()))]);
            attributes.push((ids::core("name"), value));
        }
        for attribute in &template.object_attributes {
            let id = AttributeId {
                plugin: attribute.plugin_id,
                name: attribute.attribute_name.clone(),
            };
            let types = &self.surroundings.catalogue.attribute_types;
            if !types.contains_key(&id) {
                return fault(template, format!("no plugin declares its attribute {id}"));
            }
            check_value(&id, &attribute.value).or_else(|e| fault(template, e))?;
            if attributes.iter().any(|(known, _)| *known == id) {
                if id == ids::core("name") {
                    continue;
                }
                return fault(template, format!("its attribute {id} is there twice"));
            }
            if let Some(options) = &attribute.options {
                check_map(options).or_else(|e| fault(template, e))?;
                let options = (object, id.clone(), options.clone());
                self.layout.creation.attribute_options.push(options);
            }
            attributes.push((id, attribute.value.clone()));
        }
        Ok(attributes)
    }
}

/// Fault of an object of a template.
fn fault<T>(template: &Template, problem: impl std::fmt::Display) -> Result<T, TemplateError> {
    let name = template.object_name.as_deref().unwrap_or("without a name");
    Err(TemplateError(format!("object {name:?}: {problem}")))
}

#[cfg(test)]
mod tests {
    use components::ObjectType;
    use serde_json::json;

    use super::*;

    const ROOM: Umid = Umid::from_u128(11);
    const CHAIR: Umid = Umid::from_u128(12);

    /// Rooms take rooms and at most three chairs; chairs take nothing.
    fn catalogue() -> Catalogue {
        let room = json!({"allowed_children": [ROOM, CHAIR], "child_limit": 3});
        let room = ObjectType {
            options: room.as_object().cloned().expect("a map"),
            ..ObjectType::default()
        };
        let types = [(ROOM, room), (CHAIR, ObjectType::default())];
        let attributes = ["name", "texture"].map(|name| (ids::core(name), None));
        Catalogue {
            object_types: types.into_iter().collect(),
            attribute_types: attributes.into_iter().collect(),
            ..Catalogue::default()
        }
    }

    fn lay_out(template: Value) -> Result<Layout, TemplateError> {
        let template = Template::parse(template.as_object().cloned().expect("a map"))?;
        let root = Root {
            id: Umid::from_u128(1),
            parent: Umid::from_u128(2),
            owner: Umid::from_u128(3),
        };
        let surroundings = Surroundings {
            catalogue: &catalogue(),
            knows_asset_2d: &|_| false,
            is_taken: &|id| id == Umid::from_u128(5),
            pick: &|count| count - 1,
        };
        template.lay_out(root, &surroundings)
    }

    #[test]
    fn a_template_becomes_rows_with_parents_first() {
        let template = json!({
            "object_type_id": ROOM, "name": "Hall", "label": "hall", "random_objects": null,
            "transform": {"position": {"y": 2}},
            "objects": [
                {"object_type_id": ROOM, "object_id": Umid::from_u128(4), "options": {"child_limit": 1, "x": 1},
                 "random_objects": [
                    {"object_type_id": CHAIR, "object_name": "First"},
                    {"object_type_id": CHAIR, "object_name": "Second"}]},
                {"object_type_id": CHAIR, "object_id": Umid::from_u128(5), "label": "chair",
                 "object_attributes": [{"plugin_id": ids::CORE_PLUGIN, "attribute_name": "texture",
                    "value": {"render_hash": "1"}, "options": {"permissions": {"read": "any"}}}]},
            ],
        });
        let layout = lay_out(template).expect("lays out");
        let objects = &layout.creation.objects;
        let [hall, room, second, chair] = objects.as_slice() else {
            panic!("{objects:?}");
        };
        assert_eq!(
            (hall.id, hall.parent),
            (Umid::from_u128(1), Umid::from_u128(2))
        );
        let place = hall.transform.expect("a place");
        assert_eq!((place.position.y, place.scale), (2.0, Vec3::ONE));
        assert_eq!((room.id, room.parent), (Umid::from_u128(4), hall.id));
        let options = room.options.clone().map(Value::Object);
        assert_eq!(options, Some(json!({"child_limit": 1})), "by the schema");
        assert_eq!(second.parent, room.id);
        assert_eq!(second.attributes[0].1["name"], "Second");
        assert_ne!(chair.id, Umid::from_u128(5), "that id is taken");
        assert!(objects.iter().all(|row| row.owner == Umid::from_u128(3)));
        let labels = [("hall".to_owned(), hall.id), ("chair".to_owned(), chair.id)];
        assert_eq!(layout.labels, BTreeMap::from(labels));
        let [(object, id, _)] = layout.creation.attribute_options.as_slice() else {
            panic!("one attribute has options");
        };
        assert_eq!((*object, id), (chair.id, &ids::core("texture")));
    }

    #[test]
    fn an_invalid_creation_is_refused_as_a_whole() {
        let chair = || json!({"object_type_id": CHAIR});
        let room = |more: Value| {
            let mut room = json!({"object_type_id": ROOM});
            room.as_object_mut()
                .expect("a map")
                .extend(more.as_object().cloned().expect("a map"));
            room
        };
        let attribute = |name: &str, value: Value| {
            room(json!({"object_attributes": [
                {"plugin_id": ids::CORE_PLUGIN, "attribute_name": name, "value": value}]}))
        };
        let mut deep = room(json!({}));
        for _ in 0..=MAX_DEPTH {
            deep = room(json!({"objects": [deep]}));
        }
        for template in [
            json!({}),
            json!({"object_type_id": Umid::from_u128(99)}),
            room(json!({"objects": [chair(), chair(), chair(), chair()]})),
            room(json!({"objects": [chair(), chair(), chair()], "random_objects": [chair()]})),
            json!({"object_type_id": CHAIR, "objects": [chair()]}),
            room(json!({"objects": 5})),
            room(json!({"asset_2d_id": Umid::from_u128(9)})),
            room(json!({"asset_3d_id": Umid::from_u128(9)})),
            room(json!({"options": {"visible": 9}})),
            room(
                json!({"options": {"child_placement": {"00000000-0000-0000-0000-000000000000": {"algo": "cube"}}}}),
            ),
            room(json!({"object_name": "two\nlines"})),
            room(json!({"label": "a", "objects": [{"object_type_id": CHAIR, "label": "a"}]})),
            attribute("unknown", json!({})),
            attribute("name", json!({"name": "x".repeat(300)})),
            attribute("texture", json!(null)),
            deep,
        ] {
            assert!(lay_out(template.clone()).is_err(), "{template}");
        }
        let rooms =
            |rooms: Vec<Value>| room(json!({"options": {"child_limit": 5000}, "objects": rooms}));
        assert!(lay_out(rooms(vec![chair(); MAX_OBJECTS - 1])).is_ok());
        assert!(lay_out(rooms(vec![chair(); MAX_OBJECTS])).is_err());
    }
}
