//! Making uploaded bundles plugins (docs/spec/model.md §5.7).

use std::{fs, os::unix::fs::symlink};

use posbus::AttributeValueChanged;
use serde_json::{Value, json};

use crate::support::{Api, Client, Options, PLAZA, Server};

const HASH: &str = "0123456789abcdef0123456789abcdef";
const PATH: &str = "/node/activate-plugin";

/// Puts a bundle where uploads are.
fn bundle(server: &Server, hash: &str, manifest: &Value) {
    let folder = server.data().join("plugins").join(hash);
    fs::create_dir_all(&folder).expect("a folder");
    fs::write(folder.join("manifest.json"), manifest.to_string()).expect("a manifest");
}

fn clock(types: Value) -> Value {
    json!({"name": "Clock", "displayName": "A clock", "description": "Tells the time", "version": "1.0.0",
           "scopes": {"ui": ["creatorTab"]}, "attribute_types": types, "unknown": 1})
}

fn activation(hash: &str) -> Value {
    json!({"plugin_hash": hash})
}

/// The plugin that is called Clock, as everybody sees it.
async fn found(api: &Api) -> Value {
    let list = api.get("/plugin?text=Clock").await.ok(200);
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
    bundle(&server, HASH, &clock(types));
    assert_eq!(
        owner.post(PATH, activation(HASH)).await.ok(200),
        json!(null)
    );
    let plugin = found(&Api::stranger(&server)).await;
    let meta = &plugin["meta"];
    for (key, expected) in [
        ("name", json!("Clock")),
        ("displayName", json!("A clock")),
        ("version", json!("1.0.0")),
        ("scopes", json!({"ui": ["creatorTab"]})),
        ("hash", json!(HASH)),
        ("scriptUrl", json!(HASH)),
        ("scopeName", json!("Clock")),
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
    bundle(&server, HASH, &clock(types));
    owner.post(PATH, activation(HASH)).await.ok(200);
    let first = found(&owner).await;
    let newer = "fedcba9876543210fedcba9876543210";
    bundle(
        &server,
        newer,
        &clock(json!([{"name": "time"}, {"name": "zone"}])),
    );
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
    bundle(&server, HASH, &clock(json!([])));
    let guest = Api::guest(&server).await;
    guest
        .post(PATH, activation(HASH))
        .await
        .refused(403, "not_admin");
    let owner = Api::owner(&mut server).await;
    // Something that is a manifest, but not among the uploads.
    let outside = server.data().join("manifest.json");
    fs::write(&outside, clock(json!([])).to_string()).expect("a file");
    let linked = "11111111111111111111111111111111";
    let folder = server.data().join("plugins").join(linked);
    fs::create_dir_all(&folder).expect("a folder");
    symlink(&outside, folder.join("manifest.json")).expect("a link");
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
        (linked, 404, "plugin_not_found"),
        ("22222222222222222222222222222222", 404, "plugin_not_found"),
    ] {
        let refused = owner.post(PATH, activation(hash)).await;
        refused.refused(status, reason);
    }
    let broken = "33333333333333333333333333333333";
    for manifest in [
        json!([]),
        json!({}),
        json!({"name": ""}),
        json!({"name": 1}),
        json!({"name": "Clock", "attribute_types": [{"name": "a", "sync": "all"}]}),
        json!({"name": "Clock", "attribute_types": [{"name": "a", "permissions": {"read": "root", "write": "any"}}]}),
        json!({"name": "Clock", "description": "x".repeat(300_000)}),
    ] {
        bundle(&server, broken, &manifest);
        let refused = owner.post(PATH, activation(broken)).await;
        refused.refused(400, "invalid_request_body");
    }
    for name in ["Core", "Kusama"] {
        bundle(&server, broken, &json!({"name": name}));
        let refused = owner.post(PATH, activation(broken)).await;
        refused.refused(409, "plugin_is_built_in");
    }
    let list = owner.get("/plugin?text=Clock").await.ok(200);
    assert_eq!(list, json!([]), "nothing happened by halves");
}

/// In the reference every permission check leaks a lock, and the next activation waits for it for
/// ever.
#[tokio::test]
async fn a_plugin_is_activated_again_while_its_attributes_are_in_use() {
    const ROUNDS: usize = 20;
    let mut server = Server::start(Options::default().unlimited());
    let owner = Api::owner(&mut server).await;
    bundle(
        &server,
        HASH,
        &clock(json!([{"name": "time", "sync": "object"}])),
    );
    owner.post(PATH, activation(HASH)).await.ok(200);
    let plugin = found(&owner).await;
    let mut watcher = Client::guest(&server).await;
    let path = format!("/objects/{PLAZA}/attributes");
    let id = plugin["plugin_id"].as_str().expect("an id");
    let read = format!("{path}?plugin_id={id}&attribute_name=time");
    let activate = async || {
        for _ in 0..ROUNDS {
            owner.post(PATH, activation(HASH)).await.ok(200);
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
