//! View that one session has of the others, decoded frame by frame.

use std::{
    collections::{HashMap, HashSet},
    hash::{DefaultHasher, Hasher},
};

use bytes::Bytes;
use components::Umid;
use posbus::{Message, v2};
use systems::Batch;

/// Places of others, in messages of so many bytes.
#[derive(Clone, Copy, Default)]
pub(crate) struct Updates {
    pub(crate) count: u64,
    pub(crate) bytes: u64,
}

impl Updates {
    pub(crate) fn add(&mut self, count: usize, bytes: usize) {
        self.count += count as u64;
        self.bytes += bytes as u64;
    }

    /// Bytes of one, if there are any.
    pub(crate) fn bytes_of_one(self) -> Option<f64> {
        (self.count > 0).then(|| self.bytes as f64 / self.count as f64)
    }
}

/// Messages that one session has received.
#[derive(Default)]
pub(crate) struct Received {
    /// Users who are present, as far as the session was told.
    present: HashSet<Umid>,
    /// Handles and their users, in version 2.
    handles: HashMap<u32, Umid>,
    handle_of: HashMap<Umid, u32>,
    /// Users of whose movement it has been told since the measurement began.
    moved: HashSet<Umid>,
    /// Places of others it was told in version 1, and in version 2.
    pub(crate) updates: [Updates; 2],
    /// Of all bytes it was given.
    trace: DefaultHasher,
    /// Places told of handles that are nobody's.
    pub(crate) strangers: u64,
    /// Frames that could not be decoded.
    pub(crate) undecodable: u64,
}

impl Received {
    /// Number of users who are present, as far as the session was told.
    pub(crate) fn present(&self) -> usize {
        self.present.len()
    }

    /// Whether it was told that somebody moved.
    pub(crate) fn saw(&self, user: Umid) -> bool {
        self.moved.contains(&user)
    }

    /// The same if it was given the same bytes, from its first one on.
    pub(crate) fn trace(&self) -> u64 {
        self.trace.finish()
    }

    /// Forgets what was counted, not who is there.
    pub(crate) fn start_over(&mut self) {
        let before = std::mem::take(self);
        self.present = before.present;
        self.handles = before.handles;
        self.handle_of = before.handle_of;
        self.trace = before.trace;
    }

    /// Reads what came.
    pub(crate) fn read(&mut self, batch: &Batch) {
        for frame in batch.frames.iter().chain(&batch.datagrams) {
            self.trace.write(frame);
            self.read_frame(frame);
        }
    }

    fn read_frame(&mut self, frame: &Bytes) {
        match v2::decode(frame) {
            Ok(v2::Message::V1(message)) => self.read_v1(message, frame.len()),
            Ok(v2::Message::UserHandles(bound)) => {
                for entry in &bound.users {
                    self.handles.insert(entry.handle, entry.id);
                    self.handle_of.insert(entry.id, entry.handle);
                }
            }
            Ok(v2::Message::Poses(v2::Poses { entries, .. })) => {
                self.updates[1].add(entries.len(), frame.len());
                for entry in entries {
                    match self.handles.get(&entry.handle) {
                        Some(user) => _ = self.moved.insert(*user),
                        None => self.strangers += 1,
                    }
                }
            }
            Ok(_) => {}
            Err(_) => self.undecodable += 1,
        }
    }

    fn read_v1(&mut self, message: Message, bytes: usize) {
        match message {
            Message::UsersTransformList(list) => {
                self.updates[0].add(list.value.len(), bytes);
                self.moved.extend(list.value.iter().map(|entry| entry.id));
            }
            Message::AddUsers(list) => {
                self.present.extend(list.users.iter().map(|user| user.id));
            }
            Message::RemoveUsers(list) => {
                for user in &list.users {
                    self.present.remove(user);
                    if let Some(handle) = self.handle_of.remove(user) {
                        self.handles.remove(&handle);
                    }
                }
            }
            _ => {}
        }
    }
}
