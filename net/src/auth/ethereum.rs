//! Ethereum wallets: EIP-191 `personal_sign` over the challenge (docs/spec/rest.md §4.2).

use k256::ecdsa::{RecoveryId, Signature, VerifyingKey};
use sha3::{Digest, Keccak256};

use super::{SignatureError, bytes_from_hex};

/// Verifies that `wallet` (an address in any case) signed `text`. The signature is `r ‖ s ‖ v` in
/// hexadecimal with `v` of 27 or 28, or 0 or 1 as hardware wallets write it.
///
/// # Errors
/// `Malformed` also for an `s` in the upper half of the group order: no wallet makes one, and each
/// is a second spelling of another signature.
pub fn verify(wallet: &str, text: &str, signature: &str) -> Result<(), SignatureError> {
    let wallet: [u8; 20] = bytes_from_hex(wallet)?;
    let [rs @ .., v] = bytes_from_hex::<65>(signature)?;
    let recovery = match v {
        0 | 27 => RecoveryId::new(false, false),
        1 | 28 => RecoveryId::new(true, false),
        _ => return Err(SignatureError::Malformed),
    };
    let signature = Signature::from_slice(&rs).map_err(|_| SignatureError::Malformed)?;
    if signature.normalize_s().is_some() {
        return Err(SignatureError::Malformed);
    }
    let key = VerifyingKey::recover_from_prehash(&digest(text), &signature, recovery)
        .map_err(|_| SignatureError::Mismatch)?;
    if address(&key) == wallet {
        Ok(())
    } else {
        Err(SignatureError::Mismatch)
    }
}

/// An address with the checksum of EIP-55: a letter is upper case where the hash of the address has
/// a high digit.
///
/// # Errors
/// `Malformed` if it is no address.
pub fn checksummed(wallet: &str) -> Result<String, SignatureError> {
    let digits = hex::encode(bytes_from_hex::<20>(wallet)?);
    let hash = hex::encode(Keccak256::digest(&digits));
    let cased = digits
        .chars()
        .zip(hash.chars())
        .map(|(digit, high)| match high {
            '8'..='9' | 'a'..='f' => digit.to_ascii_uppercase(),
            _ => digit,
        });
    Ok("0x".chars().chain(cased).collect())
}

fn digest(text: &str) -> [u8; 32] {
    let mut hasher = Keccak256::new();
    hasher.update(format!("\x19Ethereum Signed Message:\n{}", text.len()));
    hasher.update(text);
    hasher.finalize().into()
}

/// The last 20 bytes of the hash of the uncompressed point, without its leading format byte.
fn address(key: &VerifyingKey) -> [u8; 20] {
    let point = key.to_encoded_point(false);
    let hash: [u8; 32] = Keccak256::digest(point.as_bytes().get(1..).unwrap_or_default()).into();
    let mut address = [0; 20];
    address.copy_from_slice(&hash[12..]);
    address
}

#[cfg(test)]
mod tests {
    use k256::ecdsa::SigningKey;

    use super::*;

    /// From the documentation of web3.js, `accounts.sign`.
    const TEXT: &str = "Some data";
    const WALLET: &str = "0x2c7536E3605D9C16a7a3D7b1898e529396a65c23";
    const RS: &str = "b91467e570a6466aa9e9876cbcd013baba02900b8979d43fe208a4a4f339f5fd\
                      6007e74cd82e037b800186422fc2da167c747ef045e5d18a5f5d4300f8e1a029";

    #[test]
    fn known_vector_in_every_spelling() {
        for v in ["1c", "01", "1C"] {
            for prefix in ["0x", ""] {
                assert_eq!(
                    verify(WALLET, TEXT, &format!("{prefix}{RS}{v}")),
                    Ok(()),
                    "{prefix} {v}"
                );
            }
        }
        for wallet in [
            WALLET.to_lowercase(),
            WALLET.to_uppercase().replace("0X", "0x"),
        ] {
            assert_eq!(
                verify(&wallet, TEXT, &format!("0x{RS}1c")),
                Ok(()),
                "{wallet}"
            );
        }
    }

    /// Signatures of several keys cover both values of `v`.
    #[test]
    fn own_signatures() {
        let mut seen = [false; 2];
        for number in 1..=16_u8 {
            let key = SigningKey::from_slice(&[number; 32]).expect("a scalar");
            let wallet = format!("0x{}", hex::encode(address(key.verifying_key())));
            let text = format!("Bitte unterschreiben: {number} ✍");
            let (signature, recovery) =
                key.sign_prehash_recoverable(&digest(&text)).expect("signs");
            seen[usize::from(recovery.to_byte())] = true;
            let rs = hex::encode(signature.to_bytes());
            for base in [0, 27] {
                let signature = format!("0x{rs}{:02x}", base + recovery.to_byte());
                assert_eq!(verify(&wallet, &text, &signature), Ok(()));
                assert_eq!(
                    verify(&wallet, "another text", &signature),
                    Err(SignatureError::Mismatch)
                );
                assert_eq!(
                    verify(WALLET, &text, &signature),
                    Err(SignatureError::Mismatch)
                );
            }
        }
        assert_eq!(seen, [true; 2]);
    }

    /// The examples of EIP-55.
    #[test]
    fn checksums() {
        for address in [
            "0x52908400098527886E0F7030069857D2E4169EE7",
            "0xde709f2102306220921060314715629080e2fb77",
            "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
            "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
            "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
        ] {
            assert_eq!(checksummed(&address.to_lowercase()).as_deref(), Ok(address));
        }
        assert_eq!(checksummed("0x12"), Err(SignatureError::Malformed));
    }

    #[test]
    fn the_other_v_is_another_key() {
        assert_eq!(
            verify(WALLET, TEXT, &format!("0x{RS}1b")),
            Err(SignatureError::Mismatch)
        );
    }

    #[test]
    fn high_s_is_refused() {
        let (r, s) = RS.split_at(64);
        let s: [u8; 32] = bytes_from_hex(s).expect("hex");
        let order: [u8; 32] =
            bytes_from_hex("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141")
                .expect("hex");
        let mut negated = [0_u8; 32];
        let mut borrow = false;
        for i in (0..32).rev() {
            let (difference, first) = order[i].overflowing_sub(s[i]);
            let (difference, second) = difference.overflowing_sub(u8::from(borrow));
            negated[i] = difference;
            borrow = first || second;
        }
        let signature = format!("0x{r}{}1b", hex::encode(negated));
        assert_eq!(
            verify(WALLET, TEXT, &signature),
            Err(SignatureError::Malformed)
        );
    }

    #[test]
    fn malformed_input_is_named_so() {
        let good = format!("0x{RS}1c");
        let zeros = "0".repeat(128);
        for signature in [
            "",
            "0",
            "0x",
            "0x0",
            "zz",
            "é",
            RS,
            &format!("{good}00"),
            &format!("0x{RS}02"),
            &format!("0x{RS}ff"),
            &format!("0x{zeros}1b"),
            &format!("0x0x{RS}1c"),
            &format!("0x{}1b", "f".repeat(128)),
        ] {
            assert_eq!(
                verify(WALLET, TEXT, signature),
                Err(SignatureError::Malformed),
                "{signature}"
            );
        }
        for wallet in [
            "",
            "0x",
            "0",
            "0x2c75",
            "0x2c7536E3605D9C16a7a3D7b1898e529396a65cgg",
            &format!("{WALLET}00"),
            "ü",
        ] {
            assert_eq!(
                verify(wallet, TEXT, &good),
                Err(SignatureError::Malformed),
                "{wallet}"
            );
        }
    }
}
