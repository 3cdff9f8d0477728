//! Settings that the platform's browser client has to know of this node before it starts
//! (docs/spec/rest.md §8).

use components::{JsonMap, ids};
use serde_json::{Value, json};

use crate::Node;

/// The value of `open_ai.api_key` that means none, as the seed of the platform writes it.
const PLACEHOLDER_KEY: &str = "set_your_api_key_here";

impl Node {
    /// The configuration of the browser client: what this node knows of itself, and over that the
    /// keys of its options.
    pub fn ui_config(&self) -> JsonMap {
        let base = self.options.base_url.trim_end_matches('/');
        let mut config = JsonMap::new();
        config.insert("NODE_ID".to_owned(), json!(self.directory().node()));
        config.insert(
            "RENDER_SERVICE_URL".to_owned(),
            json!(format!("{base}/api/v4/media/render")),
        );
        config.insert(
            "FEATURE_FLAGS".to_owned(),
            json!({"newsfeed": false, "buy_nft": false, "canvas": false}),
        );
        config.insert(
            "AI_PROVIDERS".to_owned(),
            json!({
                "leonardo": self.has_key("leonardo"),
                "blockadelabs": self.has_key("blockadelabs"),
                "chatgpt": self.has_key("open_ai"),
            }),
        );
        let third_parties = &self.options.third_parties;
        let agora = third_parties.agora.as_ref().map(|agora| &agora.app_id);
        let chat = third_parties.stream_chat.as_ref().map(|chat| &chat.key);
        for (key, value) in [("AGORA_APP_ID", agora), ("STREAMCHAT_KEY", chat)] {
            if let Some(value) = value {
                config.insert(key.to_owned(), json!(value));
            }
        }
        config.extend(self.options.ui_client.clone());
        config
    }

    /// Whether the node has an API key for a provider. The key itself stays here.
    fn has_key(&self, provider: &str) -> bool {
        let settings = self.directory().node_attribute(&ids::core(provider));
        let key = settings
            .as_ref()
            .and_then(|settings| settings.get("api_key"));
        key.and_then(Value::as_str)
            .is_some_and(|key| !key.is_empty() && key != PLACEHOLDER_KEY)
    }
}
