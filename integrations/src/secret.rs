//! Text that must not be seen.

use std::fmt;

use serde::{Deserialize, Serialize, Serializer};

/// A key or the like. It neither prints nor serialises; only [`Secret::reveal`] gives it away.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// The text itself, for whom it is meant.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn a_secret_shows_nowhere() {
        let secret = Secret::from("s3cret");
        assert_eq!(format!("{secret:?}"), "***");
        assert_eq!(serde_json::json!(secret), "***");
        assert_eq!(secret.reveal(), "s3cret");
    }
}
