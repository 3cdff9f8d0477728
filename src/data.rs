//! The data directory: made on the first run, used by one server at a time.

use std::{
    fs::{DirBuilder, File, OpenOptions, TryLockError},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
};

use anyhow::{Context, bail};

use crate::config::Config;

/// The file whose lock says that the directory is in use. The kernel takes the lock back however
/// its holder ends.
const LOCK: &str = "lock";

/// Keeps others out of the data directory while it lives.
pub(crate) struct Lock {
    _file: File,
}

/// Makes the directory, for its owner only: the database in it holds what users did not publish.
pub(crate) fn prepare(config: &Config) -> anyhow::Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&config.data)
        .with_context(|| format!("data: cannot create {}", config.data.display()))
}

/// Takes the directory for this process.
///
/// # Errors
/// If another process has it, or it cannot be written to.
pub(crate) fn lock(config: &Config) -> anyhow::Result<Lock> {
    let directory = config.data.display();
    let file = OpenOptions::new()
        .create(true)
        .write(true)
        .truncate(false)
        .mode(0o600)
        .open(config.data.join(LOCK))
        .with_context(|| format!("data: cannot write to {directory}"))?;
    match file.try_lock() {
        Ok(()) => Ok(Lock { _file: file }),
        Err(TryLockError::WouldBlock) => bail!("data: {directory} is in use by another odyssey"),
        Err(TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("data: cannot lock {directory}"))
        }
    }
}
