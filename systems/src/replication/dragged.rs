//! Objects that are being dragged: as with users, only the newest place counts until the drag ends.

use bevy_ecs::prelude::{Res, ResMut, Resource};
use bytes::Bytes;
use components::{Transform, Umid};
use indexmap::IndexMap;
use posbus::{
    Message, ObjectTransform,
    v2::{self, ObjectPose, ObjectPoses},
};

use crate::{
    session::{Batch, Dialect},
    world::{
        events::{TickEvents, WorldEvent},
        live::Tick,
    },
};

/// Objects in one ObjectPoses message, so that it fits a datagram: 52 bytes each.
const MAX_OBJECTS: usize = (v2::MAX_DATAGRAM - 18) / 52;

/// Objects whose drag has not ended.
#[derive(Resource, Default)]
pub(crate) struct DraggedObjects {
    objects: IndexMap<Umid, Drag>,
    /// The last tick in which any of them moved.
    last: u64,
    /// Frames that sessions need in this tick: the dialect, and the tick up to which they have all.
    needed: Vec<(Dialect, u64)>,
    /// Frames of `needed`, in the same order.
    frames: Vec<Vec<Bytes>>,
    /// Number of frames made so far.
    pub(super) made: u64,
}

struct Drag {
    /// The tick of the last move; 0 if all viewers have the place.
    changed: u64,
    transform: Transform,
}

impl DraggedObjects {
    fn drag(&mut self, object: Umid, transform: Transform, tick: u64) {
        let changed = tick;
        self.objects.insert(object, Drag { changed, transform });
        self.last = tick;
    }

    fn end(&mut self, object: Umid) {
        self.objects.swap_remove(&object);
    }

    /// The last tick in which anything was dragged.
    pub(super) fn last(&self) -> u64 {
        self.last
    }

    pub(super) fn clear_needed(&mut self) {
        self.needed.clear();
    }

    /// Index of the frames for sessions that have everything up to tick `since`; `None` if nothing
    /// moved after it.
    pub(super) fn want(&mut self, dialect: Dialect, since: u64) -> Option<u32> {
        if since >= self.last {
            return None;
        }
        let key = (dialect, since);
        let known = self.needed.iter().position(|needed| *needed == key);
        let index = known.unwrap_or_else(|| {
            self.needed.push(key);
            self.needed.len() - 1
        });
        Some(index as u32)
    }

    /// Copies the frames of an index. Returns their length in bytes.
    pub(super) fn copy(&self, dialect: Dialect, index: u32, batch: &mut Batch) -> usize {
        let frames = self
            .frames
            .get(index as usize)
            .map_or(&[][..], Vec::as_slice);
        let to = match dialect {
            Dialect::V2Datagrams => &mut batch.datagrams,
            Dialect::V1 | Dialect::V2 => &mut batch.frames,
        };
        to.extend_from_slice(frames);
        frames.iter().map(Bytes::len).sum()
    }

    fn encode(&self, dialect: Dialect, since: u64, tick: u64) -> Vec<Bytes> {
        let moved = self.objects.iter().filter(|(_, drag)| drag.changed > since);
        if dialect == Dialect::V1 {
            let frame = |(id, drag): (&Umid, &Drag)| {
                let message = ObjectTransform {
                    id: *id,
                    object_transform: drag.transform,
                };
                Message::from(message).encode().into()
            };
            return moved.map(frame).collect();
        }
        let poses = moved.map(|(id, drag)| ObjectPose {
            id: *id,
            transform: drag.transform,
        });
        let poses: Vec<_> = poses.collect();
        let frame = |objects: &[ObjectPose]| {
            let objects = objects.to_vec();
            ObjectPoses { tick, objects }.encode().into()
        };
        poses.chunks(MAX_OBJECTS).map(frame).collect()
    }
}

/// Follows the events of the tick.
pub(crate) fn follow_drags(
    tick: Res<Tick>,
    events: Res<TickEvents>,
    mut dragged: ResMut<DraggedObjects>,
) {
    for event in events.iter() {
        match event {
            WorldEvent::ObjectDragged { object, transform } => {
                dragged.drag(*object, *transform, tick.0);
            }
            WorldEvent::ObjectPlaced { object, .. } | WorldEvent::ObjectSettled { object, .. } => {
                dragged.end(*object);
            }
            WorldEvent::ObjectsRemoved { objects } => {
                objects.iter().for_each(|object| dragged.end(*object));
            }
            WorldEvent::ObjectChanged(record) => {
                // The definition holds the place.
                if let Some(drag) = dragged.objects.get_mut(&record.definition.id) {
                    drag.changed = 0;
                }
            }
            _ => {}
        }
    }
}

/// Encodes the dragged objects that sessions need.
pub(crate) fn encode_dragged(tick: Res<Tick>, mut dragged: ResMut<DraggedObjects>) {
    dragged.frames.clear();
    for index in 0..dragged.needed.len() {
        let Some((dialect, since)) = dragged.needed.get(index).copied() else {
            break;
        };
        let frames = dragged.encode(dialect, since, tick.0);
        dragged.made += frames.len() as u64;
        dragged.frames.push(frames);
    }
}
