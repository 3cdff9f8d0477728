//! Whether those near by are told of every movement: for some seconds of some bots everything that
//! arrives is noted and then compared with everything that was sent near them.

use crate::swarm::{
    known::{self, KnownBots},
    sent::{SentUpdates, Stamp, Update},
};

/// Time for which a bot is watched for what others send, in units of 10 µs.
pub(crate) const WATCH: u32 = 2 * Stamp::PER_SECOND;
/// Longest time on the way of what was sent then, in units of 10 µs.
pub(crate) const GRACE: u32 = Stamp::PER_SECOND;
/// Updates that a bot sends this long before it cuts its connection may be lost with it, in units
/// of 10 µs.
const CUT_SHORT: u32 = Stamp::PER_SECOND;
/// A newer update that arrives within so many ticks of the sending of an older one may stand for
/// it,
const MERGED: u32 = 2;
/// if it was sent within this many ticks of it, as a fraction: two that are a tick apart may reach
/// the server together.
const TOGETHER: (u32, u32) = (3, 2);
/// End of a chain.
const NONE: u32 = u32::MAX;

/// Expectations of a server, for every bot alike.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    /// Bots nearer than this are told of in every tick, in metres.
    pub(crate) near: f32,
    /// Time of a tick, in units of 10 µs.
    pub(crate) tick: u32,
    /// Everybody is told of within this time, in units of 10 µs.
    pub(crate) slowest: u32,
    /// A bot farther than this at the end of a watch was not near during it, in metres.
    pub(crate) reach: f32,
}

impl Default for Terms {
    /// Terms of a server unless it says otherwise: 48 m are within any 3 × 3 cells of 64 m, with a
    /// margin; 20 ticks a second; everybody once a second.
    fn default() -> Self {
        Self {
            near: 48.0,
            tick: Stamp::PER_SECOND / 20,
            slowest: Stamp::PER_SECOND,
            reach: f32::INFINITY,
        }
    }
}

/// Updates that somebody near by had to see.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Expectations {
    /// All of them.
    pub(crate) expected: u64,
    /// Of these, seen.
    pub(crate) arrived: u64,
    /// Of these, overtaken by a newer one that arrived within two ticks' time.
    pub(crate) merged: u64,
}

impl Expectations {
    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            expected: self.expected + other.expected,
            arrived: self.arrived + other.arrived,
            merged: self.merged + other.merged,
        }
    }
}

/// A time in which everything that one bot sees is noted.
pub(crate) struct Watch {
    from: Stamp,
    until: Stamp,
    noted: Vec<Noted>,
}

struct Noted {
    bot: u32,
    sequence: u32,
    at: Stamp,
}

/// Memory that watches share.
#[derive(Default)]
pub(crate) struct Scratch {
    /// By bot, the first of what was noted of it.
    heads: Vec<u32>,
    /// By what was noted, the next one of the same bot.
    nexts: Vec<u32>,
    /// Place of the watched bot, and the time since which it is there.
    places: Vec<(Stamp, (f32, f32))>,
}

impl Watch {
    /// Watches for what is sent from one moment to another.
    pub(crate) fn new(from: Stamp, until: Stamp) -> Self {
        Self {
            from,
            until,
            noted: Vec::new(),
        }
    }

    /// When everything that counts has arrived or is late.
    pub(crate) fn ends(&self) -> Stamp {
        self.until.plus(GRACE)
    }

    /// A new update arrived.
    pub(crate) fn note(&mut self, bot: u32, sequence: u32, at: Stamp) {
        self.noted.push(Noted { bot, sequence, at });
    }

    /// Compares what arrived at `me` with what was sent near it.
    pub(crate) fn evaluate(
        &self,
        sent: &SentUpdates,
        me: u32,
        known: &KnownBots,
        terms: Terms,
        scratch: &mut Scratch,
    ) -> Expectations {
        scratch.chain(&self.noted, sent.len());
        scratch.follow(sent, me, self.from);
        let mut sum = Expectations::default();
        let here = known::place(sent, me);
        let in_reach = |bot: u32| {
            known::distance(here, known::place(sent, bot)) <= terms.reach
                && known.concerns(sent, bot)
        };
        for bot in sent.bots().filter(|bot| in_reach(*bot)) {
            for update in updates_since(sent, bot, self.from) {
                let lost_with_its_sender = sent
                    .was_cut(bot)
                    .is_some_and(|cut| update.sent.plus(CUT_SHORT) > cut && update.sent <= cut);
                let counts = update.sent < self.until && !lost_with_its_sender;
                if !counts || !scratch.stayed_near(&update, terms) {
                    continue;
                }
                sum.expected += 1;
                let of_it = scratch.of(bot, &self.noted);
                if of_it.clone().any(|noted| noted.sequence == update.sequence) {
                    sum.arrived += 1;
                } else if of_it
                    .take_while(|noted| noted.sequence > update.sequence)
                    .any(|noted| replaces(sent, noted, &update, terms))
                {
                    sum.merged += 1;
                }
            }
        }
        sum
    }
}

/// Whether a newer update that arrived stands for an older one: both may have reached the server in
/// one tick.
fn replaces(sent: &SentUpdates, newer: &Noted, older: &Update, terms: Terms) -> bool {
    let together = terms.tick * TOGETHER.0 / TOGETHER.1;
    let sent = sent.update(newer.bot, newer.sequence);
    sent.is_some_and(|newer| newer.sent.since(older.sent) <= together)
        && newer.at <= older.sent.plus(MERGED * terms.tick)
}

/// Updates that a bot sent since a moment, the newest first.
fn updates_since(sent: &SentUpdates, bot: u32, from: Stamp) -> impl Iterator<Item = Update> {
    (1..=sent.latest(bot))
        .rev()
        .map_while(move |sequence| sent.update(bot, sequence))
        .take_while(move |update| update.sent >= from)
}

impl Scratch {
    fn chain(&mut self, noted: &[Noted], bots: usize) {
        self.heads.clear();
        self.heads.resize(bots, NONE);
        self.nexts.clear();
        for (number, noted) in (0..).zip(noted) {
            let head = self.heads.get_mut(noted.bot as usize);
            let before = head.map_or(NONE, |head| std::mem::replace(head, number));
            self.nexts.push(before);
        }
    }

    /// Notes of a bot, the newest first.
    fn of<'a>(&'a self, bot: u32, noted: &'a [Noted]) -> impl Iterator<Item = &'a Noted> + Clone {
        let head = self.heads.get(bot as usize).copied();
        let chain = std::iter::successors(head, |at| self.nexts.get(*at as usize).copied());
        chain.map_while(|at| noted.get(at as usize))
    }

    /// Places of a bot from a moment on, the newest first, with its place in that moment.
    fn follow(&mut self, sent: &SentUpdates, bot: u32, from: Stamp) {
        self.places.clear();
        let place = |update: &Update| (update.position.x, update.position.z);
        for update in updates_since(sent, bot, from) {
            self.places.push((update.sent, place(&update)));
        }
        let before = sent.latest(bot) - u32::try_from(self.places.len()).unwrap_or(0);
        if let Some(update) = sent.update(bot, before) {
            self.places.push((Stamp(0), place(&update)));
        }
    }

    /// Whether the watched bot was near the place of an update as this was sent, and for as long as
    /// a server may take to notice where both are.
    fn stayed_near(&self, update: &Update, terms: Terms) -> bool {
        let there = (update.position.x, update.position.z);
        let end = update.sent.plus(MERGED * terms.tick);
        let mut were = self
            .places
            .iter()
            .skip_while(|(since, _)| *since > end)
            .scan(false, |done, (since, place)| {
                if *done {
                    return None;
                }
                *done = *since <= update.sent;
                Some(*place)
            })
            .peekable();
        were.peek().is_some() && were.all(|place| known::distance(place, there) <= terms.near)
    }
}

#[cfg(test)]
mod tests {
    use posbus::{Umid, Vec3};

    use super::{Expectations, Scratch, Terms, Watch};
    use crate::swarm::{
        known::KnownBots,
        sent::{Presence, SentUpdates, Stamp},
    };

    const MS: u32 = 100;

    /// Two bots; the first one watches, the second one moves away from it, 10 m with each update,
    /// so many milliseconds apart.
    fn world(steps: u32, apart: u32) -> (SentUpdates, KnownBots) {
        let sent = SentUpdates::new((1..=2).map(|id| (Umid::from_u128(id), false)));
        for bot in 0..2 {
            sent.set_presence(bot, Presence::Present);
        }
        sent.send(0, Vec3::ZERO, Stamp(MS));
        for step in 0..steps {
            let place = Vec3::new(10.0 * step as f32, 0.0, 0.0);
            sent.send(1, place, Stamp((1_000 + step * apart) * MS));
        }
        let known = KnownBots::new(0, &sent);
        (sent, known)
    }

    fn evaluate(watch: &Watch, sent: &SentUpdates, known: &KnownBots) -> Expectations {
        watch.evaluate(sent, 0, known, Terms::default(), &mut Scratch::default())
    }

    fn watch() -> Watch {
        Watch::new(Stamp(1_000 * MS), Stamp(3_000 * MS))
    }

    #[test]
    fn only_what_is_sent_near_by_is_expected() {
        let (sent, known) = world(10, 100);
        let mut watch = watch();
        let nothing = evaluate(&watch, &sent, &known);
        assert_eq!((nothing.expected, nothing.arrived), (5, 0), "0 m to 40 m");
        for sequence in 1..=5 {
            watch.note(1, sequence, Stamp(2_000 * MS));
        }
        let all = evaluate(&watch, &sent, &known);
        assert_eq!((all.expected, all.arrived, all.merged), (5, 5, 0));
    }

    #[test]
    fn a_newer_one_in_time_stands_for_an_older_one_and_a_late_one_does_not() {
        // Sent 1 s, 1.06 s and 1.12 s after the start, and two ticks are 100 ms.
        let (sent, known) = world(3, 60);
        let seen = |second_at: u32| {
            let mut watch = watch();
            watch.note(1, 2, Stamp(second_at * MS));
            watch.note(1, 3, Stamp(1_170 * MS));
            let sum = evaluate(&watch, &sent, &known);
            (sum.expected, sum.arrived, sum.merged)
        };
        assert_eq!(seen(1_100), (3, 2, 1));
        assert_eq!(seen(1_101), (3, 2, 0));
        // Two that were sent two ticks apart never reach the server in one.
        let (sent, known) = world(2, 90);
        let mut watch = watch();
        watch.note(1, 2, Stamp(1_095 * MS));
        let sum = evaluate(&watch, &sent, &known);
        assert_eq!((sum.expected, sum.arrived, sum.merged), (2, 1, 0));
    }

    #[test]
    fn a_jump_before_the_server_could_know_expects_nothing() {
        let (sent, known) = world(1, 100);
        assert_eq!(evaluate(&watch(), &sent, &known).expected, 1);
        sent.send(0, Vec3::new(500.0, 0.0, 0.0), Stamp(1_050 * MS));
        assert_eq!(evaluate(&watch(), &sent, &known).expected, 0);
    }

    #[test]
    fn messages_sent_during_a_cut_may_be_lost() {
        let (sent, known) = world(2, 100);
        sent.cut(1, Stamp(1_150 * MS));
        sent.set_presence(1, Presence::Present);
        assert_eq!(evaluate(&watch(), &sent, &known).expected, 0);
        sent.send(1, Vec3::ZERO, Stamp(1_800 * MS));
        assert_eq!(evaluate(&watch(), &sent, &known).expected, 1);
    }
}
