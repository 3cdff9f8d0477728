//! Third parties: voice, chat, pictures, and what browser clients are told of the chain.

use std::time::Duration;

use components::JsonMap;
use integrations::{
    AgoraOptions, AllowedHosts, BlockadeOptions, LeonardoOptions, OutboundOptions, Secret,
    StreamChatOptions, YouTubeOptions,
};
use net::auth::ethereum;
use node::ThirdPartyOptions;
use serde::{Deserialize, Serialize};
use serde_json::json;
use url::Url;

use super::{Config, values};

/// Voice and screens; see [`AgoraOptions`].
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Agora {
    #[serde(skip_serializing_if = "Option::is_none")]
    app_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate: Option<Secret>,
}

/// Text chat; see [`StreamChatOptions`].
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StreamChat {
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<Secret>,
    url: String,
}

impl Default for StreamChat {
    fn default() -> Self {
        Self {
            key: None,
            secret: None,
            url: StreamChatOptions::URL.to_owned(),
        }
    }
}

/// Skies; see [`BlockadeOptions`]. The key is an attribute.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BlockadeLabs {
    url: String,
    #[serde(deserialize_with = "values::list")]
    image_hosts: Vec<String>,
}

impl Default for BlockadeLabs {
    fn default() -> Self {
        Self {
            url: BlockadeOptions::URL.to_owned(),
            image_hosts: BlockadeOptions::HOSTS.map(str::to_owned).to_vec(),
        }
    }
}

/// Pictures; see [`LeonardoOptions`]. The key is an attribute.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Leonardo {
    url: String,
}

impl Default for Leonardo {
    fn default() -> Self {
        Self {
            url: LeonardoOptions::URL.to_owned(),
        }
    }
}

/// Stills of videos; see [`YouTubeOptions`].
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct YouTube {
    url: String,
}

impl Default for YouTube {
    fn default() -> Self {
        Self {
            url: YouTubeOptions::URL.to_owned(),
        }
    }
}

/// Options of requests to third parties; see [`OutboundOptions`].
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Outbound {
    #[serde(with = "values::duration")]
    deadline: Duration,
    #[serde(deserialize_with = "values::switch")]
    allow_private: bool,
    /// Pictures and skies a user may ask for per hour; see [`ThirdPartyOptions`].
    generations_per_hour: u32,
}

impl Default for Outbound {
    fn default() -> Self {
        let options = OutboundOptions::default();
        Self {
            deadline: options.deadline,
            allow_private: options.allow_private,
            generations_per_hour: ThirdPartyOptions::default().generations_per_hour,
        }
    }
}

/// Features of browser clients; all off by default, as on the existing platform.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Features {
    #[serde(deserialize_with = "values::switch")]
    newsfeed: bool,
    #[serde(deserialize_with = "values::switch")]
    buy_nft: bool,
    #[serde(deserialize_with = "values::switch")]
    canvas: bool,
}

/// The contracts that browser clients use. None is told that is not set.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Arbitrum {
    #[serde(skip_serializing_if = "Option::is_none")]
    chain_id: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mom_token_address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dad_token_address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stake_address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nft_address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    faucet_address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mint_nft_amount: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mint_nft_deposit_address: Option<String>,
}

impl Arbitrum {
    /// Each address with the key of ours and the one that clients know.
    fn addresses(&self) -> [(&'static str, &'static str, Option<&String>); 6] {
        [
            (
                "arbitrum.mom_token_address",
                "CONTRACT_MOM_ADDRESS",
                self.mom_token_address.as_ref(),
            ),
            (
                "arbitrum.dad_token_address",
                "CONTRACT_DAD_ADDRESS",
                self.dad_token_address.as_ref(),
            ),
            (
                "arbitrum.stake_address",
                "CONTRACT_STAKING_ADDRESS",
                self.stake_address.as_ref(),
            ),
            (
                "arbitrum.nft_address",
                "CONTRACT_NFT_ADDRESS",
                self.nft_address.as_ref(),
            ),
            (
                "arbitrum.faucet_address",
                "CONTRACT_FAUCET_ADDRESS",
                self.faucet_address.as_ref(),
            ),
            (
                "arbitrum.mint_nft_deposit_address",
                "MINT_NFT_DEPOSIT_ADDRESS",
                self.mint_nft_deposit_address.as_ref(),
            ),
        ]
    }
}

impl Config {
    /// Options of third parties. What is incomplete is off; [`Config::check`] complains of it
    /// before.
    pub(super) fn third_party_options(&self) -> ThirdPartyOptions {
        let defaults = ThirdPartyOptions::default();
        let agora = self
            .agora
            .app_id
            .clone()
            .zip(self.agora.certificate.clone());
        let chat = self
            .streamchat
            .key
            .clone()
            .zip(self.streamchat.secret.clone());
        ThirdPartyOptions {
            outbound: OutboundOptions {
                deadline: self.outbound.deadline,
                allow_private: self.outbound.allow_private,
            },
            agora: agora.map(|(app_id, certificate)| AgoraOptions {
                app_id,
                certificate,
            }),
            stream_chat: chat
                .zip(web_address(&self.streamchat.url))
                .map(|((key, secret), url)| StreamChatOptions { key, secret, url }),
            blockade: BlockadeOptions {
                url: web_address(&self.blockadelabs.url).unwrap_or(defaults.blockade.url),
                hosts: AllowedHosts(self.blockadelabs.image_hosts.clone()),
            },
            leonardo: LeonardoOptions {
                url: web_address(&self.leonardo.url).unwrap_or(defaults.leonardo.url),
            },
            youtube: YouTubeOptions {
                url: web_address(&self.youtube.url).unwrap_or(defaults.youtube.url),
            },
            generations_per_hour: self.outbound.generations_per_hour,
        }
    }

    /// Settings of browser clients besides what the node knows of itself. Only what has a value:
    /// each key overrides what the client goes by itself (docs/spec/rest.md §8).
    pub(super) fn ui_options(&self) -> JsonMap {
        let mut told = JsonMap::new();
        let features = &self.features;
        let flags = json!({
            "newsfeed": features.newsfeed, "buy_nft": features.buy_nft, "canvas": features.canvas,
        });
        told.insert("FEATURE_FLAGS".to_owned(), flags);
        if let Some(chain) = self.arbitrum.chain_id {
            told.insert("BLOCKCHAIN_ID".to_owned(), json!(chain.to_string()));
        }
        if let Some(amount) = &self.arbitrum.mint_nft_amount {
            told.insert("MINT_NFT_AMOUNT".to_owned(), json!(amount));
        }
        for (_, key, address) in self.arbitrum.addresses() {
            // Clients compare addresses letter by letter, so there is one spelling.
            let address = address.and_then(|address| ethereum::checksummed(address).ok());
            if let Some(address) = address {
                told.insert(key.to_owned(), json!(address));
            }
        }
        told.extend(self.ui_client.clone());
        told
    }

    /// As [`Config::check`], for the tables of this file. Never says what a secret is.
    pub(super) fn check_third_parties(&self) -> Result<(), (&'static str, String)> {
        let refuse = |key, why: &str| Err((key, why.to_owned()));
        let Agora {
            app_id,
            certificate,
        } = &self.agora;
        if app_id.is_some() != certificate.is_some() {
            return refuse(
                "agora.certificate",
                "agora.app_id and agora.certificate go together",
            );
        }
        if app_id.as_deref().is_some_and(|id| !is_agora_key(id)) {
            return refuse("agora.app_id", "must be 32 hexadecimal digits");
        }
        if certificate
            .as_ref()
            .is_some_and(|key| !is_agora_key(key.reveal()))
        {
            return refuse("agora.certificate", "must be 32 hexadecimal digits");
        }
        let StreamChat { key, secret, .. } = &self.streamchat;
        if key.is_some() != secret.is_some() {
            return refuse(
                "streamchat.secret",
                "streamchat.key and streamchat.secret go together",
            );
        }
        for (key, url) in [
            ("streamchat.url", &self.streamchat.url),
            ("blockadelabs.url", &self.blockadelabs.url),
            ("leonardo.url", &self.leonardo.url),
            ("youtube.url", &self.youtube.url),
        ] {
            if web_address(url).is_none() {
                return refuse(key, &format!("{url:?} is no http:// or https:// address"));
            }
        }
        let host = |text: &String| {
            !text.is_empty()
                && !text.contains(['/', '@', '?', '#', '*'])
                && !text.contains(char::is_whitespace)
        };
        if let Some(odd) = self
            .blockadelabs
            .image_hosts
            .iter()
            .find(|text| !host(text))
        {
            return refuse(
                "blockadelabs.image_hosts",
                &format!("{odd:?} is no host or host:port"),
            );
        }
        if self.outbound.deadline.is_zero() {
            return refuse("outbound.deadline", "must be longer than nothing");
        }
        if self.outbound.generations_per_hour == 0 {
            return refuse("outbound.generations_per_hour", "must be at least 1");
        }
        for (key, _, address) in self.arbitrum.addresses() {
            if let Some(address) = address
                && ethereum::checksummed(address).is_err()
            {
                return refuse(key, &format!("{address:?} is no address"));
            }
        }
        if let Some(amount) = &self.arbitrum.mint_nft_amount
            && !amount
                .parse()
                .is_ok_and(|amount: f64| amount.is_finite() && amount >= 0.0)
        {
            return refuse(
                "arbitrum.mint_nft_amount",
                &format!("{amount:?} is no amount"),
            );
        }
        Ok(())
    }
}

fn is_agora_key(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

pub(super) fn web_address(text: &str) -> Option<Url> {
    let url: Url = text.parse().ok()?;
    (matches!(url.scheme(), "http" | "https") && url.has_host()).then_some(url)
}
