//! Holding users whose connection broke until they come back, so that nobody sees them blink (docs/protocol.md, Coming
//! back).
//!
//! A held user is in the world with pose, locks and everything else, but without a link: nothing is collected or sent
//! for it. What it missed, the snapshot on its return tells.

use std::any::Any;
use std::time::Duration;

use bevy_ecs::prelude::{Component, QueryState};
use bevy_ecs::world::World;
use components::{Profile, Session, Umid};

use crate::persistence::Unsaved;
use crate::replication::deliver::ViewerState;
use crate::session::{Link, UnicastQueue};
use crate::simulation::presence::{self, UserIndex};
use crate::world::live::{Settings, Tick};

/// What a session that has been told that it is back has to enter: the way through the inbox, with room to spare.
const CLAIMED: Duration = Duration::from_secs(1);

/// Marks a user whose connection broke.
#[derive(Component)]
pub(crate) struct Detached {
    /// The tick in which it leaves, unless it is back by then.
    until: u64,
    /// Lives as long as the user is held.
    _kept: Box<dyn Any + Send + Sync>,
}

/// A connection broke: its user stays for a while. A late message of a replaced connection changes nothing.
pub(crate) fn hold(
    world: &mut World,
    user: Umid,
    connection: u64,
    time: Duration,
    kept: Box<dyn Any + Send + Sync>,
) {
    let Some(entity) = presence::present(world, user, connection) else {
        return;
    };
    presence::take_unseen_pose(world, entity);
    // A drag may end here: it is as well saved as if the user had let go.
    world.resource_mut::<Unsaved>().flush();
    let until = tick_after(world, time);
    world
        .entity_mut(entity)
        .remove::<(Link, UnicastQueue, ViewerState)>()
        .insert(Detached { until, _kept: kept });
}

/// Whether a session can come back: it is held here, or its connection has not been found broken yet. Answers the tick,
/// and holds the session until it can have entered.
pub(crate) fn claim(world: &mut World, user: Umid, session_id: Umid) -> Option<u64> {
    let entity = world.resource::<UserIndex>().get(user)?;
    if world.get::<Session>(entity)?.session_id != session_id {
        return None;
    }
    let until = tick_after(world, CLAIMED);
    if let Some(mut held) = world.get_mut::<Detached>(entity) {
        held.until = held.until.max(until);
    }
    Some(world.resource::<Tick>().0)
}

/// Those who were held for long enough leave.
pub(crate) fn release_overdue(
    world: &mut World,
    held: &mut QueryState<(&Profile, &Session, &Detached)>,
) {
    let now = world.resource::<Tick>().0;
    let overdue: Vec<_> = held
        .iter(world)
        .filter(|(_, _, held)| held.until <= now)
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
