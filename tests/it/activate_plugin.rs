//! Making uploaded bundles plugins (docs/spec/model.md §5.7).

use posbus::AttributeValueChanged;
use serde_json::{Value, json};

use crate::support::{Api, Client, Options, PLAZA, Server, media};

const PATH: &str = "/node/activate-plugin";

/// Uploads a bundle; its hash.
async fn bundle(owner: &Api, manifest: &Value) -> String {
    owner.uploaded("plugin", &media::bundle(manifest)).await
}

fn clock(types: Value) -> Value {
    json!({"name": "clock", "displayName": "A clock", "description": "Tells the time", "version": "1.0.0",
           "scopes": {"ui": ["creatorTab"]}, "attribute_types": types, "unknown": 1})
}

fn activation(hash: &str) -> Value {
    json!({"plugin_hash": hash})
}

/// The plugin that is called clock, as everybody sees it.
async fn found(api: &Api) -> Value {
    let list = api.get("/plugin?text=clock").await.ok(200);
    assert_eq!(list.as_array().map(Vec::len), Some(1), "{list}");
    list[0].clone()
}

fn attribute(plugin: &Value, name: &str, value: Value) -> Value {
    json!({"plugin_id": plugin["plugin_id"], "attribute_name": name, "attribute_value": value})
}

#[tokio::test]
async fn an_uploaded_bundle_becomes_a_plugin_and_loaded_worlds_know_it() {
    let mut server = Server::start(Options::default());
    let owner = Api::owner(&mut server).await;
    let mut watcher = Client::guest(&server).await;
    let types = json!([
        {"name": "time", "description": "What time it is", "sync": "object"},
        {"name": "secret", "description": "What nobody knows", "permissions": {"read": "admin", "write": "admin"}},
    ]);
    let hash = bundle(&owner, &clock(types)).await;
    assert_eq!(
        owner.post(PATH, activation(&hash)).await.ok(200),
        json!(null)
    );
    let plugin = found(&Api::stranger(&server)).await;
    let meta = &plugin["meta"];
    for (key, expected) in [
        ("name", json!("clock")),
        ("displayName", json!("A clock")),
        ("version", json!("1.0.0")),
        ("scopes", json!({"ui": ["creatorTab"]})),
        ("hash", json!(hash)),
        ("scriptUrl", json!(hash)),
        ("scopeName", json!("clock")),
        ("unknown", json!(null)),
    ] {
        assert_eq!(meta[key], expected, "{key}: {meta}");
    }

    // The world was loaded before there was such a plugin.
    let path = format!("/objects/{PLAZA}/attributes");
    let value = json!({"now": "12:00"});
    owner
        .post(&path, attribute(&plugin, "time", value.clone()))
        .await
        .ok(202);
    let change: AttributeValueChanged = watcher
        .expect("the time", |change: &AttributeValueChanged| {
            change.attribute_name == "time"
        })
        .await;
    assert_eq!(json!(change.value), value);
    owner
        .post(&path, attribute(&plugin, "secret", json!({"a": 1})))
        .await
        .ok(202);
    let id = plugin["plugin_id"].as_str().expect("an id");
    let guest = Api::guest(&server).await;
    let read = format!("{path}?plugin_id={id}&attribute_name=secret");
    guest
        .get(&read)
        .await
        .refused(403, "operation_not_permitted");
    assert_eq!(owner.get(&read).await.ok(200), json!({"a": 1}));

    // After a restart it is there from the start.
    server.stop();
    server.start_again();
    assert_eq!(found(&guest.at(&server)).await, plugin);
    let refused = guest.at(&server).get(&read).await;
    refused.refused(403, "operation_not_permitted");
}

#[tokio::test]
async fn a_newer_manifest_keeps_what_it_does_not_mention() {
    let mut server = Server::start(Options::default());
    let owner = Api::owner(&mut server).await;
    let types =
        json!([{"name": "time", "sync": "object", "permissions": {"read": "any", "write": "any"}}]);
    let hash = bundle(&owner, &clock(types)).await;
    owner.post(PATH, activation(&hash)).await.ok(200);
    let first = found(&owner).await;
    let types = json!([{"name": "time"}, {"name": "zone"}]);
    let newer = bundle(&owner, &clock(types)).await;
    owner
        .post(PATH, activation(&newer.to_uppercase()))
        .await
        .ok(200);
    let second = found(&owner).await;
    assert_eq!(second["plugin_id"], first["plugin_id"]);
    assert_eq!(second["meta"]["scriptUrl"], newer);

    let mut watcher = Client::guest(&server).await;
    let guest = Api::guest(&server).await;
    let path = format!("/objects/{PLAZA}/attributes");
    guest
        .post(&path, attribute(&first, "time", json!({"a": 1})))
        .await
        .ok(202);
    watcher
        .expect("still told", |change: &AttributeValueChanged| {
            change.attribute_name == "time"
        })
        .await;
    guest
        .post(&path, attribute(&first, "zone", json!({"a": 1})))
        .await
        .refused(403, "operation_not_permitted");
}

#[tokio::test]
async fn only_bundles_are_activated_and_only_by_admins_of_the_node() {
    let mut server = Server::start(Options::default());
    let owner = Api::owner(&mut server).await;
    let hash = bundle(&owner, &clock(json!([]))).await;
    let guest = Api::guest(&server).await;
    guest
        .post(PATH, activation(&hash))
        .await
        .refused(403, "not_admin");
    let picture = owner.uploaded("image", &media::png(8, 8, 1)).await;
    for (hash, status, reason) in [
        ("", 400, "invalid_request_body"),
        ("..", 400, "invalid_request_body"),
        ("../../", 400, "invalid_request_body"),
        ("/", 400, "invalid_request_body"),
        (
            "................................",
            400,
            "invalid_request_body",
        ),
        (
            "0123456789abcdef0123456789abcde\u{0}",
            400,
            "invalid_request_body",
        ),
        (picture.as_str(), 404, "plugin_not_found"),
        ("22222222222222222222222222222222", 404, "plugin_not_found"),
    ] {
        let refused = owner.post(PATH, activation(hash)).await;
        refused.refused(status, reason);
    }
    for manifest in [
        json!({"name": "clock", "version": "1.0.0", "attribute_types": [{"name": "a", "sync": "all"}]}),
        json!({"name": "clock", "version": "1.0.0",
               "attribute_types": [{"name": "a", "permissions": {"read": "root", "write": "any"}}]}),
        json!({"name": "clock", "version": "1.0.0", "description": "x".repeat(300_000)}),
    ] {
        let broken = bundle(&owner, &manifest).await;
        let refused = owner.post(PATH, activation(&broken)).await;
        refused.refused(400, "invalid_request_body");
    }
    for name in ["core", "kusama"] {
        let built_in = bundle(&owner, &json!({"name": name, "version": "1.0.0"})).await;
        let refused = owner.post(PATH, activation(&built_in)).await;
        refused.refused(409, "plugin_is_built_in");
    }
    let list = owner.get("/plugin?text=clock").await.ok(200);
    assert_eq!(list, json!([]), "nothing happened by halves");
}

/// In the reference every permission check leaks a lock, and the next activation waits for it for
/// ever.
#[tokio::test]
async fn a_plugin_is_activated_again_while_its_attributes_are_in_use() {
    const ROUNDS: usize = 20;
    let mut server = Server::start(Options::default().unlimited());
    let owner = Api::owner(&mut server).await;
    let types = json!([{"name": "time", "sync": "object"}]);
    let hash = bundle(&owner, &clock(types)).await;
    owner.post(PATH, activation(&hash)).await.ok(200);
    let plugin = found(&owner).await;
    let mut watcher = Client::guest(&server).await;
    let path = format!("/objects/{PLAZA}/attributes");
    let id = plugin["plugin_id"].as_str().expect("an id");
    let read = format!("{path}?plugin_id={id}&attribute_name=time");
    let activate = async || {
        for _ in 0..ROUNDS {
            owner.post(PATH, activation(&hash)).await.ok(200);
        }
    };
    let use_it = async || {
        for round in 0..ROUNDS {
            let value = json!({"round": round.to_string()});
            owner
                .post(&path, attribute(&plugin, "time", value))
                .await
                .ok(202);
            owner.get(&read).await.ok(200);
        }
    };
    tokio::join!(activate(), use_it(), activate());
    let last = |change: &AttributeValueChanged| {
        json!(change.value) == json!({"round": (ROUNDS - 1).to_string()})
    };
    watcher.expect("the last round", last).await;
}
