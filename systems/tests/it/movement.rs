//! Users and dragged objects in motion (docs/spec/posbus.md §6; docs/spec/model.md §4.5).

use std::{collections::BTreeMap, time::Duration};

use components::Umid;
use posbus::{LockObjectResponse, Message, ObjectTransform, Vec3};
use systems::{ClientAction, Effect, WorldOptions};
use testkit::world::*;

/// The users that moved and where they are on the x axis.
pub(crate) fn moved(messages: &[Message]) -> Vec<(Umid, f32)> {
    let lists = messages.iter().filter_map(|message| match message {
        Message::UsersTransformList(list) => Some(&list.value),
        _ => None,
    });
    lists
        .flatten()
        .map(|entry| (entry.id, entry.transform.position.x))
        .collect()
}

fn object_at(id: Umid, x: f32) -> Message {
    ObjectTransform {
        id,
        object_transform: transform(x),
    }
    .into()
}

#[test]
fn everybody_hears_the_newest_pose_of_each_tick_once() {
    let mut stage = WorldBuilder::default().open();
    let clients = stage.settle([ANN, BOB]);
    for x in [1.0, 2.0, 3.0] {
        clients[0].link.offer_pose(WORLD, pose(x));
    }
    stage.tick();
    for client in &clients {
        let news = client.read();
        assert_eq!(names(&news), ["users_transform_list"]);
        assert_eq!(moved(&news), [(ANN, 3.0)]);
    }
    clients[0].link.offer_pose(WORLD, pose(3.0));
    stage.tick();
    for client in &clients {
        assert_eq!(client.read(), [], "nobody moved");
    }
}

#[test]
fn a_pose_meant_for_another_world_is_left_to_that() {
    let elsewhere = id(20);
    let mut old = WorldBuilder::default().open();
    let mut new = WorldBuilder {
        world: elsewhere,
        objects: vec![object(elsewhere, NODE)],
        ..WorldBuilder::default()
    }
    .open();
    let [ann, bob] = old.settle([ANN, BOB]);
    let [eve] = new.settle([EVE]);
    new.enter_again(&ann, None);
    ann.link.offer_pose(elsewhere, pose(1.0));
    old.tick();
    assert_eq!(bob.read(), []);
    new.tick();
    let entered = eve.read().into_iter().find_map(|message| match message {
        Message::AddUsers(list) => list.users.first().map(|user| user.transform),
        _ => None,
    });
    assert_eq!(entered, Some(pose(1.0)));
}

#[test]
fn a_dragged_object_is_told_once_a_tick_and_before_its_unlock() {
    let mut stage = WorldBuilder::default().open();
    let [owner, bob] = stage.settle([OWNER, BOB]);
    stage.act(&owner, ClientAction::Lock(LAMP));
    stage.tick();
    bob.read();
    for x in [1.0, 2.0] {
        stage.act(&owner, ClientAction::MoveObject(LAMP, transform(x)));
    }
    stage.tick();
    assert_eq!(bob.read(), [object_at(LAMP, 2.0)]);

    stage.act(&owner, ClientAction::MoveObject(LAMP, transform(3.0)));
    stage.act(&owner, ClientAction::Unlock(LAMP));
    stage.act(&owner, ClientAction::MoveObject(LAMP, transform(4.0)));
    stage.tick();
    let unlocked = LockObjectResponse {
        id: LAMP,
        result: 1,
        lock_owner: Umid::nil(),
    };
    assert_eq!(bob.read(), [object_at(LAMP, 3.0), unlocked.into()]);
}

#[test]
fn only_the_holder_moves_an_object_and_only_to_somewhere() {
    let mut stage = WorldBuilder::default().open();
    let [owner, ann] = stage.settle([OWNER, ANN]);
    stage.act(&owner, ClientAction::MoveObject(LAMP, transform(1.0)));
    stage.act(&owner, ClientAction::Lock(LAMP));
    stage.tick();
    ann.read();
    stage.act(&ann, ClientAction::MoveObject(LAMP, transform(2.0)));
    let mut nowhere = transform(3.0);
    nowhere.position = Vec3::new(f32::NAN, 0.0, 0.0);
    stage.act(&owner, ClientAction::MoveObject(LAMP, nowhere));
    stage.act(&owner, ClientAction::MoveObject(SHADE, transform(4.0)));
    stage.tick();
    assert_eq!(ann.read(), []);
    assert_eq!(stage.saved(), []);
}

#[test]
fn a_drag_is_saved_soon_and_at_once_on_unlock() {
    let options = WorldOptions {
        tick_rate: 20,
        persist_interval: Duration::from_millis(200),
        ..WorldOptions::default()
    };
    let mut stage = WorldBuilder {
        options,
        ..WorldBuilder::default()
    }
    .open();
    let [owner] = stage.settle([OWNER]);
    stage.act(&owner, ClientAction::Lock(LAMP));
    let mut saved = Vec::new();
    for step in 1..=8_u8 {
        stage.act(
            &owner,
            ClientAction::MoveObject(LAMP, transform(step.into())),
        );
        stage.tick();
        for batch in stage.saved() {
            saved.push((step, batch.transforms));
        }
    }
    let lamp_at = |x: f32| BTreeMap::from([(LAMP, transform(x))]);
    assert_eq!(
        saved,
        [(5, lamp_at(5.0))],
        "four ticks after the first change"
    );
    stage.act(&owner, ClientAction::Unlock(LAMP));
    stage.tick();
    let batches = stage.saved();
    assert_eq!(batches.len(), 1);
    assert_eq!(batches[0].transforms, lamp_at(8.0));
    assert_eq!(batches[0].world, WORLD);
}

#[test]
fn an_older_drag_is_not_stored_over_a_newer_place() {
    let mut stage = WorldBuilder::default().open();
    let [owner, bob] = stage.settle([OWNER, BOB]);
    stage.act(&owner, ClientAction::Lock(LAMP));
    stage.act(&owner, ClientAction::MoveObject(LAMP, transform(1.0)));
    stage.tick();
    bob.read();
    let mut nowhere = transform(3.0);
    nowhere.scale = Vec3::new(0.0, f32::INFINITY, 0.0);
    for transform in [transform(2.0), nowhere] {
        let object = LAMP;
        stage.effect(Effect::ObjectTransform { object, transform });
    }
    stage.leave(&owner);
    stage.tick();
    assert_eq!(bob.read().first(), Some(&object_at(LAMP, 2.0)));
    assert!(
        stage
            .saved()
            .iter()
            .all(|batch| batch.transforms.is_empty())
    );
}
