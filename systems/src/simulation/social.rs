//! What users do to each other (spec posbus §5.8).

use bevy_ecs::prelude::Entity;
use bevy_ecs::world::World;
use components::{Profile, Umid};
use posbus::{FlyToMe, HighFive, Notification, NotificationType};

use crate::session::{broadcast, post, post_to};
use crate::simulation::presence::UserIndex;
use crate::world::live::Identity;

/// Longest text of a high five, in characters: a greeting, not a channel.
const MAX_GREETING: usize = 280;

/// Tells one user something, if it is here.
pub(crate) fn notify(world: &mut World, user: Umid, text: String) {
    if let Some(entity) = world.resource::<UserIndex>().get(user) {
        let notice = Notification {
            notify_type: NotificationType::TEXT_MESSAGE,
            value: text,
        };
        post(world, entity, notice);
    }
}

/// Passes a greeting on to its receiver and back to its sender; the sender is who really sent it (W22).
pub(crate) fn high_five(
    world: &mut World,
    sender: Umid,
    entity: Entity,
    receiver: Umid,
    message: String,
) {
    if receiver == sender {
        return;
    }
    let refuse = |world: &mut World, reason: &str| {
        post(
            world,
            entity,
            Notification {
                notify_type: NotificationType::TEXT_MESSAGE,
                value: reason.to_owned(),
            },
        );
    };
    let Some(target) = world.resource::<UserIndex>().get(receiver) else {
        refuse(world, "Target user not found");
        return;
    };
    if message.chars().count() > MAX_GREETING {
        refuse(world, "Message too long");
        return;
    }
    let greeting = HighFive {
        sender_id: sender,
        receiver_id: receiver,
        message,
    };
    post_to(world, &[target, entity], greeting);
}

/// Asks everybody to come to a user who is in the world (spec model §6.10).
pub(crate) fn fly_to_me(world: &mut World, pilot: Umid) {
    let entity = world.resource::<UserIndex>().get(pilot);
    let Some(profile) = entity.and_then(|entity| world.get::<Profile>(entity)) else {
        return;
    };
    let invitation = FlyToMe {
        pilot,
        pilot_name: profile.name.clone(),
        object_id: world.resource::<Identity>().world,
    };
    broadcast(world, invitation);
}
