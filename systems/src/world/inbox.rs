//! The bounded inbox of a world: commands are applied in the order of their arrival.

use bevy_ecs::{
    prelude::{ResMut, Resource},
    world::World,
};
use tokio::sync::mpsc;

use crate::{
    session::resume,
    simulation::{attributes, locks, objects, presence, social},
    world::{
        command::{ClientAction, Command, Effect},
        events::{TickEvents, WorldEvent},
        live::Stopping,
    },
};

/// The receiving end of a world's commands.
#[derive(Resource)]
pub(crate) struct Inbox {
    receiver: mpsc::Receiver<Command>,
    drained: Vec<Command>,
    capacity: usize,
}

impl Inbox {
    pub(crate) fn new(receiver: mpsc::Receiver<Command>, capacity: usize) -> Self {
        Self {
            receiver,
            drained: Vec::new(),
            capacity,
        }
    }

    /// Number of commands that wait.
    pub(crate) fn len(&self) -> usize {
        self.receiver.len()
    }
}

/// Takes the commands that wait, at most one inbox full, so that fast senders cannot stall the
/// tick.
pub(crate) fn drain_inbox(mut inbox: ResMut<Inbox>) {
    let inbox = &mut *inbox;
    while inbox.drained.len() < inbox.capacity {
        let Ok(command) = inbox.receiver.try_recv() else {
            break;
        };
        inbox.drained.push(command);
    }
}

/// Applies the drained commands.
pub(crate) fn apply_commands(world: &mut World) {
    let mut commands = std::mem::take(&mut world.resource_mut::<Inbox>().drained);
    for command in commands.drain(..) {
        apply(world, command);
        // A command that arrives after `Stop` is refused with `WorldEnded`.
        if world.resource::<Stopping>().0.is_some() {
            break;
        }
    }
    world.resource_mut::<Inbox>().drained = commands;
}

fn apply(world: &mut World, command: Command) {
    match command {
        Command::Enter(entrant) => presence::enter(world, *entrant),
        Command::Leave { user, connection } => presence::leave(world, user, connection),
        Command::Detach {
            user,
            connection,
            grace,
            guard,
        } => resume::detach(world, user, connection, grace, guard),
        Command::Resume {
            user,
            session_id,
            answer,
        } => {
            // The session that asked may be gone.
            let _ = answer.send(resume::resume(world, user, session_id));
        }
        Command::Act {
            user,
            connection,
            action,
        } => {
            let Some(entity) = presence::present(world, user, connection) else {
                return;
            };
            match action {
                ClientAction::Lock(object) => locks::lock(world, user, entity, object),
                ClientAction::Unlock(object) => locks::unlock(world, user, entity, object),
                ClientAction::MoveObject(object, transform) => {
                    locks::move_object(world, user, object, transform)
                }
                ClientAction::HighFive { receiver, message } => {
                    social::high_five(world, user, receiver, message);
                }
            }
        }
        Command::Effect(effect) => apply_effect(world, effect),
        Command::Query(query) => query(world),
        Command::Stop { force, done } if force || presence::is_empty(world) => {
            presence::evict_all(world);
            world.resource_mut::<Stopping>().0 = Some(done);
        }
        Command::Stop { done, .. } => {
            // The receiver may be gone.
            let _ = done.send(false);
        }
    }
}

fn apply_effect(world: &mut World, effect: Effect) {
    match effect {
        Effect::Object(state) => objects::upsert(world, *state),
        Effect::RemoveObjects { root, removed } => objects::remove(world, root, &removed),
        Effect::ObjectTransform { object, transform } => {
            objects::set_transform(world, object, transform)
        }
        Effect::ObjectAttribute { object, change } => {
            attributes::change_object_attribute(world, object, change);
        }
        Effect::ObjectUserAttribute {
            object,
            user,
            change,
        } => {
            attributes::change_object_user_attribute(world, object, user, change);
        }
        Effect::UserAttribute { user, change } => {
            attributes::change_user_attribute(world, user, change)
        }
        Effect::UserUserAttribute {
            source,
            target,
            change,
        } => {
            attributes::change_user_user_attribute(world, source, target, change);
        }
        Effect::Profile(profile) => presence::set_profile(world, profile),
        Effect::Notice { user, text } => social::notify(world, user, text),
        Effect::Activity(update) => record(world, WorldEvent::Activity(update)),
        Effect::EventStart(event) => {
            record(world, WorldEvent::EventStarted { fields: event.0 });
        }
        Effect::FlyToMe { pilot } => social::fly_to_me(world, pilot),
        Effect::RolesChanged => locks::recheck(world),
        Effect::Catalogue(catalogue) => objects::set_catalogue(world, catalogue),
    }
}

fn record(world: &mut World, event: WorldEvent) {
    world.resource_mut::<TickEvents>().record(event);
}
