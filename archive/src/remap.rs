//! Ids and owners of an archive, translated to those of the node.

use std::collections::{HashMap, HashSet};

use components::{JsonMap, Umid, ids::SYSTEM_USER};
use serde_json::Value;
use store::{ObjectRecord, PersonalRecord};

use crate::lines::{AttributeLine, ObjectLine, PersonalLine};

/// Ids of the objects of an imported world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ids {
    /// Those of the file, which must be free.
    Same,
    /// New ones.
    New,
}

/// Translates lines of an archive into rows of this node.
#[derive(Debug)]
pub(crate) struct Remap {
    node: Umid,
    /// New ids by old ones; empty if they stay.
    ids: HashMap<Umid, Umid>,
    owner: Option<Umid>,
    users_here: HashSet<Umid>,
    absent_owners: usize,
}

impl Remap {
    /// New ids keep the order of the old ones, which orders siblings made at the same time.
    pub(crate) fn new<'a>(
        node: Umid,
        objects: impl Iterator<Item = &'a Umid>,
        ids: Ids,
        owner: Option<Umid>,
        users_here: HashSet<Umid>,
        owners: impl Iterator<Item = &'a Umid>,
    ) -> Self {
        let mut old: Vec<Umid> = match ids {
            Ids::Same => Vec::new(),
            Ids::New => objects.copied().collect(),
        };
        old.sort_unstable();
        let absent_owners = owners.filter(|user| !users_here.contains(user)).count();
        Self {
            node,
            ids: old.into_iter().map(|id| (id, Umid::now_v7())).collect(),
            owner,
            users_here,
            absent_owners,
        }
    }

    /// Id of an object on the node.
    pub(crate) fn id(&self, id: Umid) -> Umid {
        self.ids.get(&id).copied().unwrap_or(id)
    }

    /// Whether a user of the archive is a user of the node.
    pub(crate) fn is_here(&self, user: Umid) -> bool {
        self.users_here.contains(&user)
    }

    /// Owners that are no users of the node.
    pub(crate) fn absent_owners(&self) -> usize {
        self.absent_owners
    }

    /// Translates an object.
    pub(crate) fn object(&self, line: ObjectLine) -> ObjectRecord {
        let kept = Some(line.owner).filter(|owner| self.is_here(*owner));
        ObjectRecord {
            id: self.id(line.id),
            object_type: line.object_type,
            owner: self.owner.or(kept).unwrap_or(SYSTEM_USER),
            parent: line.parent.map_or(self.node, |parent| self.id(parent)),
            asset_2d: line.asset_2d,
            asset_3d: line.asset_3d,
            options: line.options.map(|map| self.map(map)),
            transform: line.transform,
            created_at: line.created_at,
            updated_at: line.created_at,
            attributes: line
                .attributes
                .into_iter()
                .map(|attribute| self.attribute(attribute).record(line.created_at))
                .collect(),
        }
    }

    /// Translates an attribute of a user.
    pub(crate) fn personal(&self, line: PersonalLine) -> PersonalRecord {
        PersonalRecord {
            object: self.id(line.object),
            user: line.user,
            attribute: self.attribute(line.attribute).record(Default::default()),
        }
    }

    fn attribute(&self, line: AttributeLine) -> AttributeLine {
        AttributeLine {
            value: line.value.map(|map| self.map(map)),
            options: line.options.map(|map| self.map(map)),
            ..line
        }
    }

    /// Replaces ids of objects anywhere in a value, such as in `world_settings` or `teleport`.
    /// Nothing else has the same id.
    fn map(&self, map: JsonMap) -> JsonMap {
        if self.ids.is_empty() {
            return map;
        }
        map.into_iter()
            .map(|(key, value)| (key, self.value(value)))
            .collect()
    }

    fn value(&self, value: Value) -> Value {
        match value {
            Value::String(text) => {
                let id = Umid::try_parse(&text).ok();
                match id.and_then(|id| self.ids.get(&id)) {
                    Some(new) => Value::String(new.to_string()),
                    None => Value::String(text),
                }
            }
            Value::Array(list) => list.into_iter().map(|value| self.value(value)).collect(),
            Value::Object(map) => Value::Object(self.map(map)),
            other => other,
        }
    }
}
