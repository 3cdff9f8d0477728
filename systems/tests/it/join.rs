//! The messages to a newcomer, and those to the others about it (docs/spec/posbus.md §5.1).

use components::{AttributeState, Umid};
use posbus::Message;
use serde_json::json;
use testkit::world::*;

/// An attribute that shows in a slot of its object.
fn colour(value: &str) -> AttributeState {
    AttributeState {
        options: Some(map(json!({
            "render_auto": {"slot_type": "string", "content_type": "string"}
        }))),
        ..attribute("object_color", json!({ "value": value }))
    }
}

fn objects_of(messages: &[Message]) -> Vec<Umid> {
    let lists = messages.iter().filter_map(|message| match message {
        Message::AddObjects(list) => Some(&list.objects),
        _ => None,
    });
    lists.flatten().map(|object| object.id).collect()
}

#[test]
fn the_snapshot_comes_first_and_in_order() {
    let mut scene = WorldBuilder::default();
    for object in &mut scene.objects {
        object.attributes.push(colour("#ff0000"));
    }
    let mut stage = scene.open();
    let [ann] = stage.settle([ANN]);
    let bob = stage.enter(BOB);
    stage.tick();

    let snapshot = bob.read();
    assert_eq!(
        names(&snapshot),
        [
            "set_world",
            "my_transform",
            "add_objects",
            "object_data",
            "object_data",
            "object_data",
            "add_users",
            "add_users",
        ]
    );
    let Some(Message::SetWorld(world)) = snapshot.first() else {
        panic!("no world: {snapshot:?}")
    };
    assert_eq!((world.id, world.owner), (WORLD, OWNER));
    assert_eq!(objects_of(&snapshot), [WORLD, LAMP, SHADE]);
    let users: Vec<Umid> = snapshot.iter().flat_map(added).collect();
    assert_eq!(users, [ANN, BOB], "the others, then oneself");

    let news = ann.read();
    assert_eq!(names(&news), ["add_users"]);
    assert_eq!(news.iter().flat_map(added).collect::<Vec<_>>(), [BOB]);
}

/// The users that a message adds.
fn added(message: &Message) -> Vec<Umid> {
    match message {
        Message::AddUsers(list) => list.users.iter().map(|user| user.id).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn parents_come_before_children_and_siblings_oldest_first() {
    let stranger = id(5);
    let mut young = object(id(6), WORLD);
    young.created_at = 1_000;
    let mut stage = WorldBuilder::default()
        .with([young, object(stranger, WORLD), object(id(7), id(6))])
        .open();
    let ann = stage.enter(ANN);
    stage.tick();
    assert_eq!(
        objects_of(&ann.read()),
        [WORLD, LAMP, SHADE, stranger, id(6), id(7)]
    );
}

#[test]
fn everybody_who_enters_in_one_tick_is_told_of_in_one_message() {
    let mut stage = WorldBuilder::default().open();
    let [ann] = stage.settle([ANN]);
    let (bob, eve) = (stage.enter(BOB), stage.enter(EVE));
    stage.tick();
    let news = ann.read();
    assert_eq!(names(&news), ["add_users"]);
    assert_eq!(news.iter().flat_map(added).collect::<Vec<_>>(), [BOB, EVE]);
    for newcomer in [bob, eve] {
        let users: Vec<_> = newcomer.read().iter().flat_map(added).collect();
        assert_eq!(users, [ANN, BOB, EVE]);
    }
}

#[test]
fn a_cached_snapshot_shows_what_changed_since() {
    let mut stage = WorldBuilder::default().open();
    stage.settle([ANN]);
    let name = json!({"name": "Desk lamp"});
    stage.effect(object_attribute(LAMP, "name", name, json!({})));
    let bob = stage.enter(BOB);
    stage.tick();
    let lamp = bob.read().into_iter().find_map(|message| match message {
        Message::AddObjects(list) => list.objects.into_iter().find(|object| object.id == LAMP),
        _ => None,
    });
    assert_eq!(lamp.expect("the lamp").name, "Desk lamp");
}

#[test]
fn a_newcomer_hears_what_happens_after_it_in_the_same_tick() {
    let mut stage = WorldBuilder::default().open();
    let [owner] = stage.settle([OWNER]);
    stage.act(&owner, systems::ClientAction::Lock(LAMP));
    let bob = stage.enter(BOB);
    stage.act(&owner, systems::ClientAction::Lock(SHADE));
    stage.tick();
    let locked: Vec<Umid> = bob
        .read()
        .into_iter()
        .filter_map(|message| match message {
            Message::LockObjectResponse(response) => Some(response.id),
            _ => None,
        })
        .collect();
    assert_eq!(locked, [SHADE]);
}
