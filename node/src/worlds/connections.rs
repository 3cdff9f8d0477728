//! Who has a live session.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use components::Umid;
use parking_lot::Mutex;

/// How many sessions each connected user has.
#[derive(Clone, Default)]
pub(crate) struct Connections(Arc<Mutex<HashMap<Umid, usize>>>);

impl Connections {
    pub(crate) fn add(&self, user: Umid) {
        *self.0.lock().entry(user).or_default() += 1;
    }

    pub(crate) fn remove(&self, user: Umid) {
        let mut sessions = self.0.lock();
        if let Some(count) = sessions.get_mut(&user) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                sessions.remove(&user);
            }
        }
    }

    pub(crate) fn users(&self) -> HashSet<Umid> {
        self.0.lock().keys().copied().collect()
    }
}
