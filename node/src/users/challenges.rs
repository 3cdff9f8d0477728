//! Login challenges: the text a wallet has to sign to prove who holds it (docs/spec/rest.md §4.2).
//!
//! A wallet may have several, one for each login that was begun: whoever asks for one takes none
//! from anybody. Verifying the signature is not done here but where the cryptography is.

use chrono::{TimeDelta, Utc};
use components::{Reason, Umid};

use crate::{Node, NodeError, Result};

/// Time within which a challenge has to be answered: time to find the wallet, not time to phish for
/// a signature.
const LIFETIME: TimeDelta = TimeDelta::minutes(5);
/// Digits of an Ethereum address.
const ETHEREUM_DIGITS: usize = 40;
/// Digits of a Substrate public key.
const SUBSTRATE_DIGITS: usize = 64;

impl Node {
    /// Makes a challenge for a wallet, beside those it has.
    ///
    /// # Errors
    /// `InvalidRequestQuery` if the text is no wallet.
    pub async fn begin_challenge(&self, wallet: &str) -> Result<String> {
        let Some(key) = wallet_key(wallet) else {
            return Err(NodeError::invalid(
                Reason::InvalidRequestQuery,
                "wallet must be 0x and 40 or 64 hexadecimal digits",
            ));
        };
        let text = challenge_text(wallet, Umid::new_v4());
        self.store()
            .put_challenge(&key, &text, Utc::now() + LIFETIME)
            .await?;
        Ok(text)
    }

    /// Tries an answer on the challenges of a wallet, oldest first, and returns what `verify` made
    /// of the one it answers. That one is spent; an answer to none of them spends the oldest, so
    /// that nobody can try for ever.
    ///
    /// # Errors
    /// `ChallengeNotFound` if there is none, or none that is still valid.
    pub async fn answer_challenge<T, E>(
        &self,
        wallet: &str,
        verify: impl Fn(&str) -> std::result::Result<T, E>,
    ) -> Result<std::result::Result<T, E>> {
        let absent = || NodeError::Refused(Reason::ChallengeNotFound);
        let key = wallet_key(wallet).ok_or_else(absent)?;
        let texts = self.store().challenges(&key, Utc::now()).await?;
        let mut answers = texts.iter().map(|text| (text, verify(text)));
        let mut tried = answers.next().ok_or_else(absent)?;
        if tried.1.is_err()
            && let Some(answered) = answers.find(|(_, answer)| answer.is_ok())
        {
            tried = answered;
        }
        let (text, answer) = tried;
        if !self.store().spend_challenge(&key, text).await? {
            return Err(absent());
        }
        Ok(answer)
    }
}

/// Key of the challenges of a wallet: its digits in lower case, since spellings of one
/// address may differ in case. `None` if it is no wallet.
fn wallet_key(wallet: &str) -> Option<String> {
    let digits = wallet.strip_prefix("0x")?;
    let legible = matches!(digits.len(), ETHEREUM_DIGITS | SUBSTRATE_DIGITS)
        && digits.bytes().all(|b| b.is_ascii_hexdigit());
    legible.then(|| wallet.to_ascii_lowercase())
}

/// Clients show this text and wallets sign it; its wording is part of the interface.
fn challenge_text(wallet: &str, nonce: Umid) -> String {
    format!(
        "Please sign this message with the private key for address {wallet} to prove that you own it. {nonce}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_that_of_the_specification() {
        assert_eq!(
            challenge_text(
                "0xAb",
                Umid::from_u128(0x0123_4567_89ab_4def_8123_4567_89ab_cdef)
            ),
            "Please sign this message with the private key for address 0xAb to prove that you own it. \
             01234567-89ab-4def-8123-456789abcdef"
        );
    }

    #[test]
    fn wallets_are_addresses_or_public_keys() {
        for digits in [40, 64] {
            let wallet = format!("0x{}", "aB".repeat(digits / 2));
            assert_eq!(wallet_key(&wallet), Some(wallet.to_lowercase()));
        }
        let long = format!("0x{}", "a".repeat(1_000_000));
        for wallet in [
            "",
            "0x",
            "0x1",
            &"a".repeat(42),
            &format!("0x{}", "g".repeat(40)),
            &format!("0x{}", "ä".repeat(20)),
            &format!("0X{}", "a".repeat(40)),
            &format!("0x{}", "a".repeat(41)),
            &long,
        ] {
            assert_eq!(wallet_key(wallet), None, "{wallet}");
        }
    }
}
