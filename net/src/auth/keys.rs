//! The key that signs session tokens, kept in a file of its own outside of everything clients can read.

use std::{
    fmt,
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, ErrorKind, Read, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use jsonwebtoken::{DecodingKey, EncodingKey};

/// Name of the file in the directory of keys.
const FILE: &str = "jwt.key";
/// 256 bits, the output size of the hash behind HS256: less weakens it, more adds nothing.
const LENGTH: usize = 32;
/// Permission bits that nobody but the owner may have.
const GROUP_AND_WORLD: u32 = 0o077;

/// The key that signs and verifies session tokens.
pub struct Keys {
    pub(super) encoding: EncodingKey,
    pub(super) decoding: DecodingKey,
}

impl Keys {
    /// Reads `jwt.key` from the directory of keys, or makes directory and file on the first run. Several processes may do
    /// so at once: all end up with the key of the first.
    ///
    /// # Errors
    /// `InvalidData` if the file has the wrong length, `PermissionDenied` if it is readable by others than its owner, and
    /// whatever the file system says. A bad file is never replaced: that would end every session without a word.
    pub fn load_or_create(dir: &Path) -> io::Result<Self> {
        let path = dir.join(FILE);
        match read(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                create(dir, &path)?;
                read(&path)
            }
            found => found,
        }
        .map(|secret| Self::from_secret(&secret))
        .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))
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

/// Reads at most one byte more than needed, from the very file whose permissions were checked.
fn read(path: &Path) -> io::Result<[u8; LENGTH]> {
    let file = File::open(path)?;
    let meta = file.metadata()?;
    if !meta.is_file() {
        return Err(io::Error::new(ErrorKind::InvalidData, "not a regular file"));
    }
    if meta.mode() & GROUP_AND_WORLD != 0 {
        return Err(io::Error::new(
            ErrorKind::PermissionDenied,
            "readable or writable by others; chmod 600 it",
        ));
    }
    let mut bytes = Vec::with_capacity(LENGTH + 1);
    file.take(LENGTH as u64 + 1).read_to_end(&mut bytes)?;
    bytes
        .try_into()
        .map_err(|_| io::Error::new(ErrorKind::InvalidData, format!("not {LENGTH} bytes long")))
}

/// Writes a new key under a temporary name and links it to the real one, so that the file is never there in part and an
/// existing one is never replaced.
fn create(dir: &Path, path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    let mut secret = [0; LENGTH];
    getrandom::fill(&mut secret).map_err(|error| io::Error::other(error.to_string()))?;
    let temporary = Temporary(dir.join(format!("{FILE}.{}", uuid::Uuid::new_v4().simple())));
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&temporary.0)?;
    file.write_all(&secret)?;
    file.sync_all()?;
    match fs::hard_link(&temporary.0, path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
        Ok(()) => File::open(dir)?.sync_all(),
    }
}

/// A file that goes away again, however its maker ends.
struct Temporary(PathBuf);

impl Drop for Temporary {
    fn drop(&mut self) {
        // Nothing to be done about a failure; the leftover is private and never read.
        let _ = fs::remove_file(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use std::{os::unix::fs::PermissionsExt, thread};

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
