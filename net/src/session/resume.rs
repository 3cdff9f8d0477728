//! Sessions that may come back (docs/protocol.md, Coming back): tokens that name them, and the users whom a world holds
//! while their connection is broken.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use components::Umid;
use node::ConnectionGuard;
use parking_lot::Mutex;
use systems::WorldHandle;

use crate::limits::customer;

/// Everything about coming back that sessions share.
pub(super) struct Resume {
    /// For how long a user is held.
    pub(super) hold: Duration,
    /// How many users are held at most: as many as there may be connections, so that breaking them takes no more room
    /// than keeping them. Who is one too many leaves at once.
    most: usize,
    /// How many of one address, likewise; an IPv6 address stands for its /64.
    most_of_address: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Sessions by their tokens.
    tokens: HashMap<Umid, Ticket>,
    /// Where users are held, by user and session.
    held: HashMap<(Umid, Umid), (WorldHandle, u64)>,
    of_address: HashMap<IpAddr, usize>,
    holds: usize,
}

/// What a token is good for.
#[derive(Clone, Copy)]
pub(super) struct Ticket {
    user: Umid,
    pub(super) session_id: Umid,
    /// The world that the session is in.
    pub(super) world: Option<Umid>,
}

/// A session's token; it ends with this.
pub(super) struct Pass {
    resume: Arc<Resume>,
    token: Umid,
}

/// Lives as long as a world holds a user.
pub(super) struct Hold {
    resume: Arc<Resume>,
    address: IpAddr,
    session: (Umid, Umid),
    connection: u64,
    /// Held users are not swept.
    _connected: ConnectionGuard,
    _pass: Option<Pass>,
}

impl Resume {
    pub(super) fn new(hold: Duration, most: usize, most_of_address: usize) -> Arc<Self> {
        Arc::new(Self {
            hold,
            most,
            most_of_address,
            state: Mutex::default(),
        })
    }

    /// A fresh token for a session.
    pub(super) fn issue(self: &Arc<Self>, user: Umid, session_id: Umid) -> Pass {
        let token = Umid::new_v4();
        let ticket = Ticket {
            user,
            session_id,
            world: None,
        };
        self.state.lock().tokens.insert(token, ticket);
        Pass {
            resume: Arc::clone(self),
            token,
        }
    }

    /// What a token is good for. It works once, and only for the user it was given to.
    pub(super) fn redeem(&self, token: Umid, user: Umid) -> Option<Ticket> {
        let mut state = self.state.lock();
        let ticket = state.tokens.get(&token).copied()?;
        if ticket.user != user {
            return None;
        }
        state.tokens.remove(&token);
        Some(ticket)
    }

    /// Notes that a user is to be held in a world; `None` if too many are already.
    pub(super) fn hold(
        self: &Arc<Self>,
        world: &WorldHandle,
        (user, session_id): (Umid, Umid),
        connection: u64,
        address: IpAddr,
        (connected, pass): (ConnectionGuard, Option<Pass>),
    ) -> Option<Hold> {
        let address = customer(address);
        let mut state = self.state.lock();
        let of_address = state.of_address.get(&address).copied().unwrap_or(0);
        if self.hold.is_zero() || state.holds >= self.most || of_address >= self.most_of_address {
            // Dropping a pass takes the lock.
            drop(state);
            return None;
        }
        state.holds += 1;
        state.of_address.insert(address, of_address + 1);
        let session = (user, session_id);
        state.held.insert(session, (world.clone(), connection));
        Some(Hold {
            resume: Arc::clone(self),
            address,
            session,
            connection,
            _connected: connected,
            _pass: pass,
        })
    }

    /// A session enters a world: if it is held in another one, it leaves that.
    pub(super) async fn leave_elsewhere(&self, user: Umid, session_id: Umid, world: Umid) {
        let held = self.state.lock().held.get(&(user, session_id)).cloned();
        if let Some((elsewhere, connection)) = held
            && elsewhere.id() != world
        {
            // A world that has ended has nobody in it.
            let _ = elsewhere.leave(user, connection).await;
        }
    }
}

impl Pass {
    pub(super) fn token(&self) -> Umid {
        self.token
    }

    /// The session is in this world from now on.
    pub(super) fn set_world(&self, world: Option<Umid>) {
        if let Some(ticket) = self.resume.state.lock().tokens.get_mut(&self.token) {
            ticket.world = world;
        }
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        self.resume.state.lock().tokens.remove(&self.token);
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        let mut state = self.resume.state.lock();
        state.holds -= 1;
        if let Some(holds) = state.of_address.get_mut(&self.address) {
            *holds -= 1;
            if *holds == 0 {
                state.of_address.remove(&self.address);
            }
        }
        let ours = |(_, connection): &(_, u64)| *connection == self.connection;
        if state.held.get(&self.session).is_some_and(ours) {
            state.held.remove(&self.session);
        }
    }
}
