//! Certificates that the server makes for itself, one after another, each announced long before it
//! is used.
//!
//! Browsers accept a self-signed certificate by its hash if its key is ECDSA P-256 and it is valid
//! for at most 14 days (W3C WebTransport, *custom certificate requirements*).

use std::{
    io,
    time::{Duration, SystemTime},
};

use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, PKCS_ECDSA_P256_SHA256};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use sha2::{Digest, Sha256};

use super::Identity;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Lifetime of a certificate; one second below what browsers allow, because both
/// ends count.
const VALID: Duration = Duration::from_secs(14 * DAY.as_secs() - 1);

/// Time for which a certificate is valid before it is used, for clients whose clocks are slow.
const EARLY: Duration = DAY;

/// Time for which a certificate is used: until three days before its end, for clients whose clocks
/// are fast, and for machines that sleep.
const USED: Duration = Duration::from_secs(10 * DAY.as_secs());

/// The certificates of one server: the one in use and the one that comes after it. The hash of each
/// is known from ten days before it is used to its end, so pages that were told some hashes can go
/// by them for days.
pub(super) struct Rotation {
    names: Vec<String>,
    previous: Option<Own>,
    current: Own,
    next: Own,
}

struct Own {
    certificate: CertificateDer<'static>,
    key: PrivatePkcs8KeyDer<'static>,
    /// From when on it is used.
    from: SystemTime,
}

impl Rotation {
    /// The first two certificates, the first of them used from `now` on.
    pub(super) fn new(names: Vec<String>, now: SystemTime) -> io::Result<Self> {
        let current = Own::new(&names, now)?;
        let next = Own::new(&names, now + USED)?;
        Ok(Self {
            names,
            previous: None,
            current,
            next,
        })
    }

    /// The one in use.
    pub(super) fn current(&self) -> Identity {
        Identity {
            chain: vec![self.current.certificate.clone()],
            key: PrivateKeyDer::Pkcs8(self.current.key.clone_key()),
        }
    }

    /// Goes on to the next one if it is time; answers whether it was.
    pub(super) fn turn(&mut self, now: SystemTime) -> io::Result<bool> {
        if now < self.next.from {
            return Ok(false);
        }
        // After a long sleep the next one may have ended, too.
        if self.next.end() < now + EARLY {
            *self = Self::new(std::mem::take(&mut self.names), now)?;
            return Ok(true);
        }
        let after = Own::new(&self.names, self.next.from + USED)?;
        let current = std::mem::replace(&mut self.next, after);
        self.previous = Some(std::mem::replace(&mut self.current, current));
        Ok(true)
    }

    /// The hashes of those that are or will be met: the one in use, the next one, and the one
    /// before as long as it is valid.
    pub(super) fn hashes(&self, now: SystemTime) -> Vec<String> {
        let previous = self.previous.iter().filter(|own| own.end() > now);
        [&self.current, &self.next]
            .into_iter()
            .chain(previous)
            .map(|own| hex::encode(Sha256::digest(&own.certificate)))
            .collect()
    }
}

impl Own {
    fn new(names: &[String], from: SystemTime) -> io::Result<Self> {
        let make = || {
            let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
            let mut params = CertificateParams::new(names)?;
            params.distinguished_name = DistinguishedName::new();
            params
                .distinguished_name
                .push(DnType::CommonName, "odyssey");
            params.not_before = (from - EARLY).into();
            params.not_after = (from - EARLY + VALID).into();
            let certificate = params.self_signed(&key)?;
            Ok::<_, rcgen::Error>((certificate, key))
        };
        let (certificate, key) = make().map_err(io::Error::other)?;
        Ok(Self {
            certificate: certificate.der().clone(),
            key: key.serialize_der().into(),
            from,
        })
    }

    /// When it stops being valid.
    fn end(&self) -> SystemTime {
        self.from - EARLY + VALID
    }
}

#[cfg(test)]
mod tests {
    use std::{
        collections::HashMap,
        time::{Duration, SystemTime},
    };

    use sha2::{Digest, Sha256};

    use super::{DAY, EARLY, Rotation};

    fn names() -> Vec<String> {
        vec!["localhost".to_owned()]
    }

    fn hash_in_use(rotation: &Rotation) -> String {
        hex::encode(Sha256::digest(&rotation.current().chain[0]))
    }

    #[test]
    fn each_is_announced_long_before_it_is_used_and_replaced_before_it_ends() {
        let begin = SystemTime::UNIX_EPOCH + 20_000 * DAY;
        let mut rotation = Rotation::new(names(), begin).expect("made");
        let mut announced = HashMap::new();
        let mut used = Vec::new();
        for hour in 0..60 * 24 {
            let now = begin + Duration::from_secs(hour * 60 * 60);
            let before = hash_in_use(&rotation);
            let turned = rotation.turn(now).expect("made");
            let hashes = rotation.hashes(now);
            for hash in &hashes {
                announced.entry(hash.clone()).or_insert(now);
            }
            let current = hash_in_use(&rotation);
            assert!(hashes.contains(&current), "hour {hour}");
            if turned {
                assert!(hashes.contains(&before), "sessions may still know it");
                let since = now.duration_since(announced[&current]).expect("before");
                assert!(since >= 9 * DAY, "{since:?}");
                used.push(current);
            }
            assert!(rotation.current.from - EARLY < now);
            assert!(rotation.current.end() > now + 2 * DAY, "hour {hour}");
        }
        assert_eq!(used.len(), 5, "one every ten days");
        assert!(rotation.hashes(begin + 59 * DAY).len() <= 3);
    }

    #[test]
    fn after_a_long_sleep_there_is_a_valid_one() {
        let begin = SystemTime::UNIX_EPOCH + 20_000 * DAY;
        let mut rotation = Rotation::new(names(), begin).expect("made");
        let now = begin + 100 * DAY;
        assert!(rotation.turn(now).expect("made"));
        assert!(rotation.current.from - EARLY < now && rotation.current.end() > now + 2 * DAY);
    }
}
