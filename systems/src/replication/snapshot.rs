//! What a newcomer gets: the world, its objects and who is in it (spec posbus §5.1 step 7).

use std::sync::Arc;

use bevy_ecs::prelude::{Entity, QueryState, Resource, With, Without};
use bevy_ecs::world::World;
use bytes::Bytes;
use components::{Attributes, Name, Owner, Pose, Profile, Umid};
use posbus::v2::UserHandles;
use posbus::{ListFrames, MessageType, MyTransform, SetWorld};

use crate::replication::deliver::ViewerState;
use crate::replication::handles::Handle;
use crate::session::{Dialect, encode};
use crate::simulation::objects::{self, ObjectIndex};
use crate::simulation::presence::{self, Arriving, Joining};
use crate::world::live::{Identity, Tick};

/// The encoded objects of the world, kept until one of them changes; shared by everybody who enters meanwhile.
#[derive(Resource, Default)]
pub(crate) struct ObjectFrames(Option<Arc<[Bytes]>>);

impl ObjectFrames {
    /// Something about an object changed.
    pub(crate) fn invalidate(&mut self) {
        self.0 = None;
    }
}

/// Size of the frames of a snapshot: a session keeps a buffer as large as the largest frame that it ever got.
const FRAME: usize = 8 * 1024;

/// Most bytes of a user's handle in a list.
const MAX_HANDLE: usize = 21;

/// Reused between ticks.
#[derive(Resource)]
struct SnapshotLists {
    objects: ListFrames,
    users: ListFrames,
}

pub(crate) fn insert_resources(world: &mut World) {
    world.init_resource::<ObjectFrames>();
    world.insert_resource(SnapshotLists {
        objects: ListFrames::of_size(MessageType::AddObjects, FRAME),
        users: ListFrames::of_size(MessageType::AddUsers, FRAME),
    });
}

/// Gives everybody who enters in this tick their snapshot. Its parts are encoded once and shared.
pub(crate) fn prepare_snapshots(
    world: &mut World,
    joining: &mut QueryState<(Entity, &Pose, &ViewerState), With<Joining>>,
) {
    let newcomers: Vec<_> = joining
        .iter(world)
        .map(|(entity, pose, viewer)| (entity, pose.transform, viewer.dialect))
        .collect();
    if newcomers.is_empty() {
        return;
    }
    let set_world = encode(set_world(world));
    let objects = object_frames(world);
    let users = user_frames(world);
    let handles = handle_frames(world);
    for (entity, pose, dialect) in newcomers {
        let transform = encode(MyTransform {
            position: pose.position,
            rotation: pose.rotation,
        });
        let head = set_world.iter().cloned().chain(transform).collect();
        if let Some(mut joining) = world.get_mut::<Joining>(entity) {
            joining.snapshot = vec![head, Arc::clone(&objects), Arc::clone(&users)];
            if dialect != Dialect::V1 {
                joining.snapshot.push(Arc::clone(&handles));
            }
        }
    }
}

/// The first message on entry, from what the world object is now.
fn set_world(world: &World) -> SetWorld {
    let id = world.resource::<Identity>().world;
    let object = world
        .resource::<ObjectIndex>()
        .get(id)
        .map(|entity| world.entity(entity));
    let controller = object.and_then(|object| {
        let meta = object
            .get::<Attributes>()?
            .0
            .get(&components::ids::core("world_meta"))?
            .value
            .as_ref()?;
        Umid::parse_str(meta.get("avatar_controller")?.as_str()?).ok()
    });
    SetWorld {
        id,
        name: object
            .and_then(|object| object.get::<Name>())
            .map(|name| name.0.clone())
            .unwrap_or_default(),
        avatar: controller.unwrap_or_default(),
        owner: object
            .and_then(|object| object.get::<Owner>())
            .map(|owner| owner.0)
            .unwrap_or_default(),
        avatar_3d_asset_id: controller.unwrap_or_default(),
    }
}

/// AddObjects, the world object first and every parent before its children, then ObjectData in the same order.
fn object_frames(world: &mut World) -> Arc<[Bytes]> {
    if let Some(frames) = &world.resource::<ObjectFrames>().0 {
        return Arc::clone(frames);
    }
    let order = objects::depth_first(world, world.resource::<Identity>().world);
    let frames = world.resource_scope::<SnapshotLists, _>(|world, mut lists| {
        let mut slots = Vec::new();
        for entity in order {
            if let Some(definition) = objects::definition(world, entity)
                && let Err(error) = lists.objects.push(|out| definition.encode_body(out))
            {
                tracing::warn!(object = %definition.id, %error, "object not sent");
            }
            slots.extend(objects::data_frames(world, entity));
        }
        let mut frames = lists.objects.finish();
        frames.append(&mut slots);
        Arc::from(frames)
    });
    world.resource_mut::<ObjectFrames>().0 = Some(Arc::clone(&frames));
    frames
}

/// Everybody whom the others know; those who arrive in this tick are announced to all, themselves included.
fn user_frames(world: &mut World) -> Arc<[Bytes]> {
    let mut present = world.query_filtered::<(&Profile, &Pose), Without<Arriving>>();
    world.resource_scope::<SnapshotLists, _>(|world, mut lists| {
        for (profile, pose) in present.iter(world) {
            presence::push_user(&mut lists.users, profile, pose.transform);
        }
        lists.users.finish().into()
    })
}

/// Their handles, for those who speak version 2.
fn handle_frames(world: &mut World) -> Arc<[Bytes]> {
    let tick = world.resource::<Tick>().0;
    let mut present = world.query_filtered::<(&Profile, &Handle), Without<Arriving>>();
    let handles = present
        .iter(world)
        .map(|(profile, handle)| presence::bound(profile, handle));
    let handles: Vec<_> = handles.collect();
    let parts = handles.chunks(FRAME / MAX_HANDLE);
    parts
        .flat_map(|part| UserHandles::frames(tick, part))
        .collect()
}
