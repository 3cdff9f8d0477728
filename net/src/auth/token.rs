//! Session tokens: JSON Web Tokens signed with HS256 (docs/spec/rest.md §3).

use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, Header, Validation, errors::ErrorKind};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Keys;

/// Issuer of tokens; clients of the platform expect this name.
const ISSUER: &str = "ubercontroller";
/// Longest token that is looked at. Ours have about 250 bytes.
const MAX_LENGTH: usize = 2048;

/// Why a token is refused.
#[derive(thiserror::Error, Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenError {
    /// Not a token, not signed by this node, of another issuer, or with missing or odd claims.
    #[error("the token is not valid")]
    Invalid,
    /// It was valid once.
    #[error("the token has expired")]
    Expired,
    /// It claims to have been issued in the future.
    #[error("the token is not valid yet")]
    NotYetValid,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    /// Seconds since the Unix epoch.
    iat: i64,
    /// Seconds since the Unix epoch.
    exp: i64,
    iss: String,
    sub: Uuid,
}

impl Keys {
    /// A token for `user` that is valid from `now` for [`node::TOKEN_LIFETIME`].
    pub fn issue(&self, user: Uuid, now: DateTime<Utc>) -> String {
        let iat = now.timestamp();
        let exp = iat + node::TOKEN_LIFETIME.num_seconds();
        let claims = Claims {
            iat,
            exp,
            iss: ISSUER.to_owned(),
            sub: user,
        };
        // Neither serialising four plain claims nor an HMAC over them can fail.
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.encoding)
            .unwrap_or_default()
    }

    /// The user a token was issued to. Whether that user still exists is the caller's to check.
    ///
    /// # Errors
    /// See [`TokenError`]; any algorithm but HS256 is `Invalid`.
    pub fn verify(&self, token: &str, now: DateTime<Utc>) -> Result<Uuid, TokenError> {
        if token.len() > MAX_LENGTH {
            return Err(TokenError::Invalid);
        }
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_required_spec_claims(&["exp", "iss", "sub"]);
        validation.set_issuer(&[ISSUER]);
        // Times are checked below, against the caller's clock.
        validation.validate_exp = false;
        let claims = jsonwebtoken::decode::<Claims>(token, &self.decoding, &validation)
            .map_err(|error| match error.kind() {
                ErrorKind::ExpiredSignature => TokenError::Expired,
                _ => TokenError::Invalid,
            })?
            .claims;
        match now.timestamp() {
            now if claims.exp <= now => Err(TokenError::Expired),
            now if claims.iat > now => Err(TokenError::NotYetValid),
            _ => Ok(claims.sub),
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use jsonwebtoken::EncodingKey;
    use serde_json::{Value, json};

    use super::*;

    const SECRET: [u8; 32] = [7; 32];
    const USER: Uuid = Uuid::from_u128(0x1234);

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).expect("a time")
    }

    fn claims() -> Value {
        json!({"iat": now().timestamp(), "exp": now().timestamp() + 60, "iss": ISSUER, "sub": USER})
    }

    fn token(algorithm: Algorithm, secret: &[u8], claims: &Value) -> String {
        jsonwebtoken::encode(
            &Header::new(algorithm),
            claims,
            &EncodingKey::from_secret(secret),
        )
        .expect("encodes")
    }

    fn verify(claims: &Value) -> Result<Uuid, TokenError> {
        Keys::from_secret(&SECRET).verify(&token(Algorithm::HS256, &SECRET, claims), now())
    }

    fn with(key: &str, value: Value) -> Value {
        let mut claims = claims();
        claims[key] = value;
        claims
    }

    #[test]
    fn issued_tokens_hold_for_a_week() {
        let keys = Keys::from_secret(&SECRET);
        let token = keys.issue(USER, now());
        let after = |days| keys.verify(&token, now() + TimeDelta::days(days));
        assert_eq!(
            (after(0), after(6), after(7)),
            (Ok(USER), Ok(USER), Err(TokenError::Expired))
        );
        assert_eq!(
            keys.verify(&token, now() - TimeDelta::seconds(1)),
            Err(TokenError::NotYetValid)
        );
    }

    #[test]
    fn only_hs256_counts() {
        let keys = Keys::from_secret(&SECRET);
        assert_eq!(
            keys.verify(&token(Algorithm::HS256, &SECRET, &claims()), now()),
            Ok(USER)
        );
        for algorithm in [Algorithm::HS384, Algorithm::HS512] {
            assert_eq!(
                keys.verify(&token(algorithm, &SECRET, &claims()), now()),
                Err(TokenError::Invalid)
            );
        }
        let body = token(Algorithm::HS256, &SECRET, &claims())
            .split('.')
            .nth(1)
            .expect("claims")
            .to_owned();
        // {"alg":"none","typ":"JWT"}, {"alg":"None"}
        for header in ["eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0", "eyJhbGciOiJOb25lIn0"] {
            for signature in ["", "AAAA"] {
                let token = format!("{header}.{body}.{signature}");
                assert_eq!(
                    keys.verify(&token, now()),
                    Err(TokenError::Invalid),
                    "{token}"
                );
            }
        }
    }

    #[test]
    fn another_key_and_tampering_are_refused() {
        let keys = Keys::from_secret(&SECRET);
        assert_eq!(
            keys.verify(&token(Algorithm::HS256, &[8; 32], &claims()), now()),
            Err(TokenError::Invalid)
        );
        let mine = keys.issue(USER, now());
        let other = keys.issue(Uuid::from_u128(2), now());
        let parts = |token: &str| token.split('.').map(str::to_owned).collect::<Vec<_>>();
        let forged = [&parts(&mine)[0], &parts(&other)[1], &parts(&mine)[2]]
            .map(String::as_str)
            .join(".");
        assert_eq!(keys.verify(&forged, now()), Err(TokenError::Invalid));
    }

    #[test]
    fn every_claim_is_required_and_checked() {
        assert_eq!(verify(&claims()), Ok(USER));
        for claim in ["iat", "exp", "iss", "sub"] {
            let mut claims = claims();
            claims.as_object_mut().expect("a map").remove(claim);
            assert_eq!(verify(&claims), Err(TokenError::Invalid), "without {claim}");
            assert_eq!(
                verify(&with(claim, Value::Null)),
                Err(TokenError::Invalid),
                "{claim} null"
            );
            assert_eq!(
                verify(&with(claim, json!([]))),
                Err(TokenError::Invalid),
                "{claim} a list"
            );
        }
        assert_eq!(
            verify(&with("iss", json!("somebody"))),
            Err(TokenError::Invalid)
        );
        assert_eq!(verify(&with("sub", json!("me"))), Err(TokenError::Invalid));
        assert_eq!(
            verify(&with("exp", json!(now().timestamp()))),
            Err(TokenError::Expired)
        );
        assert_eq!(
            verify(&with("iat", json!(now().timestamp() + 1))),
            Err(TokenError::NotYetValid)
        );
    }

    #[test]
    fn garbage_is_refused() {
        let keys = Keys::from_secret(&SECRET);
        let long = "a".repeat(1_000_000);
        for token in ["", ".", "..", "...", "a.b.c", "é.é.é", "Bearer", &long] {
            assert_eq!(keys.verify(token, now()), Err(TokenError::Invalid));
        }
    }
}
