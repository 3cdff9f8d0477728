//! Content of a received frame, looked up in the updates that were sent.
//!
//! Bots that stand in the same cell are sent the same bytes, so what a frame says is remembered for
//! a moment and the next bot that gets exactly these bytes does not decode them again. What each
//! bot knows is its own affair all the same (`known`).

mod list;

use posbus::{
    Message, MessageType, SignalType, UserData, UserTransform, Vec3,
    v2::{self, PoseEntry, UNITS_PER_METRE, UserHandles, Welcome},
};

use crate::swarm::{
    sent::{self, Presence, SentUpdates, Stamp},
    world::World,
};

/// Frames that are remembered. A world of 5,000 has some 250 cells, a tick leaves a frame or two
/// for each.
const REMEMBERED: usize = 2_048;
/// Time in units of 10 µs: a frame that comes again much later may mean other updates.
const EXPIRY: u32 = Stamp::PER_SECOND / 2;
/// Shorter frames are decoded faster than looked up.
const SHORTEST: usize = 64;
/// A position that is off by more than this was not rounded: in metres, half a unit of 1/64 m.
const ROUNDING: f32 = 1.0 / 128.0;
/// Relative distance of floats of this size, which cannot be told apart.
const FLOAT_ERROR: f32 = 1.0 / (1 << 22) as f32;

/// Content of a frame.
#[derive(Clone, Debug)]
pub(crate) enum Content {
    /// Positions of users.
    Poses(Poses),
    /// Users are there; bots among them, and which of their updates their position is, if any.
    Added(Vec<(u32, Option<u32>)>),
    /// Bots are gone.
    Removed(Vec<u32>),
    /// These bots have handles, and so many handles already belonged to somebody else who is there.
    Bound(Vec<u32>, u32),
    /// Parameters of this session.
    Welcome(Box<Welcome>),
    /// A signal.
    Signal(SignalType),
    /// Nothing that a bot looks at.
    Other,
    /// Nothing that can be decoded.
    Undecodable,
}

/// Positions of users.
#[derive(Clone, Debug, Default)]
pub(crate) struct Poses {
    /// The tick that it shows, in version 2.
    pub(crate) tick: Option<u64>,
    /// All positions, of whomever.
    pub(crate) positions: u32,
    /// Positions of bots that these never sent.
    pub(crate) wrong: u32,
    /// Updates of bots.
    pub(crate) updates: Vec<Heard>,
}

/// An update of a bot, as it was received.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Heard {
    pub(crate) bot: u32,
    pub(crate) sequence: u32,
    /// When it was sent; 0 if that does not count, as its sender does not read.
    pub(crate) sent: Stamp,
    /// Position of the bot, in metres along x and z.
    pub(crate) place: (f32, f32),
}

/// Precision with which positions have to arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exactness {
    /// To the bit, as version 1 sends floats.
    Whole,
    /// To 1/64 m, as version 2 sends them.
    Rounded,
}

/// Verdict on a position in a frame.
enum Found {
    Update(Heard),
    /// Nobody sent it; where somebody entered, perhaps.
    Foreign,
    /// Nobody sent it, and nobody could have entered there.
    Wrong,
    /// Not of a bot.
    Stranger,
}

/// Decodes frames and remembers what they say.
pub(crate) struct Decoder {
    slots: Vec<Slot>,
    /// Frames that were decoded, and frames that were remembered.
    pub(crate) decoded: u64,
    pub(crate) remembered: u64,
}

struct Slot {
    frame: Vec<u8>,
    until: Stamp,
    content: Content,
}

impl Decoder {
    pub(crate) fn new() -> Self {
        let slot = || Slot {
            frame: Vec::new(),
            until: Stamp(0),
            content: Content::Other,
        };
        Self {
            slots: std::iter::repeat_with(slot).take(REMEMBERED).collect(),
            decoded: 0,
            remembered: 0,
        }
    }

    /// Content of a frame.
    pub(crate) fn read(&mut self, frame: &[u8], world: &World, now: Stamp) -> &Content {
        let short = frame.len() < SHORTEST;
        let at = if short {
            0
        } else {
            sum(frame) as usize % REMEMBERED
        };
        let Some(slot) = self.slots.get_mut(at) else {
            return &Content::Other;
        };
        if !short && now < slot.until && slot.frame == frame {
            self.remembered += 1;
            return &slot.content;
        }
        self.decoded += 1;
        decode(frame, world, &mut slot.content);
        slot.until = now.plus(EXPIRY);
        slot.frame.clear();
        slot.frame.extend_from_slice(frame);
        &slot.content
    }
}

/// A check sum of some of the bytes, as equality is looked at anyway.
fn sum(frame: &[u8]) -> u64 {
    let word = |bytes: &[u8]| {
        bytes
            .first_chunk()
            .map_or(0, |bytes| u64::from_le_bytes(*bytes))
    };
    let mix = |sum: u64, word: u64| (sum ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let middle = frame.get(frame.len() / 2..).unwrap_or_default();
    let end = frame.get(frame.len() - 16..).unwrap_or_default();
    let words = frame.chunks(48).map(word);
    let sum = words
        .chain([word(middle), word(end)])
        .fold(frame.len() as u64, |sum, word| {
            mix(sum, word).rotate_left(29)
        });
    sum ^ (sum >> 32)
}

fn decode(frame: &[u8], world: &World, content: &mut Content) {
    if let Ok(list) = v2::decode_poses(frame) {
        let mut poses = content.reuse();
        poses.read_quantised(&list, world);
        *content = Content::Poses(poses);
        return;
    }
    let mut poses = content.reuse();
    if list::read(frame, |user| poses.take(&user, &world.sent)).is_some() {
        *content = Content::Poses(poses);
        return;
    }
    let id = frame.first_chunk().map(|id| u32::from_le_bytes(*id));
    // Frames that no bot looks at are not decoded.
    let ignored = id.and_then(MessageType::from_id).is_some_and(|known| {
        !matches!(
            known,
            // One that could not be read is one that cannot be decoded.
            MessageType::UsersTransformList
                | MessageType::AddUsers
                | MessageType::RemoveUsers
                | MessageType::Signal
        )
    });
    if ignored || id == Some(v2::MessageType::ObjectPoses.id()) {
        *content = Content::Other;
        return;
    }
    *content = match v2::decode(frame) {
        Ok(v2::Message::Welcome(welcome)) => Content::Welcome(Box::new(welcome)),
        Ok(v2::Message::UserHandles(list)) => bind(&list, world),
        Ok(v2::Message::V1(message)) => read(message, world),
        Ok(_) | Err(_) => Content::Undecodable,
    };
}

fn read(message: Message, world: &World) -> Content {
    match message {
        Message::AddUsers(list) => Content::Added(added(&list.users, &world.sent)),
        Message::RemoveUsers(list) => {
            let bots = list.users.iter().filter_map(|user| world.sent.bot(*user));
            Content::Removed(bots.collect())
        }
        Message::Signal(signal) => Content::Signal(signal.value),
        Message::UsersTransformList(_) => Content::Undecodable,
        _ => Content::Other,
    }
}

fn bind(list: &UserHandles, world: &World) -> Content {
    let mut contradictions = 0;
    let mut bots = Vec::with_capacity(list.users.len());
    for entry in &list.users {
        let bot = world.sent.bot(entry.id);
        let before = world.handles.bind(entry.handle, bot);
        let taken = before
            .filter(|before| Some(*before) != bot)
            .is_some_and(|before| {
                matches!(
                    world.sent.presence(before),
                    Presence::Present | Presence::Detached
                )
            });
        contradictions += u32::from(taken);
        bots.extend(bot);
    }
    Content::Bound(bots, contradictions)
}

impl Content {
    /// Empty poses, in the memory of those that are there.
    fn reuse(&mut self) -> Poses {
        match std::mem::replace(self, Self::Other) {
            Self::Poses(mut poses) => {
                (poses.tick, poses.positions, poses.wrong) = (None, 0, 0);
                poses.updates.clear();
                poses
            }
            _ => Poses::default(),
        }
    }
}

impl Poses {
    fn read_quantised(&mut self, list: &v2::PosesView<'_>, world: &World) {
        self.tick = Some(list.tick());
        list.for_each(|PoseEntry { handle, pose }| {
            let metres = |units: i32| units as f32 / UNITS_PER_METRE;
            let position = Vec3::new(metres(pose.x), metres(pose.y), metres(pose.z));
            let level = pose.pitch == 0 && pose.roll == 0;
            let number = level.then_some(u32::from(pose.yaw));
            let bot = world.handles.bot(handle);
            self.push(match bot {
                Some(bot) => find(&world.sent, bot, position, number, Exactness::Rounded),
                None => Found::Stranger,
            });
        });
    }

    fn take(&mut self, user: &UserTransform, sent: &SentUpdates) {
        let transform = user.transform;
        let number = direction(transform.rotation);
        self.push(match sent.bot(user.id) {
            Some(bot) => find(sent, bot, transform.position, number, Exactness::Whole),
            None => Found::Stranger,
        });
    }

    fn push(&mut self, found: Found) {
        self.positions += 1;
        match found {
            Found::Update(heard) => self.updates.push(heard),
            Found::Wrong => self.wrong += 1,
            Found::Foreign | Found::Stranger => {}
        }
    }
}

fn added(users: &[UserData], sent: &SentUpdates) -> Vec<(u32, Option<u32>)> {
    let bots = users.iter().filter_map(|user| {
        let bot = sent.bot(user.id)?;
        let transform = user.transform;
        let number = direction(transform.rotation);
        // The place where a user entered need not be one that it sent.
        match find(sent, bot, transform.position, number, Exactness::Whole) {
            Found::Update(heard) => Some((bot, Some(heard.sequence))),
            _ => Some((bot, None)),
        }
    });
    bots.collect()
}

/// The number that a rotation carries; bots only turn about the vertical axis.
fn direction(rotation: Vec3) -> Option<u32> {
    let level = rotation.x == 0.0 && rotation.z == 0.0;
    level.then(|| sent::number(rotation.y)).flatten()
}

/// Finds the update of a bot that a position is.
fn find(
    sent: &SentUpdates,
    bot: u32,
    position: Vec3,
    number: Option<u32>,
    exactness: Exactness,
) -> Found {
    let update = number.and_then(|number| sent.find(bot, number));
    match update {
        Some(update) if agrees(position, update.position, exactness) => Found::Update(Heard {
            bot,
            sequence: update.sequence,
            sent: if sent.stalls(bot) {
                Stamp(0)
            } else {
                update.sent
            },
            place: (update.position.x, update.position.z),
        }),
        // Nobody has turned yet where they enter.
        _ if sent.latest(bot) < sent::NUMBERS && number == Some(0) => Found::Foreign,
        _ if sent.latest(bot) == 0 => Found::Foreign,
        _ => Found::Wrong,
    }
}

fn agrees(received: Vec3, sent: Vec3, exactness: Exactness) -> bool {
    match exactness {
        Exactness::Whole => received == sent,
        Exactness::Rounded => {
            let near = |received: f32, sent: f32| {
                (received - sent).abs() <= ROUNDING + sent.abs() * FLOAT_ERROR
            };
            near(received.x, sent.x) && near(received.y, sent.y) && near(received.z, sent.z)
        }
    }
}
