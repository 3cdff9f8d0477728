//! Sessions that may come back (docs/protocol.md, Coming back): resume tokens, and detached
//! sessions, whose users stay in a world while their connection is broken.

use std::{collections::HashMap, net::IpAddr, sync::Arc, time::Duration};

use components::Umid;
use node::ConnectionGuard;
use parking_lot::Mutex;
use systems::WorldHandle;

use crate::limits::customer;

/// Resume tokens and detached sessions of a server.
pub(super) struct Resume {
    /// Time for which a session stays detached.
    grace: Duration,
    /// Limit of detached sessions: that of connections, so that breaking connections takes no more
    /// room than keeping them. The user of a session beyond it leaves at once.
    limit: usize,
    /// The same for one address; an IPv6 address stands for its /64.
    limit_by_address: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Sessions by their tokens.
    tokens: HashMap<Umid, Resumable>,
    /// World and connection of detached sessions, by user and session.
    detached: HashMap<(Umid, Umid), (WorldHandle, u64)>,
    by_address: HashMap<IpAddr, usize>,
    count: usize,
}

/// The session that a resume token stands for.
#[derive(Clone, Copy)]
pub(super) struct Resumable {
    user: Umid,
    pub(super) session_id: Umid,
    /// The world that the session is in.
    pub(super) world: Option<Umid>,
}

/// The resume token of a session; it is valid until this is dropped.
pub(super) struct ResumeToken {
    resume: Arc<Resume>,
    token: Umid,
}

/// Counts a session as detached until this is dropped.
pub(super) struct Detached {
    resume: Arc<Resume>,
    address: IpAddr,
    session: (Umid, Umid),
    connection: u64,
    /// Guests with a detached session are not deleted.
    _connected: ConnectionGuard,
    _token: Option<ResumeToken>,
}

impl Resume {
    pub(super) fn new(grace: Duration, limit: usize, limit_by_address: usize) -> Arc<Self> {
        Arc::new(Self {
            grace,
            limit,
            limit_by_address,
            state: Mutex::default(),
        })
    }

    /// Issues a token for a session.
    pub(super) fn issue(self: &Arc<Self>, user: Umid, session_id: Umid) -> ResumeToken {
        let token = Umid::new_v4();
        let resumable = Resumable {
            user,
            session_id,
            world: None,
        };
        self.state.lock().tokens.insert(token, resumable);
        ResumeToken {
            resume: Arc::clone(self),
            token,
        }
    }

    /// The session that a token stands for. A token works once, and only for its own user.
    pub(super) fn redeem(&self, token: Umid, user: Umid) -> Option<Resumable> {
        let mut state = self.state.lock();
        let resumable = state.tokens.get(&token).copied()?;
        if resumable.user != user {
            return None;
        }
        state.tokens.remove(&token);
        Some(resumable)
    }

    /// Counts a session as detached in a world; `None` if there are too many already.
    pub(super) fn detach(
        self: &Arc<Self>,
        world: &WorldHandle,
        (user, session_id): (Umid, Umid),
        connection: u64,
        address: IpAddr,
        (connected, token): (ConnectionGuard, Option<ResumeToken>),
    ) -> Option<Detached> {
        let address = customer(address);
        let mut state = self.state.lock();
        let of_address = state.by_address.get(&address).copied().unwrap_or(0);
        if self.grace.is_zero() || state.count >= self.limit || of_address >= self.limit_by_address
        {
            // Dropping a token takes the lock.
            drop(state);
            return None;
        }
        state.count += 1;
        state.by_address.insert(address, of_address + 1);
        let session = (user, session_id);
        state.detached.insert(session, (world.clone(), connection));
        Some(Detached {
            resume: Arc::clone(self),
            address,
            session,
            connection,
            _connected: connected,
            _token: token,
        })
    }

    /// Lets a session that enters a world leave the other world in which it is detached, if any.
    pub(super) async fn leave_elsewhere(&self, user: Umid, session_id: Umid, world: Umid) {
        let detached = self.state.lock().detached.get(&(user, session_id)).cloned();
        if let Some((elsewhere, connection)) = detached
            && elsewhere.id() != world
        {
            // A world that has ended has no users.
            let _ = elsewhere.leave(user, connection).await;
        }
    }
}

impl ResumeToken {
    pub(super) fn token(&self) -> Umid {
        self.token
    }

    /// Sets the world that the session is in.
    pub(super) fn set_world(&self, world: Option<Umid>) {
        if let Some(resumable) = self.resume.state.lock().tokens.get_mut(&self.token) {
            resumable.world = world;
        }
    }
}

impl Drop for ResumeToken {
    fn drop(&mut self) {
        self.resume.state.lock().tokens.remove(&self.token);
    }
}

impl Drop for Detached {
    fn drop(&mut self) {
        let mut state = self.resume.state.lock();
        state.count -= 1;
        if let Some(count) = state.by_address.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                state.by_address.remove(&self.address);
            }
        }
        let ours = |(_, connection): &(_, u64)| *connection == self.connection;
        if state.detached.get(&self.session).is_some_and(ours) {
            state.detached.remove(&self.session);
        }
    }
}
