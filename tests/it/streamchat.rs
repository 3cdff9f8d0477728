//! Text chat: what the server tells Stream, and whom it lets in (docs/spec/model.md §8.5). Stream
//! is a stand-in.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use posbus::Umid;
use serde_json::{Value, json};
use sha2::Sha256;

use crate::support::{Answer, Api, Client, Heard, Options, PLAZA, Play, Server, StandIn, WELCOME};

const KEY: &str = "chatkey";
const SECRET: &str = "a-very-secret-chat-secret";

async fn stream() -> StandIn {
    let stream = StandIn::start().await;
    for what in [
        "PATCH /app".to_owned(),
        "PUT /channeltypes/momentum-world".to_owned(),
        "POST /users".to_owned(),
        format!("POST /channels/momentum-world/{PLAZA}/query"),
        format!("POST /channels/momentum-world/{PLAZA}"),
    ] {
        stream.plays(&what, Play::Json(200, json!({"duration": "1ms"})));
    }
    stream
}

fn options(stream: &StandIn) -> Options {
    let url = stream.url("");
    Options::default().config(&format!(
        "[streamchat]\nkey = \"{KEY}\"\nsecret = \"{SECRET}\"\nurl = \"{url}\""
    ))
}

/// Content of a token that is signed with the secret.
fn claims(token: &str) -> Value {
    let (content, signature) = token.rsplit_once('.').expect("a signature");
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("a key");
    mac.update(content.as_bytes());
    let expected = BASE64_URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
    assert_eq!(signature, expected, "signed");
    let (header, claims) = content.split_once('.').expect("a header");
    let decoded = |part| BASE64_URL_SAFE_NO_PAD.decode(part).expect("base64");
    let header: Value = serde_json::from_slice(&decoded(header)).expect("JSON");
    assert_eq!(header["alg"], "HS256");
    serde_json::from_slice(&decoded(claims)).expect("JSON")
}

/// Every request proves to come from the application.
fn signed(heard: Heard) -> Value {
    assert_eq!(heard.query, format!("api_key={KEY}"));
    assert_eq!(heard.header("stream-auth-type"), "jwt");
    assert_eq!(claims(heard.header("authorization"))["server"], true);
    heard.body
}

async fn chat(api: &Api, object: Umid, what: &str) -> Answer {
    api.post(&format!("/streamchat/{object}/{what}"), json!({}))
        .await
}

#[tokio::test]
async fn stream_is_told_at_the_start_what_users_may_do() {
    let stream = stream().await;
    let _server = Server::start(options(&stream));
    let app = signed(stream.heard("PATCH /app").await);
    let may = app["grants"]["user"].as_array().expect("grants");
    assert!(!may.is_empty() && !may.contains(&json!("create-channel")));
    let kind = signed(stream.heard("PUT /channeltypes/momentum-world").await);
    assert_eq!(kind["max_message_length"], 280);
    for off in ["uploads", "replies", "reactions"] {
        assert_eq!(kind[off], false, "{off}");
    }
    let may = kind["grants"]["user"].as_array().expect("grants");
    assert!(may.contains(&json!("add-links")) && !may.contains(&json!("upload-attachment")));
}

#[tokio::test]
async fn a_new_application_gets_the_channel_type() {
    let stream = stream().await;
    let missing = Play::Json(404, json!({"code": 16}));
    stream.plays("PUT /channeltypes/momentum-world", missing);
    stream.plays("POST /channeltypes", Play::Json(201, json!({})));
    let _server = Server::start(options(&stream));
    let kind = signed(stream.heard("POST /channeltypes").await);
    assert_eq!(kind["name"], "momentum-world");
    assert_eq!(kind["max_message_length"], 280);
}

#[tokio::test]
async fn a_failing_chat_provider_stops_nothing_and_is_logged_without_secrets() {
    let stream = stream().await;
    stream.plays("PATCH /app", Play::Json(500, json!({"message": SECRET})));
    let server = Server::start(options(&stream));
    stream.heard("PATCH /app").await;
    let api = Api::guest(&server).await;
    let _client = Client::join(&server, &api).await;
    chat(&api, PLAZA, "token").await.ok(200);
    stream.plays("POST /users", Play::Json(401, json!({"message": SECRET})));
    chat(&api, PLAZA, "token")
        .await
        .refused(500, "provider_failed");
    let log = server.log();
    assert!(
        log.contains("Stream answers 500") && log.contains("Stream answers 401"),
        "{log}"
    );
    assert!(!log.contains(SECRET), "{log}");
}

#[tokio::test]
async fn those_in_the_world_get_tokens_join_and_leave() {
    let stream = stream().await;
    let server = Server::start(options(&stream));
    let api = Api::guest(&server).await;
    for what in ["token", "join"] {
        chat(&api, PLAZA, what).await.refused(403, "not_in_world");
        chat(&api, Umid::now_v7(), what)
            .await
            .refused(404, "object_not_found");
        let nobody = Api::stranger(&server);
        chat(&nobody, PLAZA, what)
            .await
            .refused(401, "failed_to_verify_access_token");
    }
    let query = format!("POST /channels/momentum-world/{PLAZA}/query");
    assert_eq!(stream.count(&query), 0, "nobody was let in yet");

    let mut client = Client::join(&server, &api).await;
    let granted = chat(&api, PLAZA, "token").await.ok(200);
    assert_eq!(granted["channel"], PLAZA.to_string());
    assert_eq!(granted["channel_type"], "momentum-world");
    let token = claims(granted["token"].as_str().expect("a text"));
    assert_eq!(token["user_id"], api.user.to_string());
    let number = |key: &str| token[key].as_i64().expect("a number");
    assert!(
        (86_400..86_500).contains(&(number("exp") - number("iat"))),
        "{token}"
    );
    let user = signed(stream.heard("POST /users").await);
    assert_eq!(user["users"][api.user.to_string()]["name"], api.name);
    let made = signed(stream.heard(&query).await);
    assert!(made["data"]["created_by"]["id"].is_string(), "{made}");

    let members = format!("POST /channels/momentum-world/{PLAZA}");
    assert_eq!(chat(&api, PLAZA, "join").await.status, 204);
    let joined = signed(stream.heard(&members).await);
    assert_eq!(joined, json!({"add_members": [api.user]}));
    // One may leave after having left the world.
    client.leave().await;
    assert_eq!(chat(&api, PLAZA, "leave").await.status, 204);
    let left = signed(stream.heard(&members).await);
    assert_eq!(left, json!({"remove_members": [api.user]}));
}

#[tokio::test]
async fn without_keys_there_is_no_chat() {
    let server = Server::start(Options::default());
    let api = Api::guest(&server).await;
    let _client = Client::join(&server, &api).await;
    for what in ["token", "join", "leave"] {
        chat(&api, WELCOME, what)
            .await
            .refused(404, "not_configured");
    }
    let told = api.get("/config/ui-client").await.ok(200);
    assert!(told.get("STREAMCHAT_KEY").is_none(), "{told}");
}
