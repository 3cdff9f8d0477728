//! Users in a world: entering, leaving, and one connection for each user (docs/spec/posbus.md §1.4,
//! §5.1, §5.2, §5.3, §5.7).

use std::{collections::BTreeMap, sync::Arc};

use bevy_ecs::{
    entity::EntityLocation,
    prelude::{Commands, Component, Entity, Query, Resource, With, Without},
    world::World,
};
use components::{HeldLocks, Pose, Profile, Session, TransformNoScale, Umid, UserBundle};
use indexmap::IndexMap;

use crate::{
    persistence::{LastPosition, Unsaved},
    session::{DisconnectCause, EndingSessions, Joining, Link, resume::Detached},
    simulation::{locks, objects},
    world::{
        command::Entrant,
        events::{TickEvents, WorldEvent},
        live::{Identity, Settings, Tick},
    },
};

/// Most displaced sessions that are remembered; beyond, the oldest is forgotten.
const MAX_DISPLACED: usize = 1_024;

/// Most users whose place of leaving is remembered; beyond, the oldest is long stored.
const MAX_LEFT: usize = 1_024;

/// Entities of the users in a world, by id.
#[derive(Resource, Default)]
pub struct UserIndex(BTreeMap<Umid, Entity>);

impl UserIndex {
    /// The entity of a user.
    pub fn get(&self, user: Umid) -> Option<Entity> {
        self.0.get(&user).copied()
    }

    /// Number of users in the world.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nobody is in the world.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All users with their entities, ordered by id, so that equal worlds act equally.
    pub(crate) fn entities(&self) -> impl Iterator<Item = (Umid, Entity)> + '_ {
        self.0.iter().map(|(user, entity)| (*user, *entity))
    }

    /// Ids of all users, in order.
    pub fn users(&self) -> impl Iterator<Item = Umid> + '_ {
        self.0.keys().copied()
    }

    pub(crate) fn insert(&mut self, user: Umid, entity: Entity) {
        self.0.insert(user, entity);
    }

    pub(crate) fn remove(&mut self, user: Umid) -> Option<Entity> {
        self.0.remove(&user)
    }
}

/// Marks a user whose entry everybody gets in this tick. A session that returns while the others
/// still see its user has no such mark.
#[derive(Component)]
pub(crate) struct Arriving;

/// Sessions that a newer one of the same user displaced. Their automatic return must not displace
/// that one in turn (docs/spec/posbus.md §1.4); they are forgotten when the user leaves.
#[derive(Resource, Default)]
struct Displaced(Vec<(Umid, Umid)>);

/// Places of users who left lately. A user who returns at once looked up the last position before
/// it was stored.
#[derive(Resource, Default)]
struct LeftFrom(IndexMap<Umid, TransformNoScale>);

impl LeftFrom {
    fn note(&mut self, user: Umid, transform: TransformNoScale) {
        self.0.shift_remove(&user);
        if self.0.len() == MAX_LEFT {
            self.0.shift_remove_index(0);
        }
        self.0.insert(user, transform);
    }
}

pub(crate) fn insert_resources(world: &mut World) {
    world.init_resource::<UserIndex>();
    world.init_resource::<Displaced>();
    world.init_resource::<LeftFrom>();
}

/// The entity of a user who is in the world by this connection.
pub(crate) fn present(world: &World, user: Umid, connection: u64) -> Option<Entity> {
    let entity = world.resource::<UserIndex>().get(user)?;
    (world.get::<Session>(entity)?.connection == connection).then_some(entity)
}

pub(crate) fn is_empty(world: &World) -> bool {
    world.resource::<UserIndex>().is_empty()
}

/// Sort key of users in lists. Queries visit users in an order that also depends on which resources
/// and systems a program adds to the world; frames must not.
pub(crate) fn list_order(location: EntityLocation) -> (usize, u32) {
    (
        location.archetype_id.index(),
        location.archetype_row.index_u32(),
    )
}

/// Lets a session in. It takes the place of an older connection of the same user, open or broken.
pub(crate) fn enter(world: &mut World, entrant: Entrant) {
    let user = entrant.profile.user;
    let session = Session {
        session_id: entrant.session_id,
        connection: entrant.connection,
    };
    let joining = Joining::at(world.resource::<TickEvents>().position());
    let link = Link(entrant.link);
    let ends = world
        .resource::<EndingSessions>()
        .contains(session.connection);
    if ends || link.0.is_closing() {
        return;
    }
    link.0.attach(world.resource::<Identity>().world);
    if let Some(entity) = world.resource::<UserIndex>().get(user) {
        let displaced = &world.resource::<Displaced>().0;
        if displaced.contains(&(user, session.session_id)) {
            world.resource_mut::<EndingSessions>().reject(
                session.connection,
                link.0,
                DisconnectCause::Displaced,
            );
            return;
        }
        take_unseen_pose(world, entity);
        let is_new = displace(world, entity, user, session.session_id)
            || world.get::<Profile>(entity) != Some(&entrant.profile);
        let profile = entrant.profile.clone();
        // Pose and locks stay: for the others nothing happens, or an upsert.
        let mut entity = world.entity_mut(entity);
        entity
            .remove::<Detached>()
            .insert((entrant.profile, session, link, joining));
        if is_new {
            entity.insert(Arriving);
            let event = WorldEvent::UserReentered { profile };
            world.resource_mut::<TickEvents>().record(event);
        }
        return;
    }
    let restore = world.resource::<Settings>().0.restore_last_position;
    let left = world.resource_mut::<LeftFrom>().0.shift_remove(&user);
    let last = left
        .or(entrant.last_position)
        .filter(|pose| restore && pose.is_finite());
    let transform = last.unwrap_or_else(|| objects::spawn_point(world));
    let pose = Pose {
        transform,
        changed: world.resource::<Tick>().0,
    };
    let profile = entrant.profile.clone();
    let bundle = UserBundle {
        profile: entrant.profile,
        session,
        pose,
        locks: HeldLocks::default(),
    };
    let entity = world.spawn((bundle, link, joining, Arriving)).id();
    world.resource_mut::<UserIndex>().insert(user, entity);
    let event = WorldEvent::UserEntered { profile, transform };
    world.resource_mut::<TickEvents>().record(event);
}

/// Ends the connection that a user had, if there still is one. Returns whether it was another
/// session's.
fn displace(world: &mut World, entity: Entity, user: Umid, by_session: Umid) -> bool {
    let Some(old) = world.get::<Session>(entity).copied() else {
        return false;
    };
    let link = world.get::<Link>(entity).map(|link| Arc::clone(&link.0));
    let is_other = old.session_id != by_session;
    if let Some(link) = link {
        let mut ending = world.resource_mut::<EndingSessions>();
        if is_other {
            ending.reject(old.connection, link, DisconnectCause::DualConnection);
        } else {
            ending.close(old.connection, link, DisconnectCause::Replaced);
        }
    }
    if !is_other {
        return false;
    }
    let mut displaced = world.resource_mut::<Displaced>();
    // The new session may have been displaced itself before; it is the present one now.
    displaced.0.retain(|(_, session)| *session != by_session);
    if displaced.0.len() == MAX_DISPLACED {
        displaced.0.remove(0);
    }
    displaced.0.push((user, old.session_id));
    true
}

/// Lets a session out; a late message of a replaced connection changes nothing.
pub(crate) fn leave(world: &mut World, user: Umid, connection: u64) {
    let Some(entity) = present(world, user, connection) else {
        return;
    };
    locks::release_all(world, entity);
    take_unseen_pose(world, entity);
    if let Some(transform) = world.get::<Pose>(entity).map(|pose| pose.transform) {
        let position = LastPosition { user, transform };
        world.resource_mut::<Unsaved>().add_position(position);
        world.resource_mut::<LeftFrom>().note(user, transform);
    }
    world.despawn(entity);
    world.resource_mut::<UserIndex>().remove(user);
    world
        .resource_mut::<Displaced>()
        .0
        .retain(|(displaced, _)| *displaced != user);
    world
        .resource_mut::<TickEvents>()
        .record(WorldEvent::UserLeft { user });
}

/// Takes the pose that a connection offered since the last tick, before the connection goes.
pub(crate) fn take_unseen_pose(world: &mut World, entity: Entity) {
    let (here, tick) = (
        world.resource::<Identity>().world,
        world.resource::<Tick>().0,
    );
    let unseen = world
        .get::<Link>(entity)
        .and_then(|link| link.0.take_pose(here));
    if let (Some(transform), Some(mut pose)) = (unseen, world.get_mut::<Pose>(entity)) {
        *pose = Pose {
            transform,
            changed: tick,
        };
    }
}

/// Lets all users leave, as at shutdown; this does not close their sessions.
pub(crate) fn evict_all(world: &mut World) {
    let mut users = world.query::<(EntityLocation, &Profile, &Session)>();
    let mut everybody: Vec<_> = users
        .iter(world)
        .map(|(location, profile, session)| {
            (list_order(location), profile.user, session.connection)
        })
        .collect();
    everybody.sort_unstable();
    for (_, user, connection) in everybody {
        leave(world, user, connection);
    }
}

/// Replaces the profile of a user who is in the world.
pub(crate) fn set_profile(world: &mut World, profile: Profile) {
    let Some(entity) = world.resource::<UserIndex>().get(profile.user) else {
        return;
    };
    let Some(transform) = world.get::<Pose>(entity).map(|pose| pose.transform) else {
        return;
    };
    world.entity_mut(entity).insert(profile.clone());
    let event = WorldEvent::ProfileChanged { profile, transform };
    world.resource_mut::<TickEvents>().record(event);
}

/// Sends everything anew to everybody, as to those who enter: clients take what `SetWorld` says
/// only together with the rest. Nothing of this tick is lost to them.
pub(crate) fn start_over(world: &mut World) {
    let mut sessions = world.query_filtered::<Entity, (With<Link>, Without<Joining>)>();
    let sessions: Vec<Entity> = sessions.iter(world).collect();
    for entity in sessions {
        world.entity_mut(entity).insert(Joining::at(0));
    }
}

/// Takes the marks of the users who entered in this tick.
pub(crate) fn finish_joins(joining: Query<Entity, With<Joining>>, mut commands: Commands) {
    for entity in &joining {
        commands.entity(entity).remove::<(Joining, Arriving)>();
    }
}
