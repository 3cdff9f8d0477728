//! `kill -9` amid uploads leaves neither half a content nor a lost one, in files and in S3
//! (docs/media.md, A 6).
//!
//! `ODYSSEY_CRASH_ROUNDS` sets how often.

use std::{env, path::Path, time::Duration};

use futures_util::future::join_all;
use tokio::{sync::watch, time::sleep};

use crate::support::{
    Api, Options, S3Server, Server, eventually,
    media::{BOUNDARY, files, form, png, sha256},
};

/// Uploads at one time.
const STREAMS: u8 = 4;

/// Contents that a server has, by name.
type Stored = Vec<(String, Vec<u8>)>;

fn in_files(server: &Server) -> Stored {
    let name = |path: &Path| path.file_name()?.to_str().map(str::to_owned);
    let files = files(server, "blob").into_iter();
    files
        .map(|(path, bytes)| (name(&path).expect("a name"), bytes))
        .collect()
}

/// A signature; moto wants one and does not check it.
const SIGNED: &str = "AWS4-HMAC-SHA256 Credential=id/20260101/us-east-1/s3/aws4_request, \
                      SignedHeaders=host, Signature=0";

/// Contents in a bucket.
async fn in_bucket(s3: &S3Server) -> Stored {
    let bucket = format!("{}/contents", s3.endpoint());
    let get = async |url: String| {
        let request = reqwest::Client::new().get(url);
        let answer = request.header("authorization", SIGNED).send().await;
        let answer = answer.expect("an answer");
        assert_eq!(answer.status(), 200);
        answer.bytes().await.expect("bytes").to_vec()
    };
    let (mut stored, mut after) = (Stored::new(), String::new());
    loop {
        let list = format!("{bucket}?list-type=2&prefix=blob/&start-after={after}");
        let list = String::from_utf8(get(list).await).expect("text");
        let keys = list.split("<Key>").skip(1);
        let keys: Vec<&str> = keys
            .filter_map(|rest| rest.split("</Key>").next())
            .collect();
        let Some(last) = keys.last() else {
            return stored;
        };
        after = (*last).to_owned();
        for key in keys {
            let bytes = get(format!("{bucket}/{key}")).await;
            let (_, name) = key.rsplit_once('/').expect("folders");
            stored.push((name.to_owned(), bytes));
        }
    }
}

/// Uploads pictures by the caller until nobody answers; notes what was acknowledged.
async fn upload_until_killed(
    guest: Api,
    stream: u8,
    round: u8,
    stored: watch::Sender<Vec<String>>,
) {
    for number in 0..200_u32 {
        // Large ones and small ones, each another.
        let side = if number % 3 == 0 { 500 } else { 20 };
        let bytes = png(side + number, 20 + u32::from(stream), round ^ stream);
        let request = guest
            .request(reqwest::Method::POST, "/media/upload/image")
            .header(
                "content-type",
                format!("multipart/form-data; boundary={BOUNDARY}"),
            )
            .body(form(&[("file", None, &bytes)]));
        match guest.try_send(request).await {
            Ok(answer) => {
                let hash = answer.ok(200)["hash"].as_str().expect("a hash").to_owned();
                stored.send_modify(|stored| stored.push(hash));
            }
            Err(_) => return,
        }
    }
}

/// Kills a server amid uploads, again and again; `contents` are those that it has then.
async fn uploads_survive(config: &str, rounds: u8, contents: impl AsyncFn(&Server) -> Stored) {
    let rounds = env::var("ODYSSEY_CRASH_ROUNDS")
        .ok()
        .and_then(|rounds| rounds.parse().ok())
        .unwrap_or(rounds);
    let config = format!("[media.quotas]\nper_minute = 100000\n{config}");
    let options = Options::default().unlimited().config(&config);
    let mut server = Server::start(options);
    let mut guests = Vec::new();
    for _ in 0..STREAMS {
        guests.push(Api::guest(&server).await);
    }
    let stored = watch::Sender::<Vec<String>>::default();
    for round in 0..rounds {
        let uploads = guests.iter().zip(0..).map(|(guest, stream): (&Api, u8)| {
            upload_until_killed(guest.at(&server), stream, round, stored.clone())
        });
        let uploads = join_all(uploads);
        // The moment differs from round to round: after none, one or two that were acknowledged.
        let goal = stored.borrow().len() + usize::from(round % 3);
        let mut acknowledged = stored.subscribe();
        let moment = async {
            let enough = acknowledged.wait_for(|stored| stored.len() >= goal);
            enough.await.expect("uploads go on");
            sleep(Duration::from_millis(u64::from(round) * 37 % 200)).await;
        };
        tokio::select! {
            _ = uploads => {}
            () = moment => {}
        }
        server.kill();
        for (name, bytes) in contents(&server).await {
            assert_eq!(sha256(&bytes), name, "half a content");
        }
        server.start_again();
    }
    let guest = guests[0].at(&server);
    let stored = stored.borrow().clone();
    assert!(!stored.is_empty());
    for hash in &stored {
        let answer = guest.render(&format!("get/{hash}")).await;
        assert_eq!(answer.status(), 200, "{hash} was acknowledged");
    }
    let left = || files(&server, "tmp").is_empty();
    eventually(left).await;
}

#[tokio::test]
async fn every_acknowledged_upload_is_there_and_no_other_is_by_halves() {
    uploads_survive("", 8, async |server: &Server| in_files(server)).await;
}

#[tokio::test]
async fn the_same_holds_for_a_bucket() {
    let s3 = S3Server::start();
    let config = format!(
        "[media.s3]\nbucket = \"{}\"\nendpoint = \"{}\"\naccess_key_id = \"id\"\nsecret_access_key = \"secret\"\n",
        s3.bucket(),
        s3.endpoint()
    );
    uploads_survive(&config, 4, async |_: &Server| in_bucket(&s3).await).await;
}
