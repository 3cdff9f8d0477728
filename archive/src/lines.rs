//! The lines of an archive: one JSON object each.

use chrono::{DateTime, Utc};
use components::{AttributeId, JsonMap, Transform, Umid};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use store::{AttributeRecord, ObjectRecord, PersonalRecord};

/// An object with its attributes; the world comes first, every parent before its children.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ObjectLine {
    pub(crate) id: Umid,
    /// None for the world itself.
    pub(crate) parent: Option<Umid>,
    pub(crate) object_type: Umid,
    pub(crate) owner: Umid,
    pub(crate) asset_2d: Option<Umid>,
    pub(crate) asset_3d: Option<Umid>,
    pub(crate) options: Option<JsonMap>,
    /// Absolute in world space; none means automatic placement.
    pub(crate) transform: Option<Transform>,
    /// Orders siblings.
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) attributes: Vec<AttributeLine>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AttributeLine {
    pub(crate) plugin: Umid,
    pub(crate) name: String,
    pub(crate) value: Option<JsonMap>,
    pub(crate) options: Option<JsonMap>,
}

/// An attribute of a user in an object.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PersonalLine {
    pub(crate) object: Umid,
    pub(crate) user: Umid,
    pub(crate) attribute: AttributeLine,
}

pub(crate) fn parse<T: DeserializeOwned>(line: &[u8]) -> serde_json::Result<T> {
    serde_json::from_slice(line)
}

impl ObjectLine {
    /// Makes the line of an object of `world`. Keys of free-form values are sorted, so that the
    /// same world gives the same bytes whatever database it is in.
    pub(crate) fn new(record: ObjectRecord, world: Umid) -> Self {
        Self {
            id: record.id,
            parent: (record.id != world).then_some(record.parent),
            object_type: record.object_type,
            owner: record.owner,
            asset_2d: record.asset_2d,
            asset_3d: record.asset_3d,
            options: record.options.map(sorted),
            transform: record.transform,
            created_at: record.created_at,
            attributes: record
                .attributes
                .into_iter()
                .map(AttributeLine::from)
                .collect(),
        }
    }

    pub(crate) fn name(&self) -> Option<&str> {
        let name = components::ids::core("name");
        let attribute = self
            .attributes
            .iter()
            .find(|attribute| attribute.name == name.name && attribute.plugin == name.plugin);
        attribute?.value.as_ref()?.get("name")?.as_str()
    }
}

impl AttributeLine {
    pub(crate) fn id(&self) -> AttributeId {
        AttributeId {
            plugin: self.plugin,
            name: self.name.clone(),
        }
    }

    pub(crate) fn record(self, time: DateTime<Utc>) -> AttributeRecord {
        AttributeRecord {
            id: AttributeId {
                plugin: self.plugin,
                name: self.name,
            },
            value: self.value,
            options: self.options,
            created_at: time,
            updated_at: time,
        }
    }
}

impl From<AttributeRecord> for AttributeLine {
    fn from(record: AttributeRecord) -> Self {
        Self {
            plugin: record.id.plugin,
            name: record.id.name,
            value: record.value.map(sorted),
            options: record.options.map(sorted),
        }
    }
}

impl From<PersonalRecord> for PersonalLine {
    fn from(record: PersonalRecord) -> Self {
        Self {
            object: record.object,
            user: record.user,
            attribute: record.attribute.into(),
        }
    }
}

fn sorted(map: JsonMap) -> JsonMap {
    let mut value = Value::Object(map);
    value.sort_all_objects();
    match value {
        Value::Object(map) => map,
        _ => JsonMap::new(),
    }
}
