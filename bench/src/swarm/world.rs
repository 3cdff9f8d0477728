//! State that all bots of a run share.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicU32, Ordering},
};

use crate::swarm::{
    Options,
    guests::Guest,
    progress::Live,
    sent::{SentUpdates, Stamp},
};

/// State that all bots of a run share.
pub(crate) struct World {
    pub(crate) options: Options,
    pub(crate) sent: SentUpdates,
    pub(crate) handles: Handles,
    /// When is measured; known once everybody is there.
    pub(crate) window: OnceLock<Window>,
    pub(crate) live: Arc<Live>,
}

/// Bots by handle. A handle means the same to everybody in a world
/// (docs/protocol.md, Handles), so whoever is told first tells all; whether each was told is its
/// own affair (`known`).
pub(crate) struct Handles(Vec<AtomicU32>);

/// Users who are not bots take handles too; of so many the bots' are known all the same.
const STRANGERS: usize = 4_096;

impl Handles {
    fn new(bots: usize) -> Self {
        Self((0..bots + STRANGERS).map(|_| AtomicU32::new(0)).collect())
    }

    /// The bot that goes by a handle.
    pub(crate) fn bot(&self, handle: u32) -> Option<u32> {
        let bound = self.0.get(handle as usize)?;
        bound.load(Ordering::Relaxed).checked_sub(1)
    }

    /// A user goes by a handle from now on; none if it is not a bot. Gives the bot that did before.
    pub(crate) fn bind(&self, handle: u32, bot: Option<u32>) -> Option<u32> {
        let bound = self.0.get(handle as usize)?;
        let before = bound.swap(bot.map_or(0, |bot| bot + 1), Ordering::Relaxed);
        before.checked_sub(1)
    }
}

/// When is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    /// From here.
    pub(crate) start: Stamp,
    /// To here; then nobody moves any more.
    pub(crate) end: Stamp,
    /// Until then what was sent may arrive.
    pub(crate) stop: Stamp,
}

impl Window {
    /// Whether something that happens then counts.
    pub(crate) fn contains(&self, moment: Stamp) -> bool {
        (self.start..self.end).contains(&moment)
    }
}

impl World {
    pub(crate) fn new(options: Options, guests: &[Guest], live: Arc<Live>) -> Self {
        let users = (0..)
            .zip(guests)
            .map(|(bot, guest)| (guest.id, options.stalls(bot)));
        Self {
            sent: SentUpdates::new(users),
            handles: Handles::new(guests.len()),
            window: OnceLock::new(),
            live,
            options,
        }
    }

    /// Whether something that happens then counts.
    pub(crate) fn measures(&self, moment: Stamp) -> bool {
        self.window
            .get()
            .is_some_and(|window| window.contains(moment))
    }
}
