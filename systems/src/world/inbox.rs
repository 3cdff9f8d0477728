//! Drains the bounded inbox and applies its commands in the order of their arrival.

use bevy_ecs::prelude::{ResMut, Resource};
use bevy_ecs::world::World;
use tokio::sync::mpsc;

use crate::session::broadcast;
use crate::session::resume;
use crate::simulation::{attributes, locks, objects, presence, social};
use crate::world::command::{ClientAction, Command, Effect};
use crate::world::live::Stopping;

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

    /// How many commands wait.
    pub(crate) fn len(&self) -> usize {
        self.receiver.len()
    }
}

/// Takes what has arrived, at most one inbox full, so that senders who keep up with the tick cannot hold it.
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
        // Who comes after the end finds the world ended, and has it loaded again.
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
        Command::Drop {
            user,
            connection,
            hold,
            kept,
        } => resume::hold(world, user, connection, hold, kept),
        Command::Claim {
            user,
            session_id,
            answer,
        } => {
            // Whoever asked may be gone.
            let _ = answer.send(resume::claim(world, user, session_id));
        }
        Command::Client {
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
                    social::high_five(world, user, entity, receiver, message);
                }
            }
        }
        Command::Effect(effect) => apply_effect(world, effect),
        Command::Inspect(inspect) => inspect(world),
        Command::Stop { force, done } if force || presence::is_empty(world) => {
            presence::send_everybody_out(world);
            world.resource_mut::<Stopping>().0 = Some(done);
        }
        Command::Stop { done, .. } => {
            // Nobody waiting for the answer any more is fine.
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
            attributes::object_changed(world, object, change);
        }
        Effect::ObjectUserAttribute {
            object,
            user,
            change,
        } => {
            attributes::object_user_changed(world, object, user, change);
        }
        Effect::UserAttribute { user, change } => attributes::user_changed(world, user, change),
        Effect::UserUserAttribute {
            source,
            target,
            change,
        } => {
            attributes::user_user_changed(world, source, target, change);
        }
        Effect::Profile(profile) => presence::change_profile(world, profile),
        Effect::Notice { user, text } => social::notify(world, user, text),
        Effect::Activity(update) => broadcast(world, *update),
        Effect::EventStart(event) => broadcast(world, event),
        Effect::FlyToMe { pilot } => social::fly_to_me(world, pilot),
        Effect::RolesChanged => locks::recheck(world),
        Effect::Catalogue(catalogue) => objects::set_catalogue(world, catalogue),
    }
}
