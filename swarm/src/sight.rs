//! What one bot knows of all others: who is there, and their newest position.

use posbus::Vec3;

use crate::ledger::{Ledger, Match, Presence, Stamp};

/// Nobody ever said that this one is there.
const UNKNOWN: u32 = 0;
/// It is there; an update's number plus this says which of its positions is known.
const ANNOUNCED: u32 = 1;
/// How old known positions may be to count as fresh, in units of 10 µs.
const FRESH: u32 = 2 * Stamp::PER_SECOND;
/// How far one sees, in metres.
const NEAR: f32 = 64.0;
/// How many others one look at a sample compares.
const SAMPLE: u32 = 256;

/// What one bot knows.
pub(crate) struct Sights {
    me: u32,
    /// By bot: unknown, announced, or the highest number seen.
    newest: Vec<u32>,
    /// How many others are known.
    known: u32,
    /// Where the next sample begins.
    next_sample: u32,
}

/// What a received position was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sight {
    /// An update seen for the first time; when it was sent, unless that is long forgotten.
    New(Option<Stamp>),
    /// Known already.
    Repeated,
    /// Older than what was known.
    Older,
    /// Never sent like this.
    Wrong,
    /// Not of a bot that was announced, or of the observer itself, or a spawn point: nothing to learn.
    Ignored,
}

/// What a look at what is known found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sampled {
    /// Others that should be known.
    pub(crate) looked_at: u64,
    /// Of these, whose known position is the last one, or young.
    pub(crate) fresh: u64,
}

/// What is known of the others in the end.
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

impl Sights {
    pub(crate) fn new(me: u32, ledger: &Ledger) -> Self {
        Self {
            me,
            newest: vec![UNKNOWN; ledger.len()],
            known: 0,
            // Spread from the start.
            next_sample: me,
        }
    }

    /// How many others are known.
    pub(crate) fn known(&self) -> u32 {
        self.known
    }

    /// A user is there, at a position.
    pub(crate) fn announce(&mut self, ledger: &Ledger, bot: u32, position: Vec3) -> Sight {
        let Some(newest) = self.newest.get_mut(bot as usize).filter(|_| bot != self.me) else {
            return Sight::Ignored;
        };
        if *newest == UNKNOWN {
            *newest = ANNOUNCED;
            self.known += 1;
        }
        self.observe(ledger, bot, position)
    }

    /// A user is gone; false if it was not known.
    pub(crate) fn remove(&mut self, bot: u32) -> bool {
        let Some(newest) = self
            .newest
            .get_mut(bot as usize)
            .filter(|newest| **newest != UNKNOWN)
        else {
            return false;
        };
        *newest = UNKNOWN;
        self.known -= 1;
        true
    }

    /// A user is at a position.
    pub(crate) fn observe(&mut self, ledger: &Ledger, bot: u32, position: Vec3) -> Sight {
        let Some(newest) = self.newest.get_mut(bot as usize) else {
            return Sight::Ignored;
        };
        if bot == self.me || *newest == UNKNOWN {
            return Sight::Ignored;
        }
        match ledger.find(bot, position) {
            Match::Update { sequence, sent } => {
                let number = sequence + ANNOUNCED;
                if number > *newest {
                    *newest = number;
                    Sight::New(sent)
                } else if number == *newest {
                    Sight::Repeated
                } else {
                    Sight::Older
                }
            }
            // Where it entered, before it has been seen anywhere else.
            Match::Foreign if *newest == ANNOUNCED => Sight::Ignored,
            Match::Foreign | Match::Corrupt => Sight::Wrong,
        }
    }

    /// Looks at some of the others, in turn; adds the ages of what is known of those near by to `near`.
    pub(crate) fn sample(&mut self, ledger: &Ledger, now: Stamp, near: &mut Vec<u32>) -> Sampled {
        let count = u32::try_from(ledger.len()).unwrap_or(u32::MAX);
        let here = ledger.place(self.me);
        let mut sampled = Sampled::default();
        for step in 0..SAMPLE.min(count) {
            let bot = (self.next_sample + step) % count;
            let latest = ledger.latest(bot);
            if !self.concerns(ledger, bot) || latest == 0 {
                continue;
            }
            let known = self.newest_number(bot);
            let age = match known.and_then(|number| ledger.sent(bot, number)) {
                _ if known == Some(latest) => 0,
                Some(sent) => now.since(sent),
                None => u32::MAX,
            };
            sampled.looked_at += 1;
            sampled.fresh += u64::from(age <= FRESH);
            let there = ledger.place(bot);
            if distance(here, there) <= NEAR {
                near.push(age);
            }
        }
        self.next_sample = (self.next_sample + SAMPLE) % count.max(1);
        sampled
    }

    /// Compares what is known of all others with the truth, once nobody moves any more.
    pub(crate) fn conclude(&self, ledger: &Ledger) -> Final {
        let mut end = Final::default();
        for bot in (0..)
            .take(ledger.len())
            .filter(|bot| self.concerns(ledger, *bot))
        {
            let newest = self.newest.get(bot as usize).copied().unwrap_or(UNKNOWN);
            let number = self.newest_number(bot);
            end.expected += 1;
            end.known += u64::from(newest != UNKNOWN);
            end.seen += u64::from(number.is_some());
            end.settled += u64::from(number == Some(ledger.latest(bot)));
        }
        end
    }

    /// Whether this bot should know that one.
    fn concerns(&self, ledger: &Ledger, bot: u32) -> bool {
        bot != self.me && !ledger.stalls(bot) && ledger.presence(bot) == Presence::Present
    }

    /// The number of the newest update seen of a bot.
    fn newest_number(&self, bot: u32) -> Option<u32> {
        let newest = self.newest.get(bot as usize)?;
        newest.checked_sub(ANNOUNCED).filter(|number| *number > 0)
    }
}

/// Whether a position is in sight of a place.
pub(crate) fn is_near(here: (f32, f32), position: Vec3) -> bool {
    distance(here, (position.x, position.z)) <= NEAR
}

fn distance(here: (f32, f32), there: (f32, f32)) -> f32 {
    (here.0 - there.0).hypot(here.1 - there.1)
}

#[cfg(test)]
mod tests {
    use posbus::{Umid, Vec3};

    use super::{Final, Sampled, Sight, Sights};
    use crate::ledger::{Ledger, Presence, Stamp};

    const SECOND: u32 = Stamp::PER_SECOND;

    /// Three bots that are there; the third stalls.
    fn world() -> (Ledger, Sights) {
        let ledger = Ledger::new((1..=3).map(|id| (Umid::from_u128(id), id == 3)), 64);
        for bot in 0..3 {
            ledger.set_presence(bot, Presence::Present);
        }
        let sights = Sights::new(0, &ledger);
        (ledger, sights)
    }

    #[test]
    fn an_update_counts_once_and_never_backwards() {
        let (ledger, mut sights) = world();
        let one = ledger.send(1, (1.0, 1.0), Stamp(5));
        let two = ledger.send(1, (2.0, 1.0), Stamp(6));
        assert_eq!(
            sights.observe(&ledger, 1, one),
            Sight::Ignored,
            "nobody said it is there"
        );
        assert_eq!(sights.announce(&ledger, 1, Vec3::ZERO), Sight::Ignored);
        assert_eq!(
            sights.observe(&ledger, 1, Vec3::new(0.0, 1.0, 0.0)),
            Sight::Ignored,
            "its spawn point"
        );
        assert_eq!(sights.observe(&ledger, 1, one), Sight::New(Some(Stamp(5))));
        assert_eq!(sights.observe(&ledger, 1, one), Sight::Repeated);
        assert_eq!(sights.observe(&ledger, 1, two), Sight::New(Some(Stamp(6))));
        assert_eq!(sights.observe(&ledger, 1, one), Sight::Older);
        assert_eq!(sights.announce(&ledger, 1, one), Sight::Older);
        assert_eq!(sights.observe(&ledger, 1, Vec3::ZERO), Sight::Wrong);
        assert_eq!(sights.known(), 1);
        assert!(sights.remove(1) && !sights.remove(1));
        assert_eq!(sights.known(), 0);
    }

    #[test]
    fn samples_tell_fresh_from_stale() {
        let (ledger, mut sights) = world();
        let mut near = Vec::new();
        let nothing = sights.sample(&ledger, Stamp(0), &mut near);
        assert_eq!(nothing, Sampled::default(), "nobody has moved");
        let first = ledger.send(1, (1.0, 1.0), Stamp(0));
        let unknown = Sampled {
            looked_at: 1,
            fresh: 0,
        };
        assert_eq!(sights.sample(&ledger, Stamp(0), &mut near), unknown);
        sights.announce(&ledger, 1, first);
        let fresh = Sampled {
            looked_at: 1,
            fresh: 1,
        };
        assert_eq!(
            sights.sample(&ledger, Stamp(100 * SECOND), &mut near),
            fresh,
            "it stands"
        );
        ledger.send(1, (100.0, 1.0), Stamp(SECOND));
        assert_eq!(sights.sample(&ledger, Stamp(2 * SECOND), &mut near), fresh);
        assert_eq!(
            sights.sample(&ledger, Stamp(2 * SECOND + 1), &mut near),
            unknown
        );
        assert_eq!(near, [u32::MAX, 0], "only while it was near");
    }

    #[test]
    fn in_the_end_everybody_who_reads_counts() {
        let (ledger, mut sights) = world();
        let position = ledger.send(1, (1.0, 1.0), Stamp(0));
        ledger.send(2, (1.0, 1.0), Stamp(0));
        let mut expected = Final {
            expected: 1,
            ..Final::default()
        };
        assert_eq!(sights.conclude(&ledger), expected);
        sights.announce(&ledger, 1, Vec3::ZERO);
        expected.known = 1;
        assert_eq!(sights.conclude(&ledger), expected);
        sights.observe(&ledger, 1, position);
        (expected.seen, expected.settled) = (1, 1);
        assert_eq!(sights.conclude(&ledger), expected);
        ledger.send(1, (2.0, 2.0), Stamp(1));
        expected.settled = 0;
        assert_eq!(sights.conclude(&ledger), expected);
        ledger.set_presence(1, Presence::Lost);
        assert_eq!(sights.conclude(&ledger), Final::default());
    }
}
