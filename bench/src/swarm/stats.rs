//! State and statistics of one thread of bots: everything that need not be kept for each bot.

use crate::swarm::{
    frames::Decoder,
    histogram::Times,
    watch::{Expectations, Scratch},
};

/// State of one thread of bots.
pub(crate) struct BotThread {
    pub(crate) decoder: Decoder,
    pub(crate) scratch: Scratch,
    pub(crate) stats: Stats,
}

/// Statistics of a thread in the end.
pub(crate) struct Stats {
    /// Time that entering took.
    pub(crate) joining: Times,
    /// Time that coming back took.
    pub(crate) resuming: Times,
    /// From the sending of an update to its first arrival at another bot near by, for each of
    /// these.
    pub(crate) latency: Times,
    /// The same for all bots, near and far.
    pub(crate) latency_all: Times,
    /// Age of the known positions of those near by.
    pub(crate) age: Times,
    /// Lateness of timers.
    pub(crate) lag: Times,
    /// Time that it took to go through everything that was ready.
    pub(crate) rounds: Times,
    pub(crate) expectations: Expectations,
    /// Frames that were decoded.
    pub(crate) decoded: u64,
    /// Frames that another bot had been sent before.
    pub(crate) remembered: u64,
}

impl BotThread {
    pub(crate) fn new() -> Self {
        Self {
            decoder: Decoder::new(),
            scratch: Scratch::default(),
            stats: Stats::new(),
        }
    }

    /// Takes the statistics.
    pub(crate) fn close(&mut self) -> Stats {
        let mut stats = std::mem::replace(&mut self.stats, Stats::new());
        stats.decoded = self.decoder.decoded;
        stats.remembered = self.decoder.remembered;
        stats
    }
}

impl Stats {
    pub(crate) fn new() -> Self {
        Self {
            joining: Times::new(),
            resuming: Times::new(),
            latency: Times::new(),
            latency_all: Times::new(),
            age: Times::new(),
            lag: Times::new(),
            rounds: Times::new(),
            expectations: Expectations::default(),
            decoded: 0,
            remembered: 0,
        }
    }

    pub(crate) fn plus(mut self, other: &Self) -> Self {
        self.joining.add(&other.joining);
        self.resuming.add(&other.resuming);
        self.latency.add(&other.latency);
        self.latency_all.add(&other.latency_all);
        self.age.add(&other.age);
        self.lag.add(&other.lag);
        self.rounds.add(&other.rounds);
        self.expectations = self.expectations.plus(other.expectations);
        self.decoded += other.decoded;
        self.remembered += other.remembered;
        self
    }
}
