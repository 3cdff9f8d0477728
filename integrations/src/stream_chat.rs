//! Text chat by Stream (getstream.io): tokens for users, and calls of its REST interface as a
//! server, after Stream's public documentation. A server proves itself by a token signed with the
//! secret, and is named by `api_key` in the query; that key is public, every client has it.

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use reqwest::{Method, RequestBuilder, header::AUTHORIZATION};
use serde::Serialize;
use serde_json::{Value, json};
use url::Url;

use crate::{
    Outbound, ProviderError, Result, Secret,
    outbound::{below, key_header},
};

const NAME: &str = "Stream";
/// The kind of channel that every object has (docs/spec/model.md §8.5).
pub const CHANNEL_TYPE: &str = "momentum-world";
/// Lifetime of a user's token, in seconds: a day (docs/spec/model.md §8.5).
const LIFETIME: i64 = 24 * 3600;
/// Lag that Stream's clock may have, in seconds: it refuses tokens from the future.
const CLOCK_SKEW: i64 = 30;
/// Longest message in characters.
const MAX_MESSAGE: u32 = 280;

/// An application at Stream.
#[derive(Clone, Debug)]
pub struct StreamChatOptions {
    /// Its key. Clients are told.
    pub key: String,
    /// Its secret.
    pub secret: Secret,
    /// Address of its interface. Default `https://chat.stream-io-api.com`, which leads to the
    /// nearest place.
    pub url: Url,
}

impl StreamChatOptions {
    /// Default address of Stream's interface.
    pub const URL: &str = "https://chat.stream-io-api.com";
}

/// Calls of Stream's interface.
#[derive(Clone, Copy, Debug)]
pub struct StreamChat<'a> {
    /// The application.
    pub options: &'a StreamChatOptions,
    /// The way out.
    pub outbound: &'a Outbound,
}

#[derive(Serialize)]
struct UserClaims<'a> {
    user_id: &'a str,
    iat: i64,
    exp: i64,
}

#[derive(Serialize)]
struct ServerClaims {
    server: bool,
    iat: i64,
}

impl StreamChat<'_> {
    /// A token by which a user logs in at Stream for a day from `now`, seconds since the Unix
    /// epoch.
    ///
    /// # Errors
    /// None in practice: three plain claims can be signed.
    pub fn user_token(&self, user: &str, now: i64) -> Result<String> {
        self.sign(&UserClaims {
            user_id: user,
            iat: now - CLOCK_SKEW,
            exp: now + LIFETIME,
        })
    }

    /// Says what users may do everywhere and in channels of our type: read and write short messages
    /// with links, change and delete their own, report others'. No channels of their own, no files,
    /// threads or reactions.
    ///
    /// # Errors
    /// Those of talking to Stream.
    pub async fn configure(&self, now: i64) -> Result<()> {
        let everywhere = ["flag-user", "mute-user", "search-user", "update-user-owner"];
        let grants = json!({"grants": {"user": everywhere, "guest": everywhere, "anonymous": []}});
        self.call(Method::PATCH, &["app"], &grants, now).await?;

        let in_channels = [
            "add-links",
            "create-mention",
            "create-message",
            "delete-message-owner",
            "flag-message",
            "read-channel",
            "read-channel-members",
            "update-message-owner",
        ];
        let mut settings = json!({
            "max_message_length": MAX_MESSAGE,
            "url_enrichment": true,
            "typing_events": true,
            "read_events": true,
            "connect_events": true,
            "mutes": true,
            "message_retention": "infinite",
            "automod": "disabled",
            "uploads": false,
            "replies": false,
            "reactions": false,
            "quotes": false,
            "search": false,
            "custom_events": false,
            "push_notifications": false,
            "commands": [],
            "grants": {"user": in_channels, "guest": in_channels, "channel_member": in_channels, "anonymous": []},
        });
        let known = ["channeltypes", CHANNEL_TYPE];
        match self.call(Method::PUT, &known, &settings, now).await {
            Err(ProviderError::Status(_, 400..=499)) => {}
            known => return known,
        }
        settings["name"] = CHANNEL_TYPE.into();
        self.call(Method::POST, &["channeltypes"], &settings, now)
            .await
    }

    /// Makes a channel that `creator` owns, with a name; one that is there stays as it is.
    ///
    /// # Errors
    /// Those of talking to Stream.
    pub async fn ensure_channel(
        &self,
        channel: &str,
        name: &str,
        creator: &str,
        now: i64,
    ) -> Result<()> {
        let query = json!({
            "data": {"name": name, "created_by": {"id": creator}},
            "state": false, "watch": false, "presence": false,
        });
        let place = ["channels", CHANNEL_TYPE, channel, "query"];
        self.call(Method::POST, &place, &query, now).await
    }

    /// Makes a user known, or renames it.
    ///
    /// # Errors
    /// Those of talking to Stream.
    pub async fn ensure_user(&self, user: &str, name: &str, now: i64) -> Result<()> {
        let users = json!({"users": {user: {"id": user, "name": name}}});
        self.call(Method::POST, &["users"], &users, now).await
    }

    /// Makes a user a member of a channel.
    ///
    /// # Errors
    /// Those of talking to Stream.
    pub async fn add_member(&self, channel: &str, user: &str, now: i64) -> Result<()> {
        let members = json!({"add_members": [user]});
        self.call(
            Method::POST,
            &["channels", CHANNEL_TYPE, channel],
            &members,
            now,
        )
        .await
    }

    /// Ends a membership; there being none is fine.
    ///
    /// # Errors
    /// Those of talking to Stream.
    pub async fn remove_member(&self, channel: &str, user: &str, now: i64) -> Result<()> {
        let members = json!({"remove_members": [user]});
        let place = ["channels", CHANNEL_TYPE, channel];
        match self.call(Method::POST, &place, &members, now).await {
            // The channel was never made.
            Err(ProviderError::Status(_, 404)) => Ok(()),
            removed => removed,
        }
    }

    async fn call(&self, method: Method, place: &[&str], body: &Value, now: i64) -> Result<()> {
        let request = self.request(method, place, body, now)?;
        self.outbound.done(NAME, request).await
    }

    fn request(
        &self,
        method: Method,
        place: &[&str],
        body: &Value,
        now: i64,
    ) -> Result<RequestBuilder> {
        let mut url = below(&self.options.url, place);
        url.query_pairs_mut()
            .append_pair("api_key", &self.options.key);
        let token = self.sign(&ServerClaims {
            server: true,
            iat: now - CLOCK_SKEW,
        })?;
        let token = key_header(NAME, "", &Secret::from(token.as_str()))?;
        let request = self.outbound.providers()?.request(method, url);
        Ok(request
            .header(AUTHORIZATION, token)
            .header("stream-auth-type", "jwt")
            .json(body))
    }

    fn sign<C: Serialize>(&self, claims: &C) -> Result<String> {
        let key = EncodingKey::from_secret(self.options.secret.reveal().as_bytes());
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, &key)
            .map_err(|_| ProviderError::UnusableKey(NAME))
    }
}
