//! The way out: requests with a deadline, answers with a cap.

use std::{
    net::SocketAddr,
    sync::{Arc, OnceLock},
    time::Duration,
};

use reqwest::{
    Client, ClientBuilder, RequestBuilder, Response,
    dns::{Addrs, Name, Resolve, Resolving},
    header::{HeaderValue, LOCATION},
    redirect::Policy,
};
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt;
use serde::de::DeserializeOwned;
use tokio::{net::lookup_host, time::timeout};
use url::Url;

use crate::{
    AllowedHosts, ProviderError, Result, Secret,
    address::{check_literal, is_public},
};

/// Largest answer in JSON, 1 MiB: a list of all styles has 60 KiB.
const MAX_JSON: usize = 1024 * 1024;
/// Number of redirects that a fetch follows. Pictures are on their host or one step behind it.
const MAX_REDIRECTS: usize = 3;
const AGENT: &str = concat!("odyssey/", env!("CARGO_PKG_VERSION"));

/// Options of requests to third parties.
#[derive(Clone, Debug)]
pub struct OutboundOptions {
    /// Longest time of a whole exchange. Default 20 s, as on the existing platform: providers
    /// answer within seconds, and clients wait for the server 30.
    pub deadline: Duration,
    /// Whether files may be fetched over plain HTTP and from addresses that are not public. Default
    /// off; on is for tests, whose stand-ins are on this machine.
    pub allow_private: bool,
}

impl Default for OutboundOptions {
    fn default() -> Self {
        Self {
            deadline: Duration::from_secs(20),
            allow_private: false,
        }
    }
}

/// Maker of all requests. Made at once, connects when first used; goes through no proxy, because a
/// proxy would resolve the names that are checked here.
#[derive(Debug, Default)]
pub struct Outbound {
    options: OutboundOptions,
    /// For the interfaces of providers, whose addresses the operator chose.
    providers: OnceLock<Client>,
    /// For files whose addresses others chose.
    files: OnceLock<Client>,
}

impl Outbound {
    /// Makes it.
    pub fn new(options: OutboundOptions) -> Self {
        Self {
            options,
            ..Self::default()
        }
    }

    /// Whether an address that somebody else named may be fetched at all; where its host leads is
    /// checked when it is.
    ///
    /// # Errors
    /// `Refused`.
    pub fn check(&self, url: &Url, hosts: &AllowedHosts) -> Result<()> {
        hosts.check(url, self.options.allow_private)?;
        if self.options.allow_private {
            return Ok(());
        }
        check_literal(url)
    }

    /// A file of at most `cap` bytes from one of these hosts. Redirects are followed, each checked
    /// as the first address.
    ///
    /// # Errors
    /// `Refused` if the address may not be fetched; those of talking to `provider`.
    pub async fn fetch(
        &self,
        provider: &'static str,
        url: Url,
        hosts: &AllowedHosts,
        cap: usize,
    ) -> Result<Vec<u8>> {
        let fetched = timeout(self.options.deadline, async {
            let mut url = url;
            for _ in 0..=MAX_REDIRECTS {
                self.check(&url, hosts)?;
                let response = self.send(provider, self.files()?.get(url.clone())).await?;
                if response.status().is_redirection() {
                    url = destination(provider, &url, &response)?;
                    continue;
                }
                return body(provider, accept(provider, response)?, cap).await;
            }
            Err(ProviderError::Refused("too many redirects"))
        });
        fetched
            .await
            .map_err(|_| ProviderError::Timeout(provider))?
    }

    /// The JSON with which a provider answers.
    pub(crate) async fn json<T: DeserializeOwned>(
        &self,
        provider: &'static str,
        request: RequestBuilder,
    ) -> Result<T> {
        self.json_within(provider, request, Duration::ZERO).await
    }

    /// As [`Outbound::json`], with time on top of the deadline for what goes out.
    pub(crate) async fn json_within<T: DeserializeOwned>(
        &self,
        provider: &'static str,
        request: RequestBuilder,
        more: Duration,
    ) -> Result<T> {
        let mut body = Vec::new();
        let take = |chunk: &[u8]| body.extend_from_slice(chunk);
        self.read_within(provider, request, more, MAX_JSON as u64, take)
            .await?;
        serde_json::from_slice(&body)
            .map_err(|error| ProviderError::Malformed(provider, error.to_string()))
    }

    /// Asks for something whose answer is of no interest as long as it is a success.
    pub(crate) async fn done(&self, provider: &'static str, request: RequestBuilder) -> Result<()> {
        self.read_within(provider, request, Duration::ZERO, MAX_JSON as u64, |_| ())
            .await
    }

    /// Makes requests to providers.
    pub(crate) fn providers(&self) -> Result<&Client> {
        client(&self.providers, builder)
    }

    fn files(&self) -> Result<&Client> {
        client(&self.files, || match self.options.allow_private {
            true => builder(),
            false => builder().dns_resolver(Arc::new(PublicOnly)),
        })
    }

    /// Reads an answer of at most `cap` bytes piece by piece, with time on top of the deadline.
    pub(crate) async fn read_within(
        &self,
        provider: &'static str,
        request: RequestBuilder,
        more: Duration,
        cap: u64,
        chunk: impl FnMut(&[u8]),
    ) -> Result<()> {
        let exchanged = timeout(self.options.deadline + more, async {
            let response = self.send(provider, request).await?;
            read(provider, accept(provider, response)?, cap, chunk).await
        });
        exchanged
            .await
            .map_err(|_| ProviderError::Timeout(provider))?
    }

    async fn send(&self, provider: &'static str, request: RequestBuilder) -> Result<Response> {
        request
            .send()
            .await
            .map_err(|error| unreachable(provider, error))
    }
}

/// A header that holds a key, marked so that nothing prints it.
pub(crate) fn key_header(
    provider: &'static str,
    prefix: &str,
    key: &Secret,
) -> Result<HeaderValue> {
    let mut value = HeaderValue::from_str(&format!("{prefix}{}", key.reveal()))
        .map_err(|_| ProviderError::UnusableKey(provider))?;
    value.set_sensitive(true);
    Ok(value)
}

/// An address below a base address; each segment is encoded, so that none can lead elsewhere.
pub(crate) fn below(base: &Url, segments: &[&str]) -> Url {
    let mut url = base.clone();
    // Addresses that cannot have a path are no web addresses, which options are checked for.
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(segments);
    }
    url
}

fn destination(provider: &'static str, from: &Url, response: &Response) -> Result<Url> {
    let location = response.headers().get(LOCATION);
    let location = location.and_then(|location| location.to_str().ok());
    location
        .and_then(|location| from.join(location).ok())
        .ok_or_else(|| ProviderError::Malformed(provider, "a redirect to nowhere".to_owned()))
}

fn accept(provider: &'static str, response: Response) -> Result<Response> {
    let status = response.status();
    if status.is_success() {
        Ok(response)
    } else {
        Err(ProviderError::Status(provider, status.as_u16()))
    }
}

async fn body(provider: &'static str, response: Response, cap: usize) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    let take = |chunk: &[u8]| body.extend_from_slice(chunk);
    read(provider, response, cap as u64, take).await?;
    Ok(body)
}

async fn read(
    provider: &'static str,
    mut response: Response,
    cap: u64,
    mut take: impl FnMut(&[u8]),
) -> Result<()> {
    let announced = response.content_length().unwrap_or_default();
    if announced > cap {
        return Err(ProviderError::TooLarge(provider));
    }
    let mut so_far = 0;
    loop {
        let chunk = response.chunk().await;
        let Some(chunk) = chunk.map_err(|error| unreachable(provider, error))? else {
            return Ok(());
        };
        so_far += chunk.len() as u64;
        if so_far > cap {
            return Err(ProviderError::TooLarge(provider));
        }
        take(&chunk);
    }
}

/// The innermost cause; the outer ones name the address, whose query is nobody's business.
fn unreachable(provider: &'static str, error: reqwest::Error) -> ProviderError {
    if error.is_timeout() {
        return ProviderError::Timeout(provider);
    }
    let error = error.without_url();
    let mut cause: &dyn std::error::Error = &error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    if cause.is::<NotPublic>() {
        return ProviderError::Refused("the host is not public");
    }
    ProviderError::Unreachable(provider, cause.to_string())
}

fn client(cell: &OnceLock<Client>, builder: impl FnOnce() -> ClientBuilder) -> Result<&Client> {
    if let Some(client) = cell.get() {
        return Ok(client);
    }
    let client = builder()
        .build()
        .map_err(|error| ProviderError::Unreachable("the network", error.to_string()))?;
    Ok(cell.get_or_init(|| client))
}

fn builder() -> ClientBuilder {
    Client::builder()
        .user_agent(AGENT)
        .no_proxy()
        .redirect(Policy::none())
        .referer(false)
        .tls_backend_preconfigured(tls())
}

/// TLS with the certificate authorities of the system. Without any, connections fail one by one,
/// and say why: a server that needs nobody shall start without.
fn tls() -> ClientConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let versions = || {
        ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .expect("ring has the default versions")
    };
    match versions().with_platform_verifier() {
        Ok(config) => config.with_no_client_auth(),
        Err(error) => {
            tracing::warn!(%error, "no certificate authorities: no provider can be reached by HTTPS");
            versions()
                .with_root_certificates(RootCertStore::empty())
                .with_no_client_auth()
        }
    }
}

/// Resolves names to public addresses only. Asked for each connection, so that a name cannot lead
/// elsewhere after it was checked.
struct PublicOnly;

/// A name that leads to no public address.
#[derive(Debug, thiserror::Error)]
#[error("the host has no public address")]
struct NotPublic;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> = found.filter(|found| is_public(found.ip())).collect();
            if public.is_empty() {
                return Err(NotPublic.into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn path_segments_are_encoded() {
        let base: Url = "https://provider.example/api/v1/".parse().expect("a URL");
        let url = below(&base, &["generations", "../me?x=1#/é"]);
        assert_eq!(
            url.as_str(),
            "https://provider.example/api/v1/generations/..%2Fme%3Fx=1%23%2F%C3%A9"
        );
    }

    #[test]
    fn keys_are_not_printed() {
        let header =
            key_header("a provider", "Bearer ", &Secret::from("s3cret")).expect("a header");
        assert_eq!(format!("{header:?}"), "Sensitive");
        assert!(key_header("a provider", "", &Secret::from("two\nlines")).is_err());
    }

    /// A name on the list that leads into the own network is still refused.
    #[tokio::test]
    async fn names_that_resolve_to_private_addresses_are_refused() {
        let hosts = AllowedHosts(vec!["localhost".to_owned()]);
        let url = "https://localhost/a.jpg".parse().expect("a URL");
        let fetched = Outbound::default()
            .fetch("a provider", url, &hosts, 100)
            .await;
        assert_eq!(
            fetched,
            Err(ProviderError::Refused("the host is not public"))
        );
    }
}
