//! A user who loses a role loses what it allowed.

use posbus::{LockObjectResponse, Message};
use systems::{ClientAction, Effect};
use testkit::world::*;

/// Ann holds the lamp as its admin by role.
fn holding() -> (MemoryWorld, [Client; 2]) {
    let mut stage = WorldBuilder::default().open();
    stage.authority.write().set_admin(LAMP, ANN, true);
    let clients = stage.settle([ANN, BOB]);
    stage.act(&clients[0], ClientAction::Lock(LAMP));
    stage.tick();
    for client in &clients {
        client.read();
    }
    (stage, clients)
}

#[test]
fn a_lost_role_releases_the_lock() {
    let (mut stage, [ann, bob]) = holding();
    stage.authority.write().set_admin(LAMP, ANN, false);
    stage.effect(Effect::RolesChanged);
    stage.act(&ann, ClientAction::MoveObject(LAMP, transform(9.0)));
    stage.tick();
    let released = Message::from(LockObjectResponse {
        id: LAMP,
        ..LockObjectResponse::default()
    });
    assert_eq!(bob.read(), std::slice::from_ref(&released));
    assert_eq!(ann.read(), [released]);
    assert_eq!(stage.saved(), []);
}

#[test]
fn a_lost_role_stops_moves_before_the_world_is_told() {
    let (mut stage, [ann, bob]) = holding();
    stage.authority.write().set_admin(LAMP, ANN, false);
    stage.act(&ann, ClientAction::MoveObject(LAMP, transform(9.0)));
    stage.tick();
    assert_eq!(bob.read(), []);
}

#[test]
fn changes_elsewhere_leave_locks_alone() {
    let (mut stage, [ann, bob]) = holding();
    stage.authority.write().set_admin(SHADE, BOB, true);
    stage.effect(Effect::RolesChanged);
    stage.act(&ann, ClientAction::MoveObject(LAMP, transform(9.0)));
    stage.tick();
    assert_eq!(names(&bob.read()), ["object_transform"]);
}
