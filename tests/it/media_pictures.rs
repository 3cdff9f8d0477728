//! Pictures in size classes, over HTTP (docs/media.md, D).

use futures_util::future::join_all;
use image::ImageFormat;

use crate::support::{
    Api, Options, Server, eventually, eventually_async,
    media::{picture, png},
};

const BROWSER: (&str, &str) = ("accept", "image/avif,image/webp,image/apng,*/*;q=0.8");

/// Targets 43, 44, 48 and 49.
#[tokio::test]
async fn a_picture_comes_in_the_size_and_encoding_that_is_asked_for() {
    let server = Server::start(Options::default());
    let guest = Api::guest(&server).await;
    let hash = guest.uploaded("image", &png(500, 300, 1)).await;
    for (path, accept, mime, width) in [
        ("s3", BROWSER, "image/avif", 206),
        ("s3", ("accept", "image/webp,*/*"), "image/webp", 206),
        ("s3", ("accept", "*/*"), "image/jpeg", 206),
        ("s9", ("accept", "*/*"), "image/jpeg", 500),
        ("s3?fmt=png", BROWSER, "image/png", 206),
        ("s3?fmt=jpeg&size=9000&fmt=png", BROWSER, "image/jpeg", 206),
        ("s3?v=1234", ("accept", "*/*"), "image/jpeg", 206),
    ] {
        let (size, query) = path
            .split_once('?')
            .map_or((path, String::new()), |(size, query)| {
                (size, format!("?{query}"))
            });
        let answer = guest
            .render_with(&format!("texture/{size}/{hash}{query}"), &[accept])
            .await;
        assert_eq!(answer.status(), 200, "{path}");
        assert_eq!(answer.headers()["vary"], "accept");
        let told: u32 = answer.headers()["x-width"]
            .to_str()
            .expect("text")
            .parse()
            .expect("a number");
        assert!(told.abs_diff(width) <= 1, "{path}: {told}");
        let kind = answer.headers()["content-type"]
            .to_str()
            .expect("text")
            .to_owned();
        let bytes = answer.bytes().await.expect("bytes");
        // An encoding that is larger than the baseline is not used.
        assert!(kind == mime || kind == "image/jpeg", "{path}: {kind}");
        if kind != "image/avif" {
            let real = image::load_from_memory(&bytes).expect("decodes");
            assert_eq!(real.width(), told, "{path}");
        }
    }
    let meta = guest.get(&format!("/media/meta/{hash}")).await.ok(200);
    assert_eq!(
        (meta["width"].as_u64(), meta["height"].as_u64()),
        (Some(500), Some(300))
    );
}

/// Target 52: a hundred at once get the same, and it is made once.
#[tokio::test]
async fn a_hundred_who_ask_at_once_wait_for_one() {
    let server = Server::start(Options::default().unlimited());
    let guest = Api::guest(&server).await;
    let hash = guest.uploaded("image", &png(900, 900, 2)).await;
    let made = async || {
        let metrics = guest.root("/metrics").await;
        let text = String::from_utf8(metrics.bytes).expect("text");
        let line = text
            .lines()
            .find(|line| line.starts_with("odyssey_media_variants_total{origin=\"made\"}"));
        line.map_or(0, |line| {
            line.rsplit(' ')
                .next()
                .expect("a value")
                .parse::<u64>()
                .expect("a number")
        })
    };
    let before = made().await;
    let path = format!("texture/s7/{hash}");
    let answers = join_all((0..100).map(|_| guest.render(&path))).await;
    let bodies = join_all(answers.into_iter().map(|answer| {
        assert_eq!(answer.status(), 200);
        answer.bytes()
    }))
    .await;
    let first = bodies[0].as_ref().expect("bytes").clone();
    assert!(
        bodies
            .iter()
            .all(|body| *body.as_ref().expect("bytes") == first)
    );
    assert_eq!(made().await - before, 1);
}

/// Targets 54 and 55.
#[tokio::test]
async fn variants_are_made_ahead_and_again() {
    let mut server = Server::start(Options::default());
    let guest = Api::guest(&server).await;
    let mut jpeg = std::io::Cursor::new(Vec::new());
    picture(800, 600, 3)
        .write_to(&mut jpeg, ImageFormat::Jpeg)
        .expect("encodes");
    let hash = guest.uploaded("image", &jpeg.into_inner()).await;
    let folder = server
        .data()
        .join("media/variant")
        .join(&hash[..2])
        .join(&hash[2..4])
        .join(&hash);
    eventually(|| std::fs::read_dir(&folder).is_ok_and(|files| files.count() == 10)).await;
    let path = format!("texture/s4/{hash}");
    let first = guest.render(&path).await;
    let tag = first.headers()["etag"].clone();
    let first = first.bytes().await.expect("bytes");
    server.stop();
    std::fs::remove_dir_all(&folder).expect("own");
    server.start_again();
    let again = guest.at(&server).render(&path).await;
    assert_eq!(again.headers()["etag"], tag);
    assert_eq!(again.bytes().await.expect("bytes"), first);
}

/// Target 56.
#[tokio::test]
async fn variants_beyond_the_budget_go_and_are_made_again() {
    let mut server = Server::start(Options::default());
    let guest = Api::guest(&server).await;
    let hash = guest.uploaded("image", &png(400, 300, 1)).await;
    let path = format!("texture/s3/{hash}");
    let first = guest.render(&path).await.bytes().await.expect("bytes");
    let kept = async |api: &Api| {
        let meta = api.get(&format!("/media/meta/{hash}")).await.ok(200);
        meta["variants"].as_array().expect("a list").len()
    };
    eventually_async(async || kept(&guest).await > 1).await;
    server.stop();
    server.start_again_with(Options::default().config("[media]\nvariants = 0"));
    let guest = guest.at(&server);
    eventually_async(async || kept(&guest).await == 0).await;
    assert_eq!(
        guest.render(&path).await.bytes().await.expect("bytes"),
        first
    );
}

/// Target 51.
#[tokio::test]
async fn a_sky_is_smaller_than_it_was() {
    let server = Server::start(Options::default());
    let stranger = Api::stranger(&server);
    for sky in ["26485e74acb29223ba7a9fa600d36c7f", "odysseyskyrosydawn"] {
        let answer = stranger
            .render_with(&format!("texture/s8/{sky}"), &[BROWSER])
            .await;
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["content-type"], "image/webp");
        assert!(answer.bytes().await.expect("bytes").len() < 400_000);
    }
}

/// The public list of skies has pictures.
#[tokio::test]
async fn the_gallery_of_skies_is_not_empty() {
    let server = Server::start(Options::default());
    let guest = Api::guest(&server).await;
    let node = crate::support::node_id(&guest).await;
    let path = format!(
        "/objects/{node}/all-users/attributes/f0f0f0f0-0f0f-4ff0-af0f-f0f0f0f0f0f0/skybox_list/entries?fields[]=name&fields[]=is_public&is_public=true"
    );
    let page = guest.get(&path).await.ok(200);
    assert_eq!(page["count"], 6, "{page}");
    for entry in page["items"].as_array().expect("a list") {
        let key = entry["_key"].as_str().expect("a hash");
        let picture = guest.render(&format!("texture/s4/{key}")).await;
        assert_eq!(picture.status(), 200, "{entry}");
    }
}
