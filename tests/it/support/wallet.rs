//! Wallets that sign login challenges as browser extensions do (docs/spec/rest.md §4.2).

use k256::ecdsa::SigningKey;
use schnorrkel::{ExpansionMode, Keypair, MiniSecretKey};
use sha3::{Digest, Keccak256};

/// Something one can log in with.
pub(crate) trait Wallet {
    /// Name of the wallet for the server.
    fn address(&self) -> String;
    /// Name of its chain for the client.
    fn network(&self) -> &'static str;
    /// The signature of a challenge, in hexadecimal.
    fn sign(&self, challenge: &str) -> String;
}

/// A wallet whose signatures recover its address (EIP-191).
pub(crate) struct EthereumWallet(SigningKey);

impl EthereumWallet {
    /// The wallet of a number above 0, always the same.
    pub(crate) fn new(number: u8) -> EthereumWallet {
        EthereumWallet(SigningKey::from_slice(&[number; 32]).expect("a scalar"))
    }

    /// Its address on the chain.
    pub(crate) fn bytes(&self) -> [u8; 20] {
        let point = self.0.verifying_key().to_encoded_point(false);
        let hash = Keccak256::digest(&point.as_bytes()[1..]);
        hash[12..].try_into().expect("20 bytes")
    }
}

impl Wallet for EthereumWallet {
    fn address(&self) -> String {
        format!("0x{}", hex::encode(self.bytes()))
    }

    fn network(&self) -> &'static str {
        "ethereum"
    }

    fn sign(&self, challenge: &str) -> String {
        let text = format!(
            "\x19Ethereum Signed Message:\n{}{challenge}",
            challenge.len()
        );
        let digest = Keccak256::digest(text);
        let (signature, recovery) = self.0.sign_prehash_recoverable(&digest).expect("signs");
        format!(
            "0x{}{:02x}",
            hex::encode(signature.to_bytes()),
            27 + recovery.to_byte()
        )
    }
}

/// An sr25519 wallet, whose address is its public key.
pub(crate) struct PolkadotWallet {
    pair: Keypair,
    /// Whether it signs like `signRaw` of browser extensions, which wrap the text.
    wraps: bool,
}

impl PolkadotWallet {
    /// The wallet of a number, always the same.
    pub(crate) fn new(number: u8, wraps: bool) -> PolkadotWallet {
        let secret = MiniSecretKey::from_bytes(&[number; 32]).expect("32 bytes");
        PolkadotWallet {
            pair: secret.expand_to_keypair(ExpansionMode::Ed25519),
            wraps,
        }
    }
}

impl Wallet for PolkadotWallet {
    fn address(&self) -> String {
        format!("0x{}", hex::encode(self.pair.public.to_bytes()))
    }

    fn network(&self) -> &'static str {
        "polkadot"
    }

    fn sign(&self, challenge: &str) -> String {
        let text = if self.wraps {
            format!("<Bytes>{challenge}</Bytes>")
        } else {
            challenge.to_owned()
        };
        let signature = self.pair.sign_simple(b"substrate", text.as_bytes());
        format!("0x{}", hex::encode(signature.to_bytes()))
    }
}
