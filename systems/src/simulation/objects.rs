//! The objects of a world: loading, editing and removing.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use bevy_ecs::{
    prelude::{Entity, Resource},
    world::World,
};
use components::{
    Assets, AttributeId, AttributeState, Attributes, Catalogue, CreatedAt, Id, JsonMap, LockHolder,
    Name, ObjectBundle, ObjectOptions, ObjectState, Options, Owner, Parent, Placed, RenderSlots,
    SpawnPoint, Transform, TypeRef, Umid, Vec3, ids,
};

use crate::{
    persistence::Unsaved,
    simulation::{attributes, dragging::Dragging, locks, placement, presence},
    world::{
        events::{TickEvents, WorldEvent},
        live::Identity,
        record::ObjectRecord,
    },
};

/// Entities of the objects in a world, by id.
#[derive(Resource, Default)]
pub struct ObjectIndex(HashMap<Umid, Entity>);

impl ObjectIndex {
    /// The entity of an object.
    pub fn get(&self, object: Umid) -> Option<Entity> {
        self.0.get(&object).copied()
    }
}

/// The children of each object, oldest first.
#[derive(Resource, Default)]
pub(crate) struct Children(HashMap<Umid, BTreeSet<(CreatedAt, Umid)>>);

impl Children {
    pub(crate) fn of(&self, parent: Umid) -> impl Iterator<Item = Umid> + '_ {
        self.0.get(&parent).into_iter().flatten().map(|(_, id)| *id)
    }
}

/// Types and assets of the node.
#[derive(Resource)]
pub(crate) struct Types(pub(crate) Arc<Catalogue>);

pub(crate) fn insert_resources(world: &mut World, catalogue: Arc<Catalogue>) {
    world.insert_resource(Types(catalogue));
    world.init_resource::<ObjectIndex>();
    world.init_resource::<Children>();
    world.init_resource::<Dragging>();
}

/// Replaces types and assets. Users who enter from now on see the new ones; merged options follow
/// at the next load.
pub(crate) fn set_catalogue(world: &mut World, catalogue: Arc<Catalogue>) {
    world.resource_mut::<Types>().0 = catalogue;
    world
        .resource_mut::<TickEvents>()
        .record(WorldEvent::CatalogueChanged);
}

/// Adds an object without an event.
pub(crate) fn load(world: &mut World, state: ObjectState) {
    let bundle = bundle(world, state);
    spawn(world, bundle);
}

/// Adds an object and keeps the indices of objects and children.
pub(crate) fn spawn(world: &mut World, bundle: ObjectBundle) {
    let (id, parent, created_at) = (bundle.id.0, bundle.parent.0, bundle.created_at);
    let entity = world.spawn(bundle).id();
    world.resource_mut::<ObjectIndex>().0.insert(id, entity);
    world
        .resource_mut::<Children>()
        .0
        .entry(parent)
        .or_default()
        .insert((created_at, id));
}

/// Adds or replaces an object.
pub(crate) fn upsert(world: &mut World, state: ObjectState) {
    let (id, parent) = (state.id, state.parent);
    match world.resource::<ObjectIndex>().get(id) {
        None => {
            load(world, state);
            placement::place_children(world, parent);
        }
        // No sibling appeared, but the rules for its own children may be others now.
        Some(entity) => {
            let had_rules = has_rules(world, entity);
            let owner = state.owner;
            let is_handed_over = id == world.resource::<Identity>().world
                && world.get::<Owner>(entity) != Some(&Owner(owner));
            replace(world, entity, state);
            if is_handed_over {
                presence::start_over(world);
            }
            if had_rules && !has_rules(world, entity) {
                placement::reset_children(world, id);
            }
            placement::place_children(world, id);
        }
    }
    record_change(world, id);
}

fn has_rules(world: &World, entity: Entity) -> bool {
    let options = world.get::<Options>(entity);
    options.is_some_and(|options| options.0.child_placement.is_some())
}

/// Replaces an object but for its live state: its lock, and its place while it is dragged.
fn replace(world: &mut World, entity: Entity, state: ObjectState) {
    let mut bundle = bundle(world, state);
    let mut object = world.entity_mut(entity);
    if let Some(lock) = object.get::<LockHolder>() {
        bundle.lock = *lock;
    }
    if let Some(placed) = object.get::<Placed>() {
        bundle.placed = *placed;
    }
    object.insert(bundle);
}

fn bundle(world: &World, state: ObjectState) -> ObjectBundle {
    let types = &world.resource::<Types>().0;
    let attributes: BTreeMap<AttributeId, AttributeState> = state
        .attributes
        .into_iter()
        .map(|attribute| (attribute.id.clone(), attribute))
        .collect();
    let of_type = types
        .object_types
        .get(&state.object_type)
        .map(|object_type| &object_type.options);
    let options =
        ObjectOptions::effective(state.options.as_ref(), of_type.unwrap_or(&JsonMap::new()));
    let transform = state.transform.filter(Transform::is_finite);
    ObjectBundle {
        id: Id(state.id),
        parent: Parent(state.parent),
        owner: Owner(state.owner),
        type_ref: TypeRef(state.object_type),
        assets: Assets {
            d2: state.asset_2d,
            d3: state.asset_3d,
        },
        name: Name(display_name(state.id, &attributes)),
        options: Options(options),
        placed: Placed {
            transform: transform.unwrap_or(Transform {
                scale: Vec3::ONE,
                ..Transform::default()
            }),
            heading: 0.0,
            automatic: transform.is_none(),
        },
        created_at: CreatedAt(state.created_at),
        slots: RenderSlots(attributes::slots(types, attributes.values())),
        attributes: Attributes(attributes),
        lock: LockHolder::default(),
    }
}

/// The `name` attribute, under the key `name` or, as one client writes it, `value`; the id if
/// unset.
pub(crate) fn display_name(id: Umid, attributes: &BTreeMap<AttributeId, AttributeState>) -> String {
    let value = attributes
        .get(&ids::core("name"))
        .and_then(|attribute| attribute.value.as_ref());
    let text = |key: &str| value?.get(key)?.as_str();
    text("name").or_else(|| text("value")).map_or_else(
        || id.to_string(),
        |name| name.chars().take(MAX_NAME).collect(),
    )
}

/// Longest display name in characters; with a longer one the object might not fit a frame.
const MAX_NAME: usize = 1_024;

/// Records an object as it is now.
pub(crate) fn record_change(world: &mut World, id: Umid) {
    let entity = world.resource::<ObjectIndex>().get(id);
    if let Some(record) = entity.and_then(|entity| ObjectRecord::of(world, entity)) {
        let event = WorldEvent::ObjectChanged(Box::new(record));
        world.resource_mut::<TickEvents>().record(event);
    }
}

/// Removes an object and all below it. The event lists descendants, as not all clients drop them.
pub(crate) fn remove(world: &mut World, root: Umid, removed: &[Umid]) {
    let root_entity = world.resource::<ObjectIndex>().get(root);
    let parent = root_entity
        .and_then(|entity| world.get::<Parent>(entity))
        .map(|parent| parent.0);
    let mut entities = depth_first(world, root);
    entities.extend(
        removed
            .iter()
            .filter_map(|id| world.resource::<ObjectIndex>().get(*id)),
    );
    let mut ids = Vec::new();
    for entity in entities {
        let Some(id) = world.get::<Id>(entity).map(|id| id.0) else {
            continue;
        };
        locks::forget(world, id);
        forget(world, entity, id);
        ids.push(id);
    }
    if ids.is_empty() {
        return;
    }
    world
        .resource_mut::<TickEvents>()
        .record(WorldEvent::ObjectsRemoved { objects: ids });
    if let Some(parent) = parent {
        placement::place_children(world, parent);
    }
}

fn forget(world: &mut World, entity: Entity, id: Umid) {
    world.resource_mut::<Unsaved>().forget(id);
    world.resource_mut::<Dragging>().end(id);
    despawn(world, entity, id);
}

/// Removes an object and keeps the indices of objects and children.
pub(crate) fn despawn(world: &mut World, entity: Entity, id: Umid) {
    let parent = world.get::<Parent>(entity).map(|parent| parent.0);
    let created_at = world.get::<CreatedAt>(entity).copied();
    if let (Some(parent), Some(created_at)) = (parent, created_at) {
        let mut children = world.resource_mut::<Children>();
        if let Some(siblings) = children.0.get_mut(&parent) {
            siblings.remove(&(created_at, id));
        }
        children.0.remove(&id);
    }
    world.resource_mut::<ObjectIndex>().0.remove(&id);
    world.despawn(entity);
}

/// Sets a transform that is stored already. An earlier drag does not overwrite it.
pub(crate) fn set_transform(world: &mut World, id: Umid, transform: Transform) {
    if transform.is_finite() {
        world.resource_mut::<Unsaved>().forget(id);
        world.resource_mut::<Dragging>().end(id);
        if let Some(entity) = fix_place(world, id) {
            place(world, entity, id, transform);
        }
    }
}

/// Takes an object out of the placement rules of its parent.
pub(crate) fn fix_place(world: &mut World, id: Umid) -> Option<Entity> {
    let entity = world.resource::<ObjectIndex>().get(id)?;
    world.get_mut::<Placed>(entity)?.automatic = false;
    Some(entity)
}

/// Moves an object; its place is sent at the end of the tick.
pub(crate) fn place(world: &mut World, entity: Entity, object: Umid, transform: Transform) {
    set_placed(world, entity, transform);
    let event = WorldEvent::ObjectPlaced { object, transform };
    world.resource_mut::<TickEvents>().record(event);
}

/// Sets the transform of an object without an event.
pub(crate) fn set_placed(world: &mut World, entity: Entity, transform: Transform) {
    if let Some(mut placed) = world.get_mut::<Placed>(entity) {
        placed.transform = transform;
    }
}

/// The objects of a subtree: the root first, then depth-first, siblings oldest first.
pub(crate) fn depth_first(world: &World, root: Umid) -> Vec<Entity> {
    let (index, children) = (
        world.resource::<ObjectIndex>(),
        world.resource::<Children>(),
    );
    let mut open = vec![root];
    let mut order = Vec::new();
    while let Some(id) = open.pop() {
        order.extend(index.get(id));
        let start = open.len();
        open.extend(children.of(id));
        open[start..].reverse();
    }
    order
}

/// Place of entry: the world's own spawn point, else the origin.
pub(crate) fn spawn_point(world: &World) -> SpawnPoint {
    let id = world.resource::<Identity>().world;
    let entity = world.resource::<ObjectIndex>().get(id);
    let options = entity.and_then(|entity| world.get::<Options>(entity));
    options
        .and_then(|options| options.0.spawn_point)
        .unwrap_or_default()
}
