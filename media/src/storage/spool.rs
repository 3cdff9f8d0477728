//! Contents on their way in: files on the local disk, hashed while they are written.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use sha2::{Digest as _, Sha256};
use tokio::{sync::mpsc, task::JoinHandle};
use uuid::Uuid;

use crate::{
    Digest, MediaError, Result,
    cid::{CHUNK, Chunks, RAW, Tree, cid_of},
};

/// Pieces that may wait for the disk.
const WAITING: usize = 4;
/// Bytes at the beginning by which a type is known.
const HEAD: usize = 4096;

/// The folder of contents on their way in.
#[derive(Clone, Debug)]
pub struct Spool {
    folder: PathBuf,
}

impl Spool {
    /// Uses a folder, which is made if it is not there. Files get their place among the blobs by a
    /// link, so it is best on the same file system as they are.
    ///
    /// # Errors
    /// `Io`.
    pub fn open(folder: PathBuf) -> Result<Self> {
        fs::create_dir_all(&folder)?;
        Ok(Self { folder })
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Begins to take a content of at most `limit` bytes.
    ///
    /// # Errors
    /// `Io`, `Full`.
    pub fn begin(&self, limit: u64) -> Result<Arriving> {
        let path = self.folder.join(Uuid::new_v4().to_string());
        let (scrap, file) = Scrap::create(path)?;
        let (pieces, received) = mpsc::channel(WAITING);
        let writer = tokio::task::spawn_blocking(move || write(scrap, file, received));
        Ok(Arriving {
            pieces,
            writer,
            size: 0,
            limit,
        })
    }

    /// Takes a content that is in memory. Blocks until it is on the disk.
    ///
    /// # Errors
    /// `Io`, `Full`.
    pub fn keep(&self, bytes: &[u8]) -> Result<Spooled> {
        let (scrap, mut file) = Scrap::create(self.folder.join(Uuid::new_v4().to_string()))?;
        let mut hashes = Hashes::default();
        hashes.update(bytes);
        file.write_all(bytes)?;
        file.sync_data()?;
        let head = Bytes::copy_from_slice(&bytes[..bytes.len().min(HEAD)]);
        Ok(hashes.finish(scrap, head))
    }

    /// Bytes that are free and bytes that there are on the disk of the folder.
    ///
    /// # Errors
    /// `Io`.
    pub fn space(&self) -> Result<(u64, u64)> {
        let space = fs4::statvfs(&self.folder)?;
        Ok((space.available_space(), space.total_space()))
    }

    /// Removes what interrupted uploads have left and nobody has touched for `age`; how many files.
    ///
    /// # Errors
    /// `Io`.
    pub fn sweep(&self, age: Duration) -> Result<usize> {
        let now = SystemTime::now();
        let mut swept = 0;
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            let touched = entry.metadata().and_then(|metadata| metadata.modified());
            // A file that is gone meanwhile needs no sweeping.
            let Ok(touched) = touched else { continue };
            let old = now.duration_since(touched).is_ok_and(|time| time >= age);
            if old && remove(&entry.path()).is_ok() {
                swept += 1;
            }
        }
        Ok(swept)
    }
}

fn remove(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        fs::remove_dir_all(path)
    } else {
        fs::remove_file(path)
    }
}

/// A file that goes when this is dropped.
#[derive(Debug)]
struct Scrap {
    path: PathBuf,
}

impl Scrap {
    fn create(path: PathBuf) -> io::Result<(Self, File)> {
        let file = File::create_new(&path)?;
        Ok((Self { path }, file))
    }
}

impl Drop for Scrap {
    fn drop(&mut self) {
        // The sweep finds what this cannot remove.
        let _ = fs::remove_file(&self.path);
    }
}

/// A content that is arriving. Dropping it removes what has come.
#[derive(Debug)]
pub struct Arriving {
    pieces: mpsc::Sender<Bytes>,
    writer: JoinHandle<Result<Spooled>>,
    size: u64,
    limit: u64,
}

impl Arriving {
    /// Takes the next bytes; waits for the disk.
    ///
    /// # Errors
    /// `TooLarge`, `Io`, `Full`.
    pub async fn write(&mut self, bytes: Bytes) -> Result<()> {
        self.size = self.size.saturating_add(bytes.len() as u64);
        if self.size > self.limit {
            return Err(MediaError::TooLarge { limit: self.limit });
        }
        if self.pieces.send(bytes).await.is_err() {
            // The writer has ended, which it does of itself only after an error.
            let ended = (&mut self.writer).await;
            return Err(match ended {
                Ok(Err(error)) => error,
                _ => MediaError::Internal("the writer of an upload ended".to_owned()),
            });
        }
        Ok(())
    }

    /// Bytes so far.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Waits until all bytes are on the disk.
    ///
    /// # Errors
    /// `Io`, `Full`.
    pub async fn finish(self) -> Result<Spooled> {
        drop(self.pieces);
        self.writer
            .await
            .map_err(|error| MediaError::Internal(error.to_string()))?
    }
}

/// Writes and hashes all pieces. The disk is asked to keep them last, once.
fn write(scrap: Scrap, mut file: File, mut pieces: mpsc::Receiver<Bytes>) -> Result<Spooled> {
    let mut hashes = Hashes::default();
    let mut head = Vec::new();
    while let Some(piece) = pieces.blocking_recv() {
        let missing = HEAD.saturating_sub(head.len()).min(piece.len());
        head.extend_from_slice(&piece[..missing]);
        hashes.update(&piece);
        file.write_all(&piece)?;
    }
    file.sync_data()?;
    Ok(hashes.finish(scrap, head.into()))
}

/// Digest and chunks of a content in one pass.
#[derive(Default)]
struct Hashes {
    whole: Sha256,
    size: u64,
    /// The chunks, once there is more than one: the first has the digest of the whole until then.
    chunks: Option<Chunks>,
}

impl Hashes {
    fn update(&mut self, bytes: &[u8]) {
        self.size += bytes.len() as u64;
        self.whole.update(bytes);
        self.chunks.get_or_insert_default().update(bytes);
    }

    fn finish(self, scrap: Scrap, head: Bytes) -> Spooled {
        let digest: [u8; 32] = self.whole.finalize().into();
        let digest = Digest::from(digest);
        let tree = match self.chunks {
            Some(chunks) if self.size > CHUNK as u64 => chunks.finish(),
            _ => Tree {
                root: cid_of(RAW, &digest),
                nodes: Vec::new(),
                leaves: vec![cid_of(RAW, &digest)],
            },
        };
        Spooled {
            scrap,
            head,
            digest,
            size: self.size,
            tree,
        }
    }
}

/// A content that has arrived, whose file goes when this is dropped.
#[derive(Debug)]
pub struct Spooled {
    scrap: Scrap,
    head: Bytes,
    digest: Digest,
    size: u64,
    tree: Tree,
}

impl Spooled {
    /// The file.
    pub fn path(&self) -> &Path {
        &self.scrap.path
    }

    /// The first bytes, 4 KiB at most.
    pub fn head(&self) -> &Bytes {
        &self.head
    }

    /// Digest of all bytes.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// Number of bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Blocks of IPFS that the content is made of.
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// All bytes, for kinds whose limit is small.
    ///
    /// # Errors
    /// `Io`.
    pub fn read(&self) -> Result<Vec<u8>> {
        Ok(fs::read(self.path())?)
    }

    /// The file, for reading.
    ///
    /// # Errors
    /// `Io`.
    pub fn open(&self) -> Result<File> {
        Ok(File::open(self.path())?)
    }
}
