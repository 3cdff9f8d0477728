//! Who moved, encoded once and shared by all receivers that are equally far along.

use bevy_ecs::prelude::{Res, ResMut, Resource};
use bevy_ecs::world::World;
use bytes::Bytes;
use components::{Pose, Profile};
use posbus::{ListFrames, MessageType, UserTransform};

use crate::live::{Settings, Tick};

/// The last tick in which anybody moved.
#[derive(Resource, Default)]
pub(crate) struct LastMovement(pub(crate) u64);

/// The transform lists of this tick, by the tick up to which a receiver has been told.
#[derive(Resource)]
pub(crate) struct PoseFrames {
    list: ListFrames,
    encoded: Vec<(u64, Vec<Bytes>)>,
    /// Emptied frame lists, for reuse.
    spare: Vec<Vec<Bytes>>,
    /// The next tick in which poses go out.
    due: u64,
}

pub(crate) fn insert_resources(world: &mut World) {
    world.init_resource::<LastMovement>();
    world.insert_resource(PoseFrames {
        list: ListFrames::new(MessageType::UsersTransformList),
        encoded: Vec::new(),
        spare: Vec::new(),
        due: 0,
    });
}

/// Forgets the lists of the tick before.
pub(crate) fn begin_tick(mut frames: ResMut<PoseFrames>) {
    let frames = &mut *frames;
    for (_, mut list) in frames.encoded.drain(..) {
        list.clear();
        frames.spare.push(list);
    }
}

/// Sets when poses go out next, if they went out now.
pub(crate) fn pace(tick: Res<Tick>, settings: Res<Settings>, mut frames: ResMut<PoseFrames>) {
    if frames.is_due(tick.0) {
        frames.pace(tick.0, settings.0.tick_rate, settings.0.pose_budget);
    }
}

impl PoseFrames {
    /// Whether poses go out in this tick.
    pub(crate) fn is_due(&self, tick: u64) -> bool {
        tick >= self.due
    }

    /// Sets when poses go out next: the more there was to say, the later, so that no session gets more than `budget` bytes
    /// a second of them. A small world says everything every tick.
    fn pace(&mut self, tick: u64, tick_rate: u32, budget: usize) {
        let bytes = |frames: &Vec<Bytes>| frames.iter().map(Bytes::len).sum::<usize>();
        let largest = self
            .encoded
            .iter()
            .map(|(_, frames)| bytes(frames))
            .max()
            .unwrap_or(0);
        let ticks = (largest as u64 * u64::from(tick_rate)).div_ceil(budget.max(1) as u64);
        self.due = tick + ticks.max(1);
    }

    /// Everybody who moved after tick `since`. Encoded on first use in a tick: nearly all sessions share one list, and a
    /// session that fell behind gets what it missed, each user once, at its newest place.
    pub(crate) fn since<'a>(
        &mut self,
        since: u64,
        users: impl Iterator<Item = (&'a Profile, &'a Pose)>,
    ) -> &[Bytes] {
        let known = self.encoded.iter().position(|(tick, _)| *tick == since);
        let index = known.unwrap_or_else(|| {
            for (profile, pose) in users.filter(|(_, pose)| pose.changed > since) {
                let entry = UserTransform {
                    id: profile.user,
                    transform: pose.transform,
                };
                // An entry has 46 bytes at most and always fits.
                let _ = self.list.push(|out| entry.encode_body(out));
            }
            let mut frames = self.spare.pop().unwrap_or_default();
            self.list.finish_into(&mut frames);
            self.encoded.push((since, frames));
            self.encoded.len() - 1
        });
        self.encoded.get(index).map_or(&[], |(_, frames)| frames)
    }
}
