//! Who is who: ids and owners of an archive as they will be here.

use std::collections::{HashMap, HashSet};

use components::{JsonMap, Umid, ids::SYSTEM_USER};
use serde_json::Value;
use store::{ObjectRecord, PersonalRecord};

use super::{
    Ids,
    rows::{AttributeLine, ObjectLine, PersonalLine},
};

/// Translates lines of an archive into rows of this node.
#[derive(Debug)]
pub(super) struct Remap {
    node: Umid,
    /// New ids by old ones; empty if they stay.
    ids: HashMap<Umid, Umid>,
    owner: Option<Umid>,
    users_here: HashSet<Umid>,
    orphans: usize,
}

impl Remap {
    /// New ids have the order of the old ones, which is that of siblings made at the same time.
    pub(super) fn new<'a>(
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
        let orphans = owners.filter(|user| !users_here.contains(user)).count();
        Self {
            node,
            ids: old.into_iter().map(|id| (id, Umid::now_v7())).collect(),
            owner,
            users_here,
            orphans,
        }
    }

    /// The id of an object here.
    pub(super) fn id(&self, id: Umid) -> Umid {
        self.ids.get(&id).copied().unwrap_or(id)
    }

    /// Whether a user of the archive is here.
    pub(super) fn is_here(&self, user: Umid) -> bool {
        self.users_here.contains(&user)
    }

    /// How many owners are not here.
    pub(super) fn orphans(&self) -> usize {
        self.orphans
    }

    /// An object as it will be.
    pub(super) fn object(&self, line: ObjectLine) -> ObjectRecord {
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

    /// What a user has, as it will be.
    pub(super) fn personal(&self, line: PersonalLine) -> PersonalRecord {
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

    /// Wherever the id of one of the objects stands, such as in `world_settings` or `teleport`, it is that object that is
    /// meant: nothing else has the same id.
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
