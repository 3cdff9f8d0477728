//! Polkadot and other Substrate wallets: sr25519 over the challenge (docs/spec/rest.md §4.2).

use schnorrkel::{PublicKey, Signature};

use super::{SignatureError, bytes_from_hex};

/// The signing context that every Substrate wallet uses.
const CONTEXT: &[u8] = b"substrate";

/// Verifies that `wallet` (the public key in hexadecimal) signed `text`, either as it stands or
/// wrapped into `<Bytes>…</Bytes>`, which is what browser extensions do lest a text pass for a
/// transaction.
///
/// # Errors
/// See [`SignatureError`].
pub fn verify(wallet: &str, text: &str, signature: &str) -> Result<(), SignatureError> {
    let wallet: [u8; 32] = bytes_from_hex(wallet)?;
    let signature: [u8; 64] = bytes_from_hex(signature)?;
    let key = PublicKey::from_bytes(&wallet).map_err(|_| SignatureError::Malformed)?;
    let signature = Signature::from_bytes(&signature).map_err(|_| SignatureError::Malformed)?;
    let wrapped = format!("<Bytes>{text}</Bytes>");
    key.verify_simple(CONTEXT, wrapped.as_bytes(), &signature)
        .or_else(|_| key.verify_simple(CONTEXT, text.as_bytes(), &signature))
        .map_err(|_| SignatureError::Mismatch)
}

#[cfg(test)]
mod tests {
    use schnorrkel::{ExpansionMode, Keypair, MiniSecretKey};

    use super::*;

    const TEXT: &str = "Please sign this message";

    fn pair(number: u8) -> (Keypair, String) {
        let secret = MiniSecretKey::from_bytes(&[number; 32]).expect("32 bytes");
        let pair = secret.expand_to_keypair(ExpansionMode::Ed25519);
        let wallet = format!("0x{}", hex::encode(pair.public.to_bytes()));
        (pair, wallet)
    }

    fn sign(pair: &Keypair, context: &[u8], text: &str) -> String {
        format!(
            "0x{}",
            hex::encode(pair.sign_simple(context, text.as_bytes()).to_bytes())
        )
    }

    #[test]
    fn wrapped_and_unwrapped() {
        let (pair, wallet) = pair(1);
        assert_eq!(wallet.len(), 66);
        for text in [TEXT.to_owned(), format!("<Bytes>{TEXT}</Bytes>")] {
            let signature = sign(&pair, CONTEXT, &text);
            assert_eq!(verify(&wallet, TEXT, &signature), Ok(()), "{text}");
            assert_eq!(
                verify(&wallet.to_uppercase().replace("0X", "0x"), TEXT, &signature),
                Ok(()),
                "{text}"
            );
        }
    }

    #[test]
    fn other_texts_keys_and_contexts_do_not_match() {
        let (pair_one, one) = pair(1);
        let (_, two) = pair(2);
        let signature = sign(&pair_one, CONTEXT, TEXT);
        assert_eq!(
            verify(&one, "another text", &signature),
            Err(SignatureError::Mismatch)
        );
        assert_eq!(
            verify(&two, TEXT, &signature),
            Err(SignatureError::Mismatch)
        );
        assert_eq!(
            verify(&one, TEXT, &sign(&pair_one, b"polkadot", TEXT)),
            Err(SignatureError::Mismatch)
        );
        let twice = format!("<Bytes><Bytes>{TEXT}</Bytes></Bytes>");
        assert_eq!(
            verify(&one, TEXT, &sign(&pair_one, CONTEXT, &twice)),
            Err(SignatureError::Mismatch)
        );
    }

    #[test]
    fn malformed_input_is_named_so() {
        let (pair, wallet) = pair(1);
        let good = sign(&pair, CONTEXT, TEXT);
        // A signature without the mark in its last byte would be one of another scheme.
        let unmarked = format!("0x{}", "0".repeat(128));
        for signature in [
            "",
            "0",
            "0x",
            "0x1",
            "xyz",
            "ä",
            &good[..good.len() - 2],
            &format!("{good}00"),
            &unmarked,
        ] {
            assert_eq!(
                verify(&wallet, TEXT, signature),
                Err(SignatureError::Malformed),
                "{signature}"
            );
        }
        let off_curve = format!("0x{}", "f".repeat(64));
        for wallet in [
            "",
            "0x",
            "1",
            "0x12",
            &wallet[..64],
            &format!("{wallet}00"),
            &off_curve,
            "ß",
        ] {
            assert_eq!(
                verify(wallet, TEXT, &good),
                Err(SignatureError::Malformed),
                "{wallet}"
            );
        }
    }
}
