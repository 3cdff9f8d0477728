//! Who is in the world: entering, leaving, and one connection a user (spec posbus §1.4, §5.1–5.3, §5.7).

use std::collections::BTreeMap;
use std::sync::Arc;

use bevy_ecs::prelude::{Commands, Component, Entity, Query, Res, ResMut, Resource, With};
use bevy_ecs::world::World;
use bytes::Bytes;
use components::{HeldLocks, Pose, Profile, Session, TransformNoScale, Umid, UserBundle};
use indexmap::IndexMap;
use posbus::v2::{HandleEntry, UserHandles};
use posbus::{ListFrames, MessageType, Signal, SignalType, UserData};

use crate::persistence::{LastPosition, Unsaved};
use crate::replication::deliver::ViewerState;
use crate::replication::handles::{Handle, HandleTable};
use crate::session::resume::Detached;
use crate::session::{BroadcastQueue, DisconnectCause, Link, UnicastQueue, encode};
use crate::simulation::{locks, objects};
use crate::world::command::Entrant;
use crate::world::live::{Identity, Settings, Tick};

/// How many displaced sessions are remembered; beyond, the oldest is forgotten.
const MAX_DISPLACED: usize = 1_024;

/// How many of those who left are remembered here; beyond, the oldest is long stored.
const MAX_LEFT: usize = 1_024;

/// The entity of each user in the world.
#[derive(Resource, Default)]
pub struct UserIndex(BTreeMap<Umid, Entity>);

impl UserIndex {
    /// The entity of a user.
    pub fn get(&self, user: Umid) -> Option<Entity> {
        self.0.get(&user).copied()
    }

    /// How many users are in the world.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nobody is in the world.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All users in the world with their entities, ordered by id, so that equal worlds act equally.
    pub(crate) fn entities(&self) -> impl Iterator<Item = (Umid, Entity)> + '_ {
        self.0.iter().map(|(user, entity)| (*user, *entity))
    }

    /// The ids of all users in the world.
    pub fn users(&self) -> impl Iterator<Item = Umid> + '_ {
        self.0.keys().copied()
    }
}

/// Marks a user whose session entered in this tick.
#[derive(Component, Default)]
pub(crate) struct Joining {
    /// What the newcomer gets before anything else, in parts that newcomers share.
    pub(crate) snapshot: Vec<Arc<[Bytes]>>,
}

/// Marks a user who entered in this tick and is announced to everybody: not who comes back to where the others see them
/// already.
#[derive(Component)]
pub(crate) struct Arriving;

/// Users who left in this tick.
#[derive(Resource, Default)]
pub(crate) struct Departed(Vec<Umid>);

/// Sessions that a newer one of the same user pushed out. Their automatic return must not push that one out again
/// (trap T7); they are forgotten when the user leaves.
#[derive(Resource, Default)]
struct Displaced(Vec<(Umid, Umid)>);

/// Where those were who left lately. Who comes straight back looked their last position up before it was stored.
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

/// Reused between ticks.
#[derive(Resource)]
pub(crate) struct UserLists {
    pub(crate) arrivals: ListFrames,
    departures: ListFrames,
}

pub(crate) fn insert_resources(world: &mut World) {
    world.init_resource::<UserIndex>();
    world.init_resource::<Departed>();
    world.init_resource::<Displaced>();
    world.init_resource::<LeftFrom>();
    world.insert_resource(UserLists {
        arrivals: ListFrames::new(MessageType::AddUsers),
        departures: ListFrames::new(MessageType::RemoveUsers),
    });
}

/// The entity of a user, if it is in the world by this very connection.
pub(crate) fn present(world: &World, user: Umid, connection: u64) -> Option<Entity> {
    let entity = world.resource::<UserIndex>().get(user)?;
    (world.get::<Session>(entity)?.connection == connection).then_some(entity)
}

pub(crate) fn is_empty(world: &World) -> bool {
    world.resource::<UserIndex>().is_empty()
}

/// Lets a session in, taking the place of an older connection of the same user, be that open or broken.
pub(crate) fn enter(world: &mut World, entrant: Entrant) {
    let user = entrant.profile.user;
    let session = Session {
        session_id: entrant.session_id,
        connection: entrant.connection,
    };
    let joined_at = world.resource::<BroadcastQueue>().position();
    let tick = world.resource::<Tick>().0;
    let link = Link(entrant.link);
    let viewer = ViewerState::new(link.0.dialect(), tick, joined_at);
    if link.0.is_closing() {
        return;
    }
    link.0.attach(world.resource::<Identity>().world);
    if let Some(entity) = world.resource::<UserIndex>().get(user) {
        if world
            .resource::<Displaced>()
            .0
            .contains(&(user, session.session_id))
        {
            turn_away(&link);
            return;
        }
        take_unseen_pose(world, entity);
        let is_new = displace(world, entity, user, session.session_id)
            || world.get::<Profile>(entity) != Some(&entrant.profile);
        // Pose and locks stay: for the others nothing happens, or an upsert.
        let mut entity = world.entity_mut(entity);
        entity.remove::<Detached>().insert((
            entrant.profile,
            session,
            link,
            UnicastQueue::default(),
            viewer,
            Joining::default(),
        ));
        if is_new {
            entity.insert(Arriving);
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
        changed: tick,
    };
    let handle = world
        .resource_mut::<HandleTable>()
        .take(tick, user, transform);
    let bundle = UserBundle {
        profile: entrant.profile,
        session,
        pose,
        locks: HeldLocks::default(),
    };
    let entity = world
        .spawn((
            bundle,
            handle,
            link,
            UnicastQueue::default(),
            viewer,
            Joining::default(),
            Arriving,
        ))
        .id();
    world.resource_mut::<UserIndex>().0.insert(user, entity);
}

fn turn_away(link: &Link) {
    if let Some(frame) = encode(Signal {
        value: SignalType::DUAL_CONNECTION,
    }) {
        link.0.send(frame);
    }
    link.0.close(DisconnectCause::Displaced);
}

/// Ends the connection that a user had, if there is one still. Answers whether it was another session's.
fn displace(world: &mut World, entity: Entity, user: Umid, by_session: Umid) -> bool {
    let Some(old) = world.get::<Session>(entity).copied() else {
        return false;
    };
    let link = world.get::<Link>(entity).map(|link| Arc::clone(&link.0));
    if old.session_id == by_session {
        if let Some(link) = link {
            link.close(DisconnectCause::Replaced);
        }
        return false;
    }
    if let Some(link) = link {
        if let Some(frame) = encode(Signal {
            value: SignalType::DUAL_CONNECTION,
        }) {
            link.send(frame);
        }
        link.close(DisconnectCause::DualConnection);
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
        world.resource_mut::<Unsaved>().position(position);
        world.resource_mut::<LeftFrom>().note(user, transform);
    }
    if let Some(handle) = world.get::<Handle>(entity).copied() {
        let tick = world.resource::<Tick>().0;
        world.resource_mut::<HandleTable>().leave(tick, handle);
    }
    world.despawn(entity);
    world.resource_mut::<UserIndex>().0.remove(&user);
    world
        .resource_mut::<Displaced>()
        .0
        .retain(|(displaced, _)| *displaced != user);
    world.resource_mut::<Departed>().0.push(user);
}

/// A connection that goes may have moved since the last tick; that is where its user is.
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

/// Everybody leaves, as at shutdown; their sessions are not closed by this.
pub(crate) fn send_everybody_out(world: &mut World) {
    let mut users = world.query::<(&Profile, &Session)>();
    let everybody: Vec<_> = users
        .iter(world)
        .map(|(profile, session)| (profile.user, session.connection))
        .collect();
    for (user, connection) in everybody {
        leave(world, user, connection);
    }
}

/// Somebody is not who they were: the others get a fresh entry.
pub(crate) fn change_profile(world: &mut World, profile: Profile) {
    let Some(entity) = world.resource::<UserIndex>().get(profile.user) else {
        return;
    };
    let Some(pose) = world.get::<Pose>(entity) else {
        return;
    };
    let entry = user_data(&profile, pose.transform);
    world.entity_mut(entity).insert(profile);
    crate::session::broadcast(world, posbus::AddUsers { users: vec![entry] });
}

/// Tells everybody who left, except about those who are back already.
pub(crate) fn announce_departures(
    mut departed: ResMut<Departed>,
    mut lists: ResMut<UserLists>,
    users: Res<UserIndex>,
    mut broadcasts: ResMut<BroadcastQueue>,
) {
    if departed.0.is_empty() {
        return;
    }
    for user in departed
        .0
        .drain(..)
        .filter(|user| users.get(*user).is_none())
    {
        // An id always fits a frame.
        let _ = lists
            .departures
            .push(|out| out.extend_from_slice(user.as_bytes()));
    }
    for frame in lists.departures.finish() {
        broadcasts.broadcast(frame);
    }
}

/// Tells everybody, the newcomers included, who arrived in this tick.
pub(crate) fn announce_arrivals(
    tick: Res<Tick>,
    arriving: Query<(&Profile, &Pose, &Handle), With<Arriving>>,
    mut lists: ResMut<UserLists>,
    mut broadcasts: ResMut<BroadcastQueue>,
) {
    if arriving.is_empty() {
        return;
    }
    for (profile, pose, _) in &arriving {
        push_user(&mut lists.arrivals, profile, pose.transform);
    }
    for frame in lists.arrivals.finish() {
        broadcasts.broadcast(frame);
    }
    let handles = arriving
        .iter()
        .map(|(profile, _, handle)| bound(profile, handle));
    let handles: Vec<_> = handles.collect();
    for frame in UserHandles::frames(tick.0, &handles) {
        broadcasts.broadcast_v2(frame);
    }
}

/// Which handle a user has.
pub(crate) fn bound(profile: &Profile, handle: &Handle) -> HandleEntry {
    HandleEntry {
        handle: handle.0,
        id: profile.user,
    }
}

/// The newcomers of this tick have been served.
pub(crate) fn finish_joins(joining: Query<Entity, With<Joining>>, mut commands: Commands) {
    for entity in &joining {
        commands.entity(entity).remove::<(Joining, Arriving)>();
    }
}

/// Adds a user to an AddUsers list.
pub(crate) fn push_user(list: &mut ListFrames, profile: &Profile, transform: TransformNoScale) {
    let entry = user_data(profile, transform);
    if let Err(error) = list.push(|out| entry.encode_body(out)) {
        tracing::warn!(user = %profile.user, %error, "user entry not sent");
    }
}

fn user_data(profile: &Profile, transform: TransformNoScale) -> UserData {
    UserData {
        id: profile.user,
        name: profile.name.clone(),
        avatar: profile.avatar.clone(),
        transform,
        is_guest: profile.is_guest,
    }
}
