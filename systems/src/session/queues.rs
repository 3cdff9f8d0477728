//! Frames of the running tick, before they are handed to the sessions.

use bevy_ecs::prelude::{Component, Entity, Resource};
use bevy_ecs::world::World;
use bytes::Bytes;
use posbus::{MAX_SERVER_FRAME, Message};

use super::Dialect;

/// Who gets a frame for everybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Audience {
    /// Everybody.
    All,
    /// Those who speak version 2.
    V2,
}

/// Frames that everybody in the world gets this tick, in order.
#[derive(Resource, Default)]
pub(crate) struct BroadcastQueue {
    next: u32,
    frames: Vec<(u32, Audience, Bytes)>,
}

/// Frames that one user gets this tick, numbered in the same order as those for everybody.
#[derive(Component, Default)]
pub(crate) struct UnicastQueue(pub(crate) Vec<(u32, Bytes)>);

impl BroadcastQueue {
    /// Adds a frame for everybody.
    pub(crate) fn broadcast(&mut self, frame: Bytes) {
        let number = self.number();
        self.frames.push((number, Audience::All, frame));
    }

    /// Adds a frame for all who speak version 2.
    pub(crate) fn broadcast_v2(&mut self, frame: Bytes) {
        let number = self.number();
        self.frames.push((number, Audience::V2, frame));
    }

    /// The number that the next frame gets; a newcomer receives frames from here on.
    pub(crate) fn position(&self) -> u32 {
        self.next
    }

    /// Whether there is nothing for everybody.
    pub(crate) fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// What one session gets, in order: its mail, and what is for everybody from number `first` on.
    pub(crate) fn merged<'a>(
        &'a self,
        unicast: &'a UnicastQueue,
        dialect: Dialect,
        first: u32,
    ) -> impl Iterator<Item = &'a Bytes> {
        let start = self.frames.partition_point(|(number, ..)| *number < first);
        let shared = self.frames.get(start..).unwrap_or(&[]).iter();
        let shared = shared
            .filter(move |(_, audience, _)| *audience == Audience::All || dialect != Dialect::V1)
            .map(|(number, _, frame)| (*number, frame));
        let mail = unicast.0.iter().map(|(number, frame)| (*number, frame));
        let (mut shared, mut mail) = (shared.peekable(), mail.peekable());
        std::iter::from_fn(move || {
            let from_shared = match (shared.peek(), mail.peek()) {
                (Some(shared), Some(mail)) => shared.0 < mail.0,
                (Some(_), None) => true,
                (None, _) => false,
            };
            let next = if from_shared {
                shared.next()
            } else {
                mail.next()
            };
            next.map(|(_, frame)| frame)
        })
    }

    /// Forgets the tick.
    pub(crate) fn clear(&mut self) {
        self.next = 0;
        self.frames.clear();
    }

    fn number(&mut self) -> u32 {
        let number = self.next;
        self.next += 1;
        number
    }
}

/// Encodes a message, if it fits a frame that clients accept (trap T2); what does not fit is logged and not sent.
pub(crate) fn encode(message: impl Into<Message>) -> Option<Bytes> {
    let message = message.into();
    let frame = message.encode();
    if frame.len() > MAX_SERVER_FRAME {
        tracing::warn!(
            message = message.name(),
            bytes = frame.len(),
            "message exceeds the frame limit, not sent"
        );
        return None;
    }
    Some(frame.into())
}

/// Adds a frame for one user.
pub(crate) fn post(world: &mut World, user: Entity, message: impl Into<Message>) {
    post_to(world, &[user], message);
}

/// Adds a frame for some users, encoded once.
pub(crate) fn post_to(world: &mut World, users: &[Entity], message: impl Into<Message>) {
    if users.is_empty() {
        return;
    }
    let Some(frame) = encode(message) else { return };
    let number = world.resource_mut::<BroadcastQueue>().number();
    for user in users {
        if let Some(mut unicast) = world.get_mut::<UnicastQueue>(*user) {
            unicast.0.push((number, frame.clone()));
        }
    }
}

/// Adds a frame for everybody.
pub(crate) fn broadcast(world: &mut World, message: impl Into<Message>) {
    if let Some(frame) = encode(message) {
        world.resource_mut::<BroadcastQueue>().broadcast(frame);
    }
}
