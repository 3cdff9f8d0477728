//! Knowledge that one bot has of all others: their presence, and the newest update it has seen of
//! each.

use crate::swarm::{
    histogram::Times,
    sent::{Presence, SentUpdates, Stamp},
};

/// Somebody said that this one is there.
const ANNOUNCED: u32 = 1 << 31;
/// Somebody said by which handle it goes; without handles this comes with the announcement.
const BOUND: u32 = 1 << 30;
/// Both: its positions mean something.
const KNOWN: u32 = ANNOUNCED | BOUND;
/// Number of the newest update seen, 0 before the first.
const SEQUENCE: u32 = BOUND - 1;
/// Number of others that one look at a sample compares.
const SAMPLE: u32 = 64;
/// For how long after a bot came back nothing is expected of what others know of it, in units of 10
/// µs.
const SETTLING: u32 = 2 * Stamp::PER_SECOND;

/// Knowledge of one bot.
pub(crate) struct KnownBots {
    me: u32,
    /// By bot: who is known, and the newest update.
    rows: Vec<u32>,
    /// Number of others that are known.
    known: u32,
    /// Start of the next sample.
    next_sample: u32,
}

/// Verdict on a received update.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Observation {
    /// Seen for the first time.
    New,
    /// Known already.
    Repeated,
    /// Older than what was known.
    Older,
    /// Not of a bot that was announced, or of the observer itself: nothing to learn.
    Ignored,
}

/// Result of a look at what is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sampled {
    /// Others that should be known.
    pub(crate) looked_at: u64,
    /// Of these, whose known position is the last one, or young.
    pub(crate) fresh: u64,
}

/// Knowledge of the others in the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Final {
    /// Others that are there.
    pub(crate) expected: u64,
    /// Of these, known to be there.
    pub(crate) known: u64,
    /// Of these, of whom any update was seen.
    pub(crate) seen: u64,
    /// Of these, whose last update was seen.
    pub(crate) settled: u64,
}

impl Final {
    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            expected: self.expected + other.expected,
            known: self.known + other.known,
            seen: self.seen + other.seen,
            settled: self.settled + other.settled,
        }
    }
}

impl KnownBots {
    pub(crate) fn new(me: u32, sent: &SentUpdates) -> Self {
        Self {
            me,
            rows: vec![0; sent.len()],
            known: 0,
            // Spread from the start.
            next_sample: me,
        }
    }

    /// Number of others that are known.
    pub(crate) fn known(&self) -> u32 {
        self.known
    }

    /// Knows nobody any more.
    pub(crate) fn forget(&mut self) {
        self.rows.fill(0);
        self.known = 0;
    }

    /// A user is there, where it was with an update, if so; false if it was known to be already.
    pub(crate) fn announce(&mut self, bot: u32, sequence: Option<u32>, bound: bool) -> bool {
        let flags = if bound { KNOWN } else { ANNOUNCED };
        let new = self.mark(bot, flags) & ANNOUNCED == 0;
        // A position counts before the handle of its user is told, too.
        let row = self.rows.get_mut(bot as usize).filter(|_| bot != self.me);
        if let (Some(row), Some(sequence)) = (row, sequence)
            && sequence & SEQUENCE > *row & SEQUENCE
        {
            *row = (*row & !SEQUENCE) | (sequence & SEQUENCE);
        }
        new
    }

    /// A user goes by a handle.
    pub(crate) fn bind(&mut self, bot: u32) {
        self.mark(bot, BOUND);
    }

    fn mark(&mut self, bot: u32, flags: u32) -> u32 {
        let Some(row) = self.rows.get_mut(bot as usize).filter(|_| bot != self.me) else {
            return KNOWN;
        };
        let before = *row;
        *row |= flags;
        self.known += u32::from(before & KNOWN != KNOWN && *row & KNOWN == KNOWN);
        before
    }

    /// A user is gone; false if it was not known.
    pub(crate) fn remove(&mut self, bot: u32) -> bool {
        let Some(row) = self.rows.get_mut(bot as usize).filter(|row| **row != 0) else {
            return false;
        };
        let known = *row & KNOWN == KNOWN;
        *row = 0;
        self.known -= u32::from(known);
        known
    }

    /// An update of a user arrived.
    pub(crate) fn observe(&mut self, bot: u32, sequence: u32) -> Observation {
        let Some(row) = self.rows.get_mut(bot as usize) else {
            return Observation::Ignored;
        };
        if *row & KNOWN != KNOWN {
            return Observation::Ignored;
        }
        let newest = *row & SEQUENCE;
        if sequence > newest {
            *row = KNOWN | (sequence & SEQUENCE);
            Observation::New
        } else if sequence == newest {
            Observation::Repeated
        } else {
            Observation::Older
        }
    }

    /// Looks at some of the others, in turn; records the ages of what is known of those within
    /// `near` metres. What is known counts as fresh if it is where they are, or at most `fresh`
    /// old.
    pub(crate) fn sample(
        &mut self,
        sent: &SentUpdates,
        now: Stamp,
        fresh: u32,
        near: f32,
        ages: &mut Times,
    ) -> Sampled {
        let count = u32::try_from(sent.len()).unwrap_or(u32::MAX);
        let here = place(sent, self.me);
        let mut sampled = Sampled::default();
        for step in 0..SAMPLE.min(count) {
            let bot = (self.next_sample + step) % count;
            let Some(last) = sent.last(bot).filter(|_| self.concerns(sent, bot)) else {
                continue;
            };
            let came_back = sent.was_cut(bot);
            if came_back.is_some_and(|cut| now.since(cut) < SETTLING * 5) {
                continue;
            }
            let known = self.newest(bot);
            let age = match known.and_then(|sequence| sent.update(bot, sequence)) {
                Some(update) if update.sequence == last.sequence => 0,
                Some(update) => now.since(update.sent),
                None => u32::MAX,
            };
            sampled.looked_at += 1;
            sampled.fresh += u64::from(age <= fresh);
            if distance(here, (last.position.x, last.position.z)) <= near {
                ages.record(age);
            }
        }
        self.next_sample = (self.next_sample + SAMPLE) % count.max(1);
        sampled
    }

    /// Compares what is known of all others with the truth, once nobody moves any more.
    pub(crate) fn conclude(&self, sent: &SentUpdates) -> Final {
        let mut end = Final::default();
        for bot in sent.bots().filter(|bot| self.concerns(sent, *bot)) {
            let row = self.rows.get(bot as usize).copied().unwrap_or(0);
            let newest = self.newest(bot);
            end.expected += 1;
            end.known += u64::from(row & KNOWN == KNOWN);
            end.seen += u64::from(newest.is_some());
            end.settled += u64::from(newest == Some(sent.latest(bot)));
        }
        end
    }

    /// Whether this bot should know that one.
    pub(crate) fn concerns(&self, sent: &SentUpdates, bot: u32) -> bool {
        bot != self.me && !sent.stalls(bot) && sent.presence(bot) == Presence::Present
    }

    /// The number of the newest update seen of a bot.
    fn newest(&self, bot: u32) -> Option<u32> {
        let row = self.rows.get(bot as usize)?;
        Some(row & SEQUENCE).filter(|sequence| *sequence > 0)
    }
}

/// Position of a bot, in metres along x and z.
pub(crate) fn place(sent: &SentUpdates, bot: u32) -> (f32, f32) {
    let last = sent.last(bot);
    last.map_or((0.0, 0.0), |update| (update.position.x, update.position.z))
}

pub(crate) fn distance(here: (f32, f32), there: (f32, f32)) -> f32 {
    let (x, z) = (here.0 - there.0, here.1 - there.1);
    (x * x + z * z).sqrt()
}

#[cfg(test)]
mod tests {
    use posbus::{Umid, Vec3};

    use super::{Final, KnownBots, Observation, Sampled};
    use crate::swarm::{
        histogram::Times,
        sent::{Presence, SentUpdates, Stamp},
    };

    const SECOND: u32 = Stamp::PER_SECOND;

    /// Three bots that are there; the third stalls.
    fn world() -> (SentUpdates, KnownBots) {
        let sent = SentUpdates::new((1..=3).map(|id| (Umid::from_u128(id), id == 3)));
        for bot in 0..3 {
            sent.set_presence(bot, Presence::Present);
        }
        let known = KnownBots::new(0, &sent);
        (sent, known)
    }

    #[test]
    fn an_update_counts_once_and_never_backwards() {
        let (_, mut known) = world();
        assert_eq!(
            known.observe(1, 1),
            Observation::Ignored,
            "nobody said it is there"
        );
        assert!(known.announce(1, None, true));
        assert_eq!(known.observe(1, 1), Observation::New);
        assert_eq!(known.observe(1, 1), Observation::Repeated);
        assert_eq!(known.observe(1, 2), Observation::New);
        assert_eq!(known.observe(1, 1), Observation::Older);
        assert!(!known.announce(1, Some(1), true), "known already");
        assert_eq!(known.known(), 1);
        assert!(known.remove(1) && !known.remove(1));
        assert_eq!(known.known(), 0);
        assert_eq!(known.observe(0, 1), Observation::Ignored, "its own");
    }

    #[test]
    fn with_handles_nobody_is_known_without_one() {
        let (_, mut known) = world();
        known.announce(1, None, false);
        assert_eq!(
            (known.known(), known.observe(1, 1)),
            (0, Observation::Ignored)
        );
        known.bind(1);
        assert_eq!((known.known(), known.observe(1, 1)), (1, Observation::New));
        known.forget();
        known.bind(2);
        assert_eq!(
            (known.known(), known.observe(2, 1)),
            (0, Observation::Ignored)
        );
    }

    /// Version 2 tells handles after users: where somebody is said to stand counts all the same.
    #[test]
    fn the_place_of_entry_counts_before_the_handle_is_bound() {
        let (sent, mut known) = world();
        sent.send(1, Vec3::ONE, Stamp(0));
        assert!(known.announce(1, Some(1), false));
        known.bind(1);
        let end = known.conclude(&sent);
        assert_eq!((end.known, end.seen, end.settled), (1, 1, 1));
    }

    #[test]
    fn samples_tell_fresh_from_stale() {
        let (sent, mut known) = world();
        let mut ages = Times::new();
        let mut sample = |known: &mut KnownBots, now| {
            known.sample(&sent, Stamp(now), 2 * SECOND, 64.0, &mut ages)
        };
        assert_eq!(
            sample(&mut known, 0),
            Sampled::default(),
            "nobody has moved"
        );
        sent.send(1, Vec3::new(1.0, 0.0, 1.0), Stamp(0));
        let unknown = Sampled {
            looked_at: 1,
            fresh: 0,
        };
        assert_eq!(sample(&mut known, 0), unknown);
        known.announce(1, Some(1), true);
        let fresh = Sampled {
            looked_at: 1,
            fresh: 1,
        };
        assert_eq!(sample(&mut known, 100 * SECOND), fresh, "it stands");
        sent.send(1, Vec3::new(100.0, 0.0, 1.0), Stamp(SECOND));
        assert_eq!(sample(&mut known, 2 * SECOND), fresh);
        assert_eq!(sample(&mut known, 2 * SECOND + 1), unknown);
        assert_eq!(ages.quantiles().count, 2, "only while it was near");
    }

    #[test]
    fn in_the_end_everybody_who_reads_counts() {
        let (sent, mut known) = world();
        sent.send(1, Vec3::ONE, Stamp(0));
        sent.send(2, Vec3::ONE, Stamp(0));
        let mut expected = Final {
            expected: 1,
            ..Final::default()
        };
        assert_eq!(known.conclude(&sent), expected);
        known.announce(1, None, true);
        expected.known = 1;
        assert_eq!(known.conclude(&sent), expected);
        known.observe(1, 1);
        (expected.seen, expected.settled) = (1, 1);
        assert_eq!(known.conclude(&sent), expected);
        sent.send(1, Vec3::ONE, Stamp(1));
        expected.settled = 0;
        assert_eq!(known.conclude(&sent), expected);
        sent.set_presence(1, Presence::Lost);
        assert_eq!(known.conclude(&sent), Final::default());
    }
}
