//! Objects that are being dragged: like users, only where they are now counts, until they are let go.

use bevy_ecs::prelude::{ResMut, Resource};
use bytes::Bytes;
use components::{Transform, Umid};
use indexmap::IndexMap;
use posbus::v2::{self, ObjectPose, ObjectPoses};
use posbus::{Message, ObjectTransform};

use crate::session::{Batch, Dialect};

/// Objects in one ObjectPoses message, so that it fits a datagram: 52 bytes each.
const MAX_OBJECTS: usize = (v2::MAX_DATAGRAM - 18) / 52;

/// The objects that were dragged and not let go since.
#[derive(Resource, Default)]
pub(crate) struct Dragged {
    objects: IndexMap<Umid, Drag>,
    /// The last tick in which any of them moved.
    last: u64,
    /// Frames of this tick, by dialect and the tick up to which a session has been told.
    encoded: Vec<((Dialect, u64), Vec<Bytes>)>,
}

struct Drag {
    changed: u64,
    transform: Transform,
}

impl Dragged {
    /// An object is dragged.
    pub(crate) fn mark(&mut self, object: Umid, transform: Transform, tick: u64) {
        let changed = tick;
        self.objects.insert(object, Drag { changed, transform });
        self.last = tick;
    }

    /// The object is let go, or somebody else has put it somewhere. Answers whether it was dragged.
    pub(crate) fn end(&mut self, object: Umid) -> bool {
        self.objects.swap_remove(&object).is_some()
    }

    /// Where the object is has been told in another way.
    pub(crate) fn told(&mut self, object: Umid) {
        if let Some(drag) = self.objects.get_mut(&object) {
            drag.changed = 0;
        }
    }

    /// The last tick in which anything was dragged.
    pub(crate) fn last(&self) -> u64 {
        self.last
    }

    /// Adds where objects are that were dragged after tick `since`. Answers how many bytes that are.
    pub(crate) fn tell(
        &mut self,
        dialect: Dialect,
        since: u64,
        tick: u64,
        batch: &mut Batch,
    ) -> usize {
        if since >= self.last {
            return 0;
        }
        let key = (dialect, since);
        let known = self.encoded.iter().position(|(known, _)| *known == key);
        let index = known.unwrap_or_else(|| {
            self.encoded.push((key, self.encode(dialect, since, tick)));
            self.encoded.len() - 1
        });
        let frames = self
            .encoded
            .get(index)
            .map_or(&[][..], |(_, frames)| frames);
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

/// Forgets the frames of the tick before.
pub(crate) fn begin_tick(mut dragged: ResMut<Dragged>) {
    dragged.encoded.clear();
}
