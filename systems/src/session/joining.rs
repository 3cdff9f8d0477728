//! Sessions that entered in the running tick.

use std::sync::Arc;

use bevy_ecs::prelude::Component;
use bytes::Bytes;

/// Marks a user whose session entered in this tick.
#[derive(Component, Default)]
pub(crate) struct Joining {
    /// Index of the first event that the session gets: its snapshot holds what came before.
    pub(crate) first_event: u32,
    /// Frames that the session gets before anything else, in parts that newcomers share.
    pub(crate) snapshot: Vec<Arc<[Bytes]>>,
}

impl Joining {
    /// A session that entered when the next event had this index.
    pub(crate) fn at(first_event: u32) -> Self {
        Self {
            first_event,
            snapshot: Vec::new(),
        }
    }
}
