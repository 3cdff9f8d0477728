//! Secrets of 32 bytes, each in a file of its own that nobody but its owner can read.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, ErrorKind, Read, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

/// 256 bits, the output size of the hash behind HS256 and the size of a scalar of secp256k1.
pub(super) const LENGTH: usize = 32;
/// Permission bits that nobody but the owner may have.
const GROUP_AND_WORLD: u32 = 0o077;

/// Reads the file from the directory of keys, or makes directory and file on the first run. Several
/// processes may do so at once: all end up with the secret of the first.
///
/// # Errors
/// `InvalidData` if the file has the wrong length, `PermissionDenied` if it is readable by others
/// than its owner, and whatever the file system says. A bad file is never replaced: what was signed
/// with it would be void without a word.
pub(super) fn load_or_create(
    dir: &Path,
    file: &str,
    make: impl FnOnce() -> io::Result<[u8; LENGTH]>,
) -> io::Result<[u8; LENGTH]> {
    let path = dir.join(file);
    let secret = match read(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => make()
            .and_then(|secret| create(dir, &path, &secret))
            .and_then(|()| read(&path)),
        found => found,
    };
    secret.map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))
}

/// A secret nobody can guess.
///
/// # Errors
/// If the system has no randomness to give.
pub(super) fn random() -> io::Result<[u8; LENGTH]> {
    let mut secret = [0; LENGTH];
    getrandom::fill(&mut secret).map_err(|error| io::Error::other(error.to_string()))?;
    Ok(secret)
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

/// Writes a new key under a temporary name and links it to the real one, so that the file is never
/// there in part and an existing one is never replaced.
fn create(dir: &Path, path: &Path, secret: &[u8; LENGTH]) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    let temporary = Temporary(dir.join(format!("{}.new", uuid::Uuid::new_v4().simple())));
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&temporary.0)?;
    file.write_all(secret)?;
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
