//! Live sessions, and their worlds.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use components::Umid;
use parking_lot::Mutex;

/// The sessions of all connected users.
#[derive(Clone, Default)]
pub(crate) struct Connections(Arc<Mutex<HashMap<Umid, Sessions>>>);

/// The sessions of one user by connection number, and the world each was last let into.
type Sessions = HashMap<u64, Option<Umid>>;

impl Connections {
    pub(crate) fn add(&self, user: Umid, connection: u64) {
        let mut users = self.0.lock();
        users.entry(user).or_default().insert(connection, None);
    }

    /// A session is about to enter a world. It is not told when it leaves: asking a world about a
    /// user who has gone costs nothing, asking all worlds does.
    pub(crate) fn enter(&self, user: Umid, connection: u64, world: Umid) {
        let mut users = self.0.lock();
        let session = users
            .get_mut(&user)
            .and_then(|sessions| sessions.get_mut(&connection));
        if let Some(session) = session {
            *session = Some(world);
        }
    }

    pub(crate) fn remove(&self, user: Umid, connection: u64) {
        let mut users = self.0.lock();
        if let Some(sessions) = users.get_mut(&user) {
            sessions.remove(&connection);
            if sessions.is_empty() {
                users.remove(&user);
            }
        }
    }

    pub(crate) fn users(&self) -> HashSet<Umid> {
        self.0.lock().keys().copied().collect()
    }

    /// The worlds that any of these users may be in, each once.
    pub(crate) fn worlds_of(&self, users: &[Umid]) -> HashSet<Umid> {
        let known = self.0.lock();
        let sessions = users.iter().filter_map(|user| known.get(user));
        sessions
            .flat_map(|sessions| sessions.values().copied().flatten())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u128) -> Umid {
        Umid::from_u128(number)
    }

    #[test]
    fn users_are_found_without_asking_every_world() {
        let connections = Connections::default();
        let (ann, bob, eve) = (id(1), id(2), id(3));
        for (user, connection, world) in [(ann, 1, 10), (ann, 2, 11), (bob, 3, 10)] {
            connections.add(user, connection);
            connections.enter(user, connection, id(world));
        }
        connections.add(eve, 4);
        let worlds = |users: &[Umid]| {
            let mut worlds: Vec<u128> = connections
                .worlds_of(users)
                .iter()
                .map(Umid::as_u128)
                .collect();
            worlds.sort_unstable();
            worlds
        };
        assert_eq!(worlds(&[ann]), [10, 11]);
        assert_eq!(worlds(&[ann, bob]), [10, 11]);
        assert_eq!(worlds(&[eve, id(9)]), []);
        connections.enter(ann, 2, id(12));
        assert_eq!(worlds(&[ann]), [10, 12], "a session is in one world");
        connections.remove(ann, 1);
        assert_eq!(worlds(&[ann]), [12]);
        connections.remove(ann, 2);
        assert_eq!(worlds(&[ann]), []);
        assert_eq!(connections.users(), HashSet::from([bob, eve]));
        connections.enter(ann, 2, id(12));
        assert_eq!(worlds(&[ann]), [], "who is gone is nowhere");
    }
}
