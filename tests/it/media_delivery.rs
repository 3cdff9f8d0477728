//! Delivery: validators, ranges and headers (docs/spec/media.md §2.4, §6 G).

use reqwest::{Method, Response};

use crate::support::{Api, Options, Server, media::png};

/// The default sky, 4096 × 2048.
const SKY: &str = "26485e74acb29223ba7a9fa600d36c7f";
/// The cube.
const CUBE: &str = "5b5bd8720328e38c1b54bf2bfa70fc85";

fn header<'a>(answer: &'a Response, name: &str) -> &'a str {
    let value = answer.headers().get(name);
    value
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

/// Targets 82, 87, 88, 89 and 90.
#[tokio::test]
async fn answers_are_cached_for_ever_and_open_to_all_pages() {
    let server =
        Server::start(Options::default().config("allowed_origins = [\"https://a.example\"]\n"));
    let stranger = Api::stranger(&server);
    for path in [
        format!("get/{SKY}"),
        format!("texture/s3/{SKY}"),
        format!("asset/{CUBE}"),
    ] {
        let answer = stranger
            .render_with(&path, &[("origin", "https://b.example")])
            .await;
        assert_eq!(answer.status(), 200, "{path}");
        for (name, expected) in [
            ("cache-control", "public, max-age=31536000, immutable"),
            ("accept-ranges", "bytes"),
            ("x-content-type-options", "nosniff"),
            ("cross-origin-resource-policy", "cross-origin"),
            ("access-control-allow-origin", "*"),
            ("content-security-policy", "default-src 'none'; sandbox"),
            ("access-control-allow-credentials", ""),
            ("set-cookie", ""),
            ("content-encoding", ""),
        ] {
            assert_eq!(header(&answer, name), expected, "{name} of {path}");
        }
        let vary: Vec<_> = answer.headers().get_all("vary").iter().collect();
        assert!(
            vary.iter().all(|value| *value == "accept"),
            "{path}: {vary:?}"
        );
        assert!(header(&answer, "content-disposition").starts_with("inline; filename=\""));
        let url = format!("/media/render/{path}");
        let head = stranger
            .request(Method::HEAD, &url)
            .send()
            .await
            .expect("an answer");
        assert_eq!(head.status(), 200);
        for name in ["etag", "content-type", "content-length", "last-modified"] {
            assert_eq!(
                header(&head, name),
                header(&answer, name),
                "{name} of {path}"
            );
        }
        assert!(head.bytes().await.expect("nothing").is_empty());
        let saved = stranger.render(&format!("{path}?download=1")).await;
        assert!(header(&saved, "content-disposition").starts_with("attachment"));
        let preflight = stranger
            .request(Method::OPTIONS, &url)
            .header("origin", "https://b.example")
            .header("access-control-request-method", "GET")
            .header("access-control-request-headers", "range");
        let preflight = preflight.send().await.expect("an answer");
        assert_eq!(header(&preflight, "access-control-allow-origin"), "*");
    }
}

/// Targets 83 and 84.
#[tokio::test]
async fn a_client_that_has_a_content_gets_none() {
    let server = Server::start(Options::default());
    let stranger = Api::stranger(&server);
    for path in [
        format!("get/{SKY}"),
        format!("texture/s3/{SKY}"),
        format!("asset/{CUBE}"),
    ] {
        let first = stranger.render(&path).await;
        let (tag, date) = (
            header(&first, "etag").to_owned(),
            header(&first, "last-modified").to_owned(),
        );
        for value in [
            tag.clone(),
            format!("W/{tag}"),
            format!("\"other\", {tag}"),
            "*".to_owned(),
        ] {
            let again = stranger
                .render_with(&path, &[("if-none-match", &value)])
                .await;
            assert_eq!(again.status(), 304, "{value}");
            assert_eq!(header(&again, "etag"), tag);
            assert!(again.bytes().await.expect("nothing").is_empty());
        }
        let since = |value: &str, match_: &str| {
            let headers = [
                ("if-modified-since", value.to_owned()),
                ("if-none-match", match_.to_owned()),
            ];
            headers
                .into_iter()
                .filter(|(_, value)| !value.is_empty())
                .collect::<Vec<_>>()
        };
        for (value, match_, status) in [
            (date.as_str(), "", 304),
            ("Mon, 01 Jan 2001 00:00:00 GMT", "", 200),
            ("yesterday", "", 200),
            (date.as_str(), "\"other\"", 200),
        ] {
            let headers = since(value, match_);
            let headers: Vec<(&str, &str)> = headers
                .iter()
                .map(|(name, value)| (*name, value.as_str()))
                .collect();
            let answer = stranger.render_with(&path, &headers).await;
            assert_eq!(answer.status(), status, "{value} {match_}");
        }
    }
}

/// Targets 76 and 85.
#[tokio::test]
async fn parts_of_a_content_are_served() {
    let server = Server::start(Options::default());
    let guest = Api::guest(&server).await;
    // One below and one above what is kept in memory.
    let large = png(1500, 1200, 5);
    assert!(large.len() > 1 << 20);
    let hash = guest.uploaded("image", &large).await;
    for (path, all) in [
        (format!("get/{hash}"), large),
        (
            format!("asset/{CUBE}"),
            guest
                .render(&format!("asset/{CUBE}"))
                .await
                .bytes()
                .await
                .expect("bytes")
                .to_vec(),
        ),
    ] {
        let size = all.len();
        for (range, from, to) in [
            ("bytes=0-1", 0, 2),
            ("bytes=100-", 100, size),
            ("bytes=-500", size - 500, size),
            ("bytes=0-999999999", 0, size),
        ] {
            let part = guest.render_with(&path, &[("range", range)]).await;
            assert_eq!(part.status(), 206, "{range}");
            let expected = format!("bytes {from}-{}/{size}", to - 1);
            assert_eq!(header(&part, "content-range"), expected);
            assert_eq!(part.bytes().await.expect("bytes"), all[from..to]);
        }
        let beyond = format!("bytes={size}-");
        let answer = guest.render_with(&path, &[("range", &beyond)]).await;
        assert_eq!(answer.status(), 416);
        assert_eq!(header(&answer, "content-range"), format!("bytes */{size}"));
        assert_ne!(
            header(&answer, "cache-control"),
            "public, max-age=31536000, immutable"
        );
        for (range, condition) in [
            ("bytes=zero-one", ""),
            ("bytes=0-1,5-6", ""),
            ("bytes=0-1", "\"stale\""),
            ("bytes=0-1", "Mon, 01 Jan 2001 00:00:00 GMT"),
        ] {
            let mut headers = vec![("range", range)];
            if !condition.is_empty() {
                headers.push(("if-range", condition));
            }
            let answer = guest.render_with(&path, &headers).await;
            assert_eq!(answer.status(), 200, "{range} {condition}");
            assert_eq!(answer.bytes().await.expect("bytes").len(), size);
        }
        let tag = format!("\"{}\"", crate::support::media::sha256(&all));
        let fresh = guest
            .render_with(&path, &[("range", "bytes=0-1"), ("if-range", &tag)])
            .await;
        assert_eq!(fresh.status(), 206);
    }
}

/// Targets 10 and 92.
#[tokio::test]
async fn former_paths_and_spellings_lead_to_the_same_content() {
    let server = Server::start(Options::default());
    let stranger = Api::stranger(&server);
    let model = stranger.render(&format!("asset/{CUBE}")).await;
    let dashed = stranger
        .render("asset/5b5bd872-0328-e38c-1b54-bf2bfa70fc85")
        .await;
    assert_eq!(header(&model, "etag"), header(&dashed, "etag"));
    for (former, path) in [
        (format!("/api/v3/render/get/{SKY}"), format!("get/{SKY}")),
        (
            format!("/api/v3/render/texture/s4/{SKY}"),
            format!("texture/s4/{SKY}"),
        ),
        (
            format!("/api/v3/render/asset/{CUBE}"),
            format!("asset/{CUBE}"),
        ),
    ] {
        let now = stranger.render(&path).await;
        let then = reqwest::get(format!("{}{former}", server.url()))
            .await
            .expect("an answer");
        assert_eq!(header(&now, "etag"), header(&then, "etag"), "{former}");
        assert_eq!(
            now.bytes().await.expect("bytes"),
            then.bytes().await.expect("bytes")
        );
    }
}
