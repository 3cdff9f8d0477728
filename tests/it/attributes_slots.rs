//! Slots of objects that show attributes, by their type's `render_auto` (docs/spec/model.md §5.4).

use posbus::{Message, ObjectData, Umid};
use serde_json::{Value, json};

use crate::support::{
    Api, Client, Options, PLAZA, Rows, Server, Snapshot, WELCOME, Whose, node_id,
};

/// The slots that somebody was told of since they last asked, in order.
async fn told(client: &mut Client, object: Umid) -> Vec<Value> {
    let messages = client.settle().await.into_iter();
    let data = messages.filter_map(|message| match message {
        Message::ObjectData(data) if data.id == object => Some(slots(&data)),
        _ => None,
    });
    data.collect()
}

fn slots(data: &ObjectData) -> Value {
    json!(data.entries)
}

/// All slots that a newcomer is shown of an object.
fn shown(snapshot: &Snapshot, object: Umid, slot_type: &str, name: &str) -> Option<Value> {
    snapshot.slot(object, slot_type, name).cloned()
}

fn render(slot_type: &str, content_type: &str) -> Value {
    json!({"render_auto": {"slot_type": slot_type, "content_type": content_type}})
}

/// F8, and the rest of the table: each type of slot is filled, changed and cleared, for those who
/// are there and for those who come.
#[tokio::test]
async fn slots_of_every_type_are_filled_and_cleared() {
    let mut server = Server::start(Options::default().unlimited());
    let owner = Api::owner(&mut server).await;
    server.stop();
    let mut rows = Rows::of(&server).await;
    for (name, options) in [
        ("speed", render("number", "number")),
        ("label", render("string", "string")),
        ("poster", render("texture", "image")),
        ("song", render("audio", "audio")),
        ("caption", render("texture", "text")),
        ("film", render("texture", "video")),
        ("unknown_slot", render("object_texture", "image")),
        ("unknown_content", render("texture", "hologram")),
        (
            "no_content",
            json!({"render_auto": {"slot_type": "texture"}}),
        ),
        (
            "named",
            json!({"render_auto": {"slot_type": "string", "content_type": "string", "slot_name": "sign", "value_field": "text"}}),
        ),
    ] {
        rows.attribute_type(name, options).await;
    }
    rows.close().await;
    server.start_again();
    let owner = owner.at(&server);
    let mut client = Client::guest(&server).await;
    told(&mut client, PLAZA).await;
    let song = json!({"tracks": [], "volume": 5.0});
    // Attribute, value, type and name of the slot, what it shows, what it shows without the
    // attribute. `None` is a slot that nothing fills: unknown ones, and those whose picture nobody
    // has made yet.
    type Row = (
        &'static str,
        Value,
        &'static str,
        &'static str,
        Option<(Value, Value)>,
    );
    let table: [Row; 13] = [
        (
            "speed",
            json!({"value": 3}),
            "number",
            "speed",
            Some((json!(3.0), Value::Null)),
        ),
        (
            "speed",
            json!({"value": -2.5}),
            "number",
            "speed",
            Some((json!(-2.5), Value::Null)),
        ),
        ("speed", json!({"value": "3"}), "number", "speed", None),
        (
            "label",
            json!({"value": "Hi"}),
            "string",
            "label",
            Some((json!("Hi"), json!(""))),
        ),
        ("label", json!({"value": 5}), "string", "label", None),
        (
            "poster",
            json!({"render_hash": "ab"}),
            "texture",
            "poster",
            Some((json!("ab"), json!(""))),
        ),
        (
            "song",
            song.clone(),
            "audio",
            "song",
            Some((song, Value::Null)),
        ),
        (
            "caption",
            json!({"value": "Hi"}),
            "texture",
            "caption",
            None,
        ),
        (
            "film",
            json!({"value": "https://example.org"}),
            "texture",
            "film",
            None,
        ),
        (
            "unknown_slot",
            json!({"render_hash": "ab"}),
            "object_texture",
            "unknown_slot",
            None,
        ),
        (
            "unknown_content",
            json!({"value": "ab"}),
            "texture",
            "unknown_content",
            None,
        ),
        (
            "no_content",
            json!({"render_hash": "ab"}),
            "texture",
            "no_content",
            None,
        ),
        (
            "named",
            json!({"text": "To the sea"}),
            "string",
            "sign",
            Some((json!("To the sea"), json!(""))),
        ),
    ];
    for (attribute, value, slot_type, name, expected) in table {
        let row = format!("{attribute} {value}");
        let slot = |value: &Value| json!({ slot_type: { name: value } });
        owner.set(PLAZA, attribute, value).await.ok(202);
        let filled = expected.iter().map(|(filled, _)| slot(filled));
        assert_eq!(
            told(&mut client, PLAZA).await,
            filled.collect::<Vec<_>>(),
            "{row}"
        );
        let mut late = Client::connect(&server, &Api::guest(&server).await).await;
        let snapshot = late.enter(WELCOME).await;
        assert_eq!(
            shown(&snapshot, PLAZA, slot_type, name),
            expected.as_ref().map(|(filled, _)| filled.clone()),
            "{row} for a newcomer"
        );
        owner.unset(PLAZA, attribute).await.ok(200);
        let emptied = expected.iter().map(|(_, empty)| slot(empty));
        assert_eq!(
            told(&mut client, PLAZA).await,
            emptied.collect::<Vec<_>>(),
            "{row} gone"
        );
        let mut later = Client::connect(&server, &Api::guest(&server).await).await;
        let snapshot = later.enter(WELCOME).await;
        assert_eq!(
            shown(&snapshot, PLAZA, slot_type, name),
            None,
            "{row} gone for a newcomer"
        );
    }
}

/// Two attributes for one slot, as the seed has them: what a visitor made of an object, and its own
/// texture.
#[tokio::test]
async fn a_slot_falls_back_to_what_else_there_is_for_it() {
    let mut server = Server::start(Options::default().unlimited());
    let owner = Api::owner(&mut server).await;
    let mut client = Client::guest(&server).await;
    let slot = |hash: &str| json!({"texture": {"object_texture": hash}});
    for (attribute, value) in [
        ("texture", json!({"render_hash": "ab"})),
        ("user_customisable_data", json!({"image_hash": "cd"})),
    ] {
        owner.set(PLAZA, attribute, value).await.ok(202);
    }
    assert_eq!(told(&mut client, PLAZA).await, [slot("ab"), slot("cd")]);
    owner.unset(PLAZA, "user_customisable_data").await.ok(200);
    assert_eq!(told(&mut client, PLAZA).await, [slot("ab")]);
    owner.unset(PLAZA, "texture").await.ok(200);
    assert_eq!(told(&mut client, PLAZA).await, [slot("")]);
}

/// Only what belongs to an object is shown on it: a contribution to a canvas belongs to a user in
/// it.
#[tokio::test]
async fn attributes_without_an_object_render_nothing() {
    let mut server = Server::start(Options::default().unlimited());
    let owner = Api::owner(&mut server).await;
    let node = node_id(&owner).await;
    let mut client = Client::guest(&server).await;
    for whose in [
        Whose::Node,
        Whose::Object(node),
        Whose::ObjectUser(PLAZA, owner.user),
        Whose::ObjectUser(node, owner.user),
        Whose::User(owner.user),
    ] {
        for (attribute, value) in [
            ("object_color", json!({"value": "#ffffff"})),
            ("name", json!({"name": "Nobody"})),
            ("texture", json!({"render_hash": "ab"})),
        ] {
            owner.write_of(whose, attribute, value).await.ok(202);
            owner.remove_of(whose, attribute).await.ok(200);
        }
    }
    let told = client.settle().await;
    assert!(
        !told
            .iter()
            .any(|message| matches!(message, Message::ObjectData(_) | Message::AddObjects(_))),
        "{told:?}"
    );
    assert!(server.is_alive());
}
