//! The lines of an archive: one JSON object each.

use chrono::{DateTime, Utc};
use components::{AttributeId, JsonMap, Transform, Umid};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use store::{AttributeRecord, ObjectRecord, PersonalRecord};

/// An object with its attributes; the world comes first, every parent before its children.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ObjectLine {
    pub(super) id: Umid,
    /// None for the world itself.
    pub(super) parent: Option<Umid>,
    pub(super) object_type: Umid,
    pub(super) owner: Umid,
    pub(super) asset_2d: Option<Umid>,
    pub(super) asset_3d: Option<Umid>,
    pub(super) options: Option<JsonMap>,
    /// Absolute in world space; none means automatic placement.
    pub(super) transform: Option<Transform>,
    /// Orders siblings.
    pub(super) created_at: DateTime<Utc>,
    pub(super) attributes: Vec<AttributeLine>,
}

/// An attribute.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AttributeLine {
    pub(super) plugin: Umid,
    pub(super) name: String,
    pub(super) value: Option<JsonMap>,
    pub(super) options: Option<JsonMap>,
}

/// What a user has in an object.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PersonalLine {
    pub(super) object: Umid,
    pub(super) user: Umid,
    pub(super) attribute: AttributeLine,
}

/// Reads a line.
pub(super) fn parse<T: DeserializeOwned>(line: &[u8]) -> serde_json::Result<T> {
    serde_json::from_slice(line)
}

impl ObjectLine {
    /// An object of `world`. The keys of what is free-form are sorted, so that the same world gives the same bytes whatever
    /// database it is in.
    pub(super) fn new(record: ObjectRecord, world: Umid) -> Self {
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

    /// The display name.
    pub(super) fn name(&self) -> Option<&str> {
        let name = components::ids::core("name");
        let attribute = self
            .attributes
            .iter()
            .find(|attribute| attribute.name == name.name && attribute.plugin == name.plugin);
        attribute?.value.as_ref()?.get("name")?.as_str()
    }
}

impl AttributeLine {
    /// Which attribute.
    pub(super) fn id(&self) -> AttributeId {
        AttributeId {
            plugin: self.plugin,
            name: self.name.clone(),
        }
    }

    /// As the store takes it.
    pub(super) fn record(self, time: DateTime<Utc>) -> AttributeRecord {
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
