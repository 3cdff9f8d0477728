//! Lateness of the swarm itself: a short timer between everything else that bots do. A generator
//! that is late measures itself.

use crate::swarm::{histogram::Times, sent::Stamp};

/// Time between two looks: 5 ms, in units of 10 µs.
const PERIOD: u32 = 500;

/// Measures how much later than asked a timer of 5 ms is served.
pub(crate) struct Probe {
    due: Stamp,
    until: Stamp,
}

impl Probe {
    /// Measures from one moment to another.
    pub(crate) fn new(from: Stamp, until: Stamp) -> Self {
        Self { due: from, until }
    }

    /// Serves the timer. After a long pause each look that was due in it counts, as every bot that
    /// should have acted then was late too.
    pub(crate) fn look(&mut self, now: Stamp, lag: &mut Times) {
        while self.due <= now && self.due < self.until {
            lag.record(now.since(self.due));
            self.due = self.due.plus(PERIOD);
        }
    }

    /// When it wants to be served next.
    pub(crate) fn due(&self) -> Option<Stamp> {
        (self.due < self.until).then_some(self.due)
    }
}

#[cfg(test)]
mod tests {
    use super::Probe;
    use crate::swarm::{histogram::Times, sent::Stamp};

    #[test]
    fn a_pause_counts_for_all_that_was_due_in_it() {
        let mut lag = Times::new();
        let mut probe = Probe::new(Stamp(0), Stamp(100_000));
        probe.look(Stamp(0), &mut lag);
        probe.look(Stamp(50_000), &mut lag);
        for due in (50_500..100_000).step_by(500) {
            probe.look(Stamp(due), &mut lag);
        }
        probe.look(Stamp(200_000), &mut lag);
        let lag = lag.quantiles();
        assert_eq!(lag.count, 200);
        assert!((490.0..=500.0).contains(&lag.max), "{lag:?}");
        assert!(lag.p90 > 300.0 && lag.p50 < 10.0, "{lag:?}");
    }
}
