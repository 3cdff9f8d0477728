//! Providers at their worst: the server neither hangs, nor swallows, nor goes where it is sent
//! (docs/spec/model.md §8.5).

use serde_json::json;

use crate::{
    skybox::{JPEG, begin, report, status, wanted},
    support::{Api, PROVIDER_KEY, Play, Server, StandIn, WELCOME, set_node, uses},
};

/// X16: an answer that does not come, does not end or makes no sense is a failure with a name, and
/// nothing remains.
#[tokio::test]
async fn a_failing_provider_is_reported_as_such() {
    let provider = StandIn::start().await;
    let mut server = Server::start(provider.options().config("deadline = \"1s\""));
    let owner = Api::owner(&mut server).await;
    for name in ["blockadelabs", "leonardo"] {
        set_node(&owner, name, json!({"api_key": PROVIDER_KEY})).await;
    }
    let api = Api::user(&server, 1).await;
    let leaking = json!({"error": format!("bad key {PROVIDER_KEY}")});
    for play in [
        Play::Silence,
        Play::Endless,
        Play::Half,
        Play::Garbage,
        Play::Json(500, leaking.clone()),
        Play::Json(403, leaking),
        Play::Json(200, json!({})),
        Play::Json(200, json!([])),
        Play::Redirect(provider.url("/elsewhere")),
    ] {
        provider.plays("POST /blockade/skybox", play.clone());
        provider.plays("POST /leonardo/generations", play.clone());
        api.post("/skybox/generate", wanted(WELCOME))
            .await
            .refused(500, "provider_failed");
        let pictures = json!({"prompt": "a lake", "model": "m"});
        api.post("/leonardo/generate", pictures)
            .await
            .refused(500, "provider_failed");
    }
    assert_eq!(
        provider.count("GET /elsewhere") + provider.count("POST /elsewhere"),
        0
    );
    for name in ["blockadelab", "leonardo"] {
        assert_eq!(uses(&owner, &api, name).await, 0, "nothing was made");
    }
    let log = server.log();
    assert!(
        log.contains("Blockade Labs does not answer in time"),
        "{log}"
    );
    assert!(log.contains("Leonardo answers 500"), "{log}");
    assert!(!log.contains(PROVIDER_KEY), "{log}");
    // Styles have a failure of their own, which is not asked for again at once.
    provider.plays("GET /blockade/skybox/styles", Play::Garbage);
    for _ in 0..2 {
        api.get("/skybox/styles")
            .await
            .refused(500, "provider_failed");
    }
}

/// X13: a picture that is none, is too large or is not there is a failure, and redirects are held
/// to the same list.
#[tokio::test]
async fn pictures_are_fetched_from_known_hosts_only() {
    let (provider, stranger) = (StandIn::start().await, StandIn::start().await);
    let (server, _owner) = provider.serve().await;
    let api = Api::user(&server, 1).await;
    let webhook = begin(&provider, &server, &api, 71).await;
    let done = status(71, "complete", &provider.url("/71.jpg"));
    report(&server, &webhook, done).await.ok(200);
    let elsewhere = status(71, "complete", &stranger.url("/71.jpg"));
    report(&server, &webhook, elsewhere)
        .await
        .refused(400, "invalid_request_body");

    stranger.plays("GET /71.jpg", Play::File("image/jpeg", JPEG.to_vec()));
    for play in [
        Play::Redirect(stranger.url("/71.jpg")),
        Play::Redirect("http://169.254.169.254/latest".to_owned()),
        Play::Redirect("file:///etc/passwd".to_owned()),
        Play::Redirect("/71.jpg".to_owned()),
        Play::File("image/jpeg", b"<html>".to_vec()),
        Play::Garbage,
        Play::Endless,
        Play::Half,
        Play::Json(500, json!({})),
        Play::Json(404, json!({})),
    ] {
        provider.plays("GET /71.jpg", play);
        api.get("/skybox/71").await.refused(500, "provider_failed");
    }
    assert_eq!(stranger.count("GET /71.jpg"), 0);
    provider.plays("GET /71.jpg", Play::Redirect("/72.jpg".to_owned()));
    provider.plays("GET /72.jpg", Play::File("image/jpeg", JPEG.to_vec()));
    assert_eq!(api.get("/skybox/71").await.bytes, JPEG);
    assert!(
        provider
            .heard("GET /72.jpg")
            .await
            .header("x-api-key")
            .is_empty()
    );
}

/// S16: what only tests allow is off by itself, even for hosts on the list.
#[tokio::test]
async fn pictures_are_not_fetched_from_the_private_network() {
    let provider = StandIn::start().await;
    let host = &provider.host;
    let lines = format!(
        "[blockadelabs]\nurl = \"http://{host}/blockade\"\nimage_hosts = [\"{host}\", \"localhost\"]"
    );
    let mut server = Server::start(crate::support::Options::default().config(&lines));
    let owner = Api::owner(&mut server).await;
    set_node(&owner, "blockadelabs", json!({"api_key": PROVIDER_KEY})).await;
    let api = Api::user(&server, 1).await;
    let webhook = begin(&provider, &server, &api, 71).await;
    for address in [provider.url("/71.jpg"), format!("https://{host}/71.jpg")] {
        report(&server, &webhook, status(71, "complete", &address))
            .await
            .refused(400, "invalid_request_body");
    }
    let home = status(71, "complete", "https://localhost/71.jpg");
    report(&server, &webhook, home).await.ok(200);
    api.get("/skybox/71").await.refused(500, "provider_failed");
    let log = server.log();
    assert!(log.contains("the host is not public"), "{log}");
}
