//! One suite for every storage (docs/media.md, A).

use std::{fs, path::Path};

use bytes::Bytes;
use futures_util::TryStreamExt;
use media::{Digest, MediaError, Published, S3Options, Spool, Spooled, Storage, StorageOptions};
use tempfile::TempDir;

use crate::s3::S3Server;

/// A storage and a spool beside it.
struct Place {
    storage: Storage,
    spool: Spool,
    _folder: TempDir,
}

impl Place {
    fn new(storage: &StorageOptions, folder: TempDir) -> Self {
        Self {
            storage: Storage::open(storage).expect("opens"),
            spool: Spool::open(folder.path().join("tmp")).expect("a folder"),
            _folder: folder,
        }
    }

    fn files() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().to_owned();
        Self::new(&StorageOptions::Files { root }, folder)
    }

    fn s3(server: &S3Server) -> Self {
        let options = S3Options {
            bucket: server.bucket(),
            endpoint: Some(server.endpoint()),
            region: "us-east-1".to_owned(),
            root: "odyssey".to_owned(),
            credentials: Some(("id".to_owned(), "secret".to_owned())),
        };
        let folder = tempfile::tempdir().expect("a folder");
        Self::new(&StorageOptions::S3(options), folder)
    }

    fn keep(&self, bytes: &[u8]) -> Spooled {
        self.spool.keep(bytes).expect("fits")
    }

    async fn all(&self, key: &str, size: u64) -> Vec<u8> {
        let pieces = self.storage.stream(key, 0..size).await.expect("is there");
        let pieces: Vec<Bytes> = pieces.try_collect().await.expect("all of it");
        pieces.concat()
    }
}

/// Bytes that no other seed gives.
fn content(length: usize, seed: u8) -> Vec<u8> {
    (0..length)
        .map(|n| (n / 251) as u8 ^ n as u8 ^ seed)
        .collect()
}

async fn each(check: impl AsyncFn(Place)) {
    let server = S3Server::start();
    check(Place::files()).await;
    check(Place::s3(&server)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn contents_are_found_again_by_their_digests() {
    each(async |place| {
        for size in [1, 4096, 700_000, 11_000_000] {
            let bytes = content(size, 1);
            let spooled = place.keep(&bytes);
            assert_eq!(spooled.digest(), Digest::of(&bytes));
            let published = place.storage.publish(&spooled).await;
            assert_eq!(published.expect("room"), Published::New);
            let key = spooled.digest().blob_key();
            drop(spooled);
            assert_eq!(
                place.storage.size(&key).await.expect("is there"),
                size as u64
            );
            assert_eq!(place.storage.read(&key).await.expect("is there"), bytes);
            assert_eq!(place.all(&key, size as u64).await, bytes);
            assert_eq!(
                place.storage.digest(&key).await.expect("is there"),
                Digest::of(&bytes)
            );
        }
        assert_eq!(
            fs::read_dir(place.spool.folder())
                .expect("a folder")
                .count(),
            0
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_content_is_stored_once_and_never_written_over() {
    each(async |place| {
        let bytes = content(5000, 2);
        let spooled = place.keep(&bytes);
        let storage = &place.storage;
        assert_eq!(
            storage.publish(&spooled).await.expect("room"),
            Published::New
        );
        assert_eq!(
            storage.publish(&spooled).await.expect("room"),
            Published::Known
        );

        let other = place.keep(&content(5000, 3));
        let key = other.digest().blob_key();
        storage
            .put(&key, Bytes::from_static(b"planted"))
            .await
            .expect("room");
        let published = storage.publish(&other).await;
        assert!(
            matches!(published, Err(MediaError::Conflict)),
            "{published:?}"
        );
        assert_eq!(storage.read(&key).await.expect("is there"), &b"planted"[..]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_are_read_without_the_rest() {
    each(async |place| {
        let bytes = content(3_000_000, 4);
        let spooled = place.keep(&bytes);
        place.storage.publish(&spooled).await.expect("room");
        let key = spooled.digest().blob_key();
        for range in [0..1, 100..1100, 1_048_000..1_050_000, 2_999_999..3_000_000] {
            let pieces = place
                .storage
                .stream(&key, range.clone())
                .await
                .expect("is there");
            let pieces: Vec<Bytes> = pieces.try_collect().await.expect("the part");
            assert_eq!(
                pieces.concat(),
                bytes[range.start as usize..range.end as usize]
            );
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_gone_is_not_found() {
    each(async |place| {
        let storage = &place.storage;
        let spooled = place.keep(&content(10, 5));
        storage.publish(&spooled).await.expect("room");
        let (key, variants) = (spooled.digest().blob_key(), spooled.digest().variants_key());
        for name in ["s1-base", "s2-webp"] {
            let key = format!("{variants}{name}");
            storage
                .put(&key, Bytes::from_static(b"variant"))
                .await
                .expect("room");
        }
        let listed: Vec<(String, u64)> = {
            let keys = storage.list("blob/").await.expect("lists");
            keys.try_collect().await.expect("lists")
        };
        assert_eq!(listed, [(key.clone(), 10)]);
        storage.delete(&key).await.expect("deletes");
        storage
            .delete(&key)
            .await
            .expect("is gone, which is no error");
        storage.delete_all(&variants).await.expect("deletes");
        for key in [key, format!("{variants}s1-base")] {
            let read = storage.read(&key).await;
            assert!(matches!(read, Err(MediaError::NotFound)), "{read:?}");
            assert!(matches!(
                storage.size(&key).await,
                Err(MediaError::NotFound)
            ));
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_at_once_publish_one_content() {
    each(async |place| {
        let bytes = content(200_000, 6);
        let spooled: Vec<Spooled> = (0..30).map(|_| place.keep(&bytes)).collect();
        let publish = spooled.iter().map(|spooled| place.storage.publish(spooled));
        let published = futures_util::future::join_all(publish).await;
        let new = published
            .iter()
            .filter(|one| matches!(one, Ok(Published::New)));
        assert_eq!(new.count(), 1);
        assert!(published.iter().all(Result::is_ok), "{published:?}");
    })
    .await;
}

#[tokio::test]
async fn an_upload_that_is_given_up_leaves_nothing() {
    let place = Place::files();
    let mut arriving = place.spool.begin(1_000_000).expect("room");
    arriving
        .write(Bytes::from(content(500_000, 7)))
        .await
        .expect("room");
    assert_eq!(
        fs::read_dir(place.spool.folder())
            .expect("a folder")
            .count(),
        1
    );
    let finished = arriving.finish().await.expect("room");
    drop(finished);
    assert_eq!(
        fs::read_dir(place.spool.folder())
            .expect("a folder")
            .count(),
        0
    );

    let mut arriving = place.spool.begin(10).expect("room");
    let written = arriving.write(Bytes::from(content(11, 7))).await;
    assert!(matches!(written, Err(MediaError::TooLarge { limit: 10 })));
}

#[test]
fn what_a_crash_leaves_is_swept() {
    let place = Place::files();
    let left = place.spool.folder().join("left");
    fs::write(&left, b"half").expect("room");
    let hour = std::time::Duration::from_secs(3600);
    assert_eq!(place.spool.sweep(hour).expect("a folder"), 0);
    assert!(left.exists(), "it may be under way");
    assert_eq!(
        place
            .spool
            .sweep(std::time::Duration::ZERO)
            .expect("a folder"),
        1
    );
    assert!(!left.exists());
}

#[test]
fn a_folder_that_anybody_writes_to_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a folder");
    let set = |path: &Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("own");
    };
    set(folder.path(), 0o777);
    let root = folder.path().to_owned();
    assert!(Storage::open(&StorageOptions::Files { root: root.clone() }).is_err());
    set(folder.path(), 0o700);
    assert!(Storage::open(&StorageOptions::Files { root }).is_ok());
}

/// Faults of the storage are told, and leave nothing under the key.
#[tokio::test]
async fn a_storage_that_fails_keeps_nothing_by_halves() {
    let folder = tempfile::tempdir().expect("a folder");
    let spool = Spool::open(folder.path().join("tmp")).expect("a folder");
    let spooled = spool.keep(&content(100, 8)).expect("room");
    // Nothing listens there.
    let options = S3Options {
        bucket: "none".to_owned(),
        endpoint: Some("http://127.0.0.1:9".to_owned()),
        region: "us-east-1".to_owned(),
        root: String::new(),
        credentials: Some(("id".to_owned(), "secret".to_owned())),
    };
    let storage = Storage::open(&StorageOptions::S3(options)).expect("opens");
    let published = storage.publish(&spooled).await;
    assert!(
        matches!(published, Err(MediaError::Storage(_))),
        "{published:?}"
    );
}
