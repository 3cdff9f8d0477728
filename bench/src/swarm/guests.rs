//! Getting an account for every bot (docs/spec/rest.md §4).

use futures_util::{StreamExt, TryStreamExt, stream};
use posbus::Umid;
use reqwest::{Client, StatusCode};
use serde::Deserialize;

use crate::swarm::SwarmError;

/// Requests at once: enough to keep a server busy, few enough to leave it room.
const AT_ONCE: usize = 16;

/// A guest of the server.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Guest {
    pub(crate) id: Umid,
    pub(crate) token: String,
}

/// Makes this many guests, telling how many there are already.
pub(crate) async fn create(
    http: &Client,
    url: &str,
    count: u32,
    mut created: impl FnMut(u32),
) -> Result<Vec<Guest>, SwarmError> {
    let mut guests = Vec::new();
    let mut arriving = stream::iter(0..count)
        .map(|_| create_one(http, url))
        .buffered(AT_ONCE);
    while let Some(guest) = arriving.try_next().await? {
        guests.push(guest);
        created(u32::try_from(guests.len()).unwrap_or(u32::MAX));
    }
    Ok(guests)
}

async fn create_one(http: &Client, url: &str) -> Result<Guest, SwarmError> {
    let answer = http
        .post(format!("{url}/api/v4/auth/guest-token"))
        .send()
        .await?;
    match answer.status() {
        StatusCode::TOO_MANY_REQUESTS => Err(SwarmError::Limited),
        status if !status.is_success() => Err(SwarmError::NoGuest(status.as_u16())),
        _ => Ok(answer.json().await?),
    }
}
