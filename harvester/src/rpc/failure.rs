//! Meanings of the failures of providers. There is no standard for them: texts are told apart by
//! those that the providers in use send.

use std::time::Duration;

use alloy_json_rpc::RpcError;
use alloy_transport::{TransportError, TransportErrorKind};

use super::http::{Broken, TooLong};
use crate::adapter::AdapterError;

/// Pause after a provider said that there are too many requests, but not for how long.
const PAUSE: Duration = Duration::from_secs(1);
/// Longest pause that a provider can ask for.
const MAX_PAUSE: Duration = Duration::from_secs(300);
/// Longest text of a provider that is repeated.
const MAX_TEXT: usize = 200;

const RANGE: [&str; 15] = [
    "query returned more than",
    "response size exceeded",
    "response size should not",
    "response is too big",
    "range is too wide",
    "range is too large",
    "range too large",
    "exceed maximum block range",
    "block range",
    "is limited to a",
    "query timeout",
    "query exceeds",
    "too many results",
    "log response size",
    "limited to 0 -",
];
const RATE: [&str; 5] = [
    "too many requests",
    "rate limit",
    "requests per second",
    "compute units per second",
    "exceeded its throughput",
];
const PRUNED: [&str; 5] = [
    "missing trie node",
    "state not available",
    "state is not available",
    "historical state",
    "state has been pruned",
];
const NOT_FOUND: [&str; 6] = [
    "unknown block",
    "block not found",
    "header not found",
    "blockoutofrange",
    "block height is",
    "beyond current head",
];

/// Failure of a request, as the follower knows them. `is_range`: whether a smaller range may do
/// what this one did not.
pub(super) fn classify(error: &TransportError, is_range: bool) -> AdapterError {
    match error {
        RpcError::ErrorResp(error) => of_text(error.code, &error.message),
        RpcError::Transport(kind) => of_transport(kind, is_range),
        // The answer is quoted in full there.
        RpcError::DeserError { err, .. } => {
            AdapterError::Transient(format!("the answer makes no sense: {err}"))
        }
        error => AdapterError::Transient(cut(&error.to_string())),
    }
}

fn of_transport(kind: &TransportErrorKind, is_range: bool) -> AdapterError {
    let (error, after) = match kind {
        TransportErrorKind::HttpError(error) => (error, PAUSE),
        TransportErrorKind::HttpErrorWithRetryAfter { error, retry_after } => (error, *retry_after),
        TransportErrorKind::Custom(error) => {
            let is_too_long = error.is::<TooLong>();
            let is_broken = error.is::<Broken>();
            return match is_too_long || is_range && is_broken {
                true => AdapterError::RangeTooLarge(None),
                false => AdapterError::Transient(cut(&error.to_string())),
            };
        }
        kind => return AdapterError::Transient(cut(&kind.to_string())),
    };
    match error.status {
        413 => AdapterError::RangeTooLarge(None),
        429 => AdapterError::RateLimited(after.min(MAX_PAUSE)),
        503 if after > PAUSE => AdapterError::RateLimited(after.min(MAX_PAUSE)),
        status => AdapterError::Transient(format!("HTTP status {status}")),
    }
}

fn of_text(code: i64, text: &str) -> AdapterError {
    let lower = text.to_lowercase();
    let says = |any: &[&str]| any.iter().any(|part| lower.contains(part));
    if code == 429 || says(&RATE) {
        AdapterError::RateLimited(PAUSE)
    } else if says(&PRUNED) {
        AdapterError::NeedsArchive
    } else if says(&NOT_FOUND) {
        AdapterError::NotFound
    } else if says(&RANGE) {
        AdapterError::RangeTooLarge(hint(&lower))
    } else {
        AdapterError::Transient(cut(text))
    }
}

/// Number of blocks that a provider says it would answer for: `[0x10, 0x1f]`, or `limited to a
/// 1,000 range`.
fn hint(text: &str) -> Option<u64> {
    if let Some((_, rest)) = text.split_once("[0x") {
        let (from, rest) = rest.split_once(',')?;
        let (to, _) = rest.trim().strip_prefix("0x")?.split_once(']')?;
        let from = u64::from_str_radix(from.trim(), 16).ok()?;
        let to = u64::from_str_radix(to.trim(), 16).ok()?;
        return to.checked_sub(from)?.checked_add(1);
    }
    let (_, rest) = text.split_once("limited to a ")?;
    let number = rest.split(' ').next()?.replace(',', "");
    number.parse().ok().filter(|number| *number > 0)
}

fn cut(text: &str) -> String {
    text.chars().take(MAX_TEXT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_providers_say_of_ranges_is_understood() {
        for (code, text, blocks) in [
            (-32005, "query returned more than 10000 results", None),
            (
                -32602,
                "Log response size exceeded. You can make eth_getLogs requests with up to a 2K \
                 block range. Based on your parameters, this block range should work: [0x10, 0x1f]",
                Some(16),
            ),
            (
                -32000,
                "eth_getLogs is limited to a 1,000 range",
                Some(1_000),
            ),
            (-32000, "block range is too wide", None),
            (-32000, "Block range is too large", None),
            (-32000, "exceed maximum block range: 5000", None),
            (-32000, "query timeout exceeded", None),
        ] {
            assert_eq!(of_text(code, text), AdapterError::RangeTooLarge(blocks));
        }
    }

    #[test]
    fn other_failures_are_told_apart() {
        let pause = AdapterError::RateLimited(PAUSE);
        assert_eq!(of_text(429, "slow down"), pause);
        assert_eq!(of_text(-32005, "daily rate limit exceeded"), pause);
        for text in ["missing trie node 00ff", "State not available"] {
            assert_eq!(of_text(-32000, text), AdapterError::NeedsArchive);
        }
        assert_eq!(of_text(-32000, "unknown block"), AdapterError::NotFound);
        let http = |status, after| {
            let error = TransportErrorKind::http_error_with_retry_after(
                status,
                "https://key@host".to_owned(),
                after,
            );
            classify(&error, true)
        };
        assert_eq!(http(413, None), AdapterError::RangeTooLarge(None));
        assert_eq!(
            http(429, Some(Duration::from_secs(7))),
            AdapterError::RateLimited(Duration::from_secs(7))
        );
        assert_eq!(
            http(429, Some(Duration::MAX)),
            AdapterError::RateLimited(MAX_PAUSE)
        );
        let other = http(500, None);
        assert_eq!(other, AdapterError::Transient("HTTP status 500".to_owned()));
    }

    #[test]
    fn hints_that_make_no_sense_are_none() {
        for text in ["[0x5, 0x1]", "[0x1", "[0xzz, 0x1]", "limited to a x", ""] {
            assert_eq!(hint(text), None, "{text}");
        }
        assert_eq!(hint(&format!("[0x0, 0x{:x}]", u64::MAX)), None);
    }
}
