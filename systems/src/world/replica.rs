//! A copy of a world that another process simulates: it follows the frames of that world and
//! delivers to sessions of its own.
//!
//! A replica runs Interest, Encode and Publish. Handles, viewer states and queues are its own.

use std::{collections::BTreeMap, sync::Arc};

use bevy_ecs::{prelude::Schedule, world::World};
use components::{Catalogue, Owner, Pose, Profile, RenderSlots, Transform, TransformNoScale, Umid};

use super::{
    events::{TickEvents, WorldEvent},
    live::{Identity, Tick, new_world, take_skipped},
    record::{ObjectRecord, WorldFrame, WorldSnapshot},
    schedule,
};
use crate::{
    Link, SessionLink, WorldOptions,
    session::Joining,
    simulation::{
        attributes,
        objects::{self, ObjectIndex},
        presence::{self, Arriving, UserIndex},
    },
};

/// A frame does not follow the last one: the replica has to start over from a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected the frame of tick {expected}, got that of tick {found}")]
pub struct FrameGap {
    /// The tick that follows.
    pub expected: u64,
    /// The tick of the frame.
    pub found: u64,
}

/// Outcome of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplicaReport {
    /// Number of users in the world.
    pub users: usize,
    /// Number of sessions that got no movement because their writers were busy.
    pub poses_skipped: u64,
}

/// A copy of a world with sessions of its own.
pub struct Replica {
    world: World,
    schedule: Schedule,
    /// Sessions of users who have not been seen in the world yet, or will be attached with the next
    /// frame.
    waiting: BTreeMap<Umid, Arc<SessionLink>>,
}

impl Replica {
    /// Starts from a snapshot. Types and assets come from the directory of the node, as they do for
    /// a world that is simulated here.
    pub fn new(snapshot: WorldSnapshot, options: WorldOptions, catalogue: Arc<Catalogue>) -> Self {
        let identity = Identity {
            world: snapshot.world,
            node: snapshot.node,
        };
        let mut world = new_world(identity, options, catalogue);
        world.insert_resource(Tick(snapshot.tick));
        for object in snapshot.objects {
            objects::spawn(&mut world, object.into_bundle());
        }
        for user in snapshot.users {
            // Handles follow entries; sessions get these users in their snapshots.
            let entered = WorldEvent::UserEntered {
                profile: user.profile.clone(),
                transform: user.transform,
            };
            spawn_user(&mut world, user.profile, user.transform);
            world.resource_mut::<TickEvents>().record(entered);
        }
        let mut replica = Self {
            world,
            schedule: schedule::of_replica(),
            waiting: BTreeMap::new(),
        };
        replica.schedule.run(&mut replica.world);
        replica
    }

    /// Attaches a session to a user. It gets its snapshot with the next frame in which the user is
    /// in the world; a session that the user had here before gets nothing more.
    pub fn attach(&mut self, user: Umid, link: Arc<SessionLink>) {
        self.waiting.insert(user, link);
    }

    /// Detaches the session of a user.
    pub fn detach(&mut self, user: Umid) {
        self.waiting.remove(&user);
        if let Some(entity) = self.world.resource::<UserIndex>().get(user) {
            self.world.entity_mut(entity).remove_with_requires::<Link>();
        }
    }

    /// Replaces types and assets. Objects that are sent from the next frame on use them.
    pub fn set_catalogue(&mut self, catalogue: Arc<Catalogue>) {
        self.world.resource_mut::<objects::Types>().0 = catalogue;
    }

    /// Applies a frame and delivers what it means to the sessions.
    ///
    /// # Errors
    /// If the frame does not follow the last one. Nothing has happened then.
    pub fn apply(&mut self, frame: WorldFrame) -> Result<ReplicaReport, FrameGap> {
        let expected = self.world.resource::<Tick>().0 + 1;
        if frame.tick != expected {
            return Err(FrameGap {
                expected,
                found: frame.tick,
            });
        }
        let world = &mut self.world;
        world.resource_mut::<Tick>().0 = frame.tick;
        world.resource_mut::<TickEvents>().clear();
        let mut entries = BTreeMap::new();
        for event in frame.events {
            let position = world.resource::<TickEvents>().position();
            entries.extend(entering_user(&event).map(|user| (user, position)));
            apply_event(world, &event);
            world.resource_mut::<TickEvents>().record(event);
        }
        // Only now: a user may have left and entered again within the frame.
        let end = world.resource::<TickEvents>().position();
        self.waiting.retain(|user, link| {
            let first_event = entries.get(user).copied().unwrap_or(end);
            !attach_session(world, *user, link, first_event)
        });
        for (user, transform) in frame.moves {
            move_user(world, user, transform, frame.tick);
        }
        self.schedule.run(world);
        world.clear_trackers();
        Ok(ReplicaReport {
            users: world.resource::<UserIndex>().len(),
            poses_skipped: take_skipped(world),
        })
    }

    /// The state after the last frame.
    pub fn snapshot(&self) -> WorldSnapshot {
        WorldSnapshot::of(&self.world)
    }
}

/// Attaches a session that is told of the events from `first_event` on, if its user is in the
/// world. Returns whether that is so.
fn attach_session(
    world: &mut World,
    user: Umid,
    link: &Arc<SessionLink>,
    first_event: u32,
) -> bool {
    let Some(entity) = world.resource::<UserIndex>().get(user) else {
        return false;
    };
    link.attach(world.resource::<Identity>().world);
    world
        .entity_mut(entity)
        .insert((Link(Arc::clone(link)), Joining::at(first_event)));
    true
}

/// The user whom an event lets in.
fn entering_user(event: &WorldEvent) -> Option<Umid> {
    match event {
        WorldEvent::UserEntered { profile, .. } | WorldEvent::UserReentered { profile } => {
            Some(profile.user)
        }
        _ => None,
    }
}

/// Applies an event to the components that replication reads.
fn apply_event(world: &mut World, event: &WorldEvent) {
    match event {
        WorldEvent::UserEntered { profile, transform } => {
            spawn_user(world, profile.clone(), *transform);
        }
        WorldEvent::UserReentered { profile } => {
            if let Some(entity) = world.resource::<UserIndex>().get(profile.user) {
                world.entity_mut(entity).insert((profile.clone(), Arriving));
            }
        }
        WorldEvent::UserLeft { user } => despawn_user(world, *user),
        WorldEvent::ProfileChanged { profile, .. } => {
            if let Some(entity) = world.resource::<UserIndex>().get(profile.user) {
                world.entity_mut(entity).insert(profile.clone());
            }
        }
        WorldEvent::ObjectChanged(record) => change_object(world, record),
        WorldEvent::ObjectsRemoved { objects } => {
            for object in objects {
                if let Some(entity) = world.resource::<ObjectIndex>().get(*object) {
                    objects::despawn(world, entity, *object);
                }
            }
        }
        WorldEvent::ObjectPlaced { object, transform }
        | WorldEvent::ObjectDragged { object, transform }
        | WorldEvent::ObjectSettled { object, transform } => {
            move_object(world, *object, *transform);
        }
        WorldEvent::SlotChanged {
            object,
            slot_type,
            slot_name,
            value,
            emptied,
        } => {
            let entity = world.resource::<ObjectIndex>().get(*object);
            let Some(mut slots) = entity.and_then(|entity| world.get_mut::<RenderSlots>(entity))
            else {
                return;
            };
            if *emptied {
                attributes::empty_slot(&mut slots, slot_type, slot_name);
            } else {
                attributes::set_slot(&mut slots, slot_type, slot_name, value.clone());
            }
        }
        WorldEvent::AttributeChanged {
            stored_in: Some(object),
            change,
            ..
        } => {
            if let Some(entity) = world.resource::<ObjectIndex>().get(*object) {
                attributes::store(world, entity, change);
            }
        }
        // Locks belong to the world that simulates; entering sessions are not told of them.
        WorldEvent::LockChanged { .. }
        | WorldEvent::AttributeChanged { .. }
        | WorldEvent::LockRefused { .. }
        | WorldEvent::Notice { .. }
        | WorldEvent::HighFive { .. }
        | WorldEvent::FlyToMe { .. }
        | WorldEvent::Activity(_)
        | WorldEvent::EventStarted { .. }
        | WorldEvent::CatalogueChanged => {}
    }
}

fn spawn_user(world: &mut World, profile: Profile, transform: TransformNoScale) {
    let user = profile.user;
    let pose = Pose {
        transform,
        changed: world.resource::<Tick>().0,
    };
    // A user who is in the world already is not there twice.
    despawn_user(world, user);
    let entity = world.spawn((profile, pose, Arriving)).id();
    world.resource_mut::<UserIndex>().insert(user, entity);
}

fn despawn_user(world: &mut World, user: Umid) {
    if let Some(entity) = world.resource_mut::<UserIndex>().remove(user) {
        world.despawn(entity);
    }
}

fn move_user(world: &mut World, user: Umid, transform: TransformNoScale, tick: u64) {
    let entity = world.resource::<UserIndex>().get(user);
    if let Some(mut pose) = entity.and_then(|entity| world.get_mut::<Pose>(entity)) {
        *pose = Pose {
            transform,
            changed: tick,
        };
    }
}

fn change_object(world: &mut World, record: &ObjectRecord) {
    let bundle = record.clone().into_bundle();
    let id = bundle.id.0;
    match world.resource::<ObjectIndex>().get(id) {
        None => objects::spawn(world, bundle),
        Some(entity) => {
            let is_handed_over = id == world.resource::<Identity>().world
                && world.get::<Owner>(entity) != Some(&bundle.owner);
            world.entity_mut(entity).insert(bundle);
            if is_handed_over {
                presence::start_over(world);
            }
        }
    }
}

fn move_object(world: &mut World, object: Umid, transform: Transform) {
    if let Some(entity) = world.resource::<ObjectIndex>().get(object) {
        objects::set_placed(world, entity, transform);
    }
}
