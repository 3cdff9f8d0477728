//! Users and dragged objects in motion.

use bevy_ecs::prelude::{Query, Res, ResMut, Resource};
use bevy_ecs::world::World;
use components::{Placed, Pose, Umid};
use indexmap::IndexSet;
use posbus::ObjectTransform;

use crate::delta::LastMovement;
use crate::live::Tick;
use crate::network::{Link, Outgoing, broadcast, encode};
use crate::objects::ObjectIndex;

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
    tick: Res<Tick>,
    mut last: ResMut<LastMovement>,
    mut users: Query<(&Link, &mut Pose)>,
) {
    for (link, mut pose) in &mut users {
        let Some(transform) = link.0.take_pose() else {
            continue;
        };
        if transform != pose.transform {
            *pose = Pose {
                transform,
                changed: tick.0,
            };
            last.0 = tick.0;
        }
    }
}

/// Tells everybody where moved objects are now: once a tick and object, however often it moved.
pub(crate) fn announce_moved_objects(
    mut moved: ResMut<MovedObjects>,
    index: Res<ObjectIndex>,
    placed: Query<&Placed>,
    mut outgoing: ResMut<Outgoing>,
) {
    for id in moved.0.drain(..) {
        let Some(placed) = index.get(id).and_then(|entity| placed.get(entity).ok()) else {
            continue;
        };
        if let Some(frame) = encode(ObjectTransform {
            id,
            object_transform: placed.transform,
        }) {
            outgoing.broadcast(frame);
        }
    }
}

/// Announces a moved object now, so that nothing said about it later in this tick overtakes its last move.
pub(crate) fn announce_now(world: &mut World, id: Umid) {
    if !world.resource_mut::<MovedObjects>().told(id) {
        return;
    }
    let Some(entity) = world.resource::<ObjectIndex>().get(id) else {
        return;
    };
    let Some(placed) = world.get::<Placed>(entity) else {
        return;
    };
    let message = ObjectTransform {
        id,
        object_transform: placed.transform,
    };
    broadcast(world, message);
}
