//! Users whose connection broke: they stay detached for a grace period, so that nobody sees them
//! leave and enter (docs/protocol.md, Coming back).
//!
//! A detached user is in the world with pose, locks and everything else, but without a link:
//! nothing is encoded or delivered for it. On its return the session gets a fresh snapshot.

use std::time::Duration;

use bevy_ecs::{
    prelude::{Component, QueryState},
    world::World,
};
use components::{Profile, Session, Umid};
use tokio::sync::oneshot;

use crate::{
    persistence::Unsaved,
    session::Link,
    simulation::presence::{self, UserIndex},
    world::live::{Settings, Tick},
};

/// Least grace of a session that was promised its return: the way through the inbox, with room
/// to spare.
const RESUMING: Duration = Duration::from_secs(1);

/// The time for which a world keeps a detached user. It ends when the user leaves or returns, or
/// when the world ends.
#[derive(Debug)]
pub struct GracePeriod(oneshot::Receiver<()>);

/// The world's end of a [`GracePeriod`], which ends when this is dropped.
pub(crate) struct GraceGuard(
    #[expect(dead_code, reason = "dropped, never used")] oneshot::Sender<()>,
);

impl GracePeriod {
    pub(crate) fn new() -> (GraceGuard, Self) {
        let (guard, period) = oneshot::channel();
        (GraceGuard(guard), Self(period))
    }

    /// Waits for the end.
    pub async fn ended(self) {
        // The sender is only ever dropped.
        let _ = self.0.await;
    }

    /// Whether it has ended.
    pub fn has_ended(&mut self) -> bool {
        !matches!(self.0.try_recv(), Err(oneshot::error::TryRecvError::Empty))
    }
}

/// Marks a user whose connection broke.
#[derive(Component)]
pub(crate) struct Detached {
    /// The tick in which the user leaves, unless its session is back by then.
    until: u64,
    _guard: GraceGuard,
}

/// Detaches a user from a broken connection. A late message of a replaced connection changes
/// nothing.
pub(crate) fn detach(
    world: &mut World,
    user: Umid,
    connection: u64,
    grace: Duration,
    guard: GraceGuard,
) {
    let Some(entity) = presence::present(world, user, connection) else {
        return;
    };
    presence::take_unseen_pose(world, entity);
    // A drag may end here: it is as well saved as if the user had let go.
    world.resource_mut::<Unsaved>().flush();
    let until = tick_after(world, grace);
    world
        .entity_mut(entity)
        .remove_with_requires::<Link>()
        .insert(Detached {
            until,
            _guard: guard,
        });
}

/// Checks whether a session can be resumed: it is detached here, or its connection has not been
/// found broken yet. Returns the tick, and keeps the user until the session can have entered.
pub(crate) fn resume(world: &mut World, user: Umid, session_id: Umid) -> Option<u64> {
    let entity = world.resource::<UserIndex>().get(user)?;
    if world.get::<Session>(entity)?.session_id != session_id {
        return None;
    }
    let until = tick_after(world, RESUMING);
    if let Some(mut detached) = world.get_mut::<Detached>(entity) {
        detached.until = detached.until.max(until);
    }
    Some(world.resource::<Tick>().0)
}

/// Lets users leave whose grace period is over.
pub(crate) fn end_grace(
    world: &mut World,
    detached: &mut QueryState<(&Profile, &Session, &Detached)>,
) {
    let now = world.resource::<Tick>().0;
    let overdue: Vec<_> = detached
        .iter(world)
        .filter(|(_, _, detached)| detached.until <= now)
        .map(|(profile, session, _)| (profile.user, session.connection))
        .collect();
    for (user, connection) in overdue {
        presence::leave(world, user, connection);
    }
}

fn tick_after(world: &World, time: Duration) -> u64 {
    let ticks = world.resource::<Settings>().0.ticks(time);
    world.resource::<Tick>().0.saturating_add(ticks)
}
