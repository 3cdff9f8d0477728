//! Bytes in the local file system or S3, and nobody else knows which.
//!
//! Keys are made from digests by this program, never from what a client sends. A content arrives in
//! a [`Spool`] on the local disk, where it is hashed and checked, and appears under its key in one
//! step: a reader finds all of it or nothing.

mod spool;

use std::{
    fs, io,
    ops::Range,
    path::{Path, PathBuf},
    time::Duration,
};

use bytes::Bytes;
use futures_util::{Stream, StreamExt, TryStreamExt};
use opendal::{
    HttpTransporter, Operator,
    layers::{RetryLayer, TimeoutLayer},
    options::ListOptions,
    services,
};
use opendal_http_transport_reqwest::ReqwestTransport;
use tokio::{io::AsyncReadExt, task::spawn_blocking};

use crate::{Digest, MediaError, Result};

pub use spool::{Arriving, Spool, Spooled};

/// Bytes that are read ahead and written at once. S3 takes parts of at least 5 MiB.
const READ_CHUNK: usize = 512 * 1024;
const WRITE_CHUNK: usize = 5 * 1024 * 1024;
/// Reads that are under way for one stream.
const READ_AHEAD: usize = 2;
/// Time within which the storage has to show progress.
const PATIENCE: Duration = Duration::from_secs(20);
/// Attempts of one request to a remote storage.
const ATTEMPTS: usize = 3;

/// The storage of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StorageOptions {
    /// Files below a folder.
    Files {
        /// The folder; made if it is not there.
        root: PathBuf,
    },
    /// A bucket of S3 or of a service that speaks its protocol.
    S3(S3Options),
}

/// A bucket.
#[derive(Clone, PartialEq, Eq)]
pub struct S3Options {
    /// Its name.
    pub bucket: String,
    /// Address of the service; `None` for that of AWS.
    pub endpoint: Option<String>,
    /// Its region.
    pub region: String,
    /// Prefix of all keys.
    pub root: String,
    /// Key id and secret; `None` looks where the tools of AWS look.
    pub credentials: Option<(String, String)>,
}

impl std::fmt::Debug for S3Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The credentials stay out of logs.
        f.debug_struct("S3Options")
            .field("bucket", &self.bucket)
            .field("endpoint", &self.endpoint)
            .field("region", &self.region)
            .field("root", &self.root)
            .finish_non_exhaustive()
    }
}

/// Whether a content was new to the storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Published {
    /// It lies there now.
    New,
    /// The same bytes lay there already.
    Known,
}

/// An open storage.
#[derive(Clone, Debug)]
pub struct Storage {
    operator: Operator,
    /// The folder of files, for a publication that links instead of copying.
    files: Option<PathBuf>,
}

impl Storage {
    /// Opens a storage; of a remote one only the options are checked.
    ///
    /// # Errors
    /// `Io` if the folder cannot be made, `Storage` for options that make no sense.
    pub fn open(options: &StorageOptions) -> Result<Self> {
        match options {
            StorageOptions::Files { root } => {
                fs::create_dir_all(root)?;
                check_mode(root)?;
                let builder = services::Fs::default().root(&root.to_string_lossy());
                Ok(Self {
                    operator: Operator::new(builder)?,
                    files: Some(root.clone()),
                })
            }
            StorageOptions::S3(options) => {
                let mut builder = services::S3::default()
                    .bucket(&options.bucket)
                    .region(&options.region)
                    .root(&options.root);
                if let Some(endpoint) = &options.endpoint {
                    builder = builder.endpoint(endpoint);
                }
                if let Some((id, secret)) = &options.credentials {
                    builder = builder
                        .access_key_id(id)
                        .secret_access_key(secret)
                        .disable_config_load()
                        .disable_ec2_metadata();
                }
                let timeouts = TimeoutLayer::new()
                    .with_timeout(PATIENCE)
                    .with_io_timeout(PATIENCE);
                let operator = Operator::new(builder)?;
                let context = operator.context().with_http_transport(transport()?);
                let operator = operator
                    .with_context(context)
                    .layer(timeouts)
                    .layer(RetryLayer::new().with_max_times(ATTEMPTS).with_jitter());
                Ok(Self::on(operator))
            }
        }
    }

    /// A storage on any operator; for tests that inject faults.
    pub fn on(operator: Operator) -> Self {
        Self {
            operator,
            files: None,
        }
    }

    /// Folder of the files, if they are local.
    pub fn folder(&self) -> Option<&Path> {
        self.files.as_deref()
    }

    /// Makes a content appear under its key. What lies there already is compared, never replaced.
    ///
    /// # Errors
    /// `Conflict` if other bytes lie there, `Full`, those of the storage.
    pub async fn publish(&self, spooled: &Spooled) -> Result<Published> {
        let key = spooled.digest().blob_key();
        let made = match &self.files {
            Some(root) => {
                let (from, to) = (spooled.path().to_owned(), root.join(&key));
                run(move || link(&from, &to)).await
            }
            None => self.upload(spooled.path(), &key).await,
        };
        match made {
            Ok(()) => Ok(Published::New),
            Err(MediaError::Conflict) => {
                self.check(&key, spooled.size(), spooled.digest()).await?;
                Ok(Published::Known)
            }
            Err(error) => Err(error),
        }
    }

    /// Copies a file to a key that does not exist yet.
    async fn upload(&self, from: &Path, key: &str) -> Result<()> {
        let mut file = tokio::fs::File::open(from).await?;
        let mut writer = self
            .operator
            .writer_with(key)
            .if_not_exists(true)
            .chunk(WRITE_CHUNK)
            .await?;
        let copied: Result<()> = async {
            loop {
                let mut piece = bytes::BytesMut::with_capacity(READ_CHUNK);
                if file.read_buf(&mut piece).await? == 0 {
                    return Ok(());
                }
                writer.write(piece.freeze()).await?;
            }
        }
        .await;
        let closed = match copied {
            Ok(()) => writer.close().await.map(drop).map_err(MediaError::from),
            Err(error) => Err(error),
        };
        if closed.is_err() {
            // Parts that were sent must not be paid for; that they are is no reason to fail twice.
            let _ = writer.abort().await;
        }
        closed
    }

    /// Compares what lies under a key with what should.
    async fn check(&self, key: &str, size: u64, digest: Digest) -> Result<()> {
        let found = self.size(key).await?;
        if found != size || self.digest(key).await? != digest {
            return Err(MediaError::Conflict);
        }
        Ok(())
    }

    /// Digest of the bytes under a key, which are read for it.
    ///
    /// # Errors
    /// `NotFound`, those of the storage.
    pub async fn digest(&self, key: &str) -> Result<Digest> {
        use sha2::{Digest as _, Sha256};
        let size = self.size(key).await?;
        let mut hasher = Sha256::new();
        let mut pieces = std::pin::pin!(self.stream(key, 0..size).await?);
        while let Some(piece) = pieces.next().await {
            let piece = piece?;
            hasher = run(move || {
                hasher.update(&piece);
                Ok(hasher)
            })
            .await?;
        }
        let digest: [u8; 32] = hasher.finalize().into();
        Ok(digest.into())
    }

    /// Stores bytes that can be made again, such as a variant, replacing what is there.
    ///
    /// # Errors
    /// `Full`, those of the storage.
    pub async fn put(&self, key: &str, bytes: Bytes) -> Result<()> {
        if let Some(root) = &self.files {
            let to = root.join(key);
            return run(move || replace(&to, &bytes)).await;
        }
        self.operator.write(key, bytes).await?;
        Ok(())
    }

    /// All bytes under a key.
    ///
    /// # Errors
    /// `NotFound`, those of the storage.
    pub async fn read(&self, key: &str) -> Result<Bytes> {
        Ok(self.operator.read(key).await?.to_bytes())
    }

    /// A range of the bytes under a key, piece by piece.
    ///
    /// # Errors
    /// `NotFound`, those of the storage.
    pub async fn stream(
        &self,
        key: &str,
        range: Range<u64>,
    ) -> Result<impl Stream<Item = Result<Bytes>> + Send + use<>> {
        let length = range.end.saturating_sub(range.start);
        let chunk = READ_CHUNK.min(usize::try_from(length).unwrap_or(READ_CHUNK).max(1));
        let reader = self
            .operator
            .reader_with(key)
            .chunk(chunk)
            .concurrent(READ_AHEAD)
            .await?;
        let pieces = reader.into_stream(range).await?;
        let pieces = pieces.map_err(MediaError::from);
        Ok(pieces.map_ok(|buffer| buffer.to_bytes()))
    }

    /// Size of the bytes under a key.
    ///
    /// # Errors
    /// `NotFound`, those of the storage.
    pub async fn size(&self, key: &str) -> Result<u64> {
        Ok(self.operator.stat(key).await?.content_length())
    }

    /// Deletes a key; one that is not there is no error.
    ///
    /// # Errors
    /// Those of the storage.
    pub async fn delete(&self, key: &str) -> Result<()> {
        Ok(self.operator.delete(key).await?)
    }

    /// Deletes all keys with a prefix that ends in a slash.
    ///
    /// # Errors
    /// Those of the storage.
    pub async fn delete_all(&self, prefix: &str) -> Result<()> {
        Ok(self.operator.delete_with(prefix).recursive(true).await?)
    }

    /// All keys with a prefix that ends in a slash, with sizes.
    ///
    /// # Errors
    /// Those of the storage.
    pub async fn list(
        &self,
        prefix: &str,
    ) -> Result<impl Stream<Item = Result<(String, u64)>> + Send + use<>> {
        let options = ListOptions {
            recursive: true,
            ..ListOptions::default()
        };
        let lister = self
            .operator
            .lister_with(prefix)
            .recursive(options.recursive);
        let entries = lister.await?.map_err(MediaError::from);
        let operator = self.operator.clone();
        Ok(entries.try_filter_map(move |entry| {
            let operator = operator.clone();
            async move {
                if !entry.metadata().is_file() {
                    return Ok(None);
                }
                let mut size = entry.metadata().content_length();
                if size == 0 {
                    // Listings of files have no sizes.
                    size = operator.stat(entry.path()).await?.content_length();
                }
                Ok(Some((entry.path().to_owned(), size)))
            }
        }))
    }
}

/// Requests to a remote storage, over TLS by ring as everywhere in this program.
fn transport() -> Result<HttpTransporter> {
    // Fails if there is one already, which is the same.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().connect_timeout(PATIENCE).build();
    let client = client.map_err(|error| MediaError::Internal(error.to_string()))?;
    Ok(HttpTransporter::new(ReqwestTransport::new(client)))
}

/// Refuses a folder in which anybody may put what they like.
fn check_mode(folder: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    const ANYBODY_WRITES: u32 = 0o002;
    let mode = fs::metadata(folder)?.permissions().mode();
    if mode & ANYBODY_WRITES != 0 {
        let rule = format!("anybody may write to {}", folder.display());
        return Err(MediaError::Io(io::Error::new(
            io::ErrorKind::PermissionDenied,
            rule,
        )));
    }
    Ok(())
}

/// Runs what blocks on the threads for it.
async fn run<T, F>(task: F) -> Result<T>
where
    T: Send + 'static,
    F: FnOnce() -> Result<T> + Send + 'static,
{
    spawn_blocking(task)
        .await
        .map_err(|error| MediaError::Internal(error.to_string()))?
}

/// Gives a file a second name, which must be free, and makes the name survive a power failure.
fn link(from: &Path, to: &Path) -> Result<()> {
    let folder = make_folders(to)?;
    match fs::hard_link(from, to) {
        Ok(()) => sync_folder(&folder),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(MediaError::Conflict),
        Err(error) => Err(error.into()),
    }
}

/// Writes a file beside its place and moves it there.
fn replace(to: &Path, bytes: &[u8]) -> Result<()> {
    let folder = make_folders(to)?;
    let beside = folder.join(format!(".{}", uuid::Uuid::new_v4()));
    let moved = fs::write(&beside, bytes).and_then(|()| fs::rename(&beside, to));
    if moved.is_err() {
        let _ = fs::remove_file(&beside);
    }
    Ok(moved?)
}

/// Makes the folders above a file; new ones survive a power failure.
fn make_folders(file: &Path) -> Result<PathBuf> {
    let folder = file
        .parent()
        .ok_or_else(|| MediaError::Internal("a key has folders".to_owned()))?;
    if !folder.is_dir() {
        fs::create_dir_all(folder)?;
        for above in folder.ancestors().skip(1).take(2) {
            sync_folder(above)?;
        }
    }
    Ok(folder.to_owned())
}

fn sync_folder(folder: &Path) -> Result<()> {
    Ok(fs::File::open(folder)?.sync_all()?)
}
