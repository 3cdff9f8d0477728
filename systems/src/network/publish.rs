//! Hands each session the frames of this tick.

use std::sync::Arc;

use bevy_ecs::prelude::{Component, Query, Res, ResMut};
use bytes::Bytes;
use components::{Pose, Profile};

use super::{Batch, Link, Mailbox, Outgoing};
use crate::delta::{LastMovement, PoseFrames};
use crate::live::{Identity, Tick};
use crate::presence::Joining;

/// How far a session has been told.
#[derive(Component, Clone, Copy)]
pub(crate) struct Received {
    /// The last tick whose poses it has got.
    pub(crate) poses: u64,
    /// In its first tick it gets frames for everybody only from this number on: the snapshot holds what came before.
    pub(crate) joined_at: u32,
}

/// One delivery a session and tick: snapshot for newcomers, then what happened, then who moved. Never waits.
pub(crate) fn publish(
    tick: Res<Tick>,
    identity: Res<Identity>,
    movement: Res<LastMovement>,
    mut outgoing: ResMut<Outgoing>,
    mut poses: ResMut<PoseFrames>,
    mut sessions: Query<(&Link, &mut Mailbox, &mut Received, Option<&Joining>)>,
    users: Query<(&Profile, &Pose)>,
) {
    let due = poses.is_due(tick.0);
    for (link, mut mailbox, mut received, joining) in &mut sessions {
        let knows_poses = !due || received.poses >= movement.0;
        if knows_poses && outgoing.frames().is_empty() && mailbox.0.is_empty() && joining.is_none()
        {
            continue;
        }
        let since = received.poses;
        let (snapshot, first) = match joining {
            Some(joining) => (joining.snapshot.as_slice(), received.joined_at),
            None => (&[] as &[Arc<[Bytes]>], 0),
        };
        let shared = outgoing.frames();
        let shared = &shared[shared.partition_point(|(number, _)| *number < first)..];
        let moved = |out: &mut Batch| {
            if !knows_poses {
                out.frames
                    .extend_from_slice(poses.since(since, users.iter()));
            }
        };
        if link
            .0
            .deliver(identity.world, snapshot, merge(shared, &mailbox.0), moved)
        {
            received.poses = if due { tick.0 } else { received.poses };
        }
        mailbox.0.clear();
    }
    outgoing.clear();
}

/// Merges two lists of numbered frames.
fn merge<'a>(
    left: &'a [(u32, Bytes)],
    right: &'a [(u32, Bytes)],
) -> impl Iterator<Item = &'a Bytes> {
    let (mut left, mut right) = (left.iter().peekable(), right.iter().peekable());
    std::iter::from_fn(move || {
        let from_left = match (left.peek(), right.peek()) {
            (Some(l), Some(r)) => l.0 < r.0,
            (Some(_), None) => true,
            (None, _) => false,
        };
        if from_left { left.next() } else { right.next() }.map(|(_, frame)| frame)
    })
}
