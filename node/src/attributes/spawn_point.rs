//! The core attribute `spawn_point` of a world: a view of its option of that name, so that the
//! point clients write is the point people enter at (docs/spec/model.md §4.6).
//!
//! Clients write `{"value": {"object", "location", "rotation"}}`; the option is `{"position",
//! "rotation"}`.

use components::{AttributeId, AttributeTarget, JsonMap, Reason, Umid, ids};
use serde_json::{Value, json};
use store::ObjectPatch;
use systems::Effect;

use crate::{Node, NodeError, Result, attributes::Write};

/// The option of the world.
const OPTION: &str = "spawn_point";
/// The one key of the attribute.
const KEY: &str = "value";

impl Node {
    /// The world whose spawn point an attribute is.
    pub(crate) fn spawn_point_of(&self, target: AttributeTarget, id: &AttributeId) -> Option<Umid> {
        match target {
            AttributeTarget::Object(world) if *id == ids::core(OPTION) => {
                self.directory().is_world(world).then_some(world)
            }
            _ => None,
        }
    }

    /// The spawn point as clients read it.
    pub(crate) async fn spawn_point(&self, world: Umid) -> Result<JsonMap> {
        let options = self.record(world).await?.options.unwrap_or_default();
        let point = options.get(OPTION).ok_or(Reason::AttributeNotFound)?;
        Ok(attribute(world, point))
    }

    /// Writes the option. A key other than `value` has no meaning and leaves everything as it is.
    pub(crate) async fn write_spawn_point(
        &self,
        world: Umid,
        write: Write,
    ) -> Result<(Option<JsonMap>, Vec<Effect>)> {
        let mut options = self.record(world).await?.options.unwrap_or_default();
        let point = match &write {
            Write::Whole(value) => Some(option(value.get(KEY))?),
            Write::Entry(key, value) if key == KEY => Some(option(Some(value))?),
            Write::RemoveEntry(key) if key == KEY => None,
            Write::Remove => None,
            Write::Entry(..) | Write::RemoveEntry(_) => {
                let unchanged = options.get(OPTION).map(|point| attribute(world, point));
                return Ok((unchanged, Vec::new()));
            }
        };
        let value = point.as_ref().map(|point| attribute(world, point));
        match point {
            Some(point) => options.insert(OPTION.to_owned(), point),
            None => options.shift_remove(OPTION),
        };
        let patch = ObjectPatch {
            options: Some(Some(options)),
            ..ObjectPatch::default()
        };
        Ok((value, vec![self.patch_object(world, &patch).await?]))
    }
}

/// The option that a client's point says.
fn option(value: Option<&Value>) -> Result<Value> {
    let point = value.and_then(Value::as_object);
    let point = point.ok_or_else(|| invalid("spawn_point is {value: {location, rotation}}"))?;
    let position = vector(point.get("location").or_else(|| point.get("position")))?;
    let rotation = vector(point.get("rotation"))?;
    Ok(json!({"position": position, "rotation": rotation}))
}

/// `{x, y, z}` with finite 32-bit floats; what is absent is zero.
fn vector(value: Option<&Value>) -> Result<Value> {
    let axis = |name: &str| match value.and_then(|value| value.get(name)) {
        None | Some(Value::Null) => Ok(0.0),
        Some(number) => number
            .as_f64()
            .filter(|number| (*number as f32).is_finite())
            .ok_or_else(|| invalid("a coordinate is a finite number")),
    };
    Ok(json!({"x": axis("x")?, "y": axis("y")?, "z": axis("z")?}))
}

/// The attribute that shows an option.
fn attribute(world: Umid, point: &Value) -> JsonMap {
    let part = |key: &str| point.get(key).cloned().unwrap_or(Value::Null);
    let value =
        json!({"object": world, "location": part("position"), "rotation": part("rotation")});
    JsonMap::from_iter([(KEY.to_owned(), value)])
}

fn invalid(message: &str) -> NodeError {
    NodeError::invalid(Reason::InvalidRequestBody, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_reads_the_point_it_wrote() {
        let world = Umid::from_u128(5);
        let written = json!({"object": world, "location": {"x": 1.5, "y": 2.0, "z": -3.0}, "rotation": {"y": 0.5}});
        let stored = option(Some(&written)).expect("a point");
        let expected = json!({
            "position": {"x": 1.5, "y": 2.0, "z": -3.0},
            "rotation": {"x": 0.0, "y": 0.5, "z": 0.0},
        });
        assert_eq!(stored, expected);
        let read = attribute(world, &stored);
        assert_eq!(read["value"]["location"], written["location"]);
        assert_eq!(read["value"]["object"], json!(world));
    }

    #[test]
    fn points_that_are_none_are_refused() {
        for point in [
            json!(null),
            json!([1, 2, 3]),
            json!({"location": {"x": 1e300}}),
            json!({"rotation": {"y": "1"}}),
        ] {
            assert!(option(Some(&point)).is_err(), "{point}");
        }
        assert!(option(None).is_err());
    }
}
