//! Leaving (docs/spec/posbus.md §5.3).

use posbus::{LockObjectResponse, Message, RemoveUsers};
use systems::{ClientAction, LastPosition};
use testkit::world::*;

#[test]
fn a_leaver_releases_locks_is_told_of_once_and_is_remembered() {
    let mut stage = WorldBuilder::default().open();
    let [owner, bob] = stage.settle([OWNER, BOB]);
    stage.act(&owner, ClientAction::Lock(LAMP));
    stage.act(&owner, ClientAction::Lock(SHADE));
    owner.link.offer_pose(WORLD, pose(4.0));
    stage.tick();
    for client in [&owner, &bob] {
        client.read();
    }

    stage.leave(&owner);
    stage.leave(&owner);
    assert_eq!(stage.tick().users, 1);
    let released = |id| {
        Message::from(LockObjectResponse {
            id,
            ..LockObjectResponse::default()
        })
    };
    let gone = RemoveUsers { users: vec![OWNER] };
    assert_eq!(bob.read(), [released(LAMP), released(SHADE), gone.into()]);
    assert_eq!(owner.read(), [], "the leaver hears nothing of it");
    let positions: Vec<LastPosition> = stage
        .saved()
        .into_iter()
        .flat_map(|batch| batch.positions)
        .collect();
    assert_eq!(
        positions,
        [LastPosition {
            user: OWNER,
            transform: pose(4.0)
        }]
    );
    stage.tick();
    assert_eq!(bob.read(), []);
}

#[test]
fn a_return_in_the_same_tick_sends_no_removal() {
    let mut stage = WorldBuilder::default().open();
    let [ann, bob] = stage.settle([ANN, BOB]);
    stage.leave(&ann);
    stage.enter_again(&ann, None);
    assert_eq!(stage.tick().users, 2);
    assert_eq!(
        names(&ann.read()),
        [
            "set_world",
            "my_transform",
            "add_objects",
            "add_users",
            "add_users"
        ]
    );
    assert_eq!(names(&bob.read()), ["add_users"]);
}

#[test]
fn entering_and_leaving_in_one_tick_is_not_announced() {
    let mut stage = WorldBuilder::default().open();
    let [ann] = stage.settle([ANN]);
    let bob = stage.enter(BOB);
    stage.leave(&bob);
    assert_eq!(stage.tick().users, 1);
    assert_eq!(bob.read(), []);
    assert_eq!(names(&ann.read()), ["remove_users"]);
}

#[test]
fn updates_of_departed_users_are_ignored() {
    let mut stage = WorldBuilder::default().open();
    let [owner, bob] = stage.settle([OWNER, BOB]);
    stage.leave(&owner);
    stage.tick();
    bob.read();
    owner.link.offer_pose(WORLD, pose(5.0));
    stage.act(&owner, ClientAction::Lock(LAMP));
    stage.act(
        &owner,
        ClientAction::HighFive {
            receiver: BOB,
            message: String::new(),
        },
    );
    stage.tick();
    assert_eq!(bob.read(), []);
}

#[test]
fn a_session_gets_nothing_of_the_world_it_left() {
    let mut old = WorldBuilder::default().open();
    let [ann] = old.settle([ANN]);
    let elsewhere = id(20);
    let mut new = WorldBuilder {
        world: elsewhere,
        objects: vec![object(elsewhere, NODE)],
        ..WorldBuilder::default()
    }
    .open();
    new.enter_again(&ann, None);
    new.tick();
    // The old world has not got round to the leave yet.
    old.enter(BOB);
    old.tick();
    let heard = ann.read();
    assert_eq!(
        names(&heard),
        ["set_world", "my_transform", "add_objects", "add_users"]
    );
    old.leave(&ann);
    old.tick();
    new.enter(EVE);
    new.tick();
    assert_eq!(names(&ann.read()), ["add_users"]);
}

/// A client's last message comes right before it goes.
#[test]
fn the_last_move_before_leaving_counts() {
    let mut stage = WorldBuilder::default().open();
    let [ann] = stage.settle([ANN]);
    ann.link.offer_pose(WORLD, pose(6.0));
    stage.leave(&ann);
    stage.tick();
    let positions: Vec<LastPosition> = stage
        .saved()
        .into_iter()
        .flat_map(|batch| batch.positions)
        .collect();
    let position = LastPosition {
        user: ANN,
        transform: pose(6.0),
    };
    assert_eq!(positions, [position]);
}
