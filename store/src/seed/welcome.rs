//! The welcome world that ships with the program: a file in the format of world templates
//! (docs/spec/model.md §4.6).

use components::{AttributeId, JsonMap, Transform, Umid, ids};
use serde::Deserialize;

use crate::{NewObjectRow, Result, StoreError};

const FILE: &str = include_str!("../../../assets/seed/welcome.json");

/// Rows of the welcome world, parents first. The system user owns them until somebody claims the
/// node and with it the right to edit everything.
///
/// # Errors
/// `Invalid` if the shipped file is not a world, which a test rules out.
pub fn welcome_world() -> Result<Vec<NewObjectRow>> {
    let world: TemplateObject = serde_json::from_str(FILE)
        .map_err(|error| StoreError::Invalid(format!("the welcome world: {error}")))?;
    let mut rows = Vec::new();
    push(world, &mut rows);
    Ok(rows)
}

fn push(object: TemplateObject, rows: &mut Vec<NewObjectRow>) {
    let attributes = object.object_attributes.into_iter();
    rows.push(NewObjectRow {
        id: object.object_id,
        object_type: object.object_type_id,
        owner: ids::SYSTEM_USER,
        parent: object.parent_id,
        asset_2d: object.asset_2d_id,
        asset_3d: object.asset_3d_id,
        options: object.options,
        transform: object.transform,
        attributes: attributes
            .map(|attribute| {
                let id = AttributeId {
                    plugin: attribute.plugin_id,
                    name: attribute.attribute_name,
                };
                (id, attribute.value)
            })
            .collect(),
    });
    for child in object.objects {
        push(child, rows);
    }
}

/// An object and its descendants. Names are attributes as well, hence are not read here.
#[derive(Deserialize)]
struct TemplateObject {
    object_id: Umid,
    object_type_id: Umid,
    /// Nil for the world itself: the node.
    parent_id: Umid,
    asset_2d_id: Option<Umid>,
    asset_3d_id: Option<Umid>,
    options: Option<JsonMap>,
    transform: Option<Transform>,
    #[serde(default)]
    object_attributes: Vec<TemplateAttribute>,
    #[serde(default)]
    objects: Vec<TemplateObject>,
}

#[derive(Deserialize)]
struct TemplateAttribute {
    plugin_id: Umid,
    attribute_name: String,
    value: JsonMap,
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_welcome_world_is_complete() {
        let rows = welcome_world().expect("the file fits the schema");
        let (world, objects) = rows.split_first().expect("a world");
        assert_eq!(world.object_type, ids::WORLD_TYPE);
        assert!(world.parent.is_nil(), "it stands below the node");
        let options = world.options.as_ref().expect("options");
        assert!(options.contains_key("spawn_point"));
        assert!(has(world, "active_skybox"), "it has a sky");

        let mut known = HashSet::from([world.id]);
        for object in objects {
            assert!(known.contains(&object.parent), "{} has a parent", object.id);
            assert!(known.insert(object.id), "{} is there once", object.id);
            assert!(object.asset_3d.is_some(), "{} has a shape", object.id);
            let transform = object.transform.expect("it stands somewhere");
            assert!(transform.is_finite());
        }
        assert!(rows.iter().all(|row| has(row, "name")));
        let shapes: HashSet<_> = objects.iter().map(|object| object.asset_3d).collect();
        assert!(shapes.len() > 3, "different shapes");
    }

    fn has(row: &NewObjectRow, name: &str) -> bool {
        row.attributes.iter().any(|(id, _)| *id == ids::core(name))
    }
}
