//! Edit locks and what may be done under them (spec posbus §5.5).

use bevy_ecs::prelude::Entity;
use bevy_ecs::world::World;
use components::{HeldLocks, LockHolder, Transform, Umid};
use posbus::LockObjectResponse;

use crate::persistence::Unsaved;
use crate::session::{broadcast, post};
use crate::simulation::objects::{self, ObjectIndex};
use crate::simulation::presence::UserIndex;
use crate::simulation::{movement, placement};
use crate::world::live::Rights;

/// Locks a free object for an admin of it; whoever is refused hears who holds it (trap T6).
pub(crate) fn lock(world: &mut World, user: Umid, entity: Entity, object: Umid) {
    let holder = holder(world, object);
    let may = holder == Some(None) && is_admin(world, user, object);
    if !may {
        refuse(world, entity, object, holder.flatten());
        return;
    }
    set_holder(world, object, Some(user));
    if let Some(mut held) = world.get_mut::<HeldLocks>(entity) {
        held.0.insert(object);
    }
    broadcast(
        world,
        LockObjectResponse {
            id: object,
            result: 1,
            lock_owner: user,
        },
    );
}

/// Unlocks an object for its holder.
pub(crate) fn unlock(world: &mut World, user: Umid, entity: Entity, object: Umid) {
    let holder = holder(world, object).flatten();
    if holder != Some(user) {
        refuse(world, entity, object, holder);
        return;
    }
    release(world, entity, object, 1);
}

/// Moves an object for its holder, who must be an admin still (W23); a refusal is silent.
pub(crate) fn move_object(world: &mut World, user: Umid, object: Umid, transform: Transform) {
    let held = holder(world, object).flatten() == Some(user);
    if held && transform.is_finite() && is_admin(world, user, object) {
        objects::move_object(world, object, transform);
    }
}

/// Releases everything a user holds who leaves.
pub(crate) fn release_all(world: &mut World, entity: Entity) {
    let held = world
        .get::<HeldLocks>(entity)
        .map(|held| held.0.clone())
        .unwrap_or_default();
    for object in held {
        release(world, entity, object, 0);
    }
}

/// Roles changed: takes the locks of those who are no admins any more.
pub(crate) fn recheck(world: &mut World) {
    let users: Vec<_> = world.resource::<UserIndex>().entities().collect();
    for (user, entity) in users {
        let held = world
            .get::<HeldLocks>(entity)
            .map(|held| held.0.clone())
            .unwrap_or_default();
        for object in held {
            if !is_admin(world, user, object) {
                release(world, entity, object, 0);
            }
        }
    }
}

/// An object is about to go: its holder holds it no longer.
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

fn release(world: &mut World, entity: Entity, object: Umid, result: u32) {
    // The last move is told, and saved, before the unlock is.
    if movement::announce_now(world, object) {
        placement::settle(world, object);
    }
    world.resource_mut::<Unsaved>().flush();
    set_holder(world, object, None);
    if let Some(mut held) = world.get_mut::<HeldLocks>(entity) {
        held.0.remove(&object);
    }
    broadcast(
        world,
        LockObjectResponse {
            id: object,
            result,
            lock_owner: Umid::nil(),
        },
    );
}

fn refuse(world: &mut World, entity: Entity, object: Umid, holder: Option<Umid>) {
    let lock_owner = holder.unwrap_or_default();
    post(
        world,
        entity,
        LockObjectResponse {
            id: object,
            result: 0,
            lock_owner,
        },
    );
}

/// Who holds an object; the outer `None` is an object that is not in this world.
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
