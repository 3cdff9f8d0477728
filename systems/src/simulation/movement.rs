//! Movement of users.

use bevy_ecs::prelude::{Query, Res};
use components::Pose;

use crate::{
    session::Link,
    world::live::{Identity, Tick},
};

/// Takes the newest pose of each session. Sessions have refused poses that are not finite.
pub(crate) fn take_poses(
    identity: Res<Identity>,
    tick: Res<Tick>,
    mut users: Query<(&Link, &mut Pose)>,
) {
    for (link, mut pose) in &mut users {
        let Some(transform) = link.0.take_pose(identity.world) else {
            continue;
        };
        if transform != pose.transform {
            *pose = Pose {
                transform,
                changed: tick.0,
            };
        }
    }
}
