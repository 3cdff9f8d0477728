//! Skies painted by Blockade Labs (docs/spec/model.md §8.5): ask for one, hear by webhook how it
//! goes, fetch the picture.

use std::fmt;

use reqwest::{Method, RequestBuilder};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;

use crate::{
    AllowedHosts, Outbound, ProviderError, Result, Secret, lenient,
    outbound::{below, key_header},
};

const NAME: &str = "Blockade Labs";
const KEY_HEADER: &str = "x-api-key";
/// Largest picture, 48 MiB: one of 8192 × 4096 points has 5 to 25.
const MAX_PICTURE: usize = 48 * 1024 * 1024;
/// First bytes of a JPEG.
const JPEG: &[u8] = &[0xff, 0xd8, 0xff];
/// Longest word for a status.
const MAX_STATUS: usize = 32;
/// Most styles that are passed on.
const MAX_STYLES: usize = 1000;

/// Addresses of Blockade Labs.
#[derive(Clone, Debug)]
pub struct BlockadeOptions {
    /// Its interface. Default `https://backend.blockadelabs.com/api/v1`.
    pub url: Url,
    /// Hosts that finished pictures are fetched from. Default those that Blockade Labs uses; an
    /// address elsewhere is not fetched, whoever names it.
    pub hosts: AllowedHosts,
}

impl Default for BlockadeOptions {
    fn default() -> Self {
        Self {
            url: Self::URL.parse().expect("a constant address"),
            hosts: AllowedHosts(Self::HOSTS.map(str::to_owned).to_vec()),
        }
    }
}

impl BlockadeOptions {
    /// Default address of the interface.
    pub const URL: &str = "https://backend.blockadelabs.com/api/v1";
    /// Default address of pictures.
    pub const HOSTS: [&str; 2] = [
        "images.blockadelabs.com",
        "blockade-platform-production.s3.amazonaws.com",
    ];
}

/// A kind of sky that can be asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SkyboxStyle {
    /// By which it is asked for.
    #[serde(deserialize_with = "lenient::number")]
    pub id: i64,
    /// Its name.
    #[serde(default, deserialize_with = "lenient::text")]
    pub name: String,
    /// Longest prompt in characters.
    #[serde(default, rename = "max-char", deserialize_with = "lenient::number")]
    pub max_char: i64,
    /// Longest negative prompt in characters.
    #[serde(
        default,
        rename = "negative-text-max-char",
        deserialize_with = "lenient::number"
    )]
    pub negative_text_max_char: i64,
    /// An example, as the provider gives it.
    #[serde(default)]
    pub image: Value,
    /// Its place in the list.
    #[serde(default, deserialize_with = "lenient::number")]
    pub sort_order: i64,
    /// 1 if it costs extra.
    #[serde(default, deserialize_with = "lenient::number")]
    pub premium: i64,
    /// Groups it belongs to, as the provider gives them.
    #[serde(default)]
    pub skybox_style_families: Option<Vec<Value>>,
}

/// Progress of a sky. Only what clients know is kept of what the provider sends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SkyboxStatus {
    /// The provider's number of the job.
    #[serde(deserialize_with = "lenient::number")]
    pub id: i64,
    /// A sentence for people.
    #[serde(default, deserialize_with = "lenient::text")]
    pub message: String,
    /// The provider's word, `complete` when the picture is there.
    #[serde(default, deserialize_with = "lenient::text")]
    pub status: String,
    /// Address of the picture, empty until it is there.
    #[serde(default, deserialize_with = "lenient::text")]
    pub file_url: String,
    /// Address of a small picture, empty until it is there.
    #[serde(default, deserialize_with = "lenient::text")]
    pub thumb_url: String,
    /// When the job began, as the provider writes it.
    #[serde(default, deserialize_with = "lenient::text")]
    pub created_at: String,
    /// When this was so, as the provider writes it.
    #[serde(default, deserialize_with = "lenient::text")]
    pub updated_at: String,
    /// Error of the provider, empty if there is none.
    #[serde(default, deserialize_with = "lenient::text")]
    pub error_message: String,
    /// The style that was asked for.
    #[serde(default, deserialize_with = "lenient::number")]
    pub skybox_style_id: i64,
}

impl SkyboxStatus {
    /// Whether the picture is there.
    pub fn is_complete(&self) -> bool {
        self.status == "complete"
    }

    /// Whether nothing more will come.
    pub fn is_final(status: &str) -> bool {
        matches!(status, "complete" | "error" | "abort")
    }
}

/// Calls of Blockade Labs' interface with one key.
#[derive(Clone, Copy)]
pub struct BlockadeLabs<'a> {
    /// Its address.
    pub options: &'a BlockadeOptions,
    /// The way out.
    pub outbound: &'a Outbound,
    /// Key of the account that pays.
    pub key: &'a Secret,
}

impl fmt::Debug for BlockadeLabs<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BlockadeLabs")
    }
}

impl BlockadeLabs<'_> {
    /// The kinds of skies there are.
    ///
    /// # Errors
    /// Those of talking to the provider.
    pub async fn styles(&self) -> Result<Vec<SkyboxStyle>> {
        let request = self.request(Method::GET, &["skybox", "styles"])?;
        let mut styles: Vec<SkyboxStyle> = self.outbound.json(NAME, request).await?;
        styles.truncate(MAX_STYLES);
        Ok(styles)
    }

    /// Asks for a sky; the provider tells `webhook` how it goes.
    ///
    /// # Errors
    /// Those of talking to the provider.
    pub async fn generate(&self, style: i64, prompt: &str, webhook: &Url) -> Result<SkyboxStatus> {
        let wanted =
            json!({"prompt": prompt, "skybox_style_id": style, "webhook_url": webhook.as_str()});
        let request = self.request(Method::POST, &["skybox"])?.json(&wanted);
        let mut status: SkyboxStatus = self.outbound.json(NAME, request).await?;
        if status.id <= 0 {
            return Err(ProviderError::Malformed(
                NAME,
                "a job without a number".to_owned(),
            ));
        }
        if status.skybox_style_id == 0 {
            status.skybox_style_id = style;
        }
        self.options.vet(self.outbound, &mut status)?;
        Ok(status)
    }

    /// Ends a job that is still going on, or deletes what came of it; one that is not there is as
    /// good.
    ///
    /// # Errors
    /// Those of talking to the provider.
    pub async fn delete(&self, job: i64, finished: bool) -> Result<()> {
        let job = job.to_string();
        let place = match finished {
            true => ["imagine", "deleteImagine", &job],
            false => ["imagine", "requests", &job],
        };
        let request = self.request(Method::DELETE, &place)?;
        match self.outbound.done(NAME, request).await {
            Err(ProviderError::Status(_, 404)) => Ok(()),
            deleted => deleted,
        }
    }

    fn request(&self, method: Method, place: &[&str]) -> Result<RequestBuilder> {
        let request = self
            .outbound
            .providers()?
            .request(method, below(&self.options.url, place));
        Ok(request.header(KEY_HEADER, key_header(NAME, "", self.key)?))
    }
}

impl BlockadeOptions {
    /// Checks what the webhook or an answer says before anything of it is kept: the picture has to
    /// be on a known host; a small picture elsewhere is left out, for clients load it by
    /// themselves.
    ///
    /// # Errors
    /// `Refused`, `Malformed` for a status that is no word.
    pub fn vet(&self, outbound: &Outbound, status: &mut SkyboxStatus) -> Result<()> {
        let word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        let status_is_word = status.status.bytes().all(word);
        if status.status.is_empty() || status.status.len() > MAX_STATUS || !status_is_word {
            return Err(ProviderError::Malformed(NAME, "an odd status".to_owned()));
        }
        let checked = |address: &str| -> Result<String> {
            let url = parse(address)?;
            outbound.check(&url, &self.hosts)?;
            // As it is read, and not as it is written: what is checked is what is kept.
            Ok(String::from(url))
        };
        if !status.file_url.is_empty() {
            status.file_url = checked(&status.file_url)?;
        }
        status.thumb_url = checked(&status.thumb_url).unwrap_or_default();
        Ok(())
    }

    /// A finished picture, a JPEG.
    ///
    /// # Errors
    /// `Refused` if the address may not be fetched, `Malformed` if it is no JPEG, those of talking
    /// to its host.
    pub async fn picture(&self, outbound: &Outbound, address: &str) -> Result<Vec<u8>> {
        let url = parse(address)?;
        let picture = outbound.fetch(NAME, url, &self.hosts, MAX_PICTURE).await?;
        if picture.starts_with(JPEG) {
            Ok(picture)
        } else {
            Err(ProviderError::Malformed(NAME, "no JPEG".to_owned()))
        }
    }
}

fn parse(address: &str) -> Result<Url> {
    address
        .parse()
        .map_err(|_| ProviderError::Refused("not an address"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(more: Value) -> SkyboxStatus {
        let mut status = json!({"id": 7, "status": "complete"});
        let (Some(all), Some(more)) = (status.as_object_mut(), more.as_object()) else {
            panic!("objects");
        };
        all.extend(more.clone());
        serde_json::from_value(status).expect("a status")
    }

    #[test]
    fn pictures_of_other_hosts_are_not_taken_over() {
        let outbound = Outbound::default();
        let mut good = status(json!({
            "file_url": "https://images.blockadelabs.com/a.jpg", "thumb_url": "https://elsewhere.example/b.jpg",
        }));
        assert_eq!(BlockadeOptions::default().vet(&outbound, &mut good), Ok(()));
        assert_eq!(good.thumb_url, "");
        for address in [
            "http://169.254.169.254/latest",
            "https://evil.example/a.jpg",
            "javascript:alert(1)",
            "x",
        ] {
            let mut bad = status(json!({"file_url": address}));
            assert!(
                BlockadeOptions::default().vet(&outbound, &mut bad).is_err(),
                "{address}"
            );
        }
    }

    #[test]
    fn styles_are_read_however_they_are_written() {
        let written = json!({"id": 2, "name": "Fantasy", "max-char": "360", "premium": false, "image": null, "model": "m3"});
        let style: SkyboxStyle = serde_json::from_value(written).expect("a style");
        assert_eq!((style.max_char, style.premium), (360, 0));
        let told = json!(style);
        assert_eq!(told["negative-text-max-char"], 0);
        assert!(told.get("model").is_none());
    }

    #[test]
    fn only_known_fields_of_a_status_are_kept() {
        let told = json!(status(
            json!({"error_message": null, "prompt": "mine", "skybox_style_id": "2"})
        ));
        assert_eq!(told["error_message"], "");
        assert_eq!(told["skybox_style_id"], 2);
        assert_eq!(told.as_object().map(|all| all.len()), Some(9));
    }
}
