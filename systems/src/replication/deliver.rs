//! Delivers to each session its frames of this tick. Everything is made already.

use std::sync::Arc;

use bevy_ecs::prelude::{Query, Res, ResMut};
use bytes::Bytes;

use super::{
    assemble::CellFrames,
    dragged::DraggedObjects,
    needed::NeededFrames,
    viewer::{Skipped, ViewerState},
};
use crate::{
    session::{BroadcastQueue, Joining, Link, UnicastQueue},
    world::live::{Identity, Tick},
};

/// Makes one delivery to each session that gets anything: the snapshot of newcomers, then the
/// frames of events, then movement. Never waits.
pub(crate) fn deliver(
    tick: Res<Tick>,
    identity: Res<Identity>,
    needed: Res<NeededFrames>,
    cell_frames: Res<CellFrames>,
    dragged: Res<DraggedObjects>,
    mut broadcasts: ResMut<BroadcastQueue>,
    mut skipped: ResMut<Skipped>,
    mut sessions: Query<(&Link, &mut UnicastQueue, &mut ViewerState, Option<&Joining>)>,
) {
    for (link, mut queue, mut viewer, joining) in &mut sessions {
        let plan = viewer.plan;
        if plan.is_none() && broadcasts.is_empty() && queue.is_empty() && joining.is_none() {
            continue;
        }
        let (snapshot, first) = match joining {
            Some(joining) => (joining.snapshot.as_slice(), joining.first_event),
            None => (&[] as &[Arc<[Bytes]>], 0),
        };
        let frames = broadcasts.merged(&queue, viewer.dialect, first);
        let mut bytes = 0;
        let was_idle = link.0.deliver(identity.world, snapshot, frames, |batch| {
            let Some(plan) = plan else { return };
            bytes += cell_frames.copy(plan.users, batch);
            if let Some(objects) = plan.objects {
                bytes += dragged.copy(viewer.dialect, objects, batch);
            }
        });
        if !queue.is_empty() {
            queue.clear();
        }
        let Some(plan) = plan else { continue };
        viewer.plan = None;
        match needed.list().get(plan.users as usize) {
            Some(needed) if was_idle => {
                let (centre, buckets) = (needed.centre(), needed.repeated_buckets());
                viewer.advance(tick.0, centre, buckets, bytes);
            }
            _ => skipped.0 += 1,
        }
    }
    broadcasts.clear();
}
