//! One connection a user: reconnects, second connections and what is left of the old ones
//! (docs/spec/posbus.md §1.4; docs/regressions.md W10).

use posbus::{Message, Signal, SignalType};
use systems::{ClientAction, DisconnectCause};
use testkit::world::*;

const DESKTOP: components::Umid = id(201);
const PHONE: components::Umid = id(202);

fn dual_connection() -> Message {
    Signal {
        value: SignalType::DUAL_CONNECTION,
    }
    .into()
}

#[test]
fn a_reconnect_keeps_place_and_locks_and_nobody_sees_it() {
    let mut stage = WorldBuilder::default().open();
    let [bob] = stage.settle([BOB]);
    let owner = stage.enter_with(OWNER, DESKTOP, None);
    stage.tick();
    bob.read();
    owner.link.offer_pose(WORLD, pose(7.0));
    stage.act(&owner, ClientAction::Lock(LAMP));
    stage.tick();
    bob.read();

    let again = stage.enter_with(OWNER, DESKTOP, Some(pose(99.0)));
    stage.tick();
    owner.read();
    assert_eq!(owner.closed(), Some(DisconnectCause::Replaced));
    assert_eq!(bob.read(), [], "nobody sees it blink");
    let place = again.read().into_iter().find_map(|message| match message {
        Message::MyTransform(place) => Some(place.position.x),
        _ => None,
    });
    assert_eq!(place, Some(7.0));

    stage.act(&again, ClientAction::MoveObject(LAMP, transform(3.0)));
    stage.tick();
    assert_eq!(names(&bob.read()), ["object_transform"], "still the holder");
}

#[test]
fn the_old_session_hears_why_it_has_to_go() {
    for (session, messages, cause) in [
        (DESKTOP, vec![], DisconnectCause::Replaced),
        (
            PHONE,
            vec![dual_connection()],
            DisconnectCause::DualConnection,
        ),
    ] {
        let mut stage = WorldBuilder::default().open();
        let first = stage.enter_with(ANN, DESKTOP, None);
        stage.tick();
        first.read();
        let second = stage.enter_with(ANN, session, None);
        stage.tick();
        assert_eq!(first.read(), messages, "{cause:?}");
        assert_eq!(first.closed(), Some(cause));
        assert_eq!(second.closed(), None);
    }
}

#[test]
fn a_displaced_session_stays_out_while_the_newer_one_is_there() {
    let mut stage = WorldBuilder::default().open();
    let _desktop = stage.enter_with(ANN, DESKTOP, None);
    let phone = stage.enter_with(ANN, PHONE, None);
    stage.tick();

    let returning = stage.enter_with(ANN, DESKTOP, None);
    stage.tick();
    assert_eq!(returning.read(), [dual_connection()]);
    assert_eq!(returning.closed(), Some(DisconnectCause::Displaced));
    assert_eq!(phone.closed(), None);

    stage.leave(&phone);
    let back = stage.enter_with(ANN, DESKTOP, None);
    assert_eq!(stage.tick().users, 1);
    assert_eq!(back.closed(), None);
}

#[test]
fn sessions_may_displace_each_other_in_turn() {
    let mut stage = WorldBuilder::default().open();
    let tablet = id(203);
    stage.enter_with(ANN, DESKTOP, None);
    stage.enter_with(ANN, PHONE, None);
    let third = stage.enter_with(ANN, tablet, None);
    stage.tick();
    for displaced in [DESKTOP, PHONE] {
        let returning = stage.enter_with(ANN, displaced, None);
        stage.tick();
        assert_eq!(returning.read(), [dual_connection()]);
    }
    assert_eq!(third.closed(), None);
}

#[test]
fn late_messages_of_an_old_connection_change_nothing() {
    let mut stage = WorldBuilder::default().open();
    let [bob] = stage.settle([BOB]);
    let old = stage.enter_with(OWNER, DESKTOP, None);
    let new = stage.enter_with(OWNER, DESKTOP, None);
    stage.tick();
    bob.read();
    new.read();

    stage.act(&old, ClientAction::Lock(LAMP));
    stage.leave(&old);
    assert_eq!(stage.tick().users, 2);
    assert_eq!(bob.read(), []);
    assert_eq!(new.read(), []);
    assert_eq!(stage.saved(), []);
}

/// Cut off, a client is back before its last position is in the database: it brings an older one or
/// none.
#[test]
fn an_immediate_return_keeps_the_position() {
    for ticks_between in [0, 1] {
        let mut stage = WorldBuilder::default().open();
        let old = stage.enter_with(ANN, DESKTOP, None);
        stage.tick();
        old.link.offer_pose(WORLD, pose(7.0));
        stage.leave(&old);
        for _ in 0..ticks_between {
            stage.tick();
        }
        let new = stage.enter_with(ANN, DESKTOP, Some(pose(1.0)));
        stage.tick();
        let place = new.read().into_iter().find_map(|message| match message {
            Message::MyTransform(place) => Some(place.position.x),
            _ => None,
        });
        assert_eq!(place, Some(7.0), "{ticks_between} ticks between");
    }
}
