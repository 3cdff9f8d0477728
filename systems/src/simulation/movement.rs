//! Users and objects that change their place.

use bevy_ecs::prelude::{Entity, Query, Res, Resource};
use bevy_ecs::world::World;
use bytes::Bytes;
use components::{Id, Placed, Pose, Umid};
use indexmap::IndexSet;
use posbus::{ListFrames, MessageType, ObjectTransform};

use crate::session::{BroadcastQueue, Link, broadcast, encode};
use crate::simulation::dragging::Dragged;
use crate::simulation::objects::{self, ObjectIndex};
use crate::world::live::{Identity, Tick};

/// Objects that moved in this tick and have not been announced yet, in the order of their first move.
#[derive(Resource, Default)]
pub(crate) struct MovedObjects(IndexSet<Umid>);

impl MovedObjects {
    /// The object moved.
    pub(crate) fn mark(&mut self, object: Umid) {
        self.0.insert(object);
    }

    /// Where the object is has been told. Answers whether that was still to be done.
    pub(crate) fn told(&mut self, object: Umid) -> bool {
        self.0.shift_remove(&object)
    }

    /// There is nobody to tell.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}

/// Takes the newest pose of each session. What is not finite was refused at the door.
pub(crate) fn take_poses(
    identity: Res<Identity>,
    tick: Res<Tick>,
    mut users: Query<(&Link, &mut Pose)>,
) {
    for (link, mut pose) in &mut users {
        let Some(transform) = link.0.take_pose(identity.world) else {
            continue;
        };
        if transform != pose.transform {
            *pose = Pose {
                transform,
                changed: tick.0,
            };
        }
    }
}

/// Moves of more objects than this in one tick, as when a large group is placed anew, go out as lists of definitions:
/// one frame an object would fill the queues of those who read well.
const MANY: usize = 1_024;

/// Tells everybody where moved objects are now: once a tick and object, however often it moved.
pub(crate) fn announce_moved_objects(world: &mut World) {
    if world.resource::<MovedObjects>().0.is_empty() {
        return;
    }
    let moved = std::mem::take(&mut world.resource_mut::<MovedObjects>().0);
    let index = world.resource::<ObjectIndex>();
    let entities: Vec<_> = moved.into_iter().filter_map(|id| index.get(id)).collect();
    let frames: Vec<Bytes> = if entities.len() > MANY {
        let mut list = ListFrames::new(MessageType::AddObjects);
        for definition in entities
            .into_iter()
            .filter_map(|entity| objects::definition(world, entity))
        {
            // Names are cut, so a definition always fits a frame.
            let _ = list.push(|out| definition.encode_body(out));
        }
        list.finish()
    } else {
        let moves = entities
            .into_iter()
            .filter_map(|entity| transform_of(world, entity));
        moves.filter_map(encode).collect()
    };
    for frame in frames {
        world.resource_mut::<BroadcastQueue>().broadcast(frame);
    }
}

fn transform_of(world: &World, entity: Entity) -> Option<ObjectTransform> {
    Some(ObjectTransform {
        id: world.get::<Id>(entity)?.0,
        object_transform: world.get::<Placed>(entity)?.transform,
    })
}

/// Announces a moved object now, so that nothing said about it later in this tick overtakes its last move. Answers whether it
/// was moved.
pub(crate) fn announce_now(world: &mut World, id: Umid) -> bool {
    let moved = world.resource_mut::<MovedObjects>().told(id);
    if !world.resource_mut::<Dragged>().end(id) && !moved {
        return false;
    }
    let entity = world.resource::<ObjectIndex>().get(id);
    if let Some(message) = entity.and_then(|entity| transform_of(world, entity)) {
        broadcast(world, message);
    }
    true
}
