//! Pictures painted by Leonardo (docs/spec/model.md §8.5): ask for some, ask again until they are
//! there.

use std::fmt;

use reqwest::{Method, RequestBuilder, header::AUTHORIZATION};
use serde::{Deserialize, Serialize};
use serde_json::json;
use url::Url;

use crate::{
    Outbound, ProviderError, Result, Secret, lenient,
    outbound::{below, key_header},
};

const NAME: &str = "Leonardo";
/// Longest id that is taken over; they are UUIDs.
const MAX_ID: usize = 64;

/// Address of Leonardo.
#[derive(Clone, Debug)]
pub struct LeonardoOptions {
    /// Its interface. Default `https://cloud.leonardo.ai/api/rest/v1`.
    pub url: Url,
}

impl Default for LeonardoOptions {
    fn default() -> Self {
        Self {
            url: Self::URL.parse().expect("a constant address"),
        }
    }
}

impl LeonardoOptions {
    /// Default address of the interface.
    pub const URL: &str = "https://cloud.leonardo.ai/api/rest/v1";
}

/// Request and its results. Only what clients know is kept of what the provider sends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Generation {
    /// The pictures, none until they are there.
    #[serde(default)]
    pub generated_images: Vec<GeneratedImage>,
    /// The request.
    #[serde(default, deserialize_with = "lenient::text")]
    pub prompt: String,
    /// The provider's word, as `PENDING`, `COMPLETE` or `FAILED`.
    #[serde(default, deserialize_with = "lenient::text")]
    pub status: String,
    /// Its id.
    #[serde(default, deserialize_with = "lenient::text")]
    pub id: String,
    /// When it was asked for, as the provider writes it.
    #[serde(default, rename = "createdAt", deserialize_with = "lenient::text")]
    pub created_at: String,
}

/// A picture.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GeneratedImage {
    /// Its address.
    #[serde(default, deserialize_with = "lenient::text")]
    pub url: String,
    /// Whether it is not for everybody's eyes.
    #[serde(default, deserialize_with = "lenient::flag")]
    pub nsfw: bool,
    /// Its id.
    #[serde(default, deserialize_with = "lenient::text")]
    pub id: String,
}

/// Calls of Leonardo's interface with one key.
#[derive(Clone, Copy)]
pub struct Leonardo<'a> {
    /// Its address.
    pub options: &'a LeonardoOptions,
    /// The way out.
    pub outbound: &'a Outbound,
    /// Key of the account that pays.
    pub key: &'a Secret,
}

impl fmt::Debug for Leonardo<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Leonardo")
    }
}

#[derive(Deserialize)]
struct Started {
    #[serde(rename = "sdGenerationJob")]
    job: Job,
}

#[derive(Deserialize)]
struct Job {
    #[serde(rename = "generationId")]
    generation: String,
}

#[derive(Deserialize)]
struct Found {
    generations_by_pk: Option<Generation>,
}

impl Leonardo<'_> {
    /// Asks for pictures; the id by which to ask for them again.
    ///
    /// # Errors
    /// Those of talking to the provider.
    pub async fn generate(&self, prompt: &str, model: &str) -> Result<String> {
        let wanted = json!({"prompt": prompt, "modelId": model});
        let request = self.request(Method::POST, &["generations"])?.json(&wanted);
        let started: Started = self.outbound.json(NAME, request).await?;
        let id = started.job.generation;
        let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if id.is_empty() || id.len() > MAX_ID || !id.bytes().all(word) {
            return Err(ProviderError::Malformed(NAME, "an odd id".to_owned()));
        }
        Ok(id)
    }

    /// Results so far; `None` if the provider does not know it.
    ///
    /// # Errors
    /// Those of talking to the provider.
    pub async fn generation(&self, id: &str) -> Result<Option<Generation>> {
        let request = self.request(Method::GET, &["generations", id])?;
        match self.outbound.json::<Found>(NAME, request).await {
            Ok(found) => Ok(found.generations_by_pk),
            Err(ProviderError::Status(_, 404)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn request(&self, method: Method, place: &[&str]) -> Result<RequestBuilder> {
        let request = self
            .outbound
            .providers()?
            .request(method, below(&self.options.url, place));
        Ok(request.header(AUTHORIZATION, key_header(NAME, "Bearer ", self.key)?))
    }
}
