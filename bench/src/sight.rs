//! What one session sees of the others, decoded frame by frame.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hasher};

use bytes::Bytes;
use components::Umid;
use posbus::Message;
use systems::Batch;

/// What one session has heard.
#[derive(Default)]
pub(crate) struct Sight {
    /// Who is there, as far as it was told.
    present: HashSet<Umid>,
    /// Whom it has been told of moving since the measurement began.
    moved: HashSet<Umid>,
    /// Places of others it was told.
    pub(crate) updates: u64,
    /// Bytes of the messages that did so.
    pub(crate) update_bytes: u64,
    /// Of all bytes it was given.
    trace: DefaultHasher,
    /// Frames that could not be decoded.
    pub(crate) undecodable: u64,
}

impl Sight {
    /// How many are there, as far as it was told.
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
        match posbus::decode(frame) {
            Ok(Message::UsersTransformList(list)) => {
                self.updates += list.value.len() as u64;
                self.update_bytes += frame.len() as u64;
                self.moved.extend(list.value.iter().map(|entry| entry.id));
            }
            Ok(Message::AddUsers(list)) => {
                self.present.extend(list.users.iter().map(|user| user.id));
            }
            Ok(Message::RemoveUsers(list)) => {
                for user in &list.users {
                    self.present.remove(user);
                }
            }
            Ok(_) => {}
            Err(_) => self.undecodable += 1,
        }
    }
}
