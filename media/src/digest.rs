//! The name of a content: SHA-256 of its bytes.

use std::{fmt, str::FromStr};

use sha2::{Digest as _, Sha256};

/// Length of a digest in bytes.
const LENGTH: usize = 32;

/// SHA-256 of some bytes, printed as 64 digits in lower case.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; LENGTH]);

/// A text or a row that is no digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a digest: it has 64 hexadecimal digits")]
pub struct NotADigest;

impl Digest {
    /// Digest of bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8; LENGTH] {
        &self.0
    }

    /// The two folders below which blobs of this digest lie: `aa/bb`.
    fn folders(&self) -> String {
        format!("{:02x}/{:02x}", self.0[0], self.0[1])
    }

    /// Key of the blob in the storage.
    pub fn blob_key(&self) -> String {
        format!("blob/{}/{self}", self.folders())
    }

    /// Prefix of the keys of all variants.
    pub fn variants_key(&self) -> String {
        format!("variant/{}/{self}/", self.folders())
    }
}

impl From<[u8; LENGTH]> for Digest {
    fn from(bytes: [u8; LENGTH]) -> Self {
        Self(bytes)
    }
}

impl TryFrom<&[u8]> for Digest {
    type Error = NotADigest;

    fn try_from(bytes: &[u8]) -> Result<Self, NotADigest> {
        bytes.try_into().map(Self).map_err(|_| NotADigest)
    }
}

impl FromStr for Digest {
    type Err = NotADigest;

    fn from_str(text: &str) -> Result<Self, NotADigest> {
        let mut bytes = [0; LENGTH];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| NotADigest)?;
        Ok(Self(bytes))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
