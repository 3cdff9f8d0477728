//! A node of IPFS of one's own, over the RPC of Kubo.

use std::{collections::HashMap, io, time::Duration};

use bytes::Bytes;
use futures_util::Stream;
use reqwest::{
    Body, RequestBuilder,
    multipart::{Form, Part},
};
use serde::Deserialize;
use url::Url;

use crate::{Outbound, Result, outbound::below};

const NAME: &str = "Kubo";
/// Bytes that a second has to bring at least, on top of the deadline that every request has: the
/// node is on this machine or beside it.
const SLOWEST: u64 = 256 * 1024;

/// Options of the node.
#[derive(Clone, Debug)]
pub struct KuboOptions {
    /// Address of its RPC, `http://127.0.0.1:5001`.
    pub url: Url,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Added {
    hash: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Pins {
    #[serde(default)]
    keys: HashMap<String, Pin>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Pin {
    #[serde(default)]
    name: String,
}

impl KuboOptions {
    /// Adds a content by the profile `unixfs-v1-2025` (IPIP-499), without a pin, and returns the
    /// CID that the node made of it.
    ///
    /// # Errors
    /// Those of talking to it.
    pub async fn add(
        &self,
        outbound: &Outbound,
        size: u64,
        bytes: impl Stream<Item = io::Result<Bytes>> + Send + 'static,
    ) -> Result<String> {
        let part = Part::stream_with_length(Body::wrap_stream(bytes), size).file_name("content");
        let request = self
            .request(outbound, &["add"])?
            .query(&[
                ("cid-version", "1"),
                ("hash", "sha2-256"),
                ("raw-leaves", "true"),
                ("chunker", "size-1048576"),
                ("max-file-links", "1024"),
                ("pin", "false"),
                ("progress", "false"),
            ])
            .multipart(Form::new().part("file", part));
        let added: Added = outbound.json_within(NAME, request, time_for(size)).await?;
        Ok(added.hash)
    }

    /// Pins a CID that the node has, under a name.
    ///
    /// # Errors
    /// Those of talking to it.
    pub async fn pin(&self, outbound: &Outbound, cid: &str, name: &str) -> Result<()> {
        let request = self
            .request(outbound, &["pin", "add"])?
            .query(&[("arg", cid), ("name", name)]);
        outbound.done(NAME, request).await
    }

    /// Takes a pin away; the node then deletes the content when it collects garbage.
    ///
    /// # Errors
    /// Those of talking to it; `Status` if there is no such pin.
    pub async fn unpin(&self, outbound: &Outbound, cid: &str) -> Result<()> {
        let request = self
            .request(outbound, &["pin", "rm"])?
            .query(&[("arg", cid)]);
        outbound.done(NAME, request).await
    }

    /// The CIDs that are pinned under a name, in order.
    ///
    /// # Errors
    /// Those of talking to it.
    pub async fn pins(&self, outbound: &Outbound, name: &str) -> Result<Vec<String>> {
        let request = self.request(outbound, &["pin", "ls"])?.query(&[
            ("type", "recursive"),
            ("names", "true"),
            ("name", name),
        ]);
        let pins: Pins = outbound.json(NAME, request).await?;
        // The node takes the name for a part of names.
        let ours = pins.keys.into_iter().filter(|(_, pin)| pin.name == name);
        let mut cids: Vec<String> = ours.map(|(cid, _)| cid).collect();
        cids.sort_unstable();
        Ok(cids)
    }

    /// Reads a content that the node has, at most `size` bytes of it.
    ///
    /// # Errors
    /// Those of talking to it; `TooLarge`.
    pub async fn read(
        &self,
        outbound: &Outbound,
        cid: &str,
        size: u64,
        chunk: impl FnMut(&[u8]),
    ) -> Result<()> {
        let request = self
            .request(outbound, &["cat"])?
            .query(&[("arg", cid), ("offline", "true")]);
        outbound
            .read_within(NAME, request, time_for(size), size, chunk)
            .await
    }

    fn request(&self, outbound: &Outbound, command: &[&str]) -> Result<RequestBuilder> {
        let path: Vec<&str> = ["api", "v0"].iter().chain(command).copied().collect();
        Ok(outbound.providers()?.post(below(&self.url, &path)))
    }
}

fn time_for(size: u64) -> Duration {
    Duration::from_secs(size / SLOWEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read_as_the_node_writes_them() {
        let added = r#"{"Name":"content","Hash":"bafkrei","Size":"12"}"#;
        let added: Added = serde_json::from_str(added).expect("an answer");
        assert_eq!(added.hash, "bafkrei");
        let pins = r#"{"Keys":{"bafkrei":{"Type":"recursive","Name":"odyssey"}}}"#;
        let pins: Pins = serde_json::from_str(pins).expect("an answer");
        assert_eq!(pins.keys["bafkrei"].name, "odyssey");
        let none: Pins = serde_json::from_str("{}").expect("an answer");
        assert!(none.keys.is_empty());
    }
}
