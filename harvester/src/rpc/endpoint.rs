//! One address of a provider: its connection, how often it may be asked, and how well it answers.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use alloy_json_rpc::RpcSend;
use alloy_rpc_client::{ClientBuilder, RpcClient};
use alloy_transport::{TransportError, TransportErrorKind};
use alloy_transport_ws::{WebSocketConfig, WsConnect};
use parking_lot::Mutex;
use serde_json::value::RawValue;
use tokio::{
    sync::Semaphore,
    time::{sleep_until, timeout},
};
use url::Url;

use super::{News, RpcOptions, failure::classify, http::Http};
use crate::adapter::AdapterError;

/// Requests that wait for an answer of one endpoint, at most.
const CONCURRENT: usize = 8;
/// First and longest time for which an endpoint that failed is asked last.
const DEMOTION: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// An endpoint.
pub(crate) struct Endpoint {
    /// Host and port: all of the address that is ever shown.
    name: String,
    url: Url,
    connection: Connection,
    deadline: Duration,
    max_answer: usize,
    permits: Semaphore,
    pace: Mutex<Pace>,
    health: Mutex<Health>,
}

enum Connection {
    Http(RpcClient),
    /// Opened when it is needed.
    WebSocket(tokio::sync::Mutex<Option<RpcClient>>),
}

/// Times of requests: none before `next`, which each moves by `interval`.
struct Pace {
    interval: Duration,
    next: Instant,
}

#[derive(Default)]
struct Health {
    failures: u32,
    /// Until when others are asked first.
    demoted: Option<Instant>,
    /// The newest block that it told of.
    head: u64,
}

impl Endpoint {
    /// # Errors
    /// An address that is none.
    pub(crate) fn new(
        address: &str,
        client: &reqwest::Client,
        options: &RpcOptions,
    ) -> Result<Arc<Self>, AdapterError> {
        let fault = |what: &str| AdapterError::Fatal(format!("the address of an endpoint {what}"));
        let url = Url::parse(address).map_err(|error| fault(&format!("is none: {error}")))?;
        let host = url.host_str().ok_or_else(|| fault("has no host"))?;
        let name = match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        let connection = match url.scheme() {
            "http" | "https" => {
                let http = Http::new(client.clone(), url.clone(), options.max_answer);
                Connection::Http(RpcClient::new(http, false))
            }
            "ws" | "wss" => Connection::WebSocket(tokio::sync::Mutex::new(None)),
            scheme => return Err(fault(&format!("has the unknown scheme {scheme}"))),
        };
        Ok(Arc::new(Self {
            name,
            url,
            connection,
            deadline: options.deadline,
            max_answer: options.max_answer,
            permits: Semaphore::new(CONCURRENT),
            pace: Mutex::new(Pace {
                interval: Duration::from_secs(1) / options.requests_per_second.max(1),
                next: Instant::now(),
            }),
            health: Mutex::new(Health::default()),
        }))
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Whether it tells of blocks by itself.
    pub(crate) fn has_news(&self) -> bool {
        matches!(self.connection, Connection::WebSocket(_))
    }

    /// Until when others are asked first.
    pub(crate) fn demoted(&self) -> Option<Instant> {
        let demoted = self.health.lock().demoted;
        demoted.filter(|until| *until > Instant::now())
    }

    /// Notes that it fails, lags, or answers nonsense.
    pub(crate) fn demote(&self) {
        let mut health = self.health.lock();
        let pause = DEMOTION.0.saturating_mul(1 << health.failures.min(10));
        health.failures += 1;
        health.demoted = Some(Instant::now() + pause.min(DEMOTION.1));
    }

    /// The newest block that it told of.
    pub(crate) fn head(&self) -> u64 {
        self.health.lock().head
    }

    pub(crate) fn set_head(&self, number: u64) {
        self.health.lock().head = number;
    }

    /// Asks. `is_range`: whether a smaller range may do what this one does not.
    pub(crate) async fn request(
        &self,
        method: &str,
        parameters: impl RpcSend,
        is_range: bool,
    ) -> Result<Box<RawValue>, AdapterError> {
        let answer = timeout(self.deadline, async {
            let permit = self.permits.acquire().await;
            let _permit = permit.map_err(|_| AdapterError::Transient("closed".to_owned()))?;
            self.wait_for_turn().await;
            let client = self.client().await.map_err(|error| {
                AdapterError::Transient(self.without_secrets(&error.to_string()))
            })?;
            let answer = client.request(method.to_owned(), parameters).await;
            if let Err(error) = &answer
                && error.is_transport_error()
            {
                self.disconnect().await;
            }
            answer.map_err(|error| match classify(&error, is_range) {
                AdapterError::Transient(text) => {
                    AdapterError::Transient(self.without_secrets(&text))
                }
                error => error,
            })
        })
        .await
        .unwrap_or_else(|_| Err(AdapterError::Transient("no answer in time".to_owned())));
        let outcome = match &answer {
            Ok(_) => "answered",
            Err(AdapterError::RateLimited(pause)) => {
                let mut pace = self.pace.lock();
                pace.next = pace.next.max(Instant::now() + *pause);
                "too_many"
            }
            Err(AdapterError::RangeTooLarge(_)) => "too_large",
            Err(AdapterError::NotFound | AdapterError::NeedsArchive) => "missing",
            Err(_) => "failed",
        };
        match outcome {
            "failed" | "too_many" => self.demote(),
            _ => self.health.lock().failures = 0,
        }
        metrics::counter!(
            "odyssey_chain_requests_total",
            "endpoint" => self.name.clone(), "method" => method.to_owned(), "outcome" => outcome,
        )
        .increment(1);
        answer
    }

    /// News of blocks until the connection ends. Each is told as it comes.
    pub(crate) async fn news(
        &self,
        news: News,
        mut tell: impl FnMut(),
    ) -> Result<(), AdapterError> {
        let fault = |error: TransportError| {
            AdapterError::Transient(self.without_secrets(&error.to_string()))
        };
        let client = self.client().await.map_err(fault)?;
        let Some(frontend) = client.pubsub_frontend().cloned() else {
            return Ok(());
        };
        let mut call = client.request(news.method, news.parameters);
        call.set_is_subscription();
        let id = timeout(self.deadline, call).await;
        let id = id.map_err(|_| AdapterError::Transient("no answer in time".to_owned()))?;
        let id = id.map_err(fault)?;
        let mut news = frontend.get_subscription(id).await.map_err(fault)?;
        // Missed news are no loss: who hears asks for everything since.
        while !matches!(
            news.recv().await,
            Err(tokio::sync::broadcast::error::RecvError::Closed)
        ) {
            tell();
        }
        Ok(())
    }

    /// Waits until this request is due. Requests never come faster than configured.
    async fn wait_for_turn(&self) {
        let turn = {
            let mut pace = self.pace.lock();
            let turn = pace.next.max(Instant::now());
            pace.next = turn + pace.interval;
            turn
        };
        sleep_until(turn.into()).await;
    }

    async fn client(&self) -> Result<RpcClient, TransportError> {
        let connection = match &self.connection {
            Connection::Http(client) => return Ok(client.clone()),
            Connection::WebSocket(connection) => connection,
        };
        let mut connection = connection.lock().await;
        if let Some(client) = &*connection {
            return Ok(client.clone());
        }
        let config = WebSocketConfig::default()
            .max_message_size(Some(self.max_answer))
            .max_frame_size(Some(self.max_answer));
        // A connection that broke is opened again by the next request, here.
        let socket = WsConnect::new(self.url.as_str())
            .with_config(config)
            .with_max_retries(0);
        let opened = timeout(self.deadline, ClientBuilder::default().ws(socket)).await;
        let client =
            opened.map_err(|_| TransportErrorKind::custom_str("no connection in time"))??;
        *connection = Some(client.clone());
        Ok(client)
    }

    async fn disconnect(&self) {
        if let Connection::WebSocket(connection) = &self.connection {
            *connection.lock().await = None;
        }
    }

    /// A text of a library without the address, which may hold a key.
    fn without_secrets(&self, text: &str) -> String {
        let mut text = text.replace(self.url.as_str(), &self.name);
        let secrets = [
            self.url.path().trim_matches('/'),
            self.url.query().unwrap_or_default(),
            self.url.username(),
            self.url.password().unwrap_or_default(),
        ];
        for secret in secrets.into_iter().filter(|secret| secret.len() > 3) {
            text = text.replace(secret, "…");
        }
        text
    }
}
