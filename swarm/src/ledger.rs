//! What every bot sent and when, shared by all: an update received anywhere finds its sending here. Written by the sender,
//! read by all others, without locks.

use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
    sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering},
};

use posbus::{Umid, Vec3};
use tokio::time::Instant;

/// The bits of 1.0. Heights are this plus a number in the 23 bits below, so they lie between 1 m and 2 m and travel
/// unchanged, as floats do in version 1 (spec posbus §3.1).
const HEIGHT: u32 = 0x3f80_0000;
/// The highest number that fits: nine days at 10 updates per second.
const MAX_SEQUENCE: u32 = 0x007f_ffff;

/// A moment, in units of 10 µs since the ledger was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
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
}

/// All bots and what they sent.
pub(crate) struct Ledger {
    origin: Instant,
    by_id: HashMap<u64, u32, BuildHasherDefault<IdHasher>>,
    tracks: Vec<Track>,
}

/// What one bot sent.
struct Track {
    id: Umid,
    /// Does not read; nothing is expected of what is heard of it, as a server may send it away any time.
    stalled: bool,
    presence: AtomicU8,
    /// Number of its last update, 0 before the first.
    latest: AtomicU32,
    /// x and z of the last update.
    place: AtomicU64,
    /// Stamp and check sum of the last updates; a ring by number.
    sendings: Box<[AtomicU64]>,
}

/// Where a bot is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Presence {
    /// Has not entered yet.
    Absent = 0,
    /// Is in the world.
    Present = 1,
    /// Was, and is not any more.
    Lost = 2,
}

/// Which update a position is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Match {
    /// This one, sent then; None if that was too long ago to be remembered.
    Update { sequence: u32, sent: Option<Stamp> },
    /// None that the bot ever sent, such as a spawn point.
    Foreign,
    /// It has the number of an update, but not its place.
    Corrupt,
}

impl Ledger {
    /// An empty ledger for these users, by number whether they stall, that remembers `depth` updates of each.
    pub(crate) fn new(users: impl Iterator<Item = (Umid, bool)>, depth: usize) -> Self {
        let tracks: Vec<_> = users
            .map(|(id, stalled)| Track {
                id,
                stalled,
                presence: AtomicU8::new(Presence::Absent as u8),
                latest: AtomicU32::new(0),
                place: AtomicU64::new(0),
                sendings: (0..depth.max(1)).map(|_| AtomicU64::new(0)).collect(),
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
            _ => Presence::Absent,
        }
    }

    pub(crate) fn set_presence(&self, bot: u32, presence: Presence) {
        if let Some(track) = self.track(bot) {
            track.presence.store(presence as u8, Ordering::Relaxed);
        }
    }

    /// Number of the last update of a bot.
    pub(crate) fn latest(&self, bot: u32) -> u32 {
        self.track(bot)
            .map_or(0, |track| track.latest.load(Ordering::Acquire))
    }

    /// Where a bot was last, in metres along x and z.
    pub(crate) fn place(&self, bot: u32) -> (f32, f32) {
        let bits = self
            .track(bot)
            .map_or(0, |track| track.place.load(Ordering::Relaxed));
        (
            f32::from_bits((bits >> 32) as u32),
            f32::from_bits(bits as u32),
        )
    }

    /// Notes that a bot sends an update now, and gives the position to send.
    pub(crate) fn send(&self, bot: u32, (x, z): (f32, f32), now: Stamp) -> Vec3 {
        let Some(track) = self.track(bot) else {
            return Vec3::ZERO;
        };
        let sequence = (track.latest.load(Ordering::Relaxed) + 1).min(MAX_SEQUENCE);
        if let Some(sending) = track.sending(sequence) {
            let entry = u64::from(now.0) << 32 | u64::from(check(x, z));
            sending.store(entry, Ordering::Relaxed);
        }
        let place = u64::from(x.to_bits()) << 32 | u64::from(z.to_bits());
        track.place.store(place, Ordering::Relaxed);
        track.latest.store(sequence, Ordering::Release);
        Vec3::new(x, f32::from_bits(HEIGHT | sequence), z)
    }

    /// Finds the update of a bot that a position is.
    pub(crate) fn find(&self, bot: u32, position: Vec3) -> Match {
        let height = position.y.to_bits();
        let sequence = height & MAX_SEQUENCE;
        let Some(track) = self.track(bot) else {
            return Match::Foreign;
        };
        let latest = track.latest.load(Ordering::Acquire);
        if height & !MAX_SEQUENCE != HEIGHT || sequence == 0 || sequence > latest {
            return Match::Foreign;
        }
        // One of the ring may be about to be overwritten.
        if (latest - sequence) as usize + 1 >= track.sendings.len() {
            return Match::Update {
                sequence,
                sent: None,
            };
        }
        let entry = track
            .sending(sequence)
            .map_or(0, |sending| sending.load(Ordering::Relaxed));
        if entry as u32 != check(position.x, position.z) {
            return Match::Corrupt;
        }
        let sent = Some(Stamp((entry >> 32) as u32));
        Match::Update { sequence, sent }
    }

    /// When a bot sent an update; None if that was too long ago to be remembered.
    pub(crate) fn sent(&self, bot: u32, sequence: u32) -> Option<Stamp> {
        let track = self.track(bot)?;
        let behind = self.latest(bot).saturating_sub(sequence) as usize;
        (behind + 1 < track.sendings.len())
            .then(|| track.sending(sequence))
            .flatten()
            .map(|sending| Stamp((sending.load(Ordering::Relaxed) >> 32) as u32))
    }

    fn track(&self, bot: u32) -> Option<&Track> {
        self.tracks.get(bot as usize)
    }
}

impl Track {
    fn sending(&self, sequence: u32) -> Option<&AtomicU64> {
        self.sendings.get(sequence as usize % self.sendings.len())
    }
}

/// What tells a place from another one; the height need not be in it, as it is the number itself.
fn check(x: f32, z: f32) -> u32 {
    x.to_bits().wrapping_mul(0x9e37_79b1) ^ z.to_bits().rotate_left(16)
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

    use super::{Ledger, Match, Stamp};

    fn ledger(depth: usize) -> Ledger {
        let users = (1..=3).map(|id| (Umid::from_u128(id), false));
        Ledger::new(users, depth)
    }

    #[test]
    fn a_position_finds_its_sending_after_the_wire() {
        let ledger = ledger(8);
        let sent: Vec<_> = (0..5)
            .map(|step| ledger.send(1, (step as f32 * 0.1, -3.7), Stamp(100 + step)))
            .collect();
        for (number, position) in (0..).zip(sent) {
            let message = posbus::MyTransform {
                position,
                rotation: Vec3::ZERO,
            };
            let frame = posbus::Message::from(message).encode();
            let Ok(posbus::Message::MyTransform(received)) = posbus::decode(&frame) else {
                panic!("decodes to what it was");
            };
            let found = ledger.find(1, received.position);
            let sent = Some(Stamp(100 + number));
            assert_eq!(
                found,
                Match::Update {
                    sequence: number + 1,
                    sent
                }
            );
            assert_eq!(
                ledger.find(0, received.position),
                Match::Foreign,
                "another bot's"
            );
        }
    }

    #[test]
    fn what_was_never_sent_is_told_apart() {
        let ledger = ledger(8);
        let position = ledger.send(0, (1.0, 2.0), Stamp(1));
        assert_eq!(ledger.find(0, Vec3::new(1.0, 7.0, 2.0)), Match::Foreign);
        assert_eq!(ledger.find(0, Vec3::new(0.0, 1.0, 0.0)), Match::Foreign);
        assert_eq!(
            ledger.find(0, Vec3::new(1.0, 1.5, 2.0)),
            Match::Foreign,
            "the future"
        );
        let moved = Vec3 { x: 1.5, ..position };
        assert_eq!(ledger.find(0, moved), Match::Corrupt);
    }

    #[test]
    fn the_ring_forgets_the_time_but_not_the_number() {
        let ledger = ledger(4);
        let first = ledger.send(2, (0.0, 0.0), Stamp(1));
        for step in 2..=9 {
            ledger.send(2, (0.0, 0.0), Stamp(step));
        }
        assert_eq!(
            ledger.find(2, first),
            Match::Update {
                sequence: 1,
                sent: None
            }
        );
        assert_eq!(
            (ledger.sent(2, 1), ledger.sent(2, 8)),
            (None, Some(Stamp(8)))
        );
        assert_eq!(ledger.latest(2), 9);
    }

    #[test]
    fn bots_are_found_by_their_whole_id() {
        let ledger = ledger(4);
        assert_eq!(ledger.bot(Umid::from_u128(2)), Some(1));
        assert_eq!(ledger.bot(Umid::from_u128(1 << 64 | 2)), None);
        assert_eq!(ledger.bot(Umid::from_u128(9)), None);
    }
}
