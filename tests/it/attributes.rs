//! Attributes: what a change shows in the world, and who may make it (docs/spec/posbus.md §5.4,
//! §5.6; docs/spec/model.md §5.1).

use std::os::unix::fs::PermissionsExt;

use posbus::{AddObjects, AddUsers, AttributeValueChanged, Message, ObjectData, Umid};
use serde_json::{Value, json};

use crate::support::{Api, CORE, Client, Options, PLAZA, Server, WELCOME};

/// Waits for the next change of an attribute.
async fn change(client: &mut Client, name: &str) -> AttributeValueChanged {
    client
        .expect("the change", |change: &AttributeValueChanged| {
            change.attribute_name == name
        })
        .await
}

/// Waits for the next value of a slot of an object.
async fn slot(client: &mut Client, object: Umid, slot_type: &str, name: &str) -> Value {
    let mut found = None;
    client
        .expect("the slot", |data: &ObjectData| {
            let slots = data.entries.get(slot_type).and_then(Option::as_ref);
            found = slots.and_then(|slots| slots.get(name)).cloned();
            data.id == object && found.is_some()
        })
        .await;
    found.expect("was just found")
}

fn value_of(change: &AttributeValueChanged) -> Value {
    json!(change.value)
}

#[tokio::test]
async fn a_rendered_attribute_shows_in_its_slot() {
    let mut server = Server::start(Options::default());
    let owner = Api::owner(&mut server).await;
    let mut one = Client::guest(&server).await;
    let mut two = Client::guest(&server).await;
    let stored = owner
        .set(PLAZA, "object_color", json!({"value": "#00ff00"}))
        .await
        .ok(202);
    assert_eq!(stored, json!({"value": "#00ff00"}));
    for client in [&mut one, &mut two] {
        assert_eq!(
            slot(client, PLAZA, "string", "object_color").await,
            "#00ff00"
        );
    }
    let texture = json!({"render_hash": "bd6563cc9fceac3e1ed6fcad752c902d"});
    owner.set(PLAZA, "texture", texture).await.ok(202);
    let hash = slot(&mut one, PLAZA, "texture", "object_texture").await;
    assert_eq!(hash, "bd6563cc9fceac3e1ed6fcad752c902d");
    // Numbers reach clients as the one type they can read.
    let sound =
        json!({"tracks": [{"render_hash": "ab", "isActive": true}], "volume": 50, "distance": 10});
    owner.set(PLAZA, "spatial_audio", sound).await.ok(202);
    assert_eq!(
        slot(&mut one, PLAZA, "audio", "spatial").await["volume"],
        50.0
    );

    let mut late = Client::connect(&server, &Api::guest(&server).await).await;
    let snapshot = late.enter(WELCOME).await;
    assert_eq!(
        snapshot.slot(PLAZA, "string", "object_color"),
        Some(&json!("#00ff00"))
    );
    assert!(snapshot.slot(PLAZA, "audio", "spatial").is_some());
}

#[tokio::test]
async fn a_removed_attribute_leaves_an_empty_slot() {
    let mut server = Server::start(Options::default());
    let owner = Api::owner(&mut server).await;
    let mut client = Client::guest(&server).await;
    owner
        .set(PLAZA, "object_color", json!({"value": "#123456"}))
        .await
        .ok(202);
    assert_eq!(
        slot(&mut client, PLAZA, "string", "object_color").await,
        "#123456"
    );
    assert_eq!(
        owner.unset(PLAZA, "object_color").await.ok(200),
        json!(null)
    );
    assert_eq!(slot(&mut client, PLAZA, "string", "object_color").await, "");
    owner
        .attribute(PLAZA, "object_color")
        .await
        .refused(404, "attribute_not_found");
    let mut late = Client::connect(&server, &Api::guest(&server).await).await;
    let snapshot = late.enter(WELCOME).await;
    assert_eq!(snapshot.slot(PLAZA, "string", "object_color"), None);
}

#[tokio::test]
async fn a_published_attribute_is_told_to_the_world() {
    let mut server = Server::start(Options::default());
    let owner = Api::owner(&mut server).await;
    let mut one = Client::guest(&server).await;
    let mut two = Client::guest(&server).await;
    let value = json!({"tracks": [{"render_hash": "ab", "name": "Song"}]});
    owner
        .set(WELCOME, "soundtrack", value.clone())
        .await
        .ok(202);
    for client in [&mut one, &mut two] {
        let told = change(client, "soundtrack").await;
        assert_eq!(
            (told.change_type.as_str(), told.target_id),
            ("attribute_changed", WELCOME)
        );
        assert_eq!(told.plugin_id.to_string(), CORE);
        assert_eq!(value_of(&told), value);
    }
    owner.unset(WELCOME, "soundtrack").await.ok(200);
    for client in [&mut one, &mut two] {
        let told = change(client, "soundtrack").await;
        assert_eq!(
            (told.change_type.as_str(), told.value),
            ("attribute_removed", None)
        );
    }
    // A shader is nothing that a slot shows, a colour is nothing that is published.
    owner.set(WELCOME, "shaders", json!({"a": 1})).await.ok(202);
    owner
        .set(PLAZA, "object_color", json!({"value": "#000001"}))
        .await
        .ok(202);
    change(&mut one, "shaders").await;
    slot(&mut one, PLAZA, "string", "object_color").await;
    let told = one.settle().await;
    let more = told.iter().find(|message| {
        matches!(
            message,
            Message::AttributeValueChanged(_) | Message::ObjectData(_)
        )
    });
    assert_eq!(more, None);
}

#[tokio::test]
async fn one_key_of_an_attribute_can_be_written_alone() {
    let mut server = Server::start(Options::default());
    let owner = Api::owner(&mut server).await;
    let mut client = Client::guest(&server).await;
    let path = format!("/objects/{WELCOME}/attributes/sub");
    let with = |key: &str, value: Value| {
        json!({"plugin_id": CORE, "attribute_name": "shaders",
               "sub_attribute_key": key, "sub_attribute_value": value})
    };
    let query = |key: &str| {
        format!("{path}?plugin_id={CORE}&attribute_name=shaders&sub_attribute_key={key}")
    };
    owner
        .get(&query("glow"))
        .await
        .refused(404, "attribute_value_not_found");
    let stored = owner
        .post(&path, with("glow", json!({"power": 2})))
        .await
        .ok(202);
    assert_eq!(stored, json!({"glow": {"power": 2}}));
    owner.post(&path, with("fog", json!(false))).await.ok(202);
    change(&mut client, "shaders").await;
    let told = change(&mut client, "shaders").await;
    assert_eq!(
        value_of(&told),
        json!({"glow": {"power": 2.0}, "fog": false}),
        "the whole value is told"
    );
    assert_eq!(
        owner.get(&query("glow")).await.ok(200),
        json!({"glow": {"power": 2}})
    );
    owner
        .get(&query("other"))
        .await
        .refused(404, "attribute_value_nil");
    let body = json!({"plugin_id": CORE, "attribute_name": "shaders", "sub_attribute_key": "glow"});
    assert_eq!(owner.delete_with(&path, body).await.ok(200), json!(null));
    assert_eq!(
        value_of(&change(&mut client, "shaders").await),
        json!({"fog": false})
    );
    assert_eq!(
        owner.attribute(WELCOME, "shaders").await.ok(200),
        json!({"fog": false})
    );
}

#[tokio::test]
async fn everybody_reads_and_only_admins_write() {
    let mut server = Server::start(Options::default());
    let owner = Api::owner(&mut server).await;
    let guest = Api::guest(&server).await;
    let user = Api::user(&server, 5).await;
    let mut watcher = Client::guest(&server).await;
    for api in [&guest, &user] {
        let answer = api
            .set(PLAZA, "object_color", json!({"value": "#bad"}))
            .await;
        answer.refused(403, "operation_not_permitted");
        let answer = api.unset(PLAZA, "object_color").await;
        answer.refused(403, "operation_not_permitted");
        assert_eq!(
            api.attribute(PLAZA, "object_color").await.ok(200)["value"],
            "#3d4468"
        );
    }
    let answer = owner.set(PLAZA, "no_such_attribute", json!({})).await;
    assert_eq!(answer.status, 400, "{:?}", answer.json());
    let answer = owner.set(Umid::now_v7(), "object_color", json!({})).await;
    answer.refused(404, "object_not_found");
    let answer = owner.set(PLAZA, "object_color", json!("a text")).await;
    answer.refused(400, "invalid_request_body");
    let told = watcher.settle().await;
    assert!(
        !told
            .iter()
            .any(|message| matches!(message, Message::ObjectData(_))),
        "{told:?}"
    );
}

/// A reader of the signing key can be anybody.
#[tokio::test]
async fn the_signing_key_is_in_no_attribute_and_no_answer() {
    let mut server = Server::start(Options::default());
    let owner = Api::owner(&mut server).await;
    let node = owner.get("/config/ui-client").await.ok(200)["NODE_ID"].clone();
    let node = node.as_str().expect("the node's id").to_owned();
    let file = server.data().join("keys").join("jwt.key");
    let mode = std::fs::metadata(&file)
        .expect("the key is a file")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    let key = std::fs::read(&file).expect("readable by its owner");
    assert_eq!(key.len(), 32);
    let query = format!("plugin_id={CORE}&attribute_name=jwt_key");
    let paths = [
        format!("/node/attributes?{query}"),
        format!("/objects/{node}/attributes?{query}"),
        format!("/objects/{WELCOME}/attributes?{query}"),
        "/config/ui-client".to_owned(),
        "/plugin".to_owned(),
    ];
    for path in &paths {
        let answer = owner.get(path).await;
        let text = String::from_utf8_lossy(&answer.bytes).to_lowercase();
        assert!(
            !text.contains(&hex::encode(&key)) && !text.contains("\"secret\""),
            "{path}: {text}"
        );
    }
    for path in &paths[..3] {
        assert_ne!(owner.get(path).await.status, 200, "{path}");
    }
    assert!(!server.log().to_lowercase().contains(&hex::encode(&key)));
}

#[tokio::test]
async fn a_value_too_large_for_a_frame_is_announced_without_it() {
    let mut server = Server::start(Options::default());
    let owner = Api::owner(&mut server).await;
    let mut client = Client::guest(&server).await;
    let large = json!({"code": "x".repeat(40_000)});
    owner.set(WELCOME, "shaders", large.clone()).await.ok(202);
    let told = change(&mut client, "shaders").await;
    assert_eq!(
        (told.change_type.as_str(), told.value),
        ("attribute_changed", None)
    );
    assert_eq!(owner.attribute(WELCOME, "shaders").await.ok(200), large);
    let refused = owner
        .set(WELCOME, "shaders", json!({"code": "x".repeat(300_000)}))
        .await;
    assert!(matches!(refused.status, 400 | 413), "{}", refused.status);
    client.settle().await;
}

#[tokio::test]
async fn attribute_messages_use_current_names() {
    let mut server = Server::start(Options::default());
    let owner = Api::owner(&mut server).await;
    let mut watcher = Client::guest(&server).await;
    owner
        .set(WELCOME, "name", json!({"name": "Plaza of tomorrow"}))
        .await
        .ok(202);
    watcher
        .expect("the new name", |list: &AddObjects| {
            list.objects
                .iter()
                .any(|object| object.id == WELCOME && object.name == "Plaza of tomorrow")
        })
        .await;
    let mut late = Client::connect(&server, &owner).await;
    assert_eq!(late.enter(WELCOME).await.world.name, "Plaza of tomorrow");
    let listed = owner.get(&format!("/worlds/{WELCOME}")).await.ok(200);
    assert_eq!(listed["name"], "Plaza of tomorrow");

    let profile =
        json!({"name": "Ada", "profile": {"avatarHash": "03ce359d18bfc0fe977bd66ab471d222"}});
    owner.patch("/profile", profile).await.ok(200);
    let named = |list: &AddUsers| {
        list.users
            .iter()
            .any(|user| user.id == owner.user && user.name == "Ada")
    };
    let list: AddUsers = watcher.expect("the new name", named).await;
    let entry = list
        .users
        .iter()
        .find(|user| user.id == owner.user)
        .expect("was just found");
    assert_eq!(entry.avatar, "03ce359d18bfc0fe977bd66ab471d222");
}

/// A mapping that has no world to show in, as on the node object.
#[tokio::test]
async fn a_rendered_attribute_outside_a_world_is_harmless() {
    let mut server = Server::start(Options::default());
    let owner = Api::owner(&mut server).await;
    let config = owner.get("/config/ui-client").await.ok(200);
    let node = config["NODE_ID"]
        .as_str()
        .and_then(|id| id.parse().ok())
        .expect("the node's id");
    let mut client = Client::guest(&server).await;
    owner
        .set(node, "object_color", json!({"value": "#ffffff"}))
        .await
        .ok(202);
    owner
        .set(node, "name", json!({"name": "Node"}))
        .await
        .ok(202);
    client.settle().await;
    assert!(server.is_alive());
}

/// An object laid over something that is none, in value and options.
#[tokio::test]
async fn values_of_any_shape_are_stored_or_refused() {
    let mut server = Server::start(Options::default());
    let owner = Api::owner(&mut server).await;
    let mut client = Client::guest(&server).await;
    for value in [
        json!({"value": {"value": 1}}),
        json!({"value": [1, {"a": null}]}),
        json!({"value": null}),
        json!({}),
    ] {
        owner
            .set(PLAZA, "object_color", value.clone())
            .await
            .ok(202);
        assert_eq!(owner.attribute(PLAZA, "object_color").await.ok(200), value);
        owner
            .set(PLAZA, "object_color", json!({"value": "#010101"}))
            .await
            .ok(202);
    }
    client.settle().await;
    let mut late = Client::connect(&server, &Api::guest(&server).await).await;
    late.enter(WELCOME).await;
}

/// Writers, readers and newcomers at once, all about one attribute.
#[tokio::test]
async fn concurrent_writes_of_one_attribute_lose_nothing() {
    const WRITERS: usize = 4;
    const KEYS: usize = 20;
    let mut server = Server::start(Options::default().unlimited());
    let owner = Api::owner(&mut server).await;
    let mut watcher = Client::guest(&server).await;
    let path = format!("/objects/{PLAZA}/attributes/sub");
    let write = async |writer: usize| {
        for key in 0..KEYS {
            let set = json!({"plugin_id": CORE, "attribute_name": "spatial_audio",
                             "sub_attribute_key": format!("{writer}-{key}"), "sub_attribute_value": key});
            owner.post(&path, set).await.ok(202);
        }
    };
    let read = async || {
        for _ in 0..KEYS {
            let answer = owner.attribute(PLAZA, "spatial_audio").await;
            assert!(matches!(answer.status, 200 | 404), "{}", answer.status);
        }
    };
    let enter = async || {
        for _ in 0..KEYS {
            Client::guest(&server).await.leave().await;
        }
    };
    tokio::join!(write(0), write(1), write(2), write(3), read(), enter());
    let value = owner.attribute(PLAZA, "spatial_audio").await.ok(200);
    assert_eq!(
        value.as_object().map(|value| value.len()),
        Some(WRITERS * KEYS),
        "{value}"
    );
    // The last change is told with the value as it is.
    let mut told = None;
    while told != Some(WRITERS * KEYS) {
        let change = change(&mut watcher, "spatial_audio").await;
        told = change.value.map(|value| value.len());
    }
}
