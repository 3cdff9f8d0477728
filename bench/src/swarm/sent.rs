//! Updates that every bot sent, with their times, shared by all: an update received anywhere finds
//! its sending here. Written by the sender, read by all others, without locks.
//!
//! The number of an update travels as the direction its sender looks in: 9 bits, which is what
//! version 2 of the protocol leaves of an angle (docs/protocol.md, Poses) and what version 1
//! delivers as a float, untouched. Whoever receives it knows which of the last 512 updates it is,
//! and the place that came with it must be the one that was sent.

use std::{
    collections::HashMap,
    f32::consts::TAU,
    hash::{BuildHasherDefault, Hasher},
    sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering},
    time::Instant,
};

use posbus::{Umid, Vec3};

/// Numbers that an angle tells apart; as many updates of each bot are remembered.
pub(crate) const NUMBERS: u32 = 512;
/// The oldest ones may be about to be overwritten.
const MEMORY: u32 = NUMBERS - 2;

/// A moment, in units of 10 µs since the run began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Stamp(pub(crate) u32);

impl Stamp {
    /// Stamps per millisecond.
    pub(crate) const PER_MILLISECOND: f64 = 100.0;
    /// Stamps per second.
    pub(crate) const PER_SECOND: u32 = 100_000;

    /// Time since an earlier moment, in units of 10 µs.
    pub(crate) fn since(self, earlier: Self) -> u32 {
        self.0.saturating_sub(earlier.0)
    }

    /// So many units of 10 µs later.
    pub(crate) fn plus(self, units: u32) -> Self {
        Self(self.0.saturating_add(units))
    }
}

/// The direction that carries a number, in radians from −π to π.
pub(crate) fn yaw(number: u32) -> f32 {
    let number = (number % NUMBERS) as f32;
    let half = NUMBERS as f32 / 2.0;
    let signed = if number < half {
        number
    } else {
        number - NUMBERS as f32
    };
    signed * (TAU / NUMBERS as f32)
}

/// The number that a direction carries; none if it is not exactly one of those that do.
pub(crate) fn number(direction: f32) -> Option<u32> {
    let rounded = (direction * (NUMBERS as f32 / TAU)).round();
    let found = (rounded as i32).rem_euclid(NUMBERS as i32).cast_unsigned();
    (yaw(found) == direction).then_some(found)
}

/// All bots and what they sent.
pub(crate) struct SentUpdates {
    origin: Instant,
    by_id: HashMap<u64, u32, BuildHasherDefault<IdHasher>>,
    tracks: Vec<Track>,
}

/// Updates of one bot.
struct Track {
    id: Umid,
    /// Does not read; nothing is expected of what is heard of it, as a server may send it away any
    /// time.
    stalled: bool,
    presence: AtomicU8,
    /// When it cut its connection, 0 if it did not.
    cut: AtomicU32,
    /// Number of its last update, 0 before the first.
    latest: AtomicU32,
    /// The last updates; a ring by number.
    sendings: Box<[Sending]>,
}

/// One update: stamp and x, y and z.
#[derive(Default)]
struct Sending {
    stamp_x: AtomicU64,
    y_z: AtomicU64,
}

/// An update that a bot sent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Update {
    /// Counts the updates of a bot from 1.
    pub(crate) sequence: u32,
    pub(crate) sent: Stamp,
    pub(crate) position: Vec3,
}

/// Stage of the life of a bot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Presence {
    /// Has not entered yet.
    Absent = 0,
    /// Is in the world.
    Present = 1,
    /// Was, and is not any more.
    Lost = 2,
    /// Cut its connection and is going to come back; nobody else should notice.
    Detached = 3,
}

impl SentUpdates {
    /// An empty sent for these users, by number whether they stall.
    pub(crate) fn new(users: impl Iterator<Item = (Umid, bool)>) -> Self {
        let tracks: Vec<_> = users
            .map(|(id, stalled)| Track {
                id,
                stalled,
                presence: AtomicU8::new(Presence::Absent as u8),
                cut: AtomicU32::new(0),
                latest: AtomicU32::new(0),
                sendings: (0..NUMBERS).map(|_| Sending::default()).collect(),
            })
            .collect();
        let by_id = (0..)
            .zip(&tracks)
            .map(|(bot, track)| (key(track.id), bot))
            .collect();
        Self {
            origin: Instant::now(),
            by_id,
            tracks,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.tracks.len()
    }

    /// All bots, by number.
    pub(crate) fn bots(&self) -> impl Iterator<Item = u32> + use<> {
        0..u32::try_from(self.tracks.len()).unwrap_or(u32::MAX)
    }

    pub(crate) fn now(&self) -> Stamp {
        self.stamp(Instant::now())
    }

    pub(crate) fn stamp(&self, at: Instant) -> Stamp {
        let since = at.saturating_duration_since(self.origin);
        let units =
            since.as_secs() * u64::from(Stamp::PER_SECOND) + u64::from(since.subsec_micros() / 10);
        Stamp(u32::try_from(units).unwrap_or(u32::MAX))
    }

    /// The bot that has this id.
    pub(crate) fn bot(&self, id: Umid) -> Option<u32> {
        let bot = *self.by_id.get(&key(id))?;
        (self.track(bot)?.id == id).then_some(bot)
    }

    pub(crate) fn stalls(&self, bot: u32) -> bool {
        self.track(bot).is_some_and(|track| track.stalled)
    }

    pub(crate) fn presence(&self, bot: u32) -> Presence {
        match self
            .track(bot)
            .map(|track| track.presence.load(Ordering::Relaxed))
        {
            Some(1) => Presence::Present,
            Some(2) => Presence::Lost,
            Some(3) => Presence::Detached,
            _ => Presence::Absent,
        }
    }

    pub(crate) fn set_presence(&self, bot: u32, presence: Presence) {
        if let Some(track) = self.track(bot) {
            track.presence.store(presence as u8, Ordering::Relaxed);
        }
    }

    /// Notes that a bot cuts its connection now.
    pub(crate) fn cut(&self, bot: u32, now: Stamp) {
        if let Some(track) = self.track(bot) {
            track.cut.store(now.0, Ordering::Relaxed);
        }
        self.set_presence(bot, Presence::Detached);
    }

    /// When a bot cut its connection, if it did.
    pub(crate) fn was_cut(&self, bot: u32) -> Option<Stamp> {
        let cut = self.track(bot)?.cut.load(Ordering::Relaxed);
        (cut > 0).then_some(Stamp(cut))
    }

    /// Number of the last update of a bot, 0 before the first.
    pub(crate) fn latest(&self, bot: u32) -> u32 {
        self.track(bot)
            .map_or(0, |track| track.latest.load(Ordering::Acquire))
    }

    /// Notes that a bot sends an update now, and gives the rotation that carries its number.
    pub(crate) fn send(&self, bot: u32, position: Vec3, now: Stamp) -> Vec3 {
        let Some(track) = self.track(bot) else {
            return Vec3::ZERO;
        };
        let sequence = track.latest.load(Ordering::Relaxed).wrapping_add(1);
        if let Some(sending) = track.sending(sequence) {
            let pair = |high: u32, low: u32| u64::from(high) << 32 | u64::from(low);
            let stamp_x = pair(now.0, position.x.to_bits());
            let y_z = pair(position.y.to_bits(), position.z.to_bits());
            sending.stamp_x.store(stamp_x, Ordering::Relaxed);
            sending.y_z.store(y_z, Ordering::Relaxed);
        }
        track.latest.store(sequence, Ordering::Release);
        Vec3::new(0.0, yaw(sequence), 0.0)
    }

    /// The newest update of a bot that has a number; none if it did not send it or that is
    /// forgotten.
    pub(crate) fn find(&self, bot: u32, number: u32) -> Option<Update> {
        let latest = self.latest(bot);
        let behind = latest.wrapping_sub(number) % NUMBERS;
        self.update(bot, latest.checked_sub(behind)?)
    }

    /// An update of a bot; none if it did not send it or that is forgotten.
    pub(crate) fn update(&self, bot: u32, sequence: u32) -> Option<Update> {
        let track = self.track(bot)?;
        let latest = track.latest.load(Ordering::Acquire);
        if sequence == 0 || sequence > latest || latest - sequence >= MEMORY {
            return None;
        }
        let sending = track.sending(sequence)?;
        let stamp_x = sending.stamp_x.load(Ordering::Relaxed);
        let y_z = sending.y_z.load(Ordering::Relaxed);
        let float = |bits: u64| f32::from_bits(bits as u32);
        Some(Update {
            sequence,
            sent: Stamp((stamp_x >> 32) as u32),
            position: Vec3::new(float(stamp_x), float(y_z >> 32), float(y_z)),
        })
    }

    /// The last update of a bot.
    pub(crate) fn last(&self, bot: u32) -> Option<Update> {
        self.update(bot, self.latest(bot))
    }

    fn track(&self, bot: u32) -> Option<&Track> {
        self.tracks.get(bot as usize)
    }
}

impl Track {
    fn sending(&self, sequence: u32) -> Option<&Sending> {
        self.sendings.get((sequence % NUMBERS) as usize)
    }
}

/// The random half of an id.
fn key(id: Umid) -> u64 {
    id.as_u128() as u64
}

/// Spreads ids that are random already; the usual hasher would be a good part of what a bot costs.
#[derive(Default)]
struct IdHasher(u64);

impl Hasher for IdHasher {
    fn write_u64(&mut self, value: u64) {
        self.0 = value.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(self.0 ^ u64::from(*byte));
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use posbus::{Umid, Vec3};

    use super::{NUMBERS, SentUpdates, Stamp, Update, number, yaw};

    fn sent() -> SentUpdates {
        SentUpdates::new((1..=3).map(|id| (Umid::from_u128(id), false)))
    }

    #[test]
    fn numbers_survive_as_directions() {
        for value in 0..NUMBERS {
            assert_eq!(number(yaw(value)), Some(value));
            // Its remainder in version 2: the nearest of 512 directions.
            let quantised = (yaw(value) * 512.0 / std::f32::consts::TAU).round() as i32;
            assert_eq!(quantised.rem_euclid(512), value as i32);
        }
        assert_eq!(number(0.001), None);
        assert_eq!(number(100.0), None);
        assert_eq!(yaw(NUMBERS + 3), yaw(3));
    }

    #[test]
    fn a_number_finds_the_newest_update_that_has_it() {
        let sent = sent();
        assert_eq!(sent.find(1, 1), None, "not sent yet");
        for step in 1..=NUMBERS + 5 {
            let position = Vec3::new(step as f32, 2.0, -3.5);
            let rotation = sent.send(1, position, Stamp(100 + step));
            let update = Update {
                sequence: step,
                sent: Stamp(100 + step),
                position,
            };
            assert_eq!(number(rotation.y), Some(step % NUMBERS));
            assert_eq!(sent.find(1, step % NUMBERS), Some(update));
        }
        assert_eq!(sent.find(0, 1), None, "another bot's");
        assert_eq!(
            sent.find(1, 9).map(|update| update.sequence),
            Some(9),
            "still remembered"
        );
        assert_eq!(sent.find(1, 6), None, "about to be overwritten");
        assert_eq!(sent.update(1, 5), None, "forgotten");
        assert_eq!(
            sent.last(1).map(|update| update.sequence),
            Some(NUMBERS + 5)
        );
    }

    #[test]
    fn bots_are_found_by_their_whole_id() {
        let sent = sent();
        assert_eq!(sent.bot(Umid::from_u128(2)), Some(1));
        assert_eq!(sent.bot(Umid::from_u128(1 << 64 | 2)), None);
        assert_eq!(sent.bot(Umid::from_u128(9)), None);
    }
}
