//! JSON-RPC over HTTP, with a limit on answers.

use std::{
    task::{Context, Poll},
    time::Duration,
};

use alloy_json_rpc::{RequestPacket, ResponsePacket, RpcError};
use alloy_transport::{TransportError, TransportErrorKind, TransportFut};
use reqwest::{
    Client,
    header::{CONTENT_TYPE, RETRY_AFTER},
};
use url::Url;

/// Bytes of an answer that says what went wrong, at most.
const MAX_COMPLAINT: usize = 4096;

/// An answer did not come whole. A shorter one may.
#[derive(thiserror::Error, Debug)]
#[error("{0}")]
pub(super) struct Broken(String);

/// An answer is longer than any may be.
#[derive(thiserror::Error, Debug)]
#[error("the answer has more than {0} bytes")]
pub(super) struct TooLong(usize);

/// A transport of alloy.
#[derive(Clone)]
pub(super) struct Http {
    client: Client,
    url: Url,
    /// Bytes of an answer, at most.
    max_answer: usize,
}

impl Http {
    pub(super) fn new(client: Client, url: Url, max_answer: usize) -> Self {
        Self {
            client,
            url,
            max_answer,
        }
    }

    async fn send(self, request: RequestPacket) -> Result<ResponsePacket, TransportError> {
        let body = request.serialize().map_err(RpcError::SerError)?;
        let mut answer = self
            .client
            .post(self.url)
            .header(CONTENT_TYPE, "application/json")
            .body(body.get().to_owned())
            .send()
            .await
            // Addresses may hold keys.
            .map_err(|error| match error.is_connect() || error.is_timeout() {
                true => TransportErrorKind::custom(error.without_url()),
                false => TransportErrorKind::custom(Broken(error.without_url().to_string())),
            })?;
        let status = answer.status();
        let is_failure = !status.is_success();
        let wait = answer.headers().get(RETRY_AFTER);
        let wait = wait.and_then(|value| value.to_str().ok()?.parse().ok());
        let wait: Option<Duration> = wait.map(Duration::from_secs);
        let limit = match is_failure {
            true => MAX_COMPLAINT,
            false => self.max_answer,
        };
        let mut bytes = Vec::new();
        loop {
            let chunk = answer.chunk().await;
            let chunk = chunk.map_err(|error| {
                TransportErrorKind::custom(Broken(error.without_url().to_string()))
            })?;
            let Some(chunk) = chunk else { break };
            if bytes.len() + chunk.len() > limit {
                match is_failure {
                    true => break,
                    false => return Err(TransportErrorKind::custom(TooLong(limit))),
                }
            }
            bytes.extend_from_slice(&chunk);
        }
        // Some providers answer an error of JSON-RPC under a status of HTTP that says less.
        match serde_json::from_slice(&bytes) {
            Ok(answer) if wait.is_none() => Ok(answer),
            _ if is_failure => {
                let text = String::from_utf8_lossy(&bytes).into_owned();
                Err(TransportErrorKind::http_error_with_retry_after(
                    status.as_u16(),
                    text,
                    wait,
                ))
            }
            Ok(answer) => Ok(answer),
            Err(error) if error.is_eof() => {
                Err(TransportErrorKind::custom(Broken(error.to_string())))
            }
            Err(error) => Err(TransportErrorKind::custom(error)),
        }
    }
}

impl tower::Service<RequestPacket> for Http {
    type Response = ResponsePacket;
    type Error = TransportError;
    type Future = TransportFut<'static>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: RequestPacket) -> Self::Future {
        Box::pin(self.clone().send(request))
    }
}
