//! Facts that the node keeps in memory about everything it owns, loaded worlds or not: who is admin
//! of what, which types and assets there are, and how many children an object has.
//!
//! The directory follows the database: operations change it only after their transaction has
//! succeeded.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use arc_swap::ArcSwap;
use components::{Asset3d, AttributeId, Authority, Catalogue, JsonMap, ObjectType, Umid, ids};
use parking_lot::RwLock;
use store::{AssetRow, AttributeRecord, AttributeTypeRow, DirectoryRows, ObjectLink, PluginRow};

/// The in-memory index of a node; cheap to read from any thread.
pub struct Directory {
    node: Umid,
    catalogue: ArcSwap<Catalogue>,
    authority: Arc<RwLock<Authority>>,
    objects: RwLock<HashMap<Umid, Entry>>,
    /// Worlds that are kept and not shown.
    archived: RwLock<HashSet<Umid>>,
    plugins: ArcSwap<Vec<PluginRow>>,
    assets_2d: ArcSwap<HashMap<Umid, AssetRow>>,
    assets_3d: ArcSwap<HashMap<Umid, AssetRow>>,
    node_attributes: RwLock<HashMap<AttributeId, AttributeRecord>>,
    write_locks: [tokio::sync::Mutex<()>; WRITE_LOCKS],
}

/// Number of users whose attributes can be written at the same time. Users may share a lock by
/// chance, which costs time only.
const WRITE_LOCKS: usize = 64;

/// Knowledge of the directory about an object beside its place in the tree of authority.
#[derive(Clone, Copy, Debug, Default)]
struct Entry {
    object_type: Umid,
    /// Direct children.
    children: u64,
}

impl Directory {
    /// Indexes what the store has.
    pub fn new(rows: DirectoryRows) -> Directory {
        let catalogue = catalogue(&rows);
        let mut authority = Authority::default();
        let mut objects = HashMap::<Umid, Entry>::with_capacity(rows.objects.len());
        for object in &rows.objects {
            authority.set_object(object.id, object.parent, object.owner);
            objects.entry(object.id).or_default().object_type = object.object_type;
            if object.parent != object.id {
                objects.entry(object.parent).or_default().children += 1;
            }
        }
        for (object, user) in &rows.admins {
            authority.set_admin(*object, *user, true);
        }
        for (group, user) in &rows.memberships {
            authority.add_membership(*group, *user);
        }
        Directory {
            node: rows.node,
            catalogue: ArcSwap::from_pointee(catalogue),
            authority: Arc::new(RwLock::new(authority)),
            objects: RwLock::new(objects),
            archived: RwLock::new(rows.archived.into_iter().collect()),
            plugins: ArcSwap::from_pointee(rows.plugins),
            assets_2d: ArcSwap::from_pointee(by_id(rows.assets_2d)),
            assets_3d: ArcSwap::from_pointee(by_id(rows.assets_3d)),
            node_attributes: RwLock::new(
                rows.node_attributes
                    .into_iter()
                    .map(|row| (row.id.clone(), row))
                    .collect(),
            ),
            write_locks: [const { tokio::sync::Mutex::const_new(()) }; WRITE_LOCKS],
        }
    }

    /// The id of the node object, root of all objects.
    pub fn node(&self) -> Umid {
        self.node
    }

    /// The types and assets of this moment.
    pub fn catalogue(&self) -> Arc<Catalogue> {
        self.catalogue.load_full()
    }

    /// Admins of objects; shared with the loaded worlds.
    pub fn authority(&self) -> Arc<RwLock<Authority>> {
        Arc::clone(&self.authority)
    }

    /// Whether `user` is an indirect admin of `object` (docs/spec/model.md §3).
    pub fn is_admin(&self, user: Umid, object: Umid) -> bool {
        self.authority.read().is_admin(user, object)
    }

    /// Whether there is such an object.
    pub fn knows(&self, object: Umid) -> bool {
        self.authority.read().knows(object)
    }

    /// The world an object is in; `None` for the node and for unknown objects.
    pub fn world_of(&self, object: Umid) -> Option<Umid> {
        self.authority.read().world_of(object)
    }

    /// Whether `object` is a world that is there for people: one that is archived is not.
    pub fn is_world(&self, object: Umid) -> bool {
        self.authority.read().is_world(object) && !self.is_archived(object)
    }

    /// Whether a world is kept and not shown.
    pub fn is_archived(&self, world: Umid) -> bool {
        self.archived.read().contains(&world)
    }

    /// Follows a world into the archive, or out of it.
    pub(crate) fn set_archived(&self, world: Umid, archived: bool) {
        let mut known = self.archived.write();
        match archived {
            true => known.insert(world),
            false => known.remove(&world),
        };
    }

    /// The type of an object.
    pub fn object_type(&self, object: Umid) -> Option<Umid> {
        self.objects
            .read()
            .get(&object)
            .map(|entry| entry.object_type)
    }

    /// Number of direct children of an object.
    pub fn children(&self, object: Umid) -> u64 {
        self.objects
            .read()
            .get(&object)
            .map_or(0, |entry| entry.children)
    }

    /// The write lock of the attributes of a user (or, for the nil id, of the node).
    pub(crate) fn write_lock(&self, user: Umid) -> &tokio::sync::Mutex<()> {
        &self.write_locks[user.as_u128() as usize % WRITE_LOCKS]
    }

    /// All plugins.
    pub fn plugins(&self) -> Arc<Vec<PluginRow>> {
        self.plugins.load_full()
    }

    /// A 2D asset.
    pub fn asset_2d(&self, id: Umid) -> Option<AssetRow> {
        self.assets_2d.load().get(&id).cloned()
    }

    /// A 3D asset.
    pub fn asset_3d(&self, id: Umid) -> Option<AssetRow> {
        self.assets_3d.load().get(&id).cloned()
    }

    /// The value of a node attribute.
    pub fn node_attribute(&self, id: &AttributeId) -> Option<JsonMap> {
        self.node_attributes
            .read()
            .get(id)
            .and_then(|record| record.value.clone())
    }

    /// The user type that marks guests: as `node_settings` says, else the seeded one.
    pub fn guest_type(&self) -> Umid {
        self.user_type("guest_user_type", ids::GUEST_USER_TYPE)
    }

    /// The user type of accounts with a wallet: as `node_settings` says, else the seeded one.
    pub fn normal_type(&self) -> Umid {
        self.user_type("normal_user_type", ids::NORMAL_USER_TYPE)
    }

    fn user_type(&self, key: &str, default: Umid) -> Umid {
        let attributes = self.node_attributes.read();
        let settings = attributes
            .get(&ids::core("node_settings"))
            .and_then(|record| record.value.as_ref());
        let text = settings
            .and_then(|value| value.get(key))
            .and_then(|value| value.as_str());
        text.and_then(|text| Umid::parse_str(text).ok())
            .unwrap_or(default)
    }

    /// Adds a 3D asset; the new catalogue, or nothing if the asset is known. The caller holds the
    /// write lock of the node's catalogue.
    pub fn add_asset_3d(&self, asset: AssetRow) -> Option<Arc<Catalogue>> {
        let mut assets = HashMap::clone(&self.assets_3d.load());
        let (id, format) = (asset.id, format_of(&asset.meta));
        if assets.insert(id, asset).is_some() {
            return None;
        }
        self.assets_3d.store(Arc::new(assets));
        let mut catalogue = Catalogue::clone(&self.catalogue());
        catalogue.assets_3d.insert(id, format);
        let catalogue = Arc::new(catalogue);
        self.catalogue.store(Arc::clone(&catalogue));
        Some(catalogue)
    }

    /// Follows a plugin and the attribute types it declares, and returns the types and assets as
    /// they are then. The caller has the node's write lock: two changes at once could lose one.
    pub fn set_plugin(&self, plugin: PluginRow, types: Vec<AttributeTypeRow>) -> Arc<Catalogue> {
        let mut plugins = Vec::clone(&self.plugins());
        match plugins.binary_search_by_key(&plugin.id, |known| known.id) {
            Ok(place) => plugins[place] = plugin,
            Err(place) => plugins.insert(place, plugin),
        }
        self.plugins.store(Arc::new(plugins));
        let mut catalogue = Catalogue::clone(&self.catalogue());
        catalogue
            .attribute_types
            .extend(types.into_iter().map(|row| (row.id, row.options)));
        let catalogue = Arc::new(catalogue);
        self.catalogue.store(Arc::clone(&catalogue));
        catalogue
    }

    /// Follows the creation of an object.
    pub fn add_object(&self, object: Umid, parent: Umid, owner: Umid, object_type: Umid) {
        self.authority.write().set_object(object, parent, owner);
        let mut objects = self.objects.write();
        let known = objects.insert(
            object,
            Entry {
                object_type,
                children: 0,
            },
        );
        if known.is_none() {
            objects.entry(parent).or_default().children += 1;
        }
    }

    /// The owner of an object.
    pub fn owner(&self, object: Umid) -> Option<Umid> {
        self.authority.read().owner(object)
    }

    /// Follows a user who lost all roles in a world.
    pub(crate) fn remove_admin(&self, world: Umid, user: Umid) {
        let mut authority = self.authority.write();
        let objects: Vec<Umid> = self.objects.read().keys().copied().collect();
        for object in objects {
            if authority.has_role(user, object) && authority.world_of(object) == Some(world) {
                authority.set_admin(object, user, false);
            }
        }
    }

    /// Follows a change of owner; unknown objects are ignored.
    pub fn set_owner(&self, object: Umid, owner: Umid) {
        let mut authority = self.authority.write();
        if let Some(parent) = authority.parent(object) {
            authority.set_object(object, parent, owner);
        }
    }

    /// Follows the removal of a subtree; `removed` has its root first.
    pub fn remove_objects(&self, removed: &[Umid]) {
        let mut authority = self.authority.write();
        let mut objects = self.objects.write();
        if let Some(entry) = removed
            .first()
            .and_then(|root| authority.parent(*root))
            .and_then(|parent| objects.get_mut(&parent))
        {
            entry.children = entry.children.saturating_sub(1);
        }
        for object in removed {
            authority.remove_object(*object);
            objects.remove(object);
        }
    }

    /// Takes the objects of a world and the roles on them as they are stored; parents come before
    /// children. A world without objects is forgotten.
    pub(crate) fn read_world(
        &self,
        world: Umid,
        stored: impl IntoIterator<Item = ObjectLink>,
        admins: &[(Umid, Umid)],
    ) {
        let mut authority = self.authority.write();
        let mut objects = self.objects.write();
        let known = objects.keys().copied();
        let known: Vec<Umid> = known
            .filter(|object| authority.world_of(*object) == Some(world))
            .collect();
        if let Some(entry) = objects
            .get_mut(&self.node)
            .filter(|_| known.contains(&world))
        {
            entry.children = entry.children.saturating_sub(1);
        }
        for object in known {
            authority.remove_object(object);
            objects.remove(&object);
        }
        for object in stored {
            authority.set_object(object.id, object.parent, object.owner);
            objects.entry(object.id).or_default().object_type = object.object_type;
            objects.entry(object.parent).or_default().children += 1;
        }
        for (object, user) in admins {
            authority.set_admin(*object, *user, true);
        }
    }

    /// Takes what belongs to the node itself as it is stored: its attributes and admins, types,
    /// plugins and assets. Returns the worlds that are stored and not known. The caller has the
    /// node's write lock.
    pub(crate) fn read_node(&self, rows: DirectoryRows) -> Vec<Umid> {
        let stored = Directory::new(rows);
        let ours = stored.authority.read();
        let mut authority = self.authority.write();
        authority.copy_admins(self.node, &ours);
        let worlds = ours.worlds().map(|(world, _)| world);
        let unknown = worlds.filter(|world| !authority.knows(*world)).collect();
        drop(authority);
        self.catalogue.store(stored.catalogue.load_full());
        self.plugins.store(stored.plugins.load_full());
        self.assets_2d.store(stored.assets_2d.load_full());
        self.assets_3d.store(stored.assets_3d.load_full());
        *self.node_attributes.write() = std::mem::take(&mut *stored.node_attributes.write());
        unknown
    }

    /// Follows the gift or loss of the admin role.
    pub fn set_admin(&self, object: Umid, user: Umid, admin: bool) {
        self.authority.write().set_admin(object, user, admin);
    }

    /// Follows a write of a node attribute; `None` is its removal.
    pub fn set_node_attribute(&self, id: &AttributeId, record: Option<AttributeRecord>) {
        let mut attributes = self.node_attributes.write();
        match record {
            Some(record) => attributes.insert(id.clone(), record),
            None => attributes.remove(id),
        };
    }
}

fn by_id(rows: Vec<AssetRow>) -> HashMap<Umid, AssetRow> {
    rows.into_iter().map(|row| (row.id, row)).collect()
}

/// The way in which clients load an asset: the number `type` of its description.
fn format_of(meta: &JsonMap) -> Asset3d {
    let format = meta
        .get("type")
        .and_then(serde_json::Value::as_i64)
        .and_then(|kind| i8::try_from(kind).ok());
    Asset3d {
        format: format.unwrap_or(0),
    }
}

fn catalogue(rows: &DirectoryRows) -> Catalogue {
    let object_types = rows.object_types.iter().map(|row| {
        let object_type = ObjectType {
            name: row.name.clone(),
            category: row.category.clone(),
            asset_2d: row.asset_2d,
            asset_3d: row.asset_3d,
            options: row.options.clone(),
        };
        (row.id, object_type)
    });
    Catalogue {
        object_types: object_types.collect(),
        attribute_types: rows
            .attribute_types
            .iter()
            .map(|row| (row.id.clone(), row.options.clone()))
            .collect(),
        assets_3d: rows
            .assets_3d
            .iter()
            .map(|row| (row.id, format_of(&row.meta)))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u128) -> Umid {
        Umid::from_u128(number)
    }

    /// Node 1, world 2, object 3 in it, 4 and 5 below 3; all owned by 100.
    fn directory() -> Directory {
        let objects = [(1, 1), (2, 1), (3, 2), (4, 3), (5, 3)];
        let link = |(object, parent)| ObjectLink {
            id: id(object),
            parent: id(parent),
            owner: id(100),
            object_type: id(7),
        };
        Directory::new(DirectoryRows {
            node: id(1),
            archived: Vec::new(),
            objects: objects.into_iter().map(link).collect(),
            admins: vec![(id(3), id(200))],
            memberships: vec![(id(200), id(201))],
            object_types: Vec::new(),
            attribute_types: Vec::new(),
            plugins: Vec::new(),
            assets_2d: Vec::new(),
            assets_3d: Vec::new(),
            node_attributes: Vec::new(),
        })
    }

    #[test]
    fn children_are_counted_through_additions_and_removals() {
        let directory = directory();
        assert_eq!(
            [1, 2, 3, 4].map(|object| directory.children(id(object))),
            [1, 1, 2, 0]
        );
        directory.add_object(id(6), id(4), id(100), id(7));
        assert_eq!(directory.children(id(4)), 1);
        directory.remove_objects(&[id(4), id(6)]);
        assert_eq!(directory.children(id(3)), 1);
        assert!(!directory.knows(id(4)) && !directory.knows(id(6)));
    }

    #[test]
    fn roles_come_from_the_rows_and_follow_changes() {
        let directory = directory();
        assert!(
            directory.is_admin(id(201), id(5)),
            "a member of an admin of the parent"
        );
        directory.set_admin(id(3), id(200), false);
        assert!(!directory.is_admin(id(201), id(5)));
        directory.set_owner(id(5), id(201));
        assert!(directory.is_admin(id(201), id(5)));
        assert_eq!(directory.world_of(id(5)), Some(id(2)));
    }
}
