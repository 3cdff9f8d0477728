//! Objects that are being dragged: they move with every command until their lock is released.

use std::collections::HashSet;

use bevy_ecs::{prelude::Resource, world::World};
use components::{Transform, Umid};

use crate::{
    persistence::Unsaved,
    simulation::objects::{self, ObjectIndex},
    world::{
        events::{TickEvents, WorldEvent},
        live::Tick,
        record::transform_of,
    },
};

/// Objects that were dragged and not settled since.
#[derive(Resource, Default)]
pub(crate) struct Dragging(HashSet<Umid>);

impl Dragging {
    /// The object is not dragged any more. Returns whether it was.
    pub(crate) fn end(&mut self, object: Umid) -> bool {
        self.0.remove(&object)
    }
}

/// Moves an object for an editor and has the transform stored soon.
pub(crate) fn drag(world: &mut World, object: Umid, transform: Transform) {
    let tick = world.resource::<Tick>().0;
    if let Some(entity) = objects::fix_place(world, object) {
        objects::set_placed(world, entity, transform);
        world.resource_mut::<Dragging>().0.insert(object);
        let event = WorldEvent::ObjectDragged { object, transform };
        world.resource_mut::<TickEvents>().record(event);
    }
    world
        .resource_mut::<Unsaved>()
        .set_transform(object, transform, tick);
}

/// Settles a moved object now, so that no later event of this tick overtakes its last move. Returns
/// whether it was moved.
pub(crate) fn settle(world: &mut World, object: Umid) -> bool {
    let placed = world.resource::<TickEvents>().is_unsettled(object);
    if !world.resource_mut::<Dragging>().end(object) && !placed {
        return false;
    }
    let entity = world.resource::<ObjectIndex>().get(object);
    if let Some((object, transform)) = entity.and_then(|entity| transform_of(world, entity)) {
        let event = WorldEvent::ObjectSettled { object, transform };
        world.resource_mut::<TickEvents>().record(event);
    }
    true
}
