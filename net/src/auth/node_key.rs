//! The key pair of the node, with which it signs that it hosts a world (docs/spec/model.md §8.6).
//! The private half is a file of its own, outside of everything clients can read.

use std::{fmt, io, path::Path};

use k256::ecdsa::SigningKey;
use sha3::{Digest, Keccak256};
use uuid::Uuid;

use super::{
    bytes_from_hex,
    secret_file::{self, LENGTH},
};

/// Name of the file in the directory of keys.
const FILE: &str = "node.key";
/// Bytes before the 32 bytes that are signed as a message (EIP-191).
const PREFIX: &[u8] = b"\x19Ethereum Signed Message:\n32";

/// The node's secp256k1 key pair.
pub struct NodeKey(SigningKey);

impl NodeKey {
    /// Reads `node.key` from the directory of keys. If there is none yet, takes over `former`, the
    /// private key in hexadecimal of a database that kept it there, or makes a new one.
    ///
    /// # Errors
    /// Those of [`Keys::load_or_create`](super::Keys::load_or_create); `InvalidData` if file or
    /// former key are no key.
    pub fn load_or_create(dir: &Path, former: Option<&str>) -> io::Result<Self> {
        let make = || match former {
            Some(text) => bytes_from_hex(text)
                .ok()
                .filter(|secret| SigningKey::from_slice(secret).is_ok())
                .ok_or_else(|| invalid("the database's node_private_key is no key")),
            None => random_scalar(),
        };
        let secret = secret_file::load_or_create(dir, FILE, make)?;
        Self::from_secret(&secret).ok_or_else(|| invalid("the node's key file holds no key"))
    }

    /// A key from its bytes, for tests and tools; `None` for zero and numbers beyond the order of
    /// the curve.
    pub fn from_secret(secret: &[u8; LENGTH]) -> Option<Self> {
        SigningKey::from_slice(secret).ok().map(Self)
    }

    /// The public key as an uncompressed point: `0x04` and 128 hexadecimal digits.
    pub fn public(&self) -> String {
        let point = self.0.verifying_key().to_encoded_point(false);
        format!("0x{}", hex::encode(point.as_bytes()))
    }

    /// Whether this is the private half of the pair, in hexadecimal.
    pub fn is(&self, text: &str) -> bool {
        bytes_from_hex::<LENGTH>(text).is_ok_and(|secret| self.0.to_bytes()[..] == secret)
    }

    /// Signs that the node hosts a world: both ids padded to 32 bytes, hashed, and signed as a
    /// message of Ethereum. Returns `r ‖ s ‖ v` in hexadecimal with `v` of 27 or 28; `None` if the
    /// signature could not be made, which no input causes.
    pub fn sign_hosting(&self, node: Uuid, world: Uuid) -> Option<String> {
        let mut ids = [0; 64];
        ids[16..32].copy_from_slice(node.as_bytes());
        ids[48..64].copy_from_slice(world.as_bytes());
        let digest = Keccak256::new()
            .chain_update(PREFIX)
            .chain_update(Keccak256::digest(ids))
            .finalize();
        let (signature, recovery) = self.0.sign_prehash_recoverable(&digest).ok()?;
        let v = 27 + recovery.to_byte();
        Some(format!("0x{}{v:02x}", hex::encode(signature.to_bytes())))
    }
}

impl fmt::Debug for NodeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NodeKey(…)")
    }
}

/// All but a vanishing part of all numbers of 256 bits are keys.
fn random_scalar() -> io::Result<[u8; LENGTH]> {
    loop {
        let secret = secret_file::random()?;
        if SigningKey::from_slice(&secret).is_ok() {
            return Ok(secret);
        }
    }
}

fn invalid(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt};

    use k256::ecdsa::{RecoveryId, Signature, VerifyingKey};

    use super::*;

    /// As a contract checks it, step by step.
    #[test]
    fn signatures_recover_to_the_public_key() {
        for number in 1..=8_u8 {
            let key = NodeKey::from_secret(&[number; 32]).expect("a key");
            let (node, world) = (Uuid::from_u128(0x1234), Uuid::from_u128(u128::from(number)));
            let signed = key.sign_hosting(node, world).expect("signs");
            let bytes: [u8; 65] = bytes_from_hex(&signed).expect("65 bytes");
            let packed = format!("{:064x}{:064x}", node.as_u128(), world.as_u128());
            let inner = Keccak256::digest(hex::decode(packed).expect("hex"));
            let mut message = b"\x19Ethereum Signed Message:\n32".to_vec();
            message.extend(inner);
            let v = bytes[64];
            assert!(matches!(v, 27 | 28), "{v}");
            let recovered = VerifyingKey::recover_from_prehash(
                &Keccak256::digest(message),
                &Signature::from_slice(&bytes[..64]).expect("r and s"),
                RecoveryId::from_byte(v - 27).expect("0 or 1"),
            );
            let point = recovered.expect("recovers").to_encoded_point(false);
            assert_eq!(key.public(), format!("0x{}", hex::encode(point.as_bytes())));
        }
    }

    /// Generator of the curve: the public key of the private key 1.
    #[test]
    fn a_known_public_key() {
        let mut one = [0; 32];
        one[31] = 1;
        let key = NodeKey::from_secret(&one).expect("a key");
        assert_eq!(
            key.public(),
            "0x0479be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798\
             483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8"
        );
        assert!(
            NodeKey::from_secret(&[0; 32]).is_none() && NodeKey::from_secret(&[255; 32]).is_none()
        );
    }

    #[test]
    fn a_former_key_is_taken_over_once() {
        let data = tempfile::tempdir().expect("a directory");
        let former = format!("0x{}", "11".repeat(32));
        let key = NodeKey::load_or_create(data.path(), Some(&former)).expect("taken over");
        assert!(key.is(&former));
        let file = data.path().join(FILE);
        let mode = fs::metadata(&file).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let other = format!("0x{}", "22".repeat(32));
        let again = NodeKey::load_or_create(data.path(), Some(&other)).expect("loaded");
        assert!(again.is(&former) && !again.is(&other), "the file wins");
        let fresh = tempfile::tempdir().expect("a directory");
        for bad in ["", "0x12", &"zz".repeat(32), &"00".repeat(32)] {
            assert!(
                NodeKey::load_or_create(fresh.path(), Some(bad)).is_err(),
                "{bad}"
            );
        }
        assert!(NodeKey::load_or_create(fresh.path(), None).is_ok());
    }
}
