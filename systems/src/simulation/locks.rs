//! Edit locks and what may be done under them (docs/spec/posbus.md §5.5).

use bevy_ecs::{prelude::Entity, world::World};
use components::{HeldLocks, LockHolder, Transform, Umid};

use crate::{
    persistence::Unsaved,
    simulation::{dragging, objects::ObjectIndex, placement, presence::UserIndex},
    world::{
        events::{TickEvents, WorldEvent},
        live::Rights,
    },
};

/// Locks a free object for an admin of it. A refusal names the present holder (docs/spec/posbus.md
/// §5.5).
pub(crate) fn lock(world: &mut World, user: Umid, entity: Entity, object: Umid) {
    let holder = holder(world, object);
    let may = holder == Some(None) && is_admin(world, user, object);
    if !may {
        refuse(world, user, object, holder.flatten());
        return;
    }
    set_holder(world, object, Some(user));
    if let Some(mut held) = world.get_mut::<HeldLocks>(entity) {
        held.0.insert(object);
    }
    world
        .resource_mut::<TickEvents>()
        .record(WorldEvent::LockChanged {
            object,
            holder: Some(user),
            requested: true,
        });
}

/// Unlocks an object for its holder.
pub(crate) fn unlock(world: &mut World, user: Umid, entity: Entity, object: Umid) {
    let holder = holder(world, object).flatten();
    if holder != Some(user) {
        refuse(world, user, object, holder);
        return;
    }
    release(world, entity, object, true);
}

/// Moves an object for its holder, who must still be an admin; a refusal is silent.
pub(crate) fn move_object(world: &mut World, user: Umid, object: Umid, transform: Transform) {
    let held = holder(world, object).flatten() == Some(user);
    if held && transform.is_finite() && is_admin(world, user, object) {
        dragging::drag(world, object, transform);
    }
}

/// Releases all locks of a user.
pub(crate) fn release_all(world: &mut World, entity: Entity) {
    let held = world
        .get::<HeldLocks>(entity)
        .map(|held| held.0.clone())
        .unwrap_or_default();
    for object in held {
        release(world, entity, object, false);
    }
}

/// Releases locks whose holders are not admins any more.
pub(crate) fn recheck(world: &mut World) {
    let users: Vec<_> = world.resource::<UserIndex>().entities().collect();
    for (user, entity) in users {
        let held = world
            .get::<HeldLocks>(entity)
            .map(|held| held.0.clone())
            .unwrap_or_default();
        for object in held {
            if !is_admin(world, user, object) {
                release(world, entity, object, false);
            }
        }
    }
}

/// Takes an object that is about to be removed from the locks of its holder.
pub(crate) fn forget(world: &mut World, object: Umid) {
    let Some(user) = holder(world, object).flatten() else {
        return;
    };
    let Some(entity) = world.resource::<UserIndex>().get(user) else {
        return;
    };
    if let Some(mut held) = world.get_mut::<HeldLocks>(entity) {
        held.0.remove(&object);
    }
}

fn release(world: &mut World, entity: Entity, object: Umid, requested: bool) {
    // The last move is sent, and saved, before the unlock.
    if dragging::settle(world, object) {
        placement::settle(world, object);
    }
    world.resource_mut::<Unsaved>().flush();
    set_holder(world, object, None);
    if let Some(mut held) = world.get_mut::<HeldLocks>(entity) {
        held.0.remove(&object);
    }
    world
        .resource_mut::<TickEvents>()
        .record(WorldEvent::LockChanged {
            object,
            holder: None,
            requested,
        });
}

fn refuse(world: &mut World, user: Umid, object: Umid, holder: Option<Umid>) {
    world
        .resource_mut::<TickEvents>()
        .record(WorldEvent::LockRefused {
            user,
            object,
            holder,
        });
}

/// The holder of an object; the outer `None` is an object that is not in this world.
fn holder(world: &World, object: Umid) -> Option<Option<Umid>> {
    let entity = world.resource::<ObjectIndex>().get(object)?;
    world.get::<LockHolder>(entity).map(|holder| holder.0)
}

fn set_holder(world: &mut World, object: Umid, user: Option<Umid>) {
    let Some(entity) = world.resource::<ObjectIndex>().get(object) else {
        return;
    };
    if let Some(mut holder) = world.get_mut::<LockHolder>(entity) {
        holder.0 = user;
    }
}

fn is_admin(world: &World, user: Umid, object: Umid) -> bool {
    world.resource::<Rights>().0.read().is_admin(user, object)
}
