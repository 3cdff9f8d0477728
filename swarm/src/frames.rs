//! What a received frame says, looked up in the ledger.
//!
//! Bots that stand in the same cell are sent the same bytes, so what a frame says is remembered for a moment and the next bot
//! that gets exactly these bytes does not decode them again. What each bot knows is its own affair all the same (`sight`).

use posbus::{Message, MessageType, SignalType, UserData, UserTransform, Vec3};

use crate::{
    ledger::{self, Ledger, Stamp},
    world::World,
};

/// Frames that are remembered. A world of 5,000 has some 250 cells, a tick leaves a frame or two for each.
const REMEMBERED: usize = 2_048;
/// How long, in units of 10 µs: a frame that comes again much later may mean other updates.
const EXPIRY: u32 = Stamp::PER_SECOND / 2;
/// Shorter frames are decoded faster than looked up.
const SHORTEST: usize = 64;
/// A position that is off by more than this was not rounded: in metres, half a unit of 1/64 m.
const ROUNDING: f32 = 1.0 / 128.0;
/// What floats of this size cannot tell apart, as a share of them.
const FLOAT_ERROR: f32 = 1.0 / (1 << 22) as f32;

/// What a frame says.
#[derive(Clone, Debug)]
pub(crate) enum Content {
    /// Where users are.
    Poses(Poses),
    /// Users are there; bots among them, and which of their updates their position is, if any.
    Added(Vec<(u32, Option<u32>)>),
    /// Bots are gone.
    Removed(Vec<u32>),
    /// A signal.
    Signal(SignalType),
    /// Nothing that a bot looks at.
    Other,
    /// Nothing that can be decoded.
    Undecodable,
}

/// Where users are.
#[derive(Clone, Debug, Default)]
pub(crate) struct Poses {
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
    /// Where the bot was, in metres along x and z.
    pub(crate) place: (f32, f32),
}

/// How exactly positions have to arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exactness {
    /// To the bit, as version 1 sends floats.
    Whole,
    /// To 1/64 m, as version 2 sends them.
    #[allow(dead_code)]
    #[cfg_attr(not(test), expect(dead_code, reason = "comes with version 2"))]
    Rounded,
}

/// What a position in a frame turned out to be.
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

    /// What a frame says.
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
    let message_type = frame
        .first_chunk()
        .and_then(|id| MessageType::from_id(u32::from_le_bytes(*id)));
    // What no bot looks at is not decoded either.
    if !matches!(
        message_type,
        Some(
            MessageType::UsersTransformList
                | MessageType::AddUsers
                | MessageType::RemoveUsers
                | MessageType::Signal
        )
    ) {
        *content = Content::Other;
        return;
    }
    *content = match posbus::decode(frame) {
        Ok(Message::UsersTransformList(list)) => {
            let mut poses = match std::mem::replace(content, Content::Other) {
                Content::Poses(poses) => poses,
                _ => Poses::default(),
            };
            poses.read(&list.value, &world.ledger);
            Content::Poses(poses)
        }
        Ok(Message::AddUsers(list)) => Content::Added(added(&list.users, &world.ledger)),
        Ok(Message::RemoveUsers(list)) => {
            let bots = list.users.iter().filter_map(|user| world.ledger.bot(*user));
            Content::Removed(bots.collect())
        }
        Ok(Message::Signal(signal)) => Content::Signal(signal.value),
        Ok(_) => Content::Other,
        Err(_) => Content::Undecodable,
    };
}

impl Poses {
    fn read(&mut self, list: &[UserTransform], ledger: &Ledger) {
        self.clear();
        for user in list {
            let transform = user.transform;
            let found = match ledger.bot(user.id) {
                Some(bot) => find(
                    ledger,
                    bot,
                    transform.position,
                    direction(transform.rotation),
                    Exactness::Whole,
                ),
                None => Found::Stranger,
            };
            self.push(found);
        }
    }

    fn clear(&mut self) {
        (self.positions, self.wrong) = (0, 0);
        self.updates.clear();
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

fn added(users: &[UserData], ledger: &Ledger) -> Vec<(u32, Option<u32>)> {
    let bots = users.iter().filter_map(|user| {
        let bot = ledger.bot(user.id)?;
        let transform = user.transform;
        let number = direction(transform.rotation);
        // Where somebody entered need not be a place they sent.
        match find(ledger, bot, transform.position, number, Exactness::Whole) {
            Found::Update(heard) => Some((bot, Some(heard.sequence))),
            _ => Some((bot, None)),
        }
    });
    bots.collect()
}

/// The number that a rotation carries; bots only turn about the vertical axis.
fn direction(rotation: Vec3) -> Option<u32> {
    let level = rotation.x == 0.0 && rotation.z == 0.0;
    level.then(|| ledger::number(rotation.y)).flatten()
}

/// Finds the update of a bot that a position is.
fn find(
    ledger: &Ledger,
    bot: u32,
    position: Vec3,
    number: Option<u32>,
    exactness: Exactness,
) -> Found {
    let update = number.and_then(|number| ledger.find(bot, number));
    match update {
        Some(update) if agrees(position, update.position, exactness) => Found::Update(Heard {
            bot,
            sequence: update.sequence,
            sent: if ledger.stalls(bot) {
                Stamp(0)
            } else {
                update.sent
            },
            place: (update.position.x, update.position.z),
        }),
        // Nobody has turned yet where they enter.
        _ if ledger.latest(bot) < ledger::NUMBERS && number == Some(0) => Found::Foreign,
        _ if ledger.latest(bot) == 0 => Found::Foreign,
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
