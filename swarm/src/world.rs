//! What all bots of a run share.

use std::sync::{Arc, OnceLock};

use crate::{
    Options,
    guests::Guest,
    ledger::{Ledger, Stamp},
    progress::Live,
};

/// What all bots of a run share.
pub(crate) struct World {
    pub(crate) options: Options,
    pub(crate) ledger: Ledger,
    /// When is measured; known once everybody is there.
    pub(crate) window: OnceLock<Window>,
    pub(crate) live: Arc<Live>,
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
            ledger: Ledger::new(users),
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
