//! Providers of chains that speak JSON-RPC: several addresses of one chain, the best first
//! (docs/spec/chains.md §7).

mod endpoint;
mod failure;
mod http;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use alloy_json_rpc::RpcSend;
use futures_util::{StreamExt, stream::BoxStream};
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::{
    sync::mpsc,
    time::{sleep, timeout},
};

pub(crate) use self::endpoint::Endpoint;
use crate::adapter::{AdapterError, HeadEvent};

/// Blocks by which an endpoint may be behind the others.
const MAX_LAG: u64 = 64;
/// Time between two looks at how far the endpoints are.
const PROBE: Duration = Duration::from_secs(10);

/// Options of endpoints.
#[derive(Clone, Debug)]
pub struct RpcOptions {
    /// Addresses (http, https, ws, wss), the best first. They may hold keys.
    pub endpoints: Vec<String>,
    /// Requests per second to each endpoint, at most. Default 50.
    pub requests_per_second: u32,
    /// Time for an answer. Default 10 s.
    pub deadline: Duration,
    /// Bytes of an answer, at most. Default 64 MiB.
    pub max_answer: usize,
    /// Time between two questions for news while no endpoint tells of them. Default 1 s.
    pub poll: Duration,
}

impl Default for RpcOptions {
    fn default() -> Self {
        Self {
            endpoints: Vec::new(),
            requests_per_second: 50,
            deadline: Duration::from_secs(10),
            max_answer: 64 << 20,
            poll: Duration::from_secs(1),
        }
    }
}

/// A subscription to new blocks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct News {
    pub(crate) method: &'static str,
    pub(crate) parameters: &'static [&'static str],
}

/// The endpoints of a chain.
pub(crate) struct Endpoints {
    endpoints: Vec<Arc<Endpoint>>,
    probed: parking_lot::Mutex<Option<Instant>>,
    poll: Duration,
}

impl Endpoints {
    /// # Errors
    /// `Fatal` if an address cannot be one, or there is none.
    pub(crate) fn new(options: &RpcOptions) -> Result<Self, AdapterError> {
        // Of another part of the program, if there is one already; both are ring.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().build();
        let client = client.map_err(|error| AdapterError::Fatal(error.to_string()))?;
        let endpoints = options.endpoints.iter();
        let endpoints: Result<Vec<_>, _> = endpoints
            .map(|address| Endpoint::new(address, &client, options))
            .collect();
        let endpoints = endpoints?;
        if endpoints.is_empty() {
            return Err(AdapterError::Fatal("no endpoint".to_owned()));
        }
        Ok(Self {
            endpoints,
            probed: parking_lot::Mutex::new(None),
            poll: options.poll,
        })
    }

    /// Asks one endpoint after the other, those that answer well first, until one answers.
    pub(crate) async fn ask<P: RpcSend>(
        &self,
        method: &str,
        parameters: P,
        is_range: bool,
    ) -> Result<(Box<RawValue>, &Arc<Endpoint>), AdapterError> {
        let mut ordered: Vec<_> = self.endpoints.iter().collect();
        ordered.sort_by_key(|endpoint| endpoint.demoted());
        let mut last = AdapterError::Transient("no endpoint".to_owned());
        for endpoint in ordered {
            match endpoint.request(method, parameters.clone(), is_range).await {
                Ok(answer) => return Ok((answer, endpoint)),
                Err(
                    error @ (AdapterError::RangeTooLarge(_)
                    | AdapterError::NotFound
                    | AdapterError::NeedsArchive),
                ) => return Err(error),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// Compares how far the endpoints are, every now and then: one that is far behind is asked
    /// last, one that has come back is asked in its turn again. `head` asks one of them.
    pub(crate) async fn probe<F>(&self, head: impl Fn(Arc<Endpoint>) -> F)
    where
        F: Future<Output = Option<u64>>,
    {
        if self.endpoints.len() < 2 {
            return;
        }
        let now = Instant::now();
        {
            let mut probed = self.probed.lock();
            if probed.is_some_and(|last| last + PROBE > now) {
                return;
            }
            *probed = Some(now);
        }
        let heads = self.endpoints.iter().map(|of| head(Arc::clone(of)));
        let heads = futures_util::future::join_all(heads).await;
        for (endpoint, number) in self.endpoints.iter().zip(heads) {
            if let Some(number) = number {
                endpoint.set_head(number);
            }
        }
        let mut heads: Vec<u64> = self.endpoints.iter().map(|of| of.head()).collect();
        heads.sort_unstable();
        let median = heads.get(heads.len() / 2).copied().unwrap_or_default();
        for endpoint in &self.endpoints {
            if endpoint.head() + MAX_LAG < median {
                tracing::warn!(endpoint = endpoint.name(), "an endpoint is far behind");
                endpoint.demote();
            }
        }
    }

    /// News of blocks, from every endpoint that tells of them, and now and then without any.
    pub(crate) fn heads(&self, news: News) -> BoxStream<'static, HeadEvent> {
        let (tell, heard) = mpsc::channel(1);
        for endpoint in self.endpoints.iter().filter(|of| of.has_news()) {
            tokio::spawn(listen(Arc::clone(endpoint), news, tell.clone()));
        }
        // News may be late or lost, and no endpoint may have any.
        let poll = match self.endpoints.iter().any(|of| of.has_news()) {
            true => self.poll * 5,
            false => self.poll,
        };
        futures_util::stream::unfold((heard, tell), move |(mut heard, tell)| async move {
            let event = timeout(poll, heard.recv()).await;
            let event = event.ok().flatten().unwrap_or(HeadEvent::Best);
            Some((event, (heard, tell)))
        })
        .boxed()
    }
}

/// Tells of the news of one endpoint for as long as anybody hears.
async fn listen(endpoint: Arc<Endpoint>, news: News, tell: mpsc::Sender<HeadEvent>) {
    let mut pause = Duration::from_millis(250);
    while !tell.is_closed() {
        let mut heard = false;
        let news = endpoint.news(news, || {
            heard = true;
            let _ = tell.try_send(HeadEvent::Best);
        });
        let ended = tokio::select! {
            ended = news => ended,
            () = tell.closed() => return,
        };
        if let Err(error) = ended {
            tracing::debug!(endpoint = endpoint.name(), %error, "no news");
        }
        let _ = tell.try_send(HeadEvent::Interrupted);
        pause = match heard {
            true => Duration::from_millis(250),
            false => (pause * 2).min(Duration::from_secs(30)),
        };
        sleep(pause).await;
    }
}

/// Reads an answer.
pub(crate) fn read<'a, T: Deserialize<'a>>(answer: &'a RawValue) -> Result<T, AdapterError> {
    serde_json::from_str(answer.get())
        .map_err(|error| AdapterError::Transient(format!("the answer makes no sense: {error}")))
}
