//! Render slots: what attributes show on their object (docs/spec/posbus.md §5.4; docs/spec/model.md
//! §5.4; docs/regressions.md W29).

use posbus::{MAX_SERVER_FRAME, Message, ObjectData};
use serde_json::{Value, json};
use systems::{AttributeChange, Effect};
use testkit::world::*;

fn render(slot_type: &str, content_type: &str) -> Value {
    json!({"render_auto": {"slot_type": slot_type, "slot_name": "face", "content_type": content_type}})
}

fn slot(slot_type: &str, value: Value) -> Message {
    ObjectData {
        id: LAMP,
        entries: [(slot_type.to_owned(), Some(map(json!({ "face": value }))))].into(),
    }
    .into()
}

/// Slot type, content type, value, what the slot shows, what it shows once the attribute is gone.
fn rows() -> Vec<(&'static str, &'static str, Value, Value, Value)> {
    let audio = json!({"tracks": [], "volume": 50.0});
    vec![
        (
            "texture",
            "image",
            json!({"render_hash": "ab"}),
            json!("ab"),
            json!(""),
        ),
        (
            "texture",
            "text",
            json!({"value": "Hi", "auto_render_hash": "cd"}),
            json!("cd"),
            json!(""),
        ),
        (
            "texture",
            "video",
            json!({"value": "u", "auto_render_hash": "ef"}),
            json!("ef"),
            json!(""),
        ),
        (
            "string",
            "string",
            json!({"value": "#ff0000"}),
            json!("#ff0000"),
            json!(""),
        ),
        (
            "number",
            "number",
            json!({"value": 3}),
            json!(3.0),
            Value::Null,
        ),
        ("audio", "audio", audio.clone(), audio, Value::Null),
    ]
}

#[test]
fn slots_follow_their_attribute_and_empty_with_it() {
    for (slot_type, content_type, value, shown, empty) in rows() {
        let mut stage = WorldBuilder::default().open();
        let [ann] = stage.settle([ANN]);
        let options = render(slot_type, content_type);
        stage.effect(object_attribute(LAMP, "face", value, options.clone()));
        stage.tick();
        assert_eq!(
            ann.read(),
            [slot(slot_type, shown.clone())],
            "{content_type}"
        );
        let bob = stage.enter(BOB);
        stage.tick();
        let snapshot = bob.read();
        assert!(
            snapshot.contains(&slot(slot_type, shown)),
            "{content_type}: {snapshot:?}"
        );
        ann.read();

        stage.effect(Effect::ObjectAttribute {
            object: LAMP,
            change: AttributeChange {
                attribute: core("face"),
                value: None,
                options: Some(map(options)),
                removed: true,
            },
        });
        stage.tick();
        assert_eq!(ann.read(), [slot(slot_type, empty)], "{content_type}");
        let eve = stage.enter(EVE);
        stage.tick();
        assert!(
            !names(&eve.read()).contains(&"object_data"),
            "{content_type}: the snapshot forgets it, too"
        );
    }
}

#[test]
fn an_emptied_slot_shows_what_else_there_is_for_it() {
    let mut stage = WorldBuilder::default().open();
    let [ann] = stage.settle([ANN]);
    let set =
        |name: &str, value: Value| object_attribute(LAMP, name, value, render("texture", "image"));
    stage.effect(set("cover", json!({"render_hash": "ab"})));
    stage.effect(set("face", json!({"render_hash": "cd"})));
    stage.effect(set("face", json!({})));
    stage.effect(set("cover", json!({})));
    stage.tick();
    let shown = ["ab", "cd", "ab", ""].map(|hash| slot("texture", json!(hash)));
    assert_eq!(ann.read(), shown);
    stage.effect(set("face", json!({})));
    stage.tick();
    assert_eq!(ann.read(), [], "nothing changed");
    let bob = stage.enter(BOB);
    stage.tick();
    assert!(!names(&bob.read()).contains(&"object_data"));
}

#[test]
fn an_undisplayable_value_empties_the_slot() {
    let mut stage = WorldBuilder::default().open();
    let [ann] = stage.settle([ANN]);
    let options = render("string", "string");
    let set = |value: Value| object_attribute(LAMP, "face", value, options.clone());
    stage.effect(set(json!({"value": "x"})));
    stage.effect(set(json!({"value": 5})));
    stage.effect(set(json!({"other": "y"})));
    stage.tick();
    assert_eq!(
        ann.read(),
        [slot("string", json!("x")), slot("string", json!(""))]
    );
}

#[test]
fn slots_that_clients_do_not_know_are_left_alone() {
    let mut stage = WorldBuilder::default().open();
    let [ann] = stage.settle([ANN]);
    let value = json!({"render_hash": "ab"});
    stage.effect(object_attribute(
        LAMP,
        "face",
        value,
        render("object_texture", "image"),
    ));
    stage.tick();
    assert_eq!(ann.read(), []);
}

#[test]
fn slots_are_rebuilt_at_load() {
    let mut scene = WorldBuilder::default();
    let mut face = attribute("face", json!({"value": "Hi", "auto_render_hash": "cd"}));
    face.options = Some(map(render("texture", "text")));
    scene.objects[1].attributes.push(face);
    let mut stage = scene.open();
    let ann = stage.enter(ANN);
    stage.tick();
    assert!(ann.read().contains(&slot("texture", json!("cd"))));
}

#[test]
fn a_slot_too_large_for_a_frame_hides_itself_alone() {
    let mut scene = WorldBuilder::default();
    for (name, slot_type, value) in [
        (
            "huge",
            "audio",
            json!({"tracks": "x".repeat(MAX_SERVER_FRAME)}),
        ),
        (
            "long",
            "string",
            json!({"value": "y".repeat(MAX_SERVER_FRAME / 2)}),
        ),
        ("face", "string", json!({"value": "z"})),
    ] {
        let mut shown = attribute(name, value);
        shown.options = Some(map(json!({
            "render_auto": {"slot_type": slot_type, "content_type": slot_type}
        })));
        scene.objects[1].attributes.push(shown);
    }
    let mut stage = scene.open();
    let ann = stage.enter(ANN);
    stage.tick();
    let shown: Vec<String> = ann
        .read()
        .into_iter()
        .filter_map(|message| match message {
            Message::ObjectData(data) => Some(data.entries),
            _ => None,
        })
        .flat_map(|entries| entries.into_values().flatten())
        .flat_map(|slots| slots.into_iter().map(|(name, _)| name))
        .collect();
    assert_eq!(shown, ["face", "long"]);
}
