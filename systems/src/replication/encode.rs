//! Turns the events of a tick into frames: each event once, in the order in which they happened.

use bevy_ecs::{
    entity::EntityLocation,
    prelude::{Query, Res, ResMut, Resource, With},
    system::SystemParam,
    world::World,
};
use bytes::Bytes;
use components::{JsonMap, Placed, Pose, Profile, SlotValue, Transform, TransformNoScale, Umid};
use indexmap::IndexMap;
use posbus::{
    AddObjects, AddUsers, AttributeValueChanged, EventStart, FlyToMe, HighFive, ListFrames,
    LockObjectResponse, MAX_SERVER_FRAME, Message, MessageType, Notification, NotificationType,
    ObjectData, ObjectTransform, RemoveObjects, Signal, SignalType, UserData,
    v2::{HandleEntry, UserHandles},
};

use super::{handles::Handle, snapshot::ObjectFrames};
use crate::{
    session::{BroadcastQueue, EndingSessions, Joining, Speakers, UnicastQueue},
    simulation::{
        objects::ObjectIndex,
        presence::{self, Arriving, UserIndex},
    },
    world::{
        command::AttributeChange,
        events::{Audience, TickEvents, WorldEvent},
        live::{Identity, Tick},
        record::{self, ObjectRecord},
    },
};

/// Ids in one RemoveObjects: at 16 bytes each well below the frame limit.
const MAX_REMOVED: usize = 1_024;

/// Moves of more objects than this in one tick, as when a large group is placed anew, go out as
/// lists of definitions: one frame for each object would fill the queues of sessions that read
/// well.
const MANY_MOVES: usize = 1_024;

/// Makes frames of messages. Lists are reused between ticks.
#[derive(Resource)]
pub(crate) struct FrameEncoder {
    arrivals: ListFrames,
    departures: ListFrames,
    /// Number of frames made so far.
    pub(super) made: u64,
}

impl Default for FrameEncoder {
    fn default() -> Self {
        Self {
            arrivals: ListFrames::new(MessageType::AddUsers),
            departures: ListFrames::new(MessageType::RemoveUsers),
            made: 0,
        }
    }
}

impl FrameEncoder {
    /// Encodes a message, if it fits a frame that clients accept (docs/spec/posbus.md §1.1); a
    /// message that does not fit is logged and not sent.
    pub(super) fn encode(&mut self, message: impl Into<Message>) -> Option<Bytes> {
        let message = message.into();
        let frame = message.encode();
        self.made += 1;
        if frame.len() > MAX_SERVER_FRAME {
            tracing::warn!(
                message = message.name(),
                bytes = frame.len(),
                "message exceeds the frame limit, not sent"
            );
            return None;
        }
        Some(frame.into())
    }

    /// Encodes all slots of an object: one message, or, if that does not fit a frame, one for each
    /// slot, so that only a slot that is too large is missing.
    pub(super) fn encode_slots(
        &mut self,
        object: Umid,
        slots: &IndexMap<String, IndexMap<String, SlotValue>>,
    ) -> Vec<Bytes> {
        if slots.is_empty() {
            return Vec::new();
        }
        self.made += 1;
        let whole = Message::from(object_data(object, slots)).encode();
        if whole.len() <= MAX_SERVER_FRAME {
            return vec![whole.into()];
        }
        let mut frames = Vec::new();
        for (slot_type, names) in slots {
            for (name, value) in names {
                frames.extend(self.encode(slot_data(object, slot_type, name, value)));
            }
        }
        frames
    }

    /// Encodes a changed attribute. A value too large for a frame is left out: clients fetch it
    /// (docs/regressions.md W36).
    fn encode_attribute(&mut self, target_id: Umid, change: &AttributeChange) -> Option<Bytes> {
        let change_type = if change.removed {
            AttributeValueChanged::REMOVED
        } else {
            AttributeValueChanged::CHANGED
        };
        let mut value = change.value.clone();
        if let Some(value) = &mut value {
            posbus::normalize_numbers(value);
        }
        let mut message = AttributeValueChanged {
            plugin_id: change.attribute.plugin,
            attribute_name: change.attribute.name.clone(),
            change_type: change_type.to_owned(),
            value,
            target_id,
        };
        self.made += 1;
        let full = Message::from(message.clone()).encode();
        if full.len() <= MAX_SERVER_FRAME {
            return Some(full.into());
        }
        message.value = None;
        self.encode(message)
    }
}

/// Frames of one event on their way into the queues.
struct Outbox<'w, 's, 'q> {
    event: u32,
    broadcasts: &'q mut BroadcastQueue,
    users: &'q UserIndex,
    queues: &'q mut Query<'w, 's, (&'static mut UnicastQueue, Option<&'static Joining>)>,
}

impl Outbox<'_, '_, '_> {
    fn send_to_all(&mut self, frames: impl IntoIterator<Item = Bytes>) {
        for frame in frames {
            self.broadcasts.push(self.event, Speakers::All, frame);
        }
    }

    fn send_to_user(&mut self, user: Umid, frame: &Option<Bytes>) {
        let (Some(frame), Some(entity)) = (frame, self.users.get(user)) else {
            return;
        };
        // Users without a session have no queue.
        let Ok((mut queue, joining)) = self.queues.get_mut(entity) else {
            return;
        };
        if joining.is_none_or(|joining| joining.first_event <= self.event) {
            queue.push(self.event, frame.clone());
        }
    }

    fn send_to_audience(&mut self, audience: &Audience, frame: Option<Bytes>) {
        match audience {
            Audience::Everybody => self.send_to_all(frame),
            Audience::Users(users) => users
                .iter()
                .for_each(|user| self.send_to_user(*user, &frame)),
        }
    }
}

/// Places at the end of the tick. The frame of an event may follow a snapshot, which has them: it
/// must not move anything back.
#[derive(SystemParam)]
pub(crate) struct FinalPlaces<'w, 's> {
    users: Res<'w, UserIndex>,
    objects: Res<'w, ObjectIndex>,
    poses: Query<'w, 's, &'static Pose>,
    placed: Query<'w, 's, &'static Placed>,
}

impl FinalPlaces<'_, '_> {
    /// Place of a user; `None` if the user left.
    fn of_user(&self, user: Umid) -> Option<TransformNoScale> {
        let pose = self.poses.get(self.users.get(user)?).ok()?;
        Some(pose.transform)
    }

    /// Place of an object; `None` if it was removed.
    fn of_object(&self, object: Umid) -> Option<Transform> {
        let placed = self.placed.get(self.objects.get(object)?).ok()?;
        Some(placed.transform)
    }
}

/// Encodes the events of the tick. Entries, departures and moves of objects follow at the end of
/// the tick.
pub(crate) fn encode_events(
    events: Res<TickEvents>,
    identity: Res<Identity>,
    places: FinalPlaces,
    mut encoder: ResMut<FrameEncoder>,
    mut broadcasts: ResMut<BroadcastQueue>,
    mut objects: ResMut<ObjectFrames>,
    mut queues: Query<(&'static mut UnicastQueue, Option<&'static Joining>)>,
) {
    let encoder = &mut *encoder;
    for (index, event) in events.iter().enumerate() {
        if changes_objects(event) {
            objects.invalidate();
        }
        let mut outbox = Outbox {
            event: index as u32,
            broadcasts: &mut broadcasts,
            users: &places.users,
            queues: &mut queues,
        };
        encode_event(event, identity.world, &places, encoder, &mut outbox);
    }
}

fn encode_event(
    event: &WorldEvent,
    world: Umid,
    places: &FinalPlaces<'_, '_>,
    encoder: &mut FrameEncoder,
    outbox: &mut Outbox<'_, '_, '_>,
) {
    match event {
        WorldEvent::UserEntered { .. }
        | WorldEvent::UserReentered { .. }
        | WorldEvent::UserLeft { .. }
        | WorldEvent::ObjectPlaced { .. }
        | WorldEvent::ObjectDragged { .. }
        | WorldEvent::CatalogueChanged => {}
        WorldEvent::ProfileChanged { profile, transform } => {
            let transform = places.of_user(profile.user).unwrap_or(*transform);
            let users = vec![user_data(profile, transform)];
            outbox.send_to_all(encoder.encode(AddUsers { users }));
        }
        WorldEvent::ObjectChanged(record) => {
            let ObjectRecord {
                definition, slots, ..
            } = &**record;
            let mut definition = definition.clone();
            let place = places.of_object(definition.id);
            definition.transform = place.unwrap_or(definition.transform);
            let object = definition.id;
            let objects = vec![definition];
            outbox.send_to_all(encoder.encode(AddObjects { objects }));
            outbox.send_to_all(encoder.encode_slots(object, slots));
        }
        WorldEvent::ObjectsRemoved { objects } => {
            for objects in objects.chunks(MAX_REMOVED) {
                let objects = objects.to_vec();
                outbox.send_to_all(encoder.encode(RemoveObjects { objects }));
            }
        }
        WorldEvent::ObjectSettled { object, transform } => {
            let message = ObjectTransform {
                id: *object,
                object_transform: places.of_object(*object).unwrap_or(*transform),
            };
            outbox.send_to_all(encoder.encode(message));
        }
        WorldEvent::SlotChanged {
            object,
            slot_type,
            slot_name,
            value,
            ..
        } => outbox.send_to_all(encoder.encode(slot_data(*object, slot_type, slot_name, value))),
        WorldEvent::AttributeChanged {
            audience,
            target,
            change,
            ..
        } => {
            if !audience.is_nobody() {
                outbox.send_to_audience(audience, encoder.encode_attribute(*target, change));
            }
        }
        WorldEvent::LockChanged {
            object,
            holder,
            requested,
        } => outbox.send_to_all(encoder.encode(LockObjectResponse {
            id: *object,
            result: u32::from(*requested),
            lock_owner: holder.unwrap_or_default(),
        })),
        WorldEvent::LockRefused {
            user,
            object,
            holder,
        } => {
            let refusal = LockObjectResponse {
                id: *object,
                result: 0,
                lock_owner: holder.unwrap_or_default(),
            };
            outbox.send_to_user(*user, &encoder.encode(refusal));
        }
        WorldEvent::Notice { user, text } => {
            let notice = Notification {
                notify_type: NotificationType::TEXT_MESSAGE,
                value: text.clone(),
            };
            outbox.send_to_user(*user, &encoder.encode(notice));
        }
        WorldEvent::HighFive {
            sender,
            receiver,
            message,
        } => {
            let greeting = encoder.encode(HighFive {
                sender_id: *sender,
                receiver_id: *receiver,
                message: message.clone(),
            });
            outbox.send_to_user(*receiver, &greeting);
            outbox.send_to_user(*sender, &greeting);
        }
        WorldEvent::FlyToMe { pilot, pilot_name } => {
            let invitation = FlyToMe {
                pilot: *pilot,
                pilot_name: pilot_name.clone(),
                object_id: world,
            };
            outbox.send_to_all(encoder.encode(invitation));
        }
        WorldEvent::Activity(update) => outbox.send_to_all(encoder.encode((**update).clone())),
        WorldEvent::EventStarted { fields } => {
            outbox.send_to_all(encoder.encode(EventStart(fields.clone())));
        }
    }
}

/// Whether the frames of all objects have to be made anew after an event.
fn changes_objects(event: &WorldEvent) -> bool {
    matches!(
        event,
        WorldEvent::ObjectChanged(_)
            | WorldEvent::ObjectsRemoved { .. }
            | WorldEvent::ObjectPlaced { .. }
            | WorldEvent::ObjectDragged { .. }
            | WorldEvent::SlotChanged { .. }
            | WorldEvent::CatalogueChanged
    )
}

/// Encodes the places of placed objects: once for each object, however often it moved.
pub(crate) fn encode_placed_objects(world: &mut World) {
    let events = world.resource::<TickEvents>();
    if events.unsettled().len() == 0 {
        return;
    }
    let event = events.position();
    let index = world.resource::<ObjectIndex>();
    let placed: Vec<_> = events.unsettled().filter_map(|id| index.get(id)).collect();
    world.resource_scope::<FrameEncoder, _>(|world, mut encoder| {
        let frames: Vec<Bytes> = if placed.len() > MANY_MOVES {
            let mut list = ListFrames::new(MessageType::AddObjects);
            let definitions = placed.into_iter();
            for definition in definitions.filter_map(|entity| record::definition(world, entity)) {
                // Names are cut, so a definition always fits a frame.
                let _ = list.push(|out| definition.encode_body(out));
            }
            list.finish()
        } else {
            let moves = placed.into_iter();
            moves
                .filter_map(|entity| record::transform_of(world, entity))
                .filter_map(|(id, object_transform)| {
                    encoder.encode(ObjectTransform {
                        id,
                        object_transform,
                    })
                })
                .collect()
        };
        let mut broadcasts = world.resource_mut::<BroadcastQueue>();
        for frame in frames {
            encoder.made += 1;
            broadcasts.push(event, Speakers::All, frame);
        }
    });
}

/// Encodes the departures of users, except of those who are back already.
pub(crate) fn encode_departures(
    events: Res<TickEvents>,
    users: Res<UserIndex>,
    mut encoder: ResMut<FrameEncoder>,
    mut broadcasts: ResMut<BroadcastQueue>,
) {
    let encoder = &mut *encoder;
    let left = events.iter().filter_map(|event| match event {
        WorldEvent::UserLeft { user } if users.get(*user).is_none() => Some(user),
        _ => None,
    });
    for user in left {
        // An id always fits a frame.
        let _ = encoder
            .departures
            .push(|out| out.extend_from_slice(user.as_bytes()));
    }
    for frame in encoder.departures.finish() {
        encoder.made += 1;
        broadcasts.push(events.position(), Speakers::All, frame);
    }
}

/// Encodes the entries of the users who arrived, for everybody, the newcomers included.
pub(crate) fn encode_arrivals(
    tick: Res<Tick>,
    events: Res<TickEvents>,
    arriving: Query<(EntityLocation, &Profile, &Pose, &Handle), With<Arriving>>,
    mut encoder: ResMut<FrameEncoder>,
    mut broadcasts: ResMut<BroadcastQueue>,
) {
    if arriving.is_empty() {
        return;
    }
    let encoder = &mut *encoder;
    let mut arriving: Vec<_> = arriving.iter().collect();
    arriving.sort_unstable_by_key(|(location, ..)| presence::list_order(*location));
    for (_, profile, pose, _) in &arriving {
        push_user(&mut encoder.arrivals, profile, pose.transform);
    }
    let event = events.position();
    for frame in encoder.arrivals.finish() {
        encoder.made += 1;
        broadcasts.push(event, Speakers::All, frame);
    }
    let handles = arriving
        .iter()
        .map(|(_, profile, _, handle)| handle_entry(profile, handle));
    let handles: Vec<_> = handles.collect();
    for frame in UserHandles::frames(tick.0, &handles) {
        encoder.made += 1;
        broadcasts.push(event, Speakers::V2, frame);
    }
}

/// Encodes the last frame of sessions that are rejected.
pub(crate) fn encode_rejections(
    mut ending: ResMut<EndingSessions>,
    mut encoder: ResMut<FrameEncoder>,
) {
    if ending.has_rejected() {
        ending.set_rejection(encoder.encode(Signal {
            value: SignalType::DUAL_CONNECTION,
        }));
    }
}

/// The handle of a user as clients get it.
pub(super) fn handle_entry(profile: &Profile, handle: &Handle) -> HandleEntry {
    HandleEntry {
        handle: handle.0,
        id: profile.user,
    }
}

/// Adds a user to an AddUsers list.
pub(super) fn push_user(list: &mut ListFrames, profile: &Profile, transform: TransformNoScale) {
    let entry = user_data(profile, transform);
    if let Err(error) = list.push(|out| entry.encode_body(out)) {
        tracing::warn!(user = %profile.user, %error, "user entry not sent");
    }
}

fn user_data(profile: &Profile, transform: TransformNoScale) -> UserData {
    UserData {
        id: profile.user,
        name: profile.name.clone(),
        avatar: profile.avatar.clone(),
        transform,
        is_guest: profile.is_guest,
    }
}

fn slot_data(object: Umid, slot_type: &str, name: &str, value: &SlotValue) -> ObjectData {
    let slot = IndexMap::from([(name.to_owned(), value.clone())]);
    object_data(object, &IndexMap::from([(slot_type.to_owned(), slot)]))
}

/// Slots as a message; numbers as the only type that clients decode (docs/spec/posbus.md §3.3).
fn object_data(id: Umid, slots: &IndexMap<String, IndexMap<String, SlotValue>>) -> ObjectData {
    let entries = slots.iter().map(|(slot_type, names)| {
        let mut values: JsonMap = names
            .iter()
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        posbus::normalize_numbers(&mut values);
        (slot_type.clone(), Some(values))
    });
    ObjectData {
        id,
        entries: entries.collect(),
    }
}
