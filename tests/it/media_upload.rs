//! Uploads: names by content, each content once, and what is refused (docs/spec/media.md §6 A–C).

use std::fs;

use futures_util::future::join_all;
use image::ImageFormat;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    Api, Options, Server, eventually,
    media::{BOUNDARY, files, form, picture, png, sha256},
};

fn encoded(format: ImageFormat, seed: u8) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    let picture = picture(40, 30, seed);
    picture.write_to(&mut bytes, format).expect("encodes");
    bytes.into_inner()
}

/// Targets 1 and 2.
#[tokio::test]
async fn a_picture_is_named_by_what_is_served_and_stored_once() {
    let server = Server::start(Options::default());
    let (ann, bob) = (Api::guest(&server).await, Api::guest(&server).await);
    for (format, mime) in [
        (ImageFormat::Png, "image/png"),
        (ImageFormat::Jpeg, "image/jpeg"),
        (ImageFormat::Gif, "image/gif"),
        (ImageFormat::WebP, "image/webp"),
    ] {
        let bytes = encoded(format, 7);
        let first = ann.upload("image", &bytes).await.ok(200);
        assert_eq!(first["mime"], mime);
        assert_eq!(first["deduplicated"], false, "{mime}");
        assert_eq!(
            (&first["width"], &first["height"]),
            (&json!(40), &json!(30))
        );
        let hash = first["hash"].as_str().expect("a hash");
        let served = ann.render(&format!("get/{hash}")).await;
        assert_eq!(served.headers()["content-type"], mime);
        let served = served.bytes().await.expect("bytes");
        assert_eq!(sha256(&served), hash, "{mime}");
        // A download is the same content, from whoever it comes.
        let again = bob.upload("image", &served).await.ok(200);
        assert_eq!(
            (&again["hash"], &again["deduplicated"]),
            (&first["hash"], &json!(true))
        );
    }
}

/// Target 4.
#[tokio::test]
async fn uploads_of_the_same_bytes_at_once_are_one_content() {
    let server = Server::start(Options::default().unlimited());
    let bytes = png(300, 200, 3);
    let people = join_all((0..20).map(|_| Api::guest(&server))).await;
    // Answered when everything that ships with the program has its place.
    people[0]
        .get("/media/meta/unknown")
        .await
        .refused(404, "not_found");
    let before = files(&server, "blob").len();
    let uploads = people
        .iter()
        .flat_map(|api| (0..5).map(|_| api.upload("image", &bytes)));
    let answers = join_all(uploads).await;
    let hashes: Vec<Value> = answers
        .into_iter()
        .map(|answer| answer.ok(200)["hash"].clone())
        .collect();
    assert_eq!(hashes.len(), 100);
    assert!(hashes.iter().all(|hash| *hash == hashes[0]));
    assert_eq!(files(&server, "blob").len(), before + 1);
    eventually(|| files(&server, "tmp").is_empty()).await;
}

/// Target 5.
#[tokio::test]
async fn a_content_is_never_written_over() {
    let server = Server::start(Options::default());
    let guest = Api::guest(&server).await;
    let bytes = png(16, 16, 9);
    let name = sha256(&bytes);
    let folder = server
        .data()
        .join("media/blob")
        .join(&name[..2])
        .join(&name[2..4]);
    fs::create_dir_all(&folder).expect("a folder");
    fs::write(folder.join(&name), b"something else").expect("a file");
    guest
        .upload("image", &bytes)
        .await
        .refused(409, "hash_conflict");
    assert_eq!(
        fs::read(folder.join(&name)).expect("is there"),
        b"something else"
    );
}

/// Targets 12 and 59.
#[tokio::test]
async fn names_lead_nowhere() {
    let server = Server::start(Options::default());
    let stranger = Api::stranger(&server);
    for (path, status) in [
        ("get/..%2f..%2fodyssey.db", 400),
        ("get/%2e%2e", 404),
        ("get/a.png", 400),
        ("get/%00", 400),
        ("get/%c0%ae%c0%ae", 400),
        ("asset/5b5bd872-0328", 400),
        ("texture/s10/a", 400),
        ("texture/S3/a", 400),
        ("texture/s/a", 400),
        ("get/unknown", 404),
        ("texture/s3/unknown", 404),
        ("track/unknown", 404),
        ("video/unknown", 404),
        ("asset/00000000000000000000000000000000", 404),
        // A model is no picture.
        ("get/5b5bd8720328e38c1b54bf2bfa70fc85", 404),
    ] {
        let answer = stranger.render(path).await;
        assert_eq!(answer.status(), status, "{path}");
        assert!(
            answer
                .headers()
                .get("cache-control")
                .is_none_or(|value| value != "public, max-age=31536000, immutable")
        );
    }
    let long = format!("get/{}", "a".repeat(200));
    assert_eq!(stranger.render(&long).await.status(), 400);
}

/// Targets 17, 18, 23, 24 and 27.
#[tokio::test]
async fn who_may_not_upload_is_told_before_anything_is_stored() {
    let options = Options::default().config("[media.limits]\nimage = 100000\n");
    let server = Server::start(options);
    let stranger = Api::stranger(&server);
    let small = png(8, 8, 1);
    stranger
        .upload("image", &small)
        .await
        .refused(401, "failed_to_verify_access_token");
    let guest = Api::guest(&server).await;
    for kind in ["audio", "video"] {
        guest
            .upload(kind, b"ID3")
            .await
            .refused(403, "guests_not_permitted");
    }
    guest
        .upload("plugin", b"\x1f\x8b")
        .await
        .refused(403, "not_admin");
    guest
        .upload("image", b"")
        .await
        .refused(422, "invalid_media");
    let large = vec![0; 300_000];
    guest
        .upload("image", &large)
        .await
        .refused(413, "too_large");
    // The same without a length.
    let body = form(&[("file", None, &large)]);
    let pieces = body
        .chunks(10_000)
        .map(|piece| Ok::<_, std::io::Error>(piece.to_vec()));
    let pieces: Vec<_> = pieces.collect();
    let request = guest
        .request(Method::POST, "/media/upload/image")
        .header(
            "content-type",
            format!("multipart/form-data; boundary={BOUNDARY}"),
        )
        .body(reqwest::Body::wrap_stream(futures_util::stream::iter(
            pieces,
        )));
    guest.send(request).await.refused(413, "too_large");
    eventually(|| files(&server, "tmp").is_empty()).await;
}

/// Targets 19 and 20.
#[tokio::test]
async fn forms_have_one_file_and_short_heads() {
    let server = Server::start(Options::default());
    let guest = Api::guest(&server).await;
    let file = png(8, 8, 1);
    let path = "/media/upload/image";
    guest
        .send_form(
            path,
            &[("file", Some("a.glb"), &file), ("note", None, b"hello")],
        )
        .await
        .ok(200);
    let many: Vec<_> = (0..17).map(|_| ("note", None, &b"x"[..])).collect();
    let long = vec![b'x'; 70_000];
    for parts in [
        vec![("picture", Some("a.png"), &file[..])],
        vec![("note", None, &b"x"[..])],
        vec![
            ("file", Some("a"), &file[..]),
            ("file", Some("b"), &file[..]),
        ],
        many,
        vec![("note", None, &long[..]), ("file", Some("a"), &file[..])],
    ] {
        let answer = guest.send_form(path, &parts).await;
        answer.refused(400, "failed_to_read");
    }
    let head = format!("--{BOUNDARY}\r\nX-Long: {}\r\n\r\n", "a".repeat(20_000));
    let boundary = "b".repeat(71);
    for (kind, body) in [
        (
            format!("multipart/form-data; boundary={BOUNDARY}"),
            head.into_bytes(),
        ),
        (
            format!("multipart/form-data; boundary={boundary}"),
            form(&[("file", None, &file)]),
        ),
        ("image/png".to_owned(), file.clone()),
    ] {
        let request = guest
            .request(Method::POST, path)
            .header("content-type", kind)
            .body(body);
        guest.send(request).await.refused(400, "failed_to_read");
    }
}

/// Target 30: neither the name nor the declared type changes anything.
#[tokio::test]
async fn bytes_decide_what_a_content_is() {
    let server = Server::start(Options::default());
    let guest = Api::guest(&server).await;
    guest
        .upload_model("Picture", &png(8, 8, 1))
        .await
        .refused(415, "unsupported_type");
    for bytes in [
        &b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"[..],
        b"<!doctype html><script>alert(1)</script>",
        b"BM\x00\x00\x00\x00",
        b"hello",
    ] {
        guest
            .upload("image", bytes)
            .await
            .refused(415, "unsupported_type");
    }
    // A page behind a picture is cut off, and what is left is served as a picture.
    let mut polyglot = png(8, 8, 2);
    let clean = guest.uploaded("image", &polyglot).await;
    polyglot.extend_from_slice(b"<script>alert(1)</script>");
    let hash = guest.uploaded("image", &polyglot).await;
    assert_eq!(hash, clean);
    let served = guest.render(&format!("get/{hash}")).await;
    assert_eq!(served.headers()["content-type"], "image/png");
    assert_eq!(served.headers()["x-content-type-options"], "nosniff");
}

/// Target 22.
#[tokio::test]
async fn an_upload_that_breaks_off_leaves_nothing() {
    let server = Server::start(Options::default());
    let guest = Api::guest(&server).await;
    let body = form(&[("file", Some("a.png"), &png(64, 64, 1))]);
    let half = body[..body.len() / 2].to_vec();
    let pieces = vec![Ok(half), Err(std::io::Error::other("the client is gone"))];
    let request = guest
        .request(Method::POST, "/media/upload/image")
        .header(
            "content-type",
            format!("multipart/form-data; boundary={BOUNDARY}"),
        )
        .body(reqwest::Body::wrap_stream(futures_util::stream::iter(
            pieces,
        )));
    assert!(request.send().await.is_err());
    eventually(|| files(&server, "tmp").is_empty()).await;
}

/// Target 26.
#[tokio::test]
async fn a_full_disk_refuses_uploads_and_serves_what_is_there() {
    let mut server = Server::start(Options::default());
    let guest = Api::guest(&server).await;
    let hash = guest.uploaded("image", &png(20, 20, 1)).await;
    server.stop();
    // No disk of a test is this empty.
    server.start_again_with(Options::default().config("[media.quotas]\nfree_percent = 99"));
    let guest = guest.at(&server);
    let refused = guest.upload("image", &png(20, 20, 2)).await;
    refused.refused(507, "storage_full");
    assert_eq!(guest.render(&format!("get/{hash}")).await.status(), 200);
    let thumbnail = guest.render(&format!("texture/s1/{hash}")).await;
    assert_eq!(thumbnail.status(), 200);
}
