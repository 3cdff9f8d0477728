//! Third parties: who may use them, whose key pays, and what is remembered of it
//! (docs/spec/model.md §8.5). What is said to them is in the crate `integrations`.

mod chat;
mod keys;
mod pictures;
mod skies;
mod voice;

use std::{collections::HashMap, sync::Arc, time::Instant};

use components::Reason;
use integrations::{
    AgoraOptions, BlockadeOptions, LeonardoOptions, Outbound, OutboundOptions, SkyboxStyle,
    StreamChatOptions, YouTubeOptions,
};
use parking_lot::Mutex;
use tokio::sync::Semaphore;

use crate::{Caller, Node, NodeError, Result, rate_limiter::RateLimiter};

pub use chat::ChatToken;
pub use skies::NewSkybox;
pub use voice::VoiceToken;

/// Requests to picture providers per user and second, of any kind, and the number at
/// once. Clients ask each second whether a picture is ready.
const CALLS: (f64, f64) = (2.0, 20.0);
/// Pictures fetched at the same time; each may take some 50 MiB.
const FETCHES: usize = 4;

/// The third parties, and options for their use.
#[derive(Clone, Debug)]
pub struct ThirdPartyOptions {
    /// Options of requests to third parties.
    pub outbound: OutboundOptions,
    /// Voice and screens; none by default.
    pub agora: Option<AgoraOptions>,
    /// Text chat; none by default.
    pub stream_chat: Option<StreamChatOptions>,
    /// Skies. Keys for it are attributes.
    pub blockade: BlockadeOptions,
    /// Pictures. Keys for it are attributes.
    pub leonardo: LeonardoOptions,
    /// Stills of videos, for posters.
    pub youtube: YouTubeOptions,
    /// Pictures and skies a user may ask for per hour. Default 30: each costs who holds the key
    /// some cents.
    pub generations_per_hour: u32,
}

impl Default for ThirdPartyOptions {
    fn default() -> Self {
        Self {
            outbound: OutboundOptions::default(),
            agora: None,
            stream_chat: None,
            blockade: BlockadeOptions::default(),
            leonardo: LeonardoOptions::default(),
            youtube: YouTubeOptions::default(),
            generations_per_hour: 30,
        }
    }
}

/// Memory of the operations on third parties. Nothing of it is missed after a restart.
pub(crate) struct ThirdParties {
    pub(crate) outbound: Outbound,
    styles: tokio::sync::Mutex<Styles>,
    calls: RateLimiter,
    generations: RateLimiter,
    /// Skies that are being asked for, by the digest of their secret: the provider may report
    /// before it has answered.
    beginning: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
    /// Orders reports, so that an older one cannot overwrite a newer one.
    reports: tokio::sync::Mutex<()>,
    fetches: Semaphore,
}

/// The styles as last heard, and when asking last failed.
#[derive(Default)]
struct Styles {
    known: Option<(Instant, Arc<Vec<SkyboxStyle>>)>,
    failed: Option<Instant>,
}

impl ThirdParties {
    pub(crate) fn new(options: &ThirdPartyOptions) -> Self {
        let per_hour = f64::from(options.generations_per_hour);
        Self {
            outbound: Outbound::new(options.outbound.clone()),
            styles: tokio::sync::Mutex::default(),
            calls: RateLimiter::new(CALLS.0, CALLS.1),
            generations: RateLimiter::new(per_hour / 3600.0, per_hour),
            beginning: Mutex::default(),
            reports: tokio::sync::Mutex::default(),
            fetches: Semaphore::new(FETCHES),
        }
    }
}

impl Node {
    /// Refuses who asks picture providers too often.
    fn pace_call(&self, caller: Caller) -> Result<()> {
        let taken = self.third_parties.calls.take(caller.user);
        taken.map_err(NodeError::TooMany)
    }

    /// Refuses guests, of whom anybody can be as many as they like, and who asks for too many
    /// pictures.
    fn pace_generation(&self, caller: Caller) -> Result<()> {
        self.pace_call(caller)?;
        let taken = self.third_parties.generations.take(caller.user);
        taken.map_err(NodeError::TooMany)
    }

    /// Whether a user is in the world of an object right now.
    async fn is_present(&self, caller: Caller, object: components::Umid) -> Result<bool> {
        if !self.directory().knows(object) {
            return Err(Reason::ObjectNotFound.into());
        }
        let Some(world) = self.directory().world_of(object) else {
            return Ok(false);
        };
        let pose = self.worlds().user_pose(world, caller.user).await;
        Ok(pose.is_some())
    }
}

/// Pictures are for accounts; guests cost nothing to make, so no limit by account would hold them.
fn refuse_guest(caller: Caller) -> Result<()> {
    if caller.is_guest {
        return Err(Reason::GuestsNotPermitted.into());
    }
    Ok(())
}

/// A prompt of 1 to 550 characters (docs/spec/model.md §8.5).
fn check_prompt(prompt: &str) -> Result<()> {
    const LONGEST: usize = 550;
    if prompt.trim().is_empty() || prompt.chars().count() > LONGEST {
        return Err(NodeError::invalid(
            Reason::InvalidRequestBody,
            format!("a prompt has 1 to {LONGEST} characters"),
        ));
    }
    Ok(())
}
