//! A client's knowledge of the others, from the frames it got.

use std::collections::BTreeMap;

use bytes::Bytes;
use components::Umid;
use posbus::v2::{self, QuantizedPose};
use systems::Dialect;
use testkit::world::*;

/// One client's picture of the world.
#[derive(Default)]
pub(crate) struct View {
    /// Places of everybody, as far as version 2 can say.
    pub(crate) known: BTreeMap<Umid, QuantizedPose>,
    /// Places of dragged objects on the x axis.
    pub(crate) objects: BTreeMap<Umid, f32>,
    /// Users who were in the last read, as often as they were.
    pub(crate) heard: Vec<Umid>,
    /// Length of the last read in bytes.
    pub(crate) bytes: usize,
    handles: BTreeMap<u32, Umid>,
    ticks: BTreeMap<Umid, u64>,
}

impl View {
    /// Takes in everything that waits for a client.
    pub(crate) fn read(&mut self, client: &Client) {
        self.heard.clear();
        self.bytes = 0;
        for batch in client.drain_batches() {
            for frame in batch.frames.iter().chain(&batch.datagrams) {
                self.apply(frame, client.link.dialect());
            }
        }
    }

    /// Takes in one frame.
    pub(crate) fn apply(&mut self, frame: &Bytes, dialect: Dialect) {
        self.bytes += frame.len();
        let message = match dialect {
            // A version 1 client knows nothing else.
            Dialect::V1 => v2::Message::V1(posbus::decode(frame).expect("a version 1 frame")),
            _ => v2::decode(frame).expect("a version 2 frame"),
        };
        match message {
            v2::Message::V1(message) => self.apply_v1(message),
            v2::Message::UserHandles(list) => {
                let bound = list.users.iter().map(|user| (user.handle, user.id));
                self.handles.extend(bound);
            }
            v2::Message::Poses(v2::Poses { tick, entries }) => {
                for entry in entries {
                    let Some(user) = self.handles.get(&entry.handle).copied() else {
                        // Only a datagram may come after the user has left.
                        assert_eq!(dialect, Dialect::V2Datagrams);
                        continue;
                    };
                    let last = self.ticks.insert(user, tick);
                    assert!(last.is_none_or(|last| last < tick), "newer and newer");
                    self.known.insert(user, entry.pose);
                    self.heard.push(user);
                }
            }
            v2::Message::ObjectPoses(list) => {
                let places = list.objects.iter();
                let places = places.map(|object| (object.id, object.transform.position.x));
                self.objects.extend(places);
            }
            other => panic!("{other:?} from a world"),
        }
    }

    fn apply_v1(&mut self, message: posbus::Message) {
        match message {
            posbus::Message::AddUsers(list) => {
                for user in list.users {
                    self.known
                        .insert(user.id, QuantizedPose::new(&user.transform));
                }
            }
            posbus::Message::RemoveUsers(list) => {
                for user in list.users {
                    self.known.remove(&user);
                    self.ticks.remove(&user);
                    self.handles.retain(|_, bound| *bound != user);
                }
            }
            posbus::Message::UsersTransformList(list) => {
                for entry in list.value {
                    self.known
                        .insert(entry.id, QuantizedPose::new(&entry.transform));
                    self.heard.push(entry.id);
                }
            }
            posbus::Message::ObjectTransform(object) => {
                let x = object.object_transform.position.x;
                self.objects.insert(object.id, x);
            }
            _ => {}
        }
    }
}
