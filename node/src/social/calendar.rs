//! The calendar: tells loaded worlds of events as they start (docs/spec/model.md §8.2). Worlds have
//! no clock; this has it for them.

mod agenda;

use std::time::Duration;

use chrono::{DateTime, Utc};
use components::{AttributeState, JsonMap, Umid, ids};
use parking_lot::Mutex;
use posbus::EventStart;
use store::ObjectRecord;
use systems::Effect;
use tokio::sync::Notify;

use agenda::Agenda;

/// The attribute that holds an object's events, of the core plugin.
const EVENTS: &str = "events";
/// Longest time to sleep: the clock may be set while nobody looks.
const MAX_SLEEP: Duration = Duration::from_secs(30);

/// Coming events of all loaded worlds. The holder of the write lock of a world reports its loading,
/// its end and its changes.
#[derive(Default)]
pub(crate) struct Calendar {
    agenda: Mutex<Agenda>,
    changed: Notify,
}

impl Calendar {
    /// A world was loaded.
    pub(crate) fn load(&self, world: Umid, objects: &[(Umid, JsonMap)]) {
        let now = Utc::now();
        let mut agenda = self.agenda.lock();
        // It may have ended by itself, and left its plans behind.
        agenda.forget_world(world);
        for (object, events) in objects {
            agenda.plan(world, *object, Some(events), now);
        }
        drop(agenda);
        self.changed.notify_one();
    }

    /// A world was unloaded.
    pub(crate) fn unload(&self, world: Umid) {
        self.agenda.lock().forget_world(world);
    }

    /// A loaded world has changed.
    pub(crate) fn follow(&self, world: Umid, effects: &[Effect]) {
        for effect in effects {
            match effect {
                Effect::ObjectAttribute { object, change } if is_events(&change.attribute) => {
                    self.plan(world, *object, change.value.as_ref());
                }
                Effect::Object(state) => {
                    let mut attributes = state.attributes.iter();
                    let events = attributes.find(|AttributeState { id, .. }| is_events(id));
                    let events = events.and_then(|attribute| attribute.value.as_ref());
                    self.plan(world, state.id, events);
                }
                Effect::RemoveObjects { removed, .. } => {
                    let mut agenda = self.agenda.lock();
                    for object in removed {
                        agenda.forget_object(world, *object);
                    }
                }
                _ => {}
            }
        }
    }

    fn plan(&self, world: Umid, object: Umid, events: Option<&JsonMap>) {
        self.agenda.lock().plan(world, object, events, Utc::now());
        if events.is_some() {
            self.changed.notify_one();
        }
    }

    /// Waits until events start, and returns them in order, with the worlds to tell.
    pub(crate) async fn started(&self) -> Vec<(Umid, EventStart)> {
        loop {
            let now = Utc::now();
            let (started, next) = {
                let mut agenda = self.agenda.lock();
                (agenda.take_started(now), agenda.next())
            };
            if !started.is_empty() {
                return started;
            }
            tokio::select! {
                () = tokio::time::sleep(until(next, now)) => {}
                () = self.changed.notified() => {}
            }
        }
    }
}

/// The objects of a world that have events, with these.
pub(crate) fn events(objects: &[ObjectRecord]) -> Vec<(Umid, JsonMap)> {
    let of_object = |object: &ObjectRecord| {
        let mut attributes = object.attributes.iter();
        let events = attributes.find(|attribute| is_events(&attribute.id))?;
        Some((object.id, events.value.clone()?))
    };
    objects.iter().filter_map(of_object).collect()
}

fn is_events(id: &components::AttributeId) -> bool {
    id.plugin == ids::CORE_PLUGIN && id.name == EVENTS
}

fn until(next: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Duration {
    next.map_or(MAX_SLEEP, |next| {
        // Past events do not wait.
        (next - now).to_std().unwrap_or_default().min(MAX_SLEEP)
    })
}
