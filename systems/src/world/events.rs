//! Typed events of a world in one tick, in order.
//!
//! [`WorldSet::Ingest`](crate::WorldSet::Ingest) and
//! [`WorldSet::Simulate`](crate::WorldSet::Simulate) record events,
//! [`WorldSet::Encode`](crate::WorldSet::Encode) turns them into frames. An event carries the
//! values that its frame shows, so that later changes in the same tick do not alter it.

use bevy_ecs::prelude::{ResMut, Resource};
use components::{Profile, SlotValue, Transform, TransformNoScale, Umid};
use indexmap::{IndexMap, IndexSet};
use posbus::ActivityUpdate;
use serde::{Deserialize, Serialize};

use super::{command::AttributeChange, record::ObjectRecord};

/// Receivers of an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Audience {
    /// All users in the world.
    Everybody,
    /// These users; nobody if the list is empty.
    Users(Vec<Umid>),
}

impl Audience {
    /// Whether nobody gets the event.
    pub(crate) fn is_nobody(&self) -> bool {
        matches!(self, Self::Users(users) if users.is_empty())
    }
}

/// One event of a tick.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum WorldEvent {
    /// A user entered. Everybody gets the user's entry at the end of the tick.
    UserEntered {
        /// Name and avatar.
        profile: Profile,
        /// Place of entry.
        transform: TransformNoScale,
    },
    /// A user who is in the world entered again by another session or with another profile.
    /// Everybody gets a fresh entry at the end of the tick.
    UserReentered {
        /// Name and avatar.
        profile: Profile,
    },
    /// A user left.
    UserLeft {
        /// The user.
        user: Umid,
    },
    /// Name, avatar or guest flag of a user changed.
    ProfileChanged {
        /// The new profile.
        profile: Profile,
        /// Place of the user at that moment.
        transform: TransformNoScale,
    },
    /// An object appeared or was edited.
    ObjectChanged(Box<ObjectRecord>),
    /// Objects were removed.
    ObjectsRemoved {
        /// The removed object first, then all below it.
        objects: Vec<Umid>,
    },
    /// An object was moved. Everybody gets its place at the end of the tick.
    ObjectPlaced {
        /// The object.
        object: Umid,
        /// Its new place.
        transform: Transform,
    },
    /// An object is being dragged by the holder of its lock.
    ObjectDragged {
        /// The object.
        object: Umid,
        /// Its place for now.
        transform: Transform,
    },
    /// A moved or dragged object has its final place.
    ObjectSettled {
        /// The object.
        object: Umid,
        /// Its final place.
        transform: Transform,
    },
    /// A render slot of an object shows another value.
    SlotChanged {
        /// The object.
        object: Umid,
        /// Type of the slot.
        slot_type: String,
        /// Name of the slot.
        slot_name: String,
        /// The value, or the empty value of the slot's type.
        value: SlotValue,
        /// The slot was emptied.
        emptied: bool,
    },
    /// An attribute changed.
    AttributeChanged {
        /// Users who get the change.
        audience: Audience,
        /// The object or user that the message names.
        target: Umid,
        /// The object that stores the attribute, if an object of this world does.
        stored_in: Option<Umid>,
        /// The change.
        change: AttributeChange,
    },
    /// The edit lock of an object has another holder.
    LockChanged {
        /// The object.
        object: Umid,
        /// The new holder.
        holder: Option<Umid>,
        /// The holder asked for it; otherwise the world released the lock.
        requested: bool,
    },
    /// A request to lock or unlock an object was refused.
    LockRefused {
        /// The user who asked.
        user: Umid,
        /// The object.
        object: Umid,
        /// The present holder.
        holder: Option<Umid>,
    },
    /// A text for one user.
    Notice {
        /// The receiver.
        user: Umid,
        /// The text.
        text: String,
    },
    /// A greeting from one user to another; both get it.
    HighFive {
        /// The user who greets.
        sender: Umid,
        /// The user who is greeted.
        receiver: Umid,
        /// A few words.
        message: String,
    },
    /// A user asks everybody to come.
    FlyToMe {
        /// The user to fly to.
        pilot: Umid,
        /// Display name of that user.
        pilot_name: String,
    },
    /// Something happened on a timeline.
    Activity(Box<ActivityUpdate>),
    /// A calendar event starts.
    EventStarted {
        /// Keys and values of the message.
        fields: IndexMap<String, String>,
    },
    /// Types or assets changed; objects that are sent from now on use the new ones.
    CatalogueChanged,
}

/// The events of the running tick. Systems of [`WorldSet::Ingest`](crate::WorldSet::Ingest) and
/// [`WorldSet::Simulate`](crate::WorldSet::Simulate) may record more.
#[derive(Resource, Default)]
pub struct TickEvents {
    log: Vec<WorldEvent>,
    /// Objects whose last move no event of the log settles, in the order of their first move.
    unsettled: IndexSet<Umid>,
}

impl TickEvents {
    /// Appends an event.
    pub fn record(&mut self, event: WorldEvent) {
        match &event {
            WorldEvent::ObjectPlaced { object, .. } => {
                self.unsettled.insert(*object);
            }
            WorldEvent::ObjectSettled { object, .. } => {
                self.unsettled.shift_remove(object);
            }
            WorldEvent::ObjectChanged(record) => {
                self.unsettled.shift_remove(&record.definition.id);
            }
            _ => {}
        }
        self.log.push(event);
    }

    /// The events so far, in order.
    pub fn iter(&self) -> impl Iterator<Item = &WorldEvent> {
        self.log.iter()
    }

    /// The events so far, in order, as a slice.
    pub(crate) fn as_slice(&self) -> &[WorldEvent] {
        &self.log
    }

    /// Index of the next event.
    pub(crate) fn position(&self) -> u32 {
        u32::try_from(self.log.len()).unwrap_or(u32::MAX)
    }

    /// Whether an object was placed after the last event with its final place.
    pub(crate) fn is_unsettled(&self, object: Umid) -> bool {
        self.unsettled.contains(&object)
    }

    /// Objects whose place is sent at the end of the tick.
    pub(crate) fn unsettled(&self) -> impl ExactSizeIterator<Item = Umid> + '_ {
        self.unsettled.iter().copied()
    }

    pub(crate) fn clear(&mut self) {
        self.log.clear();
        self.unsettled.clear();
    }
}

/// Removes the events of the previous tick.
pub(crate) fn begin_tick(mut events: ResMut<TickEvents>) {
    events.clear();
}
