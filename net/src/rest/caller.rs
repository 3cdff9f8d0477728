//! Caller of a request.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use axum::{
    extract::FromRequestParts,
    http::{header::AUTHORIZATION, request::Parts},
};
use chrono::Utc;
use components::Reason;
use node::Caller;
use parking_lot::Mutex;
use uuid::Uuid;

use super::{ApiError, App};

/// Time for which a user is taken to exist after a lookup: spares the database a query per
/// request, and a deleted user's token lives this much longer at most.
const TRUST: Duration = Duration::from_secs(5);
/// Users remembered at most.
const CAPACITY: usize = 16_384;

/// A caller with a valid token whose account exists (docs/spec/rest.md §3).
pub(super) struct Authenticated(pub(super) Caller);

impl FromRequestParts<App> for Authenticated {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let header = parts
            .headers
            .get(AUTHORIZATION)
            .and_then(|value| value.to_str().ok());
        let header = header.ok_or(Reason::FailedToVerifyAccessToken)?;
        // The scheme is optional: some clients send the bare token.
        let token = header.strip_prefix("Bearer ").unwrap_or(header);
        let user = app
            .keys
            .verify(token, Utc::now())
            .map_err(|_| Reason::FailedToVerifyAccessToken)?;
        if let Some(caller) = app.callers.recall(user) {
            return Ok(Self(caller));
        }
        let account = match app.node.user(user).await {
            Err(error) if error.is_absence() => {
                return Err(Reason::FailedToVerifyAccessToken.into());
            }
            account => account?,
        };
        let caller = Caller {
            user,
            is_guest: app.node.is_guest(&account),
        };
        app.callers.remember(caller);
        Ok(Self(caller))
    }
}

/// Callers who were found to exist a moment ago.
#[derive(Default)]
pub(crate) struct KnownCallers(Mutex<HashMap<Uuid, (Instant, Caller)>>);

impl KnownCallers {
    fn recall(&self, user: Uuid) -> Option<Caller> {
        let known = self.0.lock();
        known
            .get(&user)
            .filter(|(since, _)| since.elapsed() < TRUST)
            .map(|(_, caller)| *caller)
    }

    /// Has a user looked up again: it is not what it was.
    pub(super) fn forget(&self, user: Uuid) {
        self.0.lock().remove(&user);
    }

    fn remember(&self, caller: Caller) {
        let mut known = self.0.lock();
        if known.len() >= CAPACITY {
            known.retain(|_, (since, _)| since.elapsed() < TRUST);
        }
        if known.len() < CAPACITY {
            known.insert(caller.user, (Instant::now(), caller));
        }
    }
}
