//! The one shape of all failures (spec rest §1.2).

use std::{borrow::Cow, time::Duration};

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header::RETRY_AFTER},
    response::{IntoResponse, Response},
};
use node::NodeError;
use serde::Serialize;
use store::StoreError;
use utoipa::ToSchema;

/// A failed request: status, a stable code for programs and a sentence for people.
#[derive(Debug)]
pub(super) struct ApiError {
    status: StatusCode,
    reason: &'static str,
    message: Cow<'static, str>,
    retry_after: Option<Duration>,
}

/// The body of every failure.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ErrorBody {
    error: ErrorDetail,
}

/// What failed.
#[derive(Debug, Serialize, ToSchema)]
struct ErrorDetail {
    /// Stable code in snake case.
    reason: &'static str,
    /// A sentence for people; may change.
    message: String,
}

impl ApiError {
    fn new(
        status: StatusCode,
        reason: &'static str,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            status,
            reason,
            message: message.into(),
            retry_after: None,
        }
    }

    /// 400.
    pub(super) fn bad_request(reason: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, reason, message)
    }

    /// 401: the token is missing, wrong or of a user who is gone.
    pub(super) fn unauthorized() -> Self {
        let message = "a valid token is required";
        Self::new(
            StatusCode::UNAUTHORIZED,
            "failed_to_verify_access_token",
            message,
        )
    }

    /// 403.
    pub(super) fn forbidden(reason: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::FORBIDDEN, reason, message)
    }

    /// 404.
    pub(super) fn not_found(reason: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::NOT_FOUND, reason, message)
    }

    /// 413.
    pub(super) fn too_large() -> Self {
        let message = "the request is larger than this endpoint takes";
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "request_too_large", message)
    }

    /// 429.
    pub(super) fn too_many_requests(retry_after: Duration) -> Self {
        let message = "too many requests from this address";
        let error = Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", message);
        Self {
            retry_after: Some(retry_after),
            ..error
        }
    }

    /// 503: trying again may help.
    pub(super) fn unavailable(message: &'static str) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", message)
    }

    /// 500: a defect, told to the log and not to the client.
    pub(super) fn internal() -> Self {
        let message = "the server failed to answer this request";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal_error", message)
    }

    /// The same failure under the code of another form of the request.
    pub(super) fn renamed(self, from: &str, to: &'static str) -> Self {
        if self.reason == from {
            Self { reason: to, ..self }
        } else {
            self
        }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        NodeError::from(error).into()
    }
}

impl From<NodeError> for ApiError {
    fn from(error: NodeError) -> Self {
        match error {
            NodeError::NotFound(reason) => Self::not_found(reason, "there is no such thing"),
            NodeError::Forbidden(reason) => Self::forbidden(reason, "the caller may not do this"),
            NodeError::Invalid(reason, message) => Self::bad_request(reason, message),
            NodeError::Conflict(reason) => Self::new(
                StatusCode::CONFLICT,
                reason,
                "the state of things forbids this",
            ),
            NodeError::Unavailable => {
                Self::unavailable("the server cannot do this now, try again later")
            }
            NodeError::TooMany(wait) => Self {
                message: Cow::Borrowed("too many requests from this account"),
                ..Self::too_many_requests(wait)
            },
            NodeError::Provider(source) => {
                tracing::warn!(error = %source, "a third party failed");
                let message = "a third party failed to do its part";
                Self::new(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "provider_failed",
                    message,
                )
            }
            NodeError::Internal(source) => {
                tracing::error!(error = %source, "a request failed");
                Self::internal()
            }
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let detail = ErrorDetail {
            reason: self.reason,
            message: self.message.into_owned(),
        };
        let mut response = (self.status, Json(ErrorBody { error: detail })).into_response();
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
