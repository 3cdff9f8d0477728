//! Sessions that the world ends in the running tick: decided by Ingest, encoded by Encode, closed
//! by Publish.

use std::{collections::HashSet, sync::Arc};

use bevy_ecs::prelude::{ResMut, Resource};
use bytes::Bytes;

use super::{DisconnectCause, SessionLink};

/// One session that ends.
struct Ending {
    link: Arc<SessionLink>,
    cause: DisconnectCause,
    /// The session gets the signal that the user entered by another connection.
    is_rejected: bool,
}

/// The sessions that end in this tick, in the order in which this was decided.
#[derive(Resource, Default)]
pub(crate) struct EndingSessions {
    sessions: Vec<Ending>,
    connections: HashSet<u64>,
    /// The last frame of rejected sessions.
    rejection: Option<Bytes>,
}

impl EndingSessions {
    /// Closes a session.
    pub(crate) fn close(
        &mut self,
        connection: u64,
        link: Arc<SessionLink>,
        cause: DisconnectCause,
    ) {
        self.end(connection, link, cause, false);
    }

    /// Closes a session after the signal that the user is connected twice.
    pub(crate) fn reject(
        &mut self,
        connection: u64,
        link: Arc<SessionLink>,
        cause: DisconnectCause,
    ) {
        self.end(connection, link, cause, true);
    }

    /// Whether a connection ends in this tick.
    pub(crate) fn contains(&self, connection: u64) -> bool {
        self.connections.contains(&connection)
    }

    /// Number of sessions that wait to be closed.
    pub(crate) fn len(&self) -> usize {
        self.sessions.len()
    }

    /// Whether any session is waiting for the frame of a rejection.
    pub(crate) fn has_rejected(&self) -> bool {
        self.sessions.iter().any(|ending| ending.is_rejected)
    }

    /// Sets the last frame of rejected sessions.
    pub(crate) fn set_rejection(&mut self, frame: Option<Bytes>) {
        self.rejection = frame;
    }

    fn end(
        &mut self,
        connection: u64,
        link: Arc<SessionLink>,
        cause: DisconnectCause,
        is_rejected: bool,
    ) {
        self.connections.insert(connection);
        self.sessions.push(Ending {
            link,
            cause,
            is_rejected,
        });
    }
}

/// Sends the last frames and closes the links. Runs before frames are delivered: nothing follows
/// the last frame.
pub(crate) fn close_sessions(mut ending: ResMut<EndingSessions>) {
    if ending.sessions.is_empty() {
        return;
    }
    let rejection = ending.rejection.take();
    for session in ending.sessions.drain(..) {
        if let Some(frame) = rejection.as_ref().filter(|_| session.is_rejected) {
            session.link.send(frame.clone());
        }
        session.link.close(session.cause);
    }
    ending.connections.clear();
}
