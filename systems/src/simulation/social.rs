//! Interaction between users (docs/spec/posbus.md, social messages).

use bevy_ecs::world::World;
use components::{Profile, Umid};

use crate::{
    simulation::presence::UserIndex,
    world::events::{TickEvents, WorldEvent},
};

/// Longest text of a high five, in characters: a greeting, not a channel.
const MAX_GREETING: usize = 280;

/// Sends a text to one user, if the user is in the world.
pub(crate) fn notify(world: &mut World, user: Umid, text: String) {
    if world.resource::<UserIndex>().get(user).is_some() {
        let notice = WorldEvent::Notice { user, text };
        world.resource_mut::<TickEvents>().record(notice);
    }
}

/// Passes a greeting on to its receiver and back to its sender. The sender is the user of the
/// session that sent it (docs/regressions.md W22).
pub(crate) fn high_five(world: &mut World, sender: Umid, receiver: Umid, message: String) {
    if receiver == sender {
        return;
    }
    let refusal = if world.resource::<UserIndex>().get(receiver).is_none() {
        Some("Target user not found")
    } else if message.chars().count() > MAX_GREETING {
        Some("Message too long")
    } else {
        None
    };
    let event = match refusal {
        Some(reason) => WorldEvent::Notice {
            user: sender,
            text: reason.to_owned(),
        },
        None => WorldEvent::HighFive {
            sender,
            receiver,
            message,
        },
    };
    world.resource_mut::<TickEvents>().record(event);
}

/// Asks everybody to come to a user who is in the world.
pub(crate) fn fly_to_me(world: &mut World, pilot: Umid) {
    let entity = world.resource::<UserIndex>().get(pilot);
    let Some(profile) = entity.and_then(|entity| world.get::<Profile>(entity)) else {
        return;
    };
    let pilot_name = profile.name.clone();
    let invitation = WorldEvent::FlyToMe { pilot, pilot_name };
    world.resource_mut::<TickEvents>().record(invitation);
}
