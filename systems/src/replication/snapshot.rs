//! Snapshots: the world, its objects and its users, for sessions that enter (docs/spec/posbus.md
//! §5.1).

use std::sync::Arc;

use bevy_ecs::{
    entity::EntityLocation,
    prelude::{Entity, QueryState, Resource, With, Without},
    world::World,
};
use bytes::Bytes;
use components::{Attributes, Id, Name, Owner, Pose, Profile, RenderSlots, Umid};
use posbus::{ListFrames, MessageType, MyTransform, SetWorld, v2::UserHandles};

use super::{
    encode::{FrameEncoder, handle_entry, push_user},
    handles::Handle,
    viewer::ViewerState,
};
use crate::{
    session::{Dialect, Joining},
    simulation::{
        objects::{self, ObjectIndex},
        presence::{self, Arriving},
    },
    world::{
        live::{Identity, Tick},
        record,
    },
};

/// The encoded objects of the world, kept until one of them changes; shared by all sessions that
/// enter meanwhile.
#[derive(Resource, Default)]
pub(crate) struct ObjectFrames(Option<Arc<[Bytes]>>);

impl ObjectFrames {
    /// Something about an object changed.
    pub(crate) fn invalidate(&mut self) {
        self.0 = None;
    }
}

/// Size of the frames of a snapshot: a session keeps a buffer as large as its largest frame.
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

/// Gives each session that entered in this tick its snapshot. Its parts are encoded once and
/// shared.
pub(crate) fn encode_snapshots(
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
    let set_world = set_world(world);
    let set_world = world.resource_mut::<FrameEncoder>().encode(set_world);
    let objects = object_frames(world);
    let (users, handles) = user_frames(world);
    for (entity, pose, dialect) in newcomers {
        let transform = world.resource_mut::<FrameEncoder>().encode(MyTransform {
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

/// The first message on entry, made from the world object.
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

/// AddObjects, the world object first and parents before children, then ObjectData in this order.
fn object_frames(world: &mut World) -> Arc<[Bytes]> {
    if let Some(frames) = &world.resource::<ObjectFrames>().0 {
        return Arc::clone(frames);
    }
    let order = objects::depth_first(world, world.resource::<Identity>().world);
    let frames = world.resource_scope::<SnapshotLists, _>(|world, mut lists| {
        world.resource_scope::<FrameEncoder, _>(|world, mut encoder| {
            let mut slots = Vec::new();
            for entity in order {
                if let Some(definition) = record::definition(world, entity)
                    && let Err(error) = lists.objects.push(|out| definition.encode_body(out))
                {
                    tracing::warn!(object = %definition.id, %error, "object not sent");
                }
                if let (Some(id), Some(of_object)) =
                    (world.get::<Id>(entity), world.get::<RenderSlots>(entity))
                {
                    slots.extend(encoder.encode_slots(id.0, &of_object.0));
                }
            }
            let mut frames = lists.objects.finish();
            encoder.made += frames.len() as u64;
            frames.append(&mut slots);
            Arc::from(frames)
        })
    });
    world.resource_mut::<ObjectFrames>().0 = Some(Arc::clone(&frames));
    frames
}

/// Entries of the users announced before this tick, and their handles for version 2 sessions.
/// Users who arrive in this tick are announced to everybody, themselves included.
fn user_frames(world: &mut World) -> (Arc<[Bytes]>, Arc<[Bytes]>) {
    let tick = world.resource::<Tick>().0;
    let mut present =
        world.query_filtered::<(EntityLocation, &Profile, &Pose, &Handle), Without<Arriving>>();
    world.resource_scope::<SnapshotLists, _>(|world, mut lists| {
        world.resource_scope::<FrameEncoder, _>(|world, mut encoder| {
            let mut users: Vec<_> = present.iter(world).collect();
            users.sort_unstable_by_key(|(location, ..)| presence::list_order(*location));
            for (_, profile, pose, _) in &users {
                push_user(&mut lists.users, profile, pose.transform);
            }
            let entries: Arc<[Bytes]> = lists.users.finish().into();
            let handles = users.iter();
            let handles: Vec<_> = handles
                .map(|(_, profile, _, handle)| handle_entry(profile, handle))
                .collect();
            let handles: Arc<[Bytes]> = handles
                .chunks(FRAME / MAX_HANDLE)
                .flat_map(|part| UserHandles::frames(tick, part))
                .collect();
            encoder.made += (entries.len() + handles.len()) as u64;
            (entries, handles)
        })
    })
}
