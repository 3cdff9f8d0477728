//! Contents of worlds: the `[media]` table.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use integrations::{KuboOptions, Secret};
use media::{S3Options, StorageOptions};
use node::{MediaLimits, MediaOptions, Quotas};
use serde::{Deserialize, Serialize};
use url::{Host, Url};

use super::{third_parties::web_address, values};

/// See [`MediaOptions`].
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Media {
    /// Folder of the bytes. Default `media` in the data directory.
    #[serde(skip_serializing_if = "Option::is_none")]
    folder: Option<PathBuf>,
    /// Bytes kept in memory.
    hot: u64,
    /// Bytes of stored variants.
    variants: u64,
    #[serde(with = "values::duration")]
    unreferenced: Duration,
    #[serde(with = "values::duration")]
    tombstoned: Duration,
    #[serde(with = "values::duration")]
    interrupted: Duration,
    limits: Limits,
    quotas: Quota,
    /// Node of IPFS of one's own.
    ipfs: Ipfs,
    /// Bucket of the bytes, instead of the folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    s3: Option<S3>,
}

/// Bytes of a content by its kind; see [`MediaLimits`].
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Limits {
    image: u64,
    audio: u64,
    video: u64,
    model: u64,
    plugin: u64,
}

/// Limits of accounts; see [`Quotas`].
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Quota {
    guest: u64,
    user: u64,
    node: u64,
    per_minute: u32,
    at_once: usize,
    free_percent: u8,
}

/// A node of IPFS that contents can be published to; see [`KuboOptions`].
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ipfs {
    /// Address of its RPC.
    #[serde(skip_serializing_if = "Option::is_none")]
    api: Option<String>,
}

/// A bucket; see [`S3Options`].
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct S3 {
    bucket: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    endpoint: Option<String>,
    #[serde(default = "default_region")]
    region: String,
    #[serde(default)]
    root: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    access_key_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    secret_access_key: Option<Secret>,
}

/// The region that services other than AWS take for any.
fn default_region() -> String {
    "us-east-1".to_owned()
}

impl Default for Media {
    fn default() -> Self {
        let options = MediaOptions::default();
        let (limits, quotas) = (options.limits, options.quotas);
        Self {
            folder: None,
            hot: options.hot,
            variants: options.variants,
            unreferenced: options.unreferenced,
            tombstoned: options.tombstoned,
            interrupted: options.interrupted,
            limits: Limits {
                image: limits.image,
                audio: limits.audio,
                video: limits.video,
                model: limits.model,
                plugin: limits.plugin,
            },
            quotas: Quota {
                guest: quotas.guest,
                user: quotas.user,
                node: quotas.node,
                per_minute: quotas.per_minute,
                at_once: quotas.at_once,
                free_percent: quotas.free_percent,
            },
            ipfs: Ipfs::default(),
            s3: None,
        }
    }
}

impl Media {
    /// Options of contents; `data` is the data directory.
    pub(crate) fn options(&self, data: &Path) -> MediaOptions {
        let folder = self.folder.clone().unwrap_or_else(|| data.join("media"));
        let files = MediaOptions::files(folder);
        let storage = match &self.s3 {
            None => files.storage.clone(),
            Some(s3) => StorageOptions::S3(s3.options()),
        };
        MediaOptions {
            storage,
            hot: self.hot,
            variants: self.variants,
            unreferenced: self.unreferenced,
            tombstoned: self.tombstoned,
            interrupted: self.interrupted,
            kubo: self
                .ipfs
                .api
                .as_deref()
                .and_then(web_address)
                .map(|url| KuboOptions { url }),
            limits: MediaLimits {
                image: self.limits.image,
                audio: self.limits.audio,
                video: self.limits.video,
                model: self.limits.model,
                plugin: self.limits.plugin,
                ..MediaLimits::default()
            },
            quotas: Quotas {
                guest: self.quotas.guest,
                user: self.quotas.user,
                node: self.quotas.node,
                per_minute: self.quotas.per_minute,
                at_once: self.quotas.at_once,
                free_percent: self.quotas.free_percent,
                ..Quotas::default()
            },
            ..files
        }
    }

    /// The first key whose value makes no sense, and why.
    pub(super) fn check(&self) -> Result<(), (&'static str, String)> {
        let api = self.ipfs.api.as_deref();
        let rules = [
            (
                api.is_none_or(|api| web_address(api).is_some()),
                "media.ipfs.api",
                "must be an http:// or https:// address",
            ),
            (
                self.quotas.per_minute > 0,
                "media.quotas.per_minute",
                "must be at least 1",
            ),
            (
                self.quotas.at_once > 0,
                "media.quotas.at_once",
                "must be at least 1",
            ),
            (
                self.quotas.free_percent < 100,
                "media.quotas.free_percent",
                "must be less than 100",
            ),
        ];
        if let Some((_, key, why)) = rules.into_iter().find(|(holds, ..)| !holds) {
            return Err((key, why.to_owned()));
        }
        self.s3.as_ref().map_or(Ok(()), S3::check)
    }
}

impl S3 {
    fn options(&self) -> S3Options {
        let secret = self.secret_access_key.as_ref().map(Secret::reveal);
        let credentials = self.access_key_id.clone().zip(secret.map(str::to_owned));
        S3Options {
            bucket: self.bucket.clone(),
            endpoint: self.endpoint.clone(),
            region: self.region.clone(),
            root: self.root.clone(),
            credentials,
        }
    }

    fn check(&self) -> Result<(), (&'static str, String)> {
        if self.bucket.is_empty() {
            return Err(("media.s3.bucket", "must not be empty".to_owned()));
        }
        if self.access_key_id.is_some() != self.secret_access_key.is_some() {
            let why = "media.s3.access_key_id and media.s3.secret_access_key go together";
            return Err(("media.s3.access_key_id", why.to_owned()));
        }
        let Some(endpoint) = &self.endpoint else {
            return Ok(());
        };
        let safe = Url::parse(endpoint).is_ok_and(|url| match (url.scheme(), url.host()) {
            ("https", Some(_)) => true,
            ("http", Some(Host::Ipv4(address))) => address.is_loopback(),
            ("http", Some(Host::Ipv6(address))) => address.is_loopback(),
            ("http", Some(Host::Domain(name))) => name == "localhost",
            _ => false,
        });
        match safe {
            true => Ok(()),
            false => Err((
                "media.s3.endpoint",
                format!("{endpoint:?} is no https:// address; http:// is for this machine only"),
            )),
        }
    }
}
