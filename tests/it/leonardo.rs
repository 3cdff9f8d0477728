//! Pictures by Leonardo (docs/spec/model.md §8.5). The provider is a stand-in.

use serde_json::{Value, json};

use crate::support::{Api, Options, PROVIDER_KEY, Play, Server, StandIn, uses};

const ID: &str = "f3e95b9a-37a4-4f3a-9c40-2c1a3c0a2dd1";
const MODEL: &str = "6bef9f1b-29cb-40c7-b9df-32b51c1f67d3";

fn wanted() -> Value {
    json!({"prompt": "a lake", "model": MODEL})
}

fn begun(id: &str) -> Play {
    Play::Json(
        200,
        json!({"sdGenerationJob": {"generationId": id, "apiCreditCost": 8}}),
    )
}

#[tokio::test]
async fn pictures_are_asked_for_and_asked_after() {
    let provider = StandIn::start().await;
    let (server, owner) = provider.serve().await;
    let api = Api::user(&server, 1).await;
    provider.plays("POST /leonardo/generations", begun(ID));
    let started = api.post("/leonardo/generate", wanted()).await.ok(200);
    assert_eq!(
        started,
        json!({"success": true, "data": {"sdGenerationJob": {"generationId": ID}}})
    );
    let heard = provider.heard("POST /leonardo/generations").await;
    assert_eq!(
        heard.header("authorization"),
        format!("Bearer {PROVIDER_KEY}")
    );
    assert_eq!(heard.header("content-type"), "application/json");
    assert_eq!(heard.body, json!({"prompt": "a lake", "modelId": MODEL}));
    assert_eq!(uses(&owner, &api, "leonardo").await, 1);

    let place = format!("GET /leonardo/generations/{ID}");
    let path = format!("/leonardo/generate/{ID}");
    let picture =
        json!({"url": "https://cdn.leonardo.ai/1.jpg", "nsfw": false, "id": "p", "likeCount": 0});
    let mut found = json!({"generations_by_pk": {
        "generated_images": [], "prompt": "a lake", "status": "PENDING", "id": ID, "createdAt": "2026-01-01", "seed": 1,
    }});
    for pictures in [json!([]), json!([picture])] {
        found["generations_by_pk"]["generated_images"] = pictures.clone();
        provider.plays(&place, Play::Json(200, found.clone()));
        let told = api.get(&path).await.ok(200);
        assert_eq!(told["success"], true);
        let told = &told["data"]["generations_by_pk"];
        assert_eq!(
            told["generated_images"].as_array().map(Vec::len),
            pictures.as_array().map(Vec::len)
        );
        assert_eq!(
            (&told["id"], &told["status"]),
            (&json!(ID), &json!("PENDING"))
        );
    }
    assert_eq!(
        provider.heard(&place).await.header("authorization"),
        format!("Bearer {PROVIDER_KEY}")
    );
    Api::user(&server, 2)
        .await
        .get(&path)
        .await
        .refused(404, "generation_not_found");
    provider.plays(&place, Play::Json(200, json!({"generations_by_pk": null})));
    api.get(&path).await.refused(404, "generation_not_found");
    assert!(!server.log().contains(PROVIDER_KEY));
}

/// X16: no path leads the server elsewhere at the provider, and no id of the provider leads
/// anywhere else either.
#[tokio::test]
async fn ids_of_generations_are_validated() {
    let provider = StandIn::start().await;
    let (server, _owner) = provider.serve().await;
    let api = Api::user(&server, 1).await;
    for id in [
        "..%2Fme",
        "..%2F..%2Fuser",
        "a%3Fb=c",
        "a%23",
        "a%00",
        "%FF",
        "a%20b",
        &"x".repeat(65),
    ] {
        let answer = api.get(&format!("/leonardo/generate/{id}")).await;
        assert_eq!(answer.status, 400, "{id}");
    }
    api.get("/leonardo/generate/unknown")
        .await
        .refused(404, "generation_not_found");
    for id in ["../me", "", "a b", &"x".repeat(65)] {
        provider.plays("POST /leonardo/generations", begun(id));
        api.post("/leonardo/generate", wanted())
            .await
            .refused(500, "provider_failed");
    }
    assert_eq!(provider.count("GET /leonardo/me"), 0);
}

#[tokio::test]
async fn invalid_picture_requests_do_not_reach_the_provider() {
    let provider = StandIn::start().await;
    let (server, _owner) = provider.serve().await;
    let (api, guest) = (Api::user(&server, 1).await, Api::guest(&server).await);
    guest
        .post("/leonardo/generate", wanted())
        .await
        .refused(403, "guests_not_permitted");
    for body in [
        json!({}),
        json!({"prompt": "a lake"}),
        json!({"model": MODEL}),
        json!({"prompt": "x".repeat(551), "model": MODEL}),
        json!({"prompt": "a lake", "model": "../x"}),
        json!({"prompt": 1, "model": MODEL}),
        json!([]),
    ] {
        api.post("/leonardo/generate", body)
            .await
            .refused(400, "invalid_request_body");
    }
    assert_eq!(provider.count("POST /leonardo/generations"), 0);
    let server = Server::start(Options::default());
    Api::user(&server, 1)
        .await
        .post("/leonardo/generate", wanted())
        .await
        .refused(404, "node_attribute_not_found");
}

/// D14: uses that come at once are all counted, and what is counted is what is read.
#[tokio::test]
async fn parallel_uses_are_all_counted() {
    let provider = StandIn::start().await;
    let (server, owner) = provider.serve().await;
    let users = [Api::user(&server, 1).await, Api::user(&server, 2).await];
    for (number, round) in ["a", "b", "c"].into_iter().enumerate() {
        provider.plays("POST /leonardo/generations", begun(&format!("{round}-1")));
        users[0].post("/leonardo/generate", wanted()).await.ok(200);
        provider.plays("POST /leonardo/generations", begun(&format!("{round}-2")));
        let (one, two) = tokio::join!(
            users[1].post("/leonardo/generate", wanted()),
            uses(&owner, &users[0], "leonardo"),
        );
        one.ok(200);
        assert_eq!(two, number as u64 + 1);
    }
    for user in &users {
        assert_eq!(uses(&owner, user, "leonardo").await, 3);
    }
}
