//! Skies by Blockade Labs: asked for, finished, fetched, deleted (docs/spec/model.md §8.5). The
//! provider is a stand-in.

use posbus::{AttributeValueChanged, Umid};
use reqwest::Url;
use serde_json::{Value, json};

use crate::support::{
    Answer, Api, CORE, Client, Options, PROVIDER_KEY, Play, Server, StandIn, WELCOME, set_node,
    uses,
};

pub(crate) const JPEG: &[u8] = &[0xff, 0xd8, 0xff, 0xe0, 1, 2, 3];

pub(crate) fn status(id: i64, status: &str, file_url: &str) -> Value {
    json!({
        "id": id, "obfuscated_id": "abc", "status": status, "file_url": file_url, "thumb_url": "", "queue_position": 1,
        "title": "World", "message": null, "error_message": null, "prompt": "hills", "skybox_style_id": 2,
        "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z",
    })
}

pub(crate) fn wanted(world: Umid) -> Value {
    json!({"skybox_style_id": 2, "prompt": "green hills", "world_id": world})
}

/// Has a sky begun; the address to which the provider reports on it, on this server.
pub(crate) async fn begin(provider: &StandIn, server: &Server, api: &Api, id: i64) -> String {
    provider.plays(
        "POST /blockade/skybox",
        Play::Json(200, status(id, "pending", "")),
    );
    let begun = api.post("/skybox/generate", wanted(WELCOME)).await.ok(200);
    assert_eq!(begun["success"], true);
    assert_eq!(begun["data"]["id"], id);
    let heard = provider.heard("POST /blockade/skybox").await;
    let webhook = heard.body["webhook_url"].as_str().expect("an address");
    let webhook: Url = webhook.parse().expect("an address");
    format!("{}{}", server.url(), webhook.path())
}

/// Reports as the provider does, without any token.
pub(crate) async fn report(server: &Server, webhook: &str, body: Value) -> Answer {
    let path = webhook.strip_prefix(server.url()).expect("of this server");
    let path = path.strip_prefix("/api/v4").expect("of the API");
    Api::stranger(server).post(path, body).await
}

/// Description of a sky where clients look.
pub(crate) async fn told(api: &Api) -> Value {
    let user = api.user;
    let path =
        format!("/objects/{WELCOME}/{user}/attributes?plugin_id={CORE}&attribute_name=skybox_ai");
    api.get(&path).await.ok(200)
}

#[tokio::test]
async fn a_sky_is_requested_finished_after_a_restart_and_fetched() {
    let provider = StandIn::start().await;
    let (mut server, owner) = provider.serve().await;
    let api = Api::user(&server, 1).await;
    let webhook = begin(&provider, &server, &api, 71).await;
    let heard = provider.heard("POST /blockade/skybox").await;
    assert_eq!(heard.header("x-api-key"), PROVIDER_KEY);
    assert_eq!(
        (heard.query.as_str(), &heard.body["prompt"]),
        ("", &json!("green hills"))
    );
    assert_eq!(heard.body["skybox_style_id"], 2);
    let pending = told(&api).await;
    assert_eq!(pending["71"]["status"], "pending");
    let known: Vec<&String> = pending["71"]
        .as_object()
        .expect("a status")
        .keys()
        .collect();
    assert_eq!(
        known.len(),
        9,
        "nothing else of what the provider said: {known:?}"
    );
    api.get("/skybox/71").await.refused(404, "image_not_found");
    assert_eq!(uses(&owner, &api, "blockadelab").await, 1);

    let secret = webhook
        .strip_prefix(server.url())
        .expect("an address")
        .to_owned();
    server.stop();
    server.start_again();
    let webhook = format!("{}{secret}", server.url());
    let api = api.at(&server);
    let mut client = Client::join(&server, &api).await;
    provider.plays(
        "GET /pictures/71.jpg",
        Play::File("image/jpeg", JPEG.to_vec()),
    );
    let done = status(71, "complete", &provider.url("/pictures/71.jpg"));
    assert_eq!(report(&server, &webhook, done).await.ok(200), "ok");
    let change = client
        .expect("the news", |change: &AttributeValueChanged| {
            change.attribute_name == "skybox_ai"
        })
        .await;
    assert_eq!(json!(change.value)["71"]["status"], "complete");
    let picture = api.get("/skybox/71").await;
    assert_eq!(
        (picture.status, picture.content_type.as_str()),
        (200, "image/jpeg")
    );
    assert_eq!(picture.bytes, JPEG);

    let other = Api::user(&server, 2).await;
    other
        .get("/skybox/71")
        .await
        .refused(404, "skybox_not_found");
    owner
        .at(&server)
        .get("/skybox/71")
        .await
        .refused(404, "skybox_not_found");
    let place = json!({"world_id": WELCOME});
    other
        .delete_with("/skybox/71", place.clone())
        .await
        .refused(404, "skybox_not_found");
    api.delete_with("/skybox/71", json!({"world_id": Umid::now_v7()}))
        .await
        .refused(404, "skybox_not_found");
    provider.plays(
        "DELETE /blockade/imagine/deleteImagine/71",
        Play::Json(200, json!({})),
    );
    assert_eq!(api.delete_with("/skybox/71", place).await.ok(200), 71);
    assert_eq!(
        provider.count("DELETE /blockade/imagine/deleteImagine/71"),
        1
    );
    assert_eq!(told(&api).await, json!({}));
    api.get("/skybox/71").await.refused(404, "skybox_not_found");
    assert!(!server.log().contains(PROVIDER_KEY));
}

#[tokio::test]
async fn the_ten_latest_skies_are_kept() {
    let provider = StandIn::start().await;
    let (server, owner) = provider.serve().await;
    let api = Api::user(&server, 1).await;
    for id in 1..=12 {
        begin(&provider, &server, &api, id).await;
    }
    let kept = told(&api).await;
    let mut kept: Vec<i64> = kept
        .as_object()
        .expect("skies")
        .keys()
        .map(|key| key.parse().expect("a number"))
        .collect();
    kept.sort_unstable();
    assert_eq!(kept, (3..=12).collect::<Vec<i64>>());
    api.get("/skybox/2").await.refused(404, "skybox_not_found");
    api.get("/skybox/3").await.refused(404, "image_not_found");
    assert_eq!(uses(&owner, &api, "blockadelab").await, 12);
    provider.plays(
        "DELETE /blockade/imagine/requests/5",
        Play::Json(200, json!({})),
    );
    let place = json!({"world_id": WELCOME});
    assert_eq!(api.delete_with("/skybox/5", place).await.ok(200), 5);
    assert_eq!(
        provider.count("DELETE /blockade/imagine/requests/5"),
        1,
        "a running job is ended"
    );
}

#[tokio::test]
async fn invalid_sky_requests_do_not_reach_the_provider() {
    let provider = StandIn::start().await;
    let (server, _owner) = provider.serve().await;
    let (api, guest) = (Api::user(&server, 1).await, Api::guest(&server).await);
    guest
        .post("/skybox/generate", wanted(WELCOME))
        .await
        .refused(403, "guests_not_permitted");
    let with = |key: &str, value: Value| {
        let mut body = wanted(WELCOME);
        body[key] = value;
        body
    };
    for (body, status, reason) in [
        (
            with("prompt", json!("x".repeat(551))),
            400,
            "invalid_request_body",
        ),
        (with("prompt", json!("")), 400, "invalid_request_body"),
        (with("prompt", json!(" ")), 400, "invalid_request_body"),
        (with("prompt", json!(null)), 400, "invalid_request_body"),
        (
            with("skybox_style_id", json!(0)),
            400,
            "invalid_request_body",
        ),
        (
            with("skybox_style_id", json!("two")),
            400,
            "invalid_request_body",
        ),
        (with("world_id", json!("here")), 400, "invalid_world_id"),
        (
            with("world_id", json!(Umid::now_v7())),
            404,
            "world_not_found",
        ),
    ] {
        api.post("/skybox/generate", body)
            .await
            .refused(status, reason);
    }
    for id in ["x", "0", "-1", "9223372036854775808", "1.5", "%00", "%FF"] {
        let answer = api.get(&format!("/skybox/{id}")).await;
        assert_eq!(answer.status, 400, "{id}: {answer:?}");
    }
    api.get("/skybox/9223372036854775807")
        .await
        .refused(404, "skybox_not_found");
    assert_eq!(provider.count("POST /blockade/skybox"), 0);
}

/// The longest prompt counts characters and not bytes.
#[tokio::test]
async fn a_prompt_may_have_550_characters() {
    let provider = StandIn::start().await;
    let (server, _owner) = provider.serve().await;
    let api = Api::user(&server, 1).await;
    provider.plays(
        "POST /blockade/skybox",
        Play::Json(200, status(1, "pending", "")),
    );
    let mut body = wanted(WELCOME);
    body["prompt"] = json!("é".repeat(550));
    api.post("/skybox/generate", body).await.ok(200);
}

#[tokio::test]
async fn the_key_of_the_world_takes_precedence_over_the_node_key() {
    let provider = StandIn::start().await;
    let mut server = Server::start(provider.options());
    let owner = Api::owner(&mut server).await;
    let api = Api::user(&server, 1).await;
    provider.plays(
        "POST /blockade/skybox",
        Play::Json(200, status(1, "pending", "")),
    );
    let ask = || api.post("/skybox/generate", wanted(WELCOME));
    ask().await.refused(404, "node_attribute_not_found");
    let keyed = json!({"plugin_id": CORE, "attribute_name": "blockadelabs", "attribute_value": {"api_key": "of-user"}});
    let of_user = format!("/users/{}/attributes", api.user);
    owner.post(&of_user, keyed).await.ok(202);
    ask().await.ok(200);
    assert_eq!(
        provider
            .heard("POST /blockade/skybox")
            .await
            .header("x-api-key"),
        "of-user"
    );
    provider.plays(
        "POST /blockade/skybox",
        Play::Json(200, status(2, "pending", "")),
    );
    set_node(
        &owner,
        "blockadelabs",
        json!({"api_key": "of-node", "secret": "x"}),
    )
    .await;
    ask().await.ok(200);
    assert_eq!(
        provider
            .heard("POST /blockade/skybox")
            .await
            .header("x-api-key"),
        "of-node"
    );
    // One that is empty is none.
    for (key, expected, id) in [("", "of-node", 3), ("of-world", "of-world", 4)] {
        provider.plays(
            "POST /blockade/skybox",
            Play::Json(200, status(id, "pending", "")),
        );
        owner
            .set(WELCOME, "blockadelabs", json!({"api_key": key}))
            .await
            .ok(202);
        ask().await.ok(200);
        assert_eq!(
            provider
                .heard("POST /blockade/skybox")
                .await
                .header("x-api-key"),
            expected
        );
    }
}

#[tokio::test]
async fn styles_are_asked_for_once() {
    let provider = StandIn::start().await;
    let (server, _owner) = provider.serve().await;
    let api = Api::guest(&server).await;
    let styles = json!([{"id": 2, "name": "Fantasy", "max-char": "360", "image": null, "premium": 0, "new": 1}]);
    provider.plays("GET /blockade/skybox/styles", Play::Json(200, styles));
    let expected = json!([{
        "id": 2, "name": "Fantasy", "max-char": 360, "negative-text-max-char": 0, "image": null, "sort_order": 0,
        "premium": 0, "skybox_style_families": null,
    }]);
    let asked = (0..6).map(|_| api.get("/skybox/styles"));
    for answer in futures_util::future::join_all(asked).await {
        assert_eq!(answer.ok(200), expected);
    }
    assert_eq!(provider.count("GET /blockade/skybox/styles"), 1);
    let heard = provider.heard("GET /blockade/skybox/styles").await;
    assert_eq!(heard.header("x-api-key"), PROVIDER_KEY);
    let server = Server::start(Options::default());
    let api = Api::guest(&server).await;
    api.get("/skybox/styles")
        .await
        .refused(404, "node_attribute_not_found");
}

#[tokio::test]
async fn a_user_may_ask_for_so_many_an_hour() {
    let provider = StandIn::start().await;
    let mut server = Server::start(provider.options().config("generations_per_hour = 2"));
    let owner = Api::owner(&mut server).await;
    set_node(&owner, "blockadelabs", json!({"api_key": PROVIDER_KEY})).await;
    let (one, two) = (Api::user(&server, 1).await, Api::user(&server, 2).await);
    for id in 1..=2 {
        begin(&provider, &server, &one, id).await;
    }
    let refused = one.post("/skybox/generate", wanted(WELCOME)).await;
    refused.refused(429, "too_many_requests");
    assert_eq!(provider.count("POST /blockade/skybox"), 2);
    begin(&provider, &server, &two, 3).await;
}
