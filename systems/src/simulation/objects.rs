//! The objects of the world: loading, editing, removing, and how clients see them.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use bevy_ecs::prelude::{Entity, Resource};
use bevy_ecs::world::World;
use bytes::Bytes;
use components::{
    Assets, AttributeId, AttributeState, Attributes, Catalogue, CreatedAt, Id, JsonMap, LockHolder,
    Name, ObjectBundle, ObjectOptions, ObjectState, Options, Owner, Parent, Placed, RenderSlots,
    SlotValue, SpawnPoint, Transform, TypeRef, Umid, ids,
};
use indexmap::IndexMap;
use posbus::{
    AddObjects, Asset3dType, MAX_SERVER_FRAME, Message, ObjectData, ObjectDefinition,
    RemoveObjects, Vec3,
};

use crate::persistence::Unsaved;
use crate::replication::snapshot::ObjectFrames;
use crate::session::{BroadcastQueue, broadcast, encode};
use crate::simulation::dragging::Dragged;
use crate::simulation::movement::MovedObjects;
use crate::simulation::{attributes, locks, placement};
use crate::world::live::{Identity, Tick};

/// The entity of each object in the world.
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

/// Types and assets, as the node knows them.
#[derive(Resource)]
pub(crate) struct Types(pub(crate) Arc<Catalogue>);

pub(crate) fn insert_resources(world: &mut World, catalogue: Arc<Catalogue>) {
    world.insert_resource(Types(catalogue));
    world.init_resource::<ObjectIndex>();
    world.init_resource::<Children>();
    world.init_resource::<MovedObjects>();
    world.init_resource::<Dragged>();
}

/// Types or assets changed. Those who enter from now on see what they give; merged options follow at the next load.
pub(crate) fn set_catalogue(world: &mut World, catalogue: Arc<Catalogue>) {
    world.resource_mut::<Types>().0 = catalogue;
    world.resource_mut::<ObjectFrames>().invalidate();
}

/// Adds an object without telling anybody.
pub(crate) fn load(world: &mut World, state: ObjectState) {
    let bundle = bundle(world, state);
    let (id, parent, created_at) = (bundle.id.0, bundle.parent.0, bundle.created_at);
    let entity = world.spawn(bundle).id();
    world.resource_mut::<ObjectIndex>().0.insert(id, entity);
    world
        .resource_mut::<Children>()
        .0
        .entry(parent)
        .or_default()
        .insert((created_at, id));
    world.resource_mut::<ObjectFrames>().invalidate();
}

/// Adds or replaces an object and tells everybody: AddObjects, then its slots.
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
            replace(world, entity, state);
            if had_rules && !has_rules(world, entity) {
                placement::give_up_children(world, id);
            }
            placement::place_children(world, id);
        }
    }
    announce(world, id);
}

fn has_rules(world: &World, entity: Entity) -> bool {
    let options = world.get::<Options>(entity);
    options.is_some_and(|options| options.0.child_placement.is_some())
}

/// Keeps what only the live world knows: the lock, and the place of an object that is being dragged.
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
    world.resource_mut::<ObjectFrames>().invalidate();
}

fn bundle(world: &World, state: ObjectState) -> ObjectBundle {
    let types = &world.resource::<Types>().0;
    let attributes: std::collections::BTreeMap<AttributeId, AttributeState> = state
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

/// The `name` attribute, under the key `name` or, as one client writes it, `value`; the id if unset.
pub(crate) fn display_name(
    id: Umid,
    attributes: &std::collections::BTreeMap<AttributeId, AttributeState>,
) -> String {
    let value = attributes
        .get(&ids::core("name"))
        .and_then(|attribute| attribute.value.as_ref());
    let text = |key: &str| value?.get(key)?.as_str();
    text("name").or_else(|| text("value")).map_or_else(
        || id.to_string(),
        |name| name.chars().take(MAX_NAME).collect(),
    )
}

/// Longest name that is shown, in characters; with a longer one the object might not fit a frame, and nobody saw it.
const MAX_NAME: usize = 1_024;

/// Tells everybody about an object as it is now.
pub(crate) fn announce(world: &mut World, id: Umid) {
    let Some(entity) = world.resource::<ObjectIndex>().get(id) else {
        return;
    };
    world.resource_mut::<ObjectFrames>().invalidate();
    if let Some(definition) = definition(world, entity) {
        // The definition says where it is, too.
        world.resource_mut::<MovedObjects>().told(id);
        world.resource_mut::<Dragged>().told(id);
        broadcast(
            world,
            AddObjects {
                objects: vec![definition],
            },
        );
    }
    for frame in data_frames(world, entity) {
        world.resource_mut::<BroadcastQueue>().broadcast(frame);
    }
}

/// Removes an object and all below it. Descendants are listed too, so that clients that do not drop them themselves do.
pub(crate) fn remove(world: &mut World, root: Umid, removed: &[Umid]) {
    let root_entity = world.resource::<ObjectIndex>().get(root);
    let parent = root_entity
        .and_then(|entity| world.get::<Parent>(entity))
        .map(|parent| parent.0);
    let mut gone = depth_first(world, root);
    gone.extend(
        removed
            .iter()
            .filter_map(|id| world.resource::<ObjectIndex>().get(*id)),
    );
    let mut ids = Vec::new();
    for entity in gone {
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
    world.resource_mut::<ObjectFrames>().invalidate();
    for ids in ids.chunks(MAX_REMOVED) {
        broadcast(
            world,
            RemoveObjects {
                objects: ids.to_vec(),
            },
        );
    }
    if let Some(parent) = parent {
        placement::place_children(world, parent);
    }
}

/// Ids in one RemoveObjects: at 16 bytes each well below the frame limit.
const MAX_REMOVED: usize = 1_024;

fn forget(world: &mut World, entity: Entity, id: Umid) {
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
    world.resource_mut::<Unsaved>().forget(id);
    world.resource_mut::<Dragged>().end(id);
    world.despawn(entity);
}

/// The transform was stored elsewhere: shows it. A drag before that must not be stored over it.
pub(crate) fn set_transform(world: &mut World, id: Umid, transform: Transform) {
    if transform.is_finite() {
        world.resource_mut::<Unsaved>().forget(id);
        world.resource_mut::<Dragged>().end(id);
        if let Some(entity) = put(world, id) {
            place(world, entity, id, transform);
        }
    }
}

/// An object stands where somebody put it, no longer where its parent's rules would.
fn put(world: &mut World, id: Umid) -> Option<Entity> {
    let entity = world.resource::<ObjectIndex>().get(id)?;
    world.get_mut::<Placed>(entity)?.automatic = false;
    Some(entity)
}

/// An editor drags an object: shows it and has it stored soon.
pub(crate) fn move_object(world: &mut World, id: Umid, transform: Transform) {
    let tick = world.resource::<Tick>().0;
    if let Some(entity) = put(world, id) {
        show(world, entity, transform);
        world.resource_mut::<Dragged>().mark(id, transform, tick);
    }
    world
        .resource_mut::<Unsaved>()
        .transform(id, transform, tick);
}

/// Puts an object somewhere and has everybody told at the end of the tick.
pub(crate) fn place(world: &mut World, entity: Entity, id: Umid, transform: Transform) {
    show(world, entity, transform);
    world.resource_mut::<MovedObjects>().mark(id);
}

fn show(world: &mut World, entity: Entity, transform: Transform) {
    if let Some(mut placed) = world.get_mut::<Placed>(entity) {
        placed.transform = transform;
    }
    world.resource_mut::<ObjectFrames>().invalidate();
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

/// How clients see an object (spec model §6.1).
pub(crate) fn definition(world: &World, entity: Entity) -> Option<ObjectDefinition> {
    let object = world.get_entity(entity).ok()?;
    let types = &world.resource::<Types>().0;
    let own = object.get::<Assets>()?.d3;
    let of_type = || {
        types
            .object_types
            .get(&object.get::<TypeRef>()?.0)?
            .asset_3d
    };
    let asset = own.or_else(of_type).unwrap_or_default();
    let options = &object.get::<Options>()?.0;
    Some(ObjectDefinition {
        id: object.get::<Id>()?.0,
        parent_id: object.get::<Parent>()?.0,
        asset_type: asset,
        asset_format: Asset3dType(types.assets_3d.get(&asset).map_or(0, |asset| asset.format)),
        name: object.get::<Name>()?.0.clone(),
        transform: object.get::<Placed>()?.transform,
        is_editable: options.editable,
        tethered_to_parent: false,
        show_on_minimap: options.minimap,
    })
}

/// All slots of an object: one message, or, if that does not fit a frame, one a slot, so that a slot that is too large
/// hides itself alone.
pub(crate) fn data_frames(world: &World, entity: Entity) -> Vec<Bytes> {
    let (Some(id), Some(slots)) = (world.get::<Id>(entity), world.get::<RenderSlots>(entity))
    else {
        return Vec::new();
    };
    if slots.0.is_empty() {
        return Vec::new();
    }
    let whole = Message::from(object_data(id.0, &slots.0)).encode();
    if whole.len() <= MAX_SERVER_FRAME {
        return vec![whole.into()];
    }
    let mut frames = Vec::new();
    for (slot_type, names) in &slots.0 {
        for (name, value) in names {
            let slot = IndexMap::from([(name.clone(), value.clone())]);
            let slots = IndexMap::from([(slot_type.clone(), slot)]);
            frames.extend(encode(object_data(id.0, &slots)));
        }
    }
    frames
}

/// Slots as a message; numbers as the only type that clients decode (trap T3).
pub(crate) fn object_data(
    id: Umid,
    slots: &IndexMap<String, IndexMap<String, SlotValue>>,
) -> ObjectData {
    let entries = slots.iter().map(|(slot_type, names)| {
        let mut values: JsonMap = names
            .iter()
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        posbus::normalize_numbers(&mut values);
        (slot_type.clone(), Some(values))
    });
    ObjectData {
        id,
        entries: entries.collect(),
    }
}

/// Where users enter: the world's own spawn point, else the origin.
pub(crate) fn spawn_point(world: &World) -> SpawnPoint {
    let id = world.resource::<Identity>().world;
    let entity = world.resource::<ObjectIndex>().get(id);
    let options = entity.and_then(|entity| world.get::<Options>(entity));
    options
        .and_then(|options| options.0.spawn_point)
        .unwrap_or_default()
}
