//! The one way from a refusal to an HTTP answer (docs/spec/rest.md §2).

use std::{borrow::Cow, time::Duration};

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header::RETRY_AFTER},
    response::{IntoResponse, Response},
};
use components::Reason;
use node::NodeError;
use serde::Serialize;
use utoipa::ToSchema;

/// A failed request: reason, a sentence for people, and how long to wait before the next attempt.
#[derive(Debug)]
pub(super) struct ApiError {
    reason: Reason,
    message: Cow<'static, str>,
    retry_after: Option<Duration>,
}

/// The body of every failure.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ErrorBody {
    error: ErrorDetail,
}

/// The failure.
#[derive(Debug, Serialize, ToSchema)]
struct ErrorDetail {
    /// Stable code in snake case.
    reason: &'static str,
    /// A sentence for people; may change.
    message: String,
}

impl ApiError {
    /// A refusal with a more precise sentence than that of the reason.
    pub(super) fn new(reason: Reason, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            reason,
            message: message.into(),
            retry_after: None,
        }
    }

    /// A refusal by a rate limit of the caller's address.
    pub(super) fn too_many_requests(retry_after: Duration) -> Self {
        Self {
            retry_after: Some(retry_after),
            ..Reason::TooManyRequests.into()
        }
    }

    /// Replaces one reason by another, for another form of the request; others pass unchanged.
    pub(super) fn replace_reason(self, from: Reason, to: Reason) -> Self {
        if self.reason == from {
            Self { reason: to, ..self }
        } else {
            self
        }
    }
}

impl From<Reason> for ApiError {
    fn from(reason: Reason) -> Self {
        Self::new(reason, reason.sentence())
    }
}

impl From<NodeError> for ApiError {
    fn from(error: NodeError) -> Self {
        let reason = error.reason();
        match error {
            NodeError::Refused(_) | NodeError::Unavailable => reason.into(),
            NodeError::Invalid(_, message) => Self::new(reason, message),
            NodeError::TooMany(wait) => Self {
                retry_after: Some(wait),
                ..Self::new(reason, "too many requests from this account")
            },
            NodeError::Provider(source) => {
                tracing::warn!(error = %source, "a third party failed");
                reason.into()
            }
            NodeError::Internal(source) => {
                tracing::error!(error = %source, "a request failed");
                reason.into()
            }
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let error = ErrorDetail {
            reason: self.reason.code(),
            message: self.message.into_owned(),
        };
        let status = StatusCode::from_u16(self.reason.status());
        let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(ErrorBody { error })).into_response();
        if let Some(wait) = self.retry_after {
            // Rounded up: a client that waits as long as told must not be refused again.
            let seconds = wait
                .as_secs()
                .saturating_add(u64::from(wait.subsec_nanos() > 0));
            response
                .headers_mut()
                .insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
