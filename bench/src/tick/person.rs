//! One person: a path, and the session that a writer would drain.

use std::{
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use components::{Profile, TransformNoScale, Umid, Vec3};
use systems::{
    Batch, Dialect, DisconnectCause, Entrant, QueueLimits, SessionLink, WorldEnded, WorldHandle,
};

use crate::trajectories::{Path, Place};

/// Neighbouring numbers make ids that have nothing in common, as those of real users.
const SPREAD: u128 = 0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835;

/// A number as an id.
pub(crate) fn id(number: u64) -> Umid {
    Umid::from_u128(u128::from(number).wrapping_mul(SPREAD))
}

/// Somebody in the world.
pub(crate) struct Person {
    pub(crate) user: Umid,
    connection: u64,
    link: Arc<SessionLink>,
    path: Path,
    /// Whether they were there when the counting began, and have moved since. Of who came later
    /// nobody need have heard yet.
    pub(crate) counted: bool,
    pub(crate) moved: bool,
}

impl Person {
    /// Somebody who has not entered yet. `number` is theirs alone.
    pub(crate) fn new(number: u64, path: Path, limits: QueueLimits, dialect: Dialect) -> Self {
        Self {
            user: id(number),
            connection: number,
            link: SessionLink::new(limits, dialect),
            path,
            counted: false,
            moved: false,
        }
    }

    /// Asks to enter where the path begins.
    pub(crate) async fn enter(&self, world: &WorldHandle) -> Result<(), WorldEnded> {
        let entrant = Entrant {
            profile: Profile {
                user: self.user,
                name: format!("Person {}", self.connection),
                avatar: String::new(),
                is_guest: false,
            },
            session_id: self.user,
            connection: self.connection,
            link: Arc::clone(&self.link),
            last_position: Some(pose(self.path.place())),
        };
        world.enter(entrant).await
    }

    /// Asks to leave.
    pub(crate) async fn leave(&self, world: &WorldHandle) -> Result<(), WorldEnded> {
        world.leave(self.user, self.connection).await
    }

    /// Goes on; answers whether they moved.
    pub(crate) fn walk(&mut self, world: Umid) -> bool {
        let next = self.path.next_place();
        if let Some(place) = next {
            self.link.offer_pose(world, pose(place));
            self.moved = true;
        }
        next.is_some()
    }

    /// Takes everything there is, as a writer does that is idle then, and shows it. Answers why the
    /// session is to be closed, if it is.
    pub(crate) fn drain(
        &self,
        batch: &mut Batch,
        mut read: impl FnMut(&Batch),
    ) -> Option<DisconnectCause> {
        loop {
            batch.clear();
            let next = {
                let next = pin!(self.link.next(batch, usize::MAX));
                next.poll(&mut Context::from_waker(Waker::noop()))
            };
            match next {
                Poll::Ready(None) => read(batch),
                Poll::Ready(cause) => return cause,
                Poll::Pending => return None,
            }
        }
    }
}

fn pose(place: Place) -> TransformNoScale {
    TransformNoScale {
        position: Vec3::new(place.x, 0.0, place.z),
        rotation: Vec3::new(0.0, place.yaw, 0.0),
    }
}
