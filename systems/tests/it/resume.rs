//! Broken connections: who is held, who comes back, who does not (docs/protocol.md, Coming back).

use std::time::Duration;

use components::Umid;
use posbus::{LockObjectResponse, Message, RemoveUsers, Signal, SignalType};
use systems::{ClientAction, DisconnectCause, LastPosition};
use testkit::world::*;

const DESKTOP: Umid = id(201);
const PHONE: Umid = id(202);

/// Longer than any of these tests.
const LONG: Duration = Duration::from_secs(60);
/// Two ticks.
const SHORT: Duration = Duration::from_millis(100);

fn removed(user: Umid) -> Message {
    RemoveUsers { users: vec![user] }.into()
}

fn released(object: Umid) -> Message {
    LockObjectResponse {
        id: object,
        ..LockObjectResponse::default()
    }
    .into()
}

/// Place where a client was put.
fn place(heard: &[Message]) -> Option<f32> {
    heard.iter().find_map(|message| match message {
        Message::MyTransform(place) => Some(place.position.x),
        _ => None,
    })
}

/// Users of whom a client was told that they are present.
fn told_of(heard: &[Message]) -> Vec<Umid> {
    let mut users: Vec<_> = heard
        .iter()
        .filter_map(|message| match message {
            Message::AddUsers(list) => Some(list.users.iter().map(|user| user.id)),
            _ => None,
        })
        .flatten()
        .collect();
    users.sort_unstable();
    users
}

/// Whether a session may come back, and the tick in which that was asked.
fn claim(stage: &mut MemoryWorld, user: Umid, session_id: Umid) -> Option<u64> {
    let handle = stage.handle.clone();
    let asked = ask(async move { handle.resume(user, session_id).await });
    stage.tick();
    asked.answer()
}

#[test]
fn a_return_within_grace_is_invisible_to_others() {
    let mut stage = WorldBuilder::default().open();
    let owner = stage.enter_with(OWNER, DESKTOP, None);
    let [bob] = stage.settle([BOB]);
    owner.read();
    stage.act(&owner, ClientAction::Lock(LAMP));
    stage.tick();
    bob.read();
    owner.link.offer_pose(WORLD, pose(7.0));
    let mut grace = stage.cut(&owner, LONG);
    assert_eq!(stage.tick().users, 2);
    assert_eq!(
        names(&bob.read()),
        ["users_transform_list"],
        "its last move"
    );
    assert!(!grace.has_ended(), "the user is detached");

    let back = stage.enter_with(OWNER, DESKTOP, Some(pose(99.0)));
    assert_eq!(stage.tick().users, 2);
    assert_eq!(bob.read(), [], "nobody sees it blink");
    assert!(grace.has_ended());
    let snapshot = back.read();
    assert_eq!(place(&snapshot), Some(7.0));
    assert_eq!(told_of(&snapshot), [OWNER, BOB], "itself included");

    stage.act(&back, ClientAction::MoveObject(LAMP, transform(3.0)));
    stage.tick();
    assert_eq!(names(&bob.read()), ["object_transform"], "still the holder");
    back.link.offer_pose(WORLD, pose(8.0));
    stage.tick();
    assert_eq!(names(&bob.read()), ["users_transform_list"]);
    assert_eq!(stage.saved(), [], "nobody left");
}

#[test]
fn a_user_leaves_when_grace_ends() {
    let mut stage = WorldBuilder::default().open();
    let owner = stage.enter_with(OWNER, DESKTOP, None);
    let [bob] = stage.settle([BOB]);
    stage.act(&owner, ClientAction::Lock(LAMP));
    stage.tick();
    bob.read();
    owner.link.offer_pose(WORLD, pose(7.0));
    let mut grace = stage.cut(&owner, SHORT);
    stage.tick();
    bob.read();
    assert_eq!(stage.tick().users, 2);
    assert_eq!(bob.read(), []);
    assert_eq!(stage.tick().users, 1);
    assert_eq!(bob.read(), [released(LAMP), removed(OWNER)]);
    assert!(grace.has_ended());
    let positions: Vec<_> = stage
        .saved()
        .into_iter()
        .flat_map(|batch| batch.positions)
        .collect();
    let last = LastPosition {
        user: OWNER,
        transform: pose(7.0),
    };
    assert_eq!(positions, [last]);

    let late = stage.enter_with(OWNER, DESKTOP, None);
    stage.tick();
    assert_eq!(names(&bob.read()), ["add_users"], "an entry as any other");
    assert_eq!(place(&late.read()), Some(7.0));
}

#[test]
fn a_return_in_the_last_tick_of_grace_resumes() {
    let mut stage = WorldBuilder::default().open();
    let ann = stage.enter_with(ANN, DESKTOP, None);
    let [bob] = stage.settle([BOB]);
    stage.cut(&ann, SHORT);
    for _ in 0..2 {
        stage.tick();
    }
    stage.enter_with(ANN, DESKTOP, None);
    for _ in 0..3 {
        assert_eq!(stage.tick().users, 2);
    }
    assert_eq!(bob.read(), []);
}

#[test]
fn the_held_are_seen_by_newcomers_and_hear_nothing() {
    let mut stage = WorldBuilder::default().open();
    let ann = stage.enter_with(ANN, DESKTOP, None);
    let [bob] = stage.settle([BOB]);
    ann.read();
    stage.cut(&ann, LONG);
    let eve = stage.enter(EVE);
    bob.link.offer_pose(WORLD, pose(5.0));
    let message = "are you there?".to_owned();
    stage.act(
        &bob,
        ClientAction::HighFive {
            receiver: ANN,
            message,
        },
    );
    stage.tick();
    assert_eq!(told_of(&eve.read()), [ANN, BOB, EVE]);
    assert_eq!(ann.read(), []);
    // Newcomer and returner of one tick hear of each other.
    let back = stage.enter_with(ANN, DESKTOP, None);
    let owner = stage.enter(OWNER);
    stage.tick();
    assert_eq!(told_of(&back.read()), [OWNER, ANN, BOB, EVE]);
    assert_eq!(told_of(&owner.read()), [OWNER, ANN, BOB, EVE]);
}

#[test]
fn another_session_takes_the_place_of_the_held_one() {
    let mut stage = WorldBuilder::default().open();
    let owner = stage.enter_with(OWNER, DESKTOP, None);
    let [bob] = stage.settle([BOB]);
    stage.act(&owner, ClientAction::Lock(LAMP));
    owner.link.offer_pose(WORLD, pose(7.0));
    let mut grace = stage.cut(&owner, SHORT);
    stage.tick();
    bob.read();

    let phone = stage.enter_with(OWNER, PHONE, None);
    stage.tick();
    assert!(grace.has_ended());
    assert_eq!(names(&bob.read()), ["add_users"], "an upsert");
    assert_eq!(place(&phone.read()), Some(7.0));
    stage.act(&phone, ClientAction::MoveObject(LAMP, transform(3.0)));
    stage.tick();
    assert_eq!(names(&bob.read()), ["object_transform"]);

    let returning = stage.enter_with(OWNER, DESKTOP, None);
    stage.tick();
    let dual_connection = Signal {
        value: SignalType::DUAL_CONNECTION,
    };
    assert_eq!(returning.read(), [dual_connection.into()]);
    assert_eq!(returning.closed(), Some(DisconnectCause::Displaced));
    assert_eq!(phone.closed(), None);
}

#[test]
fn a_late_break_of_a_replaced_connection_changes_nothing() {
    let mut stage = WorldBuilder::default().open();
    let old = stage.enter_with(ANN, DESKTOP, None);
    let [bob] = stage.settle([BOB]);
    let new = stage.enter_with(ANN, DESKTOP, None);
    stage.tick();
    let mut grace = stage.cut(&old, SHORT);
    for _ in 0..4 {
        assert_eq!(stage.tick().users, 2);
    }
    assert!(grace.has_ended(), "nobody is detached");
    new.link.offer_pose(WORLD, pose(1.0));
    stage.tick();
    assert_eq!(names(&bob.read()), ["users_transform_list"]);
}

#[test]
fn a_connection_lost_on_arrival_still_announces_its_user() {
    let mut stage = WorldBuilder::default().open();
    let [bob] = stage.settle([BOB]);
    let ann = stage.enter_with(ANN, DESKTOP, None);
    stage.cut(&ann, SHORT);
    stage.tick();
    assert_eq!(names(&bob.read()), ["add_users"]);
    let back = stage.enter_with(ANN, DESKTOP, None);
    stage.tick();
    assert_eq!(bob.read(), []);
    assert_eq!(told_of(&back.read()), [ANN, BOB]);
}

#[test]
fn a_drag_that_breaks_off_is_saved_at_once() {
    let mut stage = WorldBuilder::default().open();
    let [owner] = stage.settle([OWNER]);
    stage.act(&owner, ClientAction::Lock(LAMP));
    stage.act(&owner, ClientAction::MoveObject(LAMP, transform(3.0)));
    stage.cut(&owner, LONG);
    stage.tick();
    let saved = stage.saved();
    assert_eq!(saved.len(), 1);
    assert_eq!(saved[0].transforms.get(&LAMP), Some(&transform(3.0)));
}

#[test]
fn the_held_can_be_let_go_early() {
    let mut stage = WorldBuilder::default().open();
    let ann = stage.enter_with(ANN, DESKTOP, None);
    let [bob] = stage.settle([BOB]);
    let mut grace = stage.cut(&ann, LONG);
    stage.tick();
    stage.leave(&ann);
    assert_eq!(stage.tick().users, 1);
    assert_eq!(bob.read(), [removed(ANN)]);
    assert!(grace.has_ended());
}

#[test]
fn a_world_with_the_held_alone_stays_unless_forced() {
    let mut stage = WorldBuilder::default().open();
    let [ann] = stage.settle([ANN]);
    let mut grace = stage.cut(&ann, LONG);
    for (force, ends) in [(false, false), (true, true)] {
        let handle = stage.handle.clone();
        let ended = ask(async move { handle.stop(force).await });
        assert_eq!(stage.tick().stopped, ends);
        assert_eq!(ended.answer(), ends);
    }
    assert!(grace.has_ended());
    let saved = stage.saved();
    assert_eq!(
        saved
            .iter()
            .map(|batch| batch.positions.len())
            .sum::<usize>(),
        1
    );
}

#[test]
fn only_the_session_itself_can_claim_its_place() {
    let mut stage = WorldBuilder::default().open();
    let ann = stage.enter_with(ANN, DESKTOP, None);
    stage.tick();
    assert_eq!(
        claim(&mut stage, ANN, DESKTOP),
        Some(2),
        "not found broken yet"
    );
    stage.cut(&ann, SHORT);
    assert_eq!(claim(&mut stage, ANN, DESKTOP), Some(3));
    assert_eq!(claim(&mut stage, ANN, PHONE), None);
    assert_eq!(claim(&mut stage, BOB, DESKTOP), None);
    // A session that was told to come in finds the place.
    assert_eq!(stage.tick().users, 1);
    for _ in 0..20 {
        stage.tick();
    }
    assert_eq!(stage.tick().users, 0, "but not for ever");
    assert_eq!(claim(&mut stage, ANN, DESKTOP), None);
}
