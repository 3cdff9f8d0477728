//! Objects that appear, change and go (docs/spec/posbus.md §5.4; docs/spec/model.md §4.9;
//! docs/regressions.md F13).

use components::{Asset3d, ObjectType};
use posbus::{AddObjects, MAX_SERVER_FRAME, Message, ObjectDefinition, RemoveObjects};
use serde_json::json;
use systems::{ClientAction, Effect};
use testkit::world::*;

/// The definitions in a list of messages.
pub(crate) fn definitions(messages: &[Message]) -> Vec<ObjectDefinition> {
    let lists = messages.iter().filter_map(|message| match message {
        Message::AddObjects(AddObjects { objects }) => Some(objects.clone()),
        _ => None,
    });
    lists.flatten().collect()
}

#[test]
fn a_rename_is_told_whichever_key_the_client_writes() {
    for value in [json!({"name": "Desk"}), json!({"value": "Desk"})] {
        let mut stage = WorldBuilder::default().open();
        let [ann] = stage.settle([ANN]);
        stage.effect(object_attribute(LAMP, "name", value.clone(), json!({})));
        stage.tick();
        let renamed = definitions(&ann.read());
        assert_eq!(renamed.len(), 1);
        assert_eq!((renamed[0].id, renamed[0].name.as_str()), (LAMP, "Desk"));
        stage.effect(object_attribute(LAMP, "name", value, json!({})));
        stage.tick();
        assert_eq!(ann.read(), [], "nothing new");
    }
}

#[test]
fn without_a_name_the_id_is_shown() {
    let mut stage = WorldBuilder::default().open();
    let ann = stage.enter(ANN);
    stage.tick();
    let world = definitions(&ann.read()).remove(0);
    assert_eq!(world.name, WORLD.to_string());
}

#[test]
fn an_edited_object_keeps_its_lock_and_its_place() {
    let mut stage = WorldBuilder::default().open();
    let [owner] = stage.settle([OWNER]);
    stage.act(&owner, ClientAction::Lock(LAMP));
    stage.act(&owner, ClientAction::MoveObject(LAMP, transform(5.0)));
    let mut edited = object(LAMP, WORLD);
    edited
        .attributes
        .push(attribute("name", json!({"name": "Edited"})));
    stage.effect(Effect::Object(Box::new(edited)));
    stage.tick();
    let heard = owner.read();
    assert_eq!(
        names(&heard),
        ["lock_object_response", "add_objects"],
        "its place is told once"
    );
    let [lamp] = &definitions(&heard)[..] else {
        panic!("{heard:?}")
    };
    assert_eq!(lamp.name, "Edited");
    assert_eq!(lamp.transform, transform(5.0));
    stage.act(&owner, ClientAction::MoveObject(LAMP, transform(6.0)));
    stage.tick();
    assert_eq!(names(&owner.read()), ["object_transform"]);
}

#[test]
fn effective_options_combine_type_and_object() {
    let (model, own) = (id(50), id(51));
    let mut scene = WorldBuilder::default();
    scene
        .catalogue
        .assets_3d
        .insert(model, Asset3d { format: 1 });
    scene.catalogue.object_types.insert(
        THING,
        ObjectType {
            asset_3d: Some(model),
            options: map(json!({"editable": false, "visible": 1})),
            ..ObjectType::default()
        },
    );
    scene.objects[2].asset_3d = Some(own);
    scene.objects[2].options = Some(map(json!({"editable": true, "minimap": false})));
    let mut stage = scene.open();
    let ann = stage.enter(ANN);
    stage.tick();
    let seen: Vec<_> = definitions(&ann.read())
        .iter()
        .map(|object| {
            (
                object.asset_type,
                object.asset_format.0,
                object.is_editable,
                object.show_on_minimap,
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            (model, 1, false, true),
            (model, 1, false, true),
            (own, 0, true, false)
        ]
    );
}

#[test]
fn a_changed_catalogue_reaches_the_next_snapshot() {
    let mut stage = WorldBuilder::default().open();
    stage.settle([ANN]);
    let model = id(50);
    let mut catalogue = components::Catalogue::default();
    let of_type = ObjectType {
        asset_3d: Some(model),
        ..ObjectType::default()
    };
    catalogue.object_types.insert(THING, of_type);
    stage.effect(Effect::Catalogue(catalogue.into()));
    let bob = stage.enter(BOB);
    stage.tick();
    let seen = definitions(&bob.read());
    assert!(
        seen.iter().all(|object| object.asset_type == model),
        "{seen:?}"
    );
}

#[test]
fn a_removed_object_takes_its_subtree_along() {
    let mut stage = WorldBuilder::default().open();
    let [ann] = stage.settle([ANN]);
    stage.effect(Effect::RemoveObjects {
        root: LAMP,
        removed: vec![LAMP, SHADE],
    });
    stage.effect(object_attribute(
        SHADE,
        "name",
        json!({"name": "x"}),
        json!({}),
    ));
    stage.tick();
    let removed = RemoveObjects {
        objects: vec![LAMP, SHADE],
    };
    assert_eq!(ann.read(), [removed.into()]);
    let bob = stage.enter(BOB);
    stage.tick();
    assert_eq!(definitions(&bob.read()).len(), 1, "the world alone");
}

#[test]
fn many_removed_objects_are_told_in_frames_that_fit() {
    let many = 3_000;
    let below = (0..many).map(|number| object(id(1_000 + number), LAMP));
    let mut stage = WorldBuilder::default().with(below).open();
    let [ann] = stage.settle([ANN]);
    stage.effect(Effect::RemoveObjects {
        root: LAMP,
        removed: Vec::new(),
    });
    stage.tick();
    let (frames, closed) = ann.drain();
    assert_eq!(closed, None);
    assert!(frames.iter().all(|frame| frame.len() <= MAX_SERVER_FRAME));
    let removed: usize = frames
        .iter()
        .map(|frame| match posbus::decode(frame) {
            Ok(Message::RemoveObjects(list)) => list.objects.len(),
            other => panic!("{other:?}"),
        })
        .sum();
    assert_eq!(removed, many as usize + 2);
}

#[test]
fn a_name_of_any_length_leaves_its_object_visible() {
    let mut stage = WorldBuilder::default().open();
    let [ann] = stage.settle([ANN]);
    let name = json!({"name": "é".repeat(MAX_SERVER_FRAME)});
    stage.effect(object_attribute(LAMP, "name", name, json!({})));
    stage.tick();
    let shown = definitions(&ann.read());
    assert_eq!(shown[0].name, "é".repeat(1_024));
}
