//! Requests of the server to third parties: voice by Agora, text chat by Stream, pictures by
//! Blockade Labs and Leonardo, stills of videos by YouTube,
//! and a node of IPFS of one's own by Kubo.
//!
//! One file a provider, with its requests, its answers and nothing else; [`Outbound`] is the only
//! way out. Every request has a deadline, every answer a cap, nothing follows a redirect by itself,
//! and keys travel in headers only. This crate must not know worlds, users' rights, routes of ours
//! or the database.

#![forbid(unsafe_code)]

mod address;
mod agora;
mod blockade;
mod error;
mod kubo;
mod lenient;
mod leonardo;
mod outbound;
mod secret;
mod stream_chat;
mod youtube;

pub use address::{AllowedHosts, is_public};
pub use agora::{AgoraOptions, RtcTokenRequest};
pub use blockade::{BlockadeLabs, BlockadeOptions, SkyboxStatus, SkyboxStyle};
pub use error::{ProviderError, Result};
pub use kubo::KuboOptions;
pub use leonardo::{GeneratedImage, Generation, Leonardo, LeonardoOptions};
pub use outbound::{Outbound, OutboundOptions};
pub use secret::Secret;
pub use stream_chat::{CHANNEL_TYPE, StreamChat, StreamChatOptions};
pub use youtube::{VideoId, YouTubeOptions};
