//! Authentication: session tokens and the wallet signatures they are given for (docs/spec/rest.md
//! §3, §4.2).
//!
//! Pure computation apart from the key files. This module must not know users, worlds or HTTP;
//! whether the account behind a token still exists is decided by those who ask.

pub mod ethereum;
mod keys;
mod node_key;
pub mod polkadot;
mod secret_file;
mod token;

pub use keys::Keys;
pub use node_key::NodeKey;
pub use token::TokenError;

/// Why a signature does not prove the ownership of a wallet.
#[derive(thiserror::Error, Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureError {
    /// Wallet or signature are not what the network writes: wrong length, not hexadecimal, not a
    /// point of the curve.
    #[error("wallet or signature is malformed")]
    Malformed,
    /// A signature, but not of this wallet over this text.
    #[error("the signature was not made by this wallet over this text")]
    Mismatch,
}

/// Verifies that the private key of `wallet` signed `text`; every network but `ethereum` is taken
/// as Substrate, as clients may leave it out (docs/spec/rest.md §4.2). Returns the wallet as it is
/// to be stored: an address with its checksum, because clients compare addresses letter by letter
/// (docs/spec/rest.md §4.2), a public key in lower case.
///
/// # Errors
/// See [`SignatureError`].
pub fn verify_wallet(
    network: Option<&str>,
    wallet: &str,
    text: &str,
    signature: &str,
) -> Result<String, SignatureError> {
    if network == Some("ethereum") {
        ethereum::verify(wallet, text, signature)?;
        ethereum::checksummed(wallet)
    } else {
        polkadot::verify(wallet, text, signature)?;
        Ok(wallet.to_ascii_lowercase())
    }
}

/// Exactly `N` bytes from hexadecimal text of either case, with or without `0x`.
fn bytes_from_hex<const N: usize>(text: &str) -> Result<[u8; N], SignatureError> {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    let mut bytes = [0; N];
    hex::decode_to_slice(digits, &mut bytes).map_err(|_| SignatureError::Malformed)?;
    Ok(bytes)
}
