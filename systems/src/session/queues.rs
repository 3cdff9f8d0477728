//! Frames of the running tick that sessions get in order, before they are delivered.

use bevy_ecs::prelude::{Component, Resource};
use bytes::Bytes;

use super::Dialect;

/// Sessions that get a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Speakers {
    /// All sessions.
    All,
    /// Sessions that speak version 2.
    V2,
}

/// Frames that all sessions get in this tick, in order of their events.
#[derive(Resource, Default)]
pub(crate) struct BroadcastQueue(Vec<(u32, Speakers, Bytes)>);

/// Frames that one session gets in this tick, in order of their events.
#[derive(Component, Default)]
pub(crate) struct UnicastQueue(Vec<(u32, Bytes)>);

impl BroadcastQueue {
    /// Appends a frame of event number `event`.
    pub(crate) fn push(&mut self, event: u32, speakers: Speakers, frame: Bytes) {
        self.0.push((event, speakers, frame));
    }

    /// Number of frames.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no frames.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All frames of one session, in order: its own, and those of all sessions from event `first`
    /// on.
    pub(crate) fn merged<'a>(
        &'a self,
        own: &'a UnicastQueue,
        dialect: Dialect,
        first: u32,
    ) -> impl Iterator<Item = &'a Bytes> {
        let start = self.0.partition_point(|(event, ..)| *event < first);
        let shared = self.0.get(start..).unwrap_or(&[]).iter();
        let shared = shared
            .filter(move |(_, speakers, _)| *speakers == Speakers::All || dialect != Dialect::V1)
            .map(|(event, _, frame)| (*event, frame));
        let own = own.0.iter().map(|(event, frame)| (*event, frame));
        let (mut shared, mut own) = (shared.peekable(), own.peekable());
        std::iter::from_fn(move || {
            let from_shared = match (shared.peek(), own.peek()) {
                (Some(shared), Some(own)) => shared.0 < own.0,
                (Some(_), None) => true,
                (None, _) => false,
            };
            let next = if from_shared {
                shared.next()
            } else {
                own.next()
            };
            next.map(|(_, frame)| frame)
        })
    }

    /// Removes all frames.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}

impl UnicastQueue {
    /// Appends a frame of event number `event`.
    pub(crate) fn push(&mut self, event: u32, frame: Bytes) {
        self.0.push((event, frame));
    }

    /// Number of frames.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no frames.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Removes all frames.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}
