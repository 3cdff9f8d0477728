//! The key that signs session tokens, kept in a file of its own outside of everything clients can
//! read.

use std::{fmt, io, path::Path};

use jsonwebtoken::{DecodingKey, EncodingKey};

use super::secret_file::{self, LENGTH};

/// Name of the file in the directory of keys.
const FILE: &str = "jwt.key";

/// The key that signs and verifies session tokens.
pub struct Keys {
    pub(super) encoding: EncodingKey,
    pub(super) decoding: DecodingKey,
}

impl Keys {
    /// Reads `jwt.key` from the directory of keys, or makes directory and file on the first run.
    /// Several processes may do so at once: all end up with the key of the first.
    ///
    /// # Errors
    /// `InvalidData` if the file has the wrong length, `PermissionDenied` if it is readable by
    /// others than its owner, and whatever the file system says. A bad file is never replaced: that
    /// would end every session without a word.
    pub fn load_or_create(dir: &Path) -> io::Result<Self> {
        let secret = secret_file::load_or_create(dir, FILE, secret_file::random)?;
        Ok(Self::from_secret(&secret))
    }

    /// A key from its bytes, for tests and tools.
    pub fn from_secret(secret: &[u8; LENGTH]) -> Self {
        Self {
            encoding: EncodingKey::from_secret(secret),
            decoding: DecodingKey::from_secret(secret),
        }
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys(…)")
    }
}

#[cfg(test)]
mod tests {
    use std::{
        fs,
        io::ErrorKind,
        os::unix::fs::{MetadataExt, PermissionsExt},
        thread,
    };

    use super::*;

    fn stored(dir: &Path) -> Vec<u8> {
        fs::read(dir.join(FILE)).expect("key file")
    }

    fn put(dir: &Path, bytes: &[u8], mode: u32) {
        let path = dir.join(FILE);
        fs::write(&path, bytes).expect("written");
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("permissions");
    }

    #[test]
    fn the_first_run_makes_a_private_key_and_later_ones_keep_it() {
        let data = tempfile::tempdir().expect("directory");
        let dir = data.path().join("keys");
        Keys::load_or_create(&dir).expect("created");
        let first = stored(&dir);
        assert_eq!(first.len(), LENGTH);
        assert_ne!(first, vec![0; LENGTH]);
        let mode = |path: &Path| fs::metadata(path).expect("there").mode() & 0o777;
        assert_eq!((mode(&dir), mode(&dir.join(FILE))), (0o700, 0o600));
        Keys::load_or_create(&dir).expect("loaded");
        assert_eq!(stored(&dir), first);
        assert_eq!(
            fs::read_dir(&dir).expect("listed").count(),
            1,
            "no temporary file is left"
        );
    }

    #[test]
    fn racing_processes_agree() {
        let data = tempfile::tempdir().expect("directory");
        let keys: Vec<Keys> = thread::scope(|scope| {
            let racers: Vec<_> = (0..8)
                .map(|_| scope.spawn(|| Keys::load_or_create(data.path()).expect("key")))
                .collect();
            racers
                .into_iter()
                .map(|racer| racer.join().expect("no panic"))
                .collect()
        });
        let (user, now) = (uuid::Uuid::from_u128(1), chrono::Utc::now());
        for (signer, verifier) in keys.iter().zip(keys.iter().skip(1)) {
            assert_eq!(verifier.verify(&signer.issue(user, now), now), Ok(user));
        }
    }

    #[test]
    fn a_corrupt_file_is_refused_and_left_alone() {
        let data = tempfile::tempdir().expect("directory");
        for length in [0, 1, LENGTH - 1, LENGTH + 1, 4096] {
            put(data.path(), &vec![7; length], 0o600);
            let error = Keys::load_or_create(data.path()).expect_err("refused");
            assert_eq!(error.kind(), ErrorKind::InvalidData, "{length}");
            assert_eq!(stored(data.path()).len(), length);
        }
    }

    #[test]
    fn a_file_open_to_others_is_refused() {
        let data = tempfile::tempdir().expect("directory");
        for mode in [0o640, 0o604, 0o620, 0o644, 0o660, 0o777] {
            put(data.path(), &[7; LENGTH], mode);
            let error = Keys::load_or_create(data.path()).expect_err("refused");
            assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{mode:o}");
        }
        put(data.path(), &[7; LENGTH], 0o400);
        assert!(Keys::load_or_create(data.path()).is_ok());
    }

    #[test]
    fn something_else_than_a_file_is_refused() {
        let data = tempfile::tempdir().expect("directory");
        fs::create_dir(data.path().join(FILE)).expect("made");
        assert!(Keys::load_or_create(data.path()).is_err());
    }
}
