//! A version 2 client's knowledge of others' places: newer ticks win, whatever the order of
//! arrival (docs/protocol.md, Poses).

use std::collections::HashMap;

use posbus::{Message, Umid, Vec3, v2};

/// Distance of a quantised position from the one that was sent at most, in metres.
const QUANTUM: f32 = 1.0 / 128.0;

/// A client's view.
#[derive(Debug, Default)]
pub(crate) struct Sight {
    handles: HashMap<u32, Umid>,
    newest: HashMap<Umid, u64>,
    /// Positions of a user at a tick, repetitions included.
    said: HashMap<(Umid, u64), v2::QuantizedPose>,
    /// Places where each user was seen, in order.
    tracks: HashMap<Umid, Vec<Vec3>>,
    /// Places of dragged objects.
    pub(crate) objects: HashMap<Umid, Vec3>,
    /// Parameters of the session.
    pub(crate) welcome: Option<v2::Welcome>,
    /// Messages that came as datagrams and on the stream.
    pub(crate) datagrams: usize,
    pub(crate) on_stream: usize,
}

impl Sight {
    /// Takes note of a message; answers it if it is none of version 2.
    ///
    /// # Panics
    /// If the server says two things about the same user at the same tick.
    pub(crate) fn hear(&mut self, message: v2::Message, datagram: bool) -> Option<Message> {
        match message {
            v2::Message::V1(message) => {
                assert!(!datagram, "{} in a datagram", message.name());
                self.note(&message);
                return Some(message);
            }
            v2::Message::UserHandles(handles) => {
                assert!(!datagram, "handles in a datagram");
                let users = handles.users.iter();
                self.handles
                    .extend(users.map(|user| (user.handle, user.id)));
            }
            v2::Message::Poses(v2::Poses { tick, entries }) => {
                *match datagram {
                    true => &mut self.datagrams,
                    false => &mut self.on_stream,
                } += 1;
                for entry in entries {
                    self.see(tick, entry);
                }
            }
            v2::Message::ObjectPoses(list) => {
                let objects = list.objects.into_iter();
                self.objects
                    .extend(objects.map(|object| (object.id, object.transform.position)));
            }
            v2::Message::Welcome(welcome) => {
                assert!(!datagram, "a welcome in a datagram");
                self.welcome = Some(welcome);
            }
            v2::Message::MyPose(_) => panic!("servers send no my_pose"),
        }
        None
    }

    fn note(&mut self, message: &Message) {
        match message {
            Message::SetWorld(_) => {
                *self = Sight {
                    welcome: self.welcome.take(),
                    ..Sight::default()
                };
            }
            Message::RemoveUsers(gone) => {
                self.handles.retain(|_, user| !gone.users.contains(user));
            }
            _ => {}
        }
    }

    fn see(&mut self, tick: u64, entry: v2::PoseEntry) {
        let Some(&user) = self.handles.get(&entry.handle) else {
            return;
        };
        let said = self.said.entry((user, tick)).or_insert(entry.pose);
        assert_eq!(*said, entry.pose, "{user} at tick {tick}");
        let newest = self.newest.entry(user).or_default();
        if tick > *newest {
            *newest = tick;
            let track = self.tracks.entry(user).or_default();
            track.push(entry.pose.transform().position);
        }
    }

    /// A user's handle.
    pub(crate) fn handle(&self, user: Umid) -> Option<u32> {
        let mut handles = self.handles.iter();
        handles.find_map(|(handle, bound)| (*bound == user).then_some(*handle))
    }

    /// Whether a user was last seen at a place.
    pub(crate) fn has(&self, user: Umid, place: Vec3) -> bool {
        let last = self.track(user).last();
        last.is_some_and(|seen| {
            let near = |a: f32, b: f32| (a - b).abs() <= QUANTUM;
            near(seen.x, place.x) && near(seen.y, place.y) && near(seen.z, place.z)
        })
    }

    /// Places where a user was seen, in order.
    pub(crate) fn track(&self, user: Umid) -> &[Vec3] {
        self.tracks.get(&user).map_or(&[], Vec::as_slice)
    }
}
