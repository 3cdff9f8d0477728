//! `kill -9` amid uploads leaves neither half a content nor a lost one (docs/media.md, A 6).
//!
//! `ODYSSEY_CRASH_ROUNDS` sets how often.

use std::{
    env, fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::future::join_all;
use tokio::time::sleep;

use crate::support::{
    Api, Options, Server,
    media::{png, sha256},
};

/// Rounds if nobody says otherwise.
const ROUNDS: u8 = 8;
/// Uploads at one time.
const STREAMS: u8 = 4;

fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    entries
        .map(|entry| entry.expect("readable").path())
        .flat_map(|path| {
            if path.is_dir() {
                files(&path)
            } else {
                vec![path]
            }
        })
        .collect()
}

#[tokio::test]
async fn every_acknowledged_upload_is_there_and_no_other_is_by_halves() {
    let rounds = env::var("ODYSSEY_CRASH_ROUNDS")
        .ok()
        .and_then(|rounds| rounds.parse().ok());
    let config = "[media.quotas]\nper_minute = 100000\n";
    let options = Options::default().unlimited().config(config);
    let mut server = Server::start(options);
    let mut guests = Vec::new();
    for _ in 0..STREAMS {
        guests.push(Api::guest(&server).await);
    }
    let stored: Arc<Mutex<Vec<String>>> = Arc::default();
    for round in 0..rounds.unwrap_or(ROUNDS) {
        let uploads = guests.iter().zip(0..).map(|(guest, stream): (&Api, u8)| {
            let (guest, stored) = (guest.at(&server), Arc::clone(&stored));
            async move {
                for number in 0..200_u32 {
                    // Large ones and small ones, each another.
                    let side = if number % 3 == 0 { 500 } else { 20 };
                    let bytes = png(side + number, 20 + u32::from(stream), round ^ stream);
                    let request = guest
                        .request(reqwest::Method::POST, "/media/upload/image")
                        .header(
                            "content-type",
                            format!(
                                "multipart/form-data; boundary={}",
                                crate::support::media::BOUNDARY
                            ),
                        )
                        .body(crate::support::media::form(&[("file", None, &bytes)]));
                    match guest.try_send(request).await {
                        Ok(answer) => {
                            let hash = answer.ok(200)["hash"].as_str().expect("a hash").to_owned();
                            stored.lock().expect("no panic").push(hash);
                        }
                        Err(_) => return,
                    }
                }
            }
        });
        let uploads = join_all(uploads);
        tokio::select! {
            _ = uploads => {}
            // The moment differs from round to round.
            () = sleep(Duration::from_millis(60 + u64::from(round) * 37 % 400)) => {}
        }
        server.kill();
        for path in files(&server.data().join("media/blob")) {
            let name = path
                .file_name()
                .and_then(|name| name.to_str())
                .expect("a name");
            assert_eq!(
                sha256(&fs::read(&path).expect("readable")),
                name,
                "half a content"
            );
        }
        server.start_again();
    }
    let guest = guests[0].at(&server);
    let stored = stored.lock().expect("no panic").clone();
    assert!(!stored.is_empty());
    for hash in &stored {
        let answer = guest.render(&format!("get/{hash}")).await;
        assert_eq!(answer.status(), 200, "{hash} was acknowledged");
    }
    let left = || files(&server.data().join("media/tmp")).is_empty();
    crate::support::eventually(left).await;
}
