//! One person: a path, and the session that a writer would drain.

use components::{TransformNoScale, Umid, Vec3};
use testkit::world::Client;

use crate::trajectories::{Path, Place};

/// Neighbouring numbers make ids that have nothing in common, as those of real users.
const SPREAD: u128 = 0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835;

/// A number as an id.
pub(crate) fn id(number: u64) -> Umid {
    Umid::from_u128(u128::from(number).wrapping_mul(SPREAD))
}

/// Somebody in the world.
pub(crate) struct Person {
    pub(crate) client: Client,
    path: Path,
    /// Whether they were there when the counting began, and have moved since. Of who came later
    /// nobody need have heard yet.
    pub(crate) counted: bool,
    pub(crate) moved: bool,
}

impl Person {
    pub(crate) fn new(client: Client, path: Path) -> Self {
        Self {
            client,
            path,
            counted: false,
            moved: false,
        }
    }

    /// The place where the path is.
    pub(crate) fn pose(&self) -> TransformNoScale {
        pose(self.path.place())
    }

    /// Goes on; answers whether they moved.
    pub(crate) fn walk(&mut self, world: Umid) -> bool {
        let next = self.path.next_place();
        if let Some(place) = next {
            self.client.link.offer_pose(world, pose(place));
            self.moved = true;
        }
        next.is_some()
    }
}

fn pose(place: Place) -> TransformNoScale {
    TransformNoScale {
        position: Vec3::new(place.x, 0.0, place.z),
        rotation: Vec3::new(0.0, place.yaw, 0.0),
    }
}
