//! Getting values out of requests, with the refusals that clients know (docs/spec/rest.md §1, §2).

use std::time::Duration;

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, RawPathParams, Request},
    http::request::Parts,
};
use components::Reason;
use http_body_util::LengthLimitError;
use serde::de::DeserializeOwned;
use tokio::time::timeout;
use uuid::Uuid;

use super::{ApiError, App, query};

/// Largest body, 1 MiB: the largest attribute value four times over, with room for its escapes.
pub(super) const MAX_BODY: usize = 1024 * 1024;
/// Time within which a body has to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(15);

/// A JSON body. The content type does not matter, an empty body is `{}`, unknown fields are
/// ignored.
pub(super) struct Body<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<App> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _app: &App) -> Result<Self, ApiError> {
        parse(&bytes_of(request).await?).map(Self)
    }
}

/// The bytes of a body, bounded in size and time.
pub(super) async fn bytes_of(request: Request) -> Result<Bytes, ApiError> {
    let read = axum::body::to_bytes(request.into_body(), MAX_BODY);
    match timeout(BODY_TIMEOUT, read).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) if too_long(&error) => Err(Reason::RequestTooLarge.into()),
        Ok(Err(_)) => Err(invalid_body("the body could not be read")),
        Err(_) => Err(invalid_body("the body took too long to arrive")),
    }
}

fn too_long(error: &axum::Error) -> bool {
    let mut source = Some(error as &(dyn std::error::Error + 'static));
    while let Some(error) = source {
        if error.is::<LengthLimitError>() {
            return true;
        }
        source = error.source();
    }
    false
}

/// Reads JSON; nothing at all is `{}`.
pub(super) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    let bytes = if bytes.trim_ascii().is_empty() {
        b"{}"
    } else {
        bytes
    };
    serde_json::from_slice(bytes)
        .map_err(|error| ApiError::new(Reason::InvalidRequestBody, error.to_string()))
}

pub(super) fn invalid_body(message: &'static str) -> ApiError {
    ApiError::new(Reason::InvalidRequestBody, message)
}

/// A text that has to be there and not empty.
pub(super) fn required_text(
    text: Option<String>,
    message: &'static str,
) -> Result<String, ApiError> {
    text.filter(|text| !text.is_empty())
        .ok_or_else(|| invalid_body(message))
}

/// An id in any of its spellings, but not the nil one; a malformed one is refused with `reason`.
pub(super) fn id_of(text: &str, reason: Reason) -> Result<Uuid, ApiError> {
    let id = Uuid::try_parse(text).ok().filter(|id| !id.is_nil());
    id.ok_or_else(|| ApiError::new(reason, "not the id of anything"))
}

/// An optional id; the empty text counts as absent.
pub(super) fn optional_id(text: Option<&str>, reason: Reason) -> Result<Option<Uuid>, ApiError> {
    text.filter(|text| !text.is_empty())
        .map(|text| id_of(text, reason))
        .transpose()
}

/// A query string (see [`query`]).
pub(super) struct Query<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequestParts<App> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _app: &App) -> Result<Self, ApiError> {
        let parsed = query::parse(parts.uri.query().unwrap_or_default());
        parsed
            .map(Self)
            .map_err(|error| ApiError::new(Reason::InvalidRequestQuery, error.to_string()))
    }
}

/// The one id in the path.
pub(super) struct PathId(pub(super) Uuid);

impl FromRequestParts<App> for PathId {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let PathIds([id]) = PathIds::from_request_parts(parts, app).await?;
        Ok(Self(id))
    }
}

/// The ids in the path, in order.
pub(super) struct PathIds<const N: usize>(pub(super) [Uuid; N]);

impl<const N: usize> FromRequestParts<App> for PathIds<N> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let params = RawPathParams::from_request_parts(parts, app)
            .await
            .map_err(|_| Reason::InvalidRequestPath)?;
        let ids: Vec<Uuid> = params
            .iter()
            .map(|(name, text)| id_of(text, malformed_id(name).unwrap_or(Reason::InvalidId)))
            .collect::<Result<_, _>>()?;
        ids.try_into()
            .map(Self)
            .map_err(|_| Reason::InvalidRequestPath.into())
    }
}

/// The one text in the path.
pub(super) struct PathText(pub(super) String);

impl FromRequestParts<App> for PathText {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let PathTexts([text]) = PathTexts::from_request_parts(parts, app).await?;
        Ok(Self(text))
    }
}

/// The texts in the path, in order.
pub(super) struct PathTexts<const N: usize>(pub(super) [String; N]);

impl<const N: usize> FromRequestParts<App> for PathTexts<N> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let params = RawPathParams::from_request_parts(parts, app)
            .await
            .map_err(|_| Reason::InvalidRequestPath)?;
        let texts: Vec<String> = params.iter().map(|(_, text)| text.to_owned()).collect();
        let texts = texts.try_into().map(Self);
        texts.map_err(|_| Reason::InvalidRequestPath.into())
    }
}

/// Reason for refusing a malformed id in the path, by the name of its place (docs/spec/rest.md §2).
pub(super) fn malformed_id(name: &str) -> Option<Reason> {
    Some(match name {
        "objectID" => Reason::InvalidObjectId,
        "userID" => Reason::InvalidUserId,
        "worldID" => Reason::InvalidWorldId,
        "targetID" => Reason::InvalidTargetId,
        "asset2dID" => Reason::InvalidAsset2dId,
        "asset3dID" => Reason::InvalidAsset3dId,
        "activityID" => Reason::InvalidActivityId,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize, Debug, PartialEq)]
    struct Form {
        name: Option<String>,
    }

    #[test]
    fn empty_bodies_are_empty_objects_and_null_is_absent() {
        for body in [&b""[..], b" \n", b"{}", br#"{"name": null, "other": 1}"#] {
            assert_eq!(parse::<Form>(body).expect("parses"), Form { name: None });
        }
        assert!(parse::<Form>(b"{").is_err() && parse::<Form>(b"[1]").is_err());
    }

    #[test]
    fn ids_come_in_all_spellings_but_nil() {
        let id = Uuid::from_u128(0xf0f0_f0f0_0f0f_4ff0_af0f_f0f0_f0f0_f0f0);
        let spellings = [
            "f0f0f0f0-0f0f-4ff0-af0f-f0f0f0f0f0f0",
            "F0F0F0F0-0F0F-4FF0-AF0F-F0F0F0F0F0F0",
            "f0f0f0f00f0f4ff0af0ff0f0f0f0f0f0",
            "{f0f0f0f0-0f0f-4ff0-af0f-f0f0f0f0f0f0}",
            "urn:uuid:f0f0f0f0-0f0f-4ff0-af0f-f0f0f0f0f0f0",
        ];
        for text in spellings {
            assert_eq!(
                id_of(text, Reason::InvalidObjectId).expect("an id"),
                id,
                "{text}"
            );
        }
        for text in ["", "me", "00000000-0000-0000-0000-000000000000"] {
            assert!(id_of(text, Reason::InvalidObjectId).is_err(), "{text}");
        }
        assert_eq!(
            optional_id(Some(""), Reason::InvalidAsset2dId).expect("absent"),
            None
        );
    }

    #[tokio::test]
    async fn a_body_that_is_too_large_is_told_from_one_that_broke() {
        let body = axum::body::Body::from(vec![b' '; MAX_BODY + 1]);
        let error = axum::body::to_bytes(body, MAX_BODY)
            .await
            .expect_err("too large");
        assert!(too_long(&error));
        assert!(!too_long(&axum::Error::new(std::io::Error::other("reset"))));
    }
}
