//! Coming errands of bots, by time.

use std::{cmp::Reverse, collections::BinaryHeap};

use crate::swarm::{bot::Errand, sent::Stamp};

/// Coming errands of the bots of a thread, by time.
#[derive(Default)]
pub(crate) struct Agenda(BinaryHeap<Reverse<Entry>>);

/// An errand of a bot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Entry {
    pub(crate) due: Stamp,
    /// Slot of the bot.
    pub(crate) slot: usize,
    /// Its connections so far: what was due on an earlier one is void.
    pub(crate) connection: u32,
    pub(crate) errand: Errand,
}

impl Agenda {
    pub(crate) fn add(&mut self, entry: Entry) {
        self.0.push(Reverse(entry));
    }

    /// The first one that is due.
    pub(crate) fn take(&mut self, now: Stamp) -> Option<Entry> {
        self.due().filter(|due| *due <= now)?;
        self.0.pop().map(|Reverse(entry)| entry)
    }

    /// When the next one is due.
    pub(crate) fn due(&self) -> Option<Stamp> {
        self.0.peek().map(|Reverse(entry)| entry.due)
    }
}

#[cfg(test)]
mod tests {
    use super::{Agenda, Entry};
    use crate::swarm::{bot::Errand, sent::Stamp};

    #[test]
    fn errands_come_in_their_order_and_not_before_their_time() {
        let mut agenda = Agenda::default();
        for due in [30, 10, 20] {
            agenda.add(Entry {
                due: Stamp(due),
                slot: 0,
                connection: 1,
                errand: Errand::Move,
            });
        }
        assert_eq!(agenda.take(Stamp(9)), None);
        let order: Vec<_> = std::iter::from_fn(|| agenda.take(Stamp(25)))
            .map(|entry| entry.due.0)
            .collect();
        assert_eq!(order, [10, 20]);
        assert_eq!(agenda.due(), Some(Stamp(30)));
    }
}
