//! The lock matrix of docs/spec/posbus.md §5.5, row by row.

use components::Umid;
use posbus::{LockObjectResponse, Message};
use systems::ClientAction;
use testkit::world::*;

#[derive(Clone, Copy)]
enum Act {
    Lock(Umid, Umid),
    Unlock(Umid, Umid),
}
use Act::{Lock, Unlock};

/// Receivers of an answer.
#[derive(Debug, PartialEq)]
enum Heard {
    ByAll(u32, Umid),
    BySender(u32, Umid),
}
use Heard::{ByAll, BySender};

const NOBODY: Umid = Umid::nil();
const UNKNOWN: Umid = id(77);

#[test]
fn lock_matrix() {
    let rows: [(&str, &[Act], Act, Heard); 11] = [
        ("was free", &[], Lock(OWNER, LAMP), ByAll(1, OWNER)),
        (
            "held by oneself",
            &[Lock(OWNER, LAMP)],
            Lock(OWNER, LAMP),
            BySender(0, OWNER),
        ),
        (
            "held by another",
            &[Lock(OWNER, LAMP)],
            Lock(ANN, LAMP),
            BySender(0, OWNER),
        ),
        ("not an admin", &[], Lock(EVE, LAMP), BySender(0, NOBODY)),
        (
            "not an admin, held",
            &[Lock(ANN, LAMP)],
            Lock(EVE, LAMP),
            BySender(0, ANN),
        ),
        (
            "not in this world",
            &[],
            Lock(OWNER, UNKNOWN),
            BySender(0, NOBODY),
        ),
        (
            "unlock by the holder",
            &[Lock(ANN, LAMP)],
            Unlock(ANN, LAMP),
            ByAll(1, NOBODY),
        ),
        (
            "unlock by another",
            &[Lock(ANN, LAMP)],
            Unlock(OWNER, LAMP),
            BySender(0, ANN),
        ),
        (
            "unlock of what is free",
            &[],
            Unlock(OWNER, LAMP),
            BySender(0, NOBODY),
        ),
        (
            "unlock of what is not in this world",
            &[],
            Unlock(OWNER, UNKNOWN),
            BySender(0, NOBODY),
        ),
        (
            "free again after an unlock",
            &[Lock(OWNER, LAMP), Unlock(OWNER, LAMP)],
            Lock(ANN, LAMP),
            ByAll(1, ANN),
        ),
    ];
    for (row, before, act, expected) in rows {
        let mut stage = WorldBuilder::default().open();
        // Admins of the lamp: its owner, and Ann by role.
        stage.authority.write().set_admin(LAMP, ANN, true);
        let clients = stage.settle([OWNER, ANN, EVE]);
        let send = |stage: &MemoryWorld, act: Act| {
            let (user, action) = match act {
                Lock(user, object) => (user, ClientAction::Lock(object)),
                Unlock(user, object) => (user, ClientAction::Unlock(object)),
            };
            let client = clients.iter().find(|client| client.user == user);
            stage.act(client.expect("there"), action);
            user
        };
        for act in before {
            send(&stage, *act);
        }
        stage.tick();
        for client in &clients {
            client.read();
        }
        let sender = send(&stage, act);
        stage.tick();
        for client in &clients {
            let answer = client.read();
            let (result, owner, hears) = match expected {
                ByAll(result, owner) => (result, owner, true),
                BySender(result, owner) => (result, owner, client.user == sender),
            };
            let (Lock(_, id) | Unlock(_, id)) = act;
            let response = LockObjectResponse {
                id,
                result,
                lock_owner: owner,
            };
            let expected: Vec<Message> = hears.then(|| response.into()).into_iter().collect();
            assert_eq!(answer, expected, "{row}, heard by {}", client.user);
        }
    }
}

#[test]
fn two_who_reach_for_one_object_in_one_tick() {
    let mut stage = WorldBuilder::default().open();
    stage.authority.write().set_admin(LAMP, ANN, true);
    let [owner, ann] = stage.settle([OWNER, ANN]);
    stage.act(&ann, ClientAction::Lock(LAMP));
    stage.act(&owner, ClientAction::Lock(LAMP));
    stage.tick();
    let holders = |client: &Client| -> Vec<(u32, Umid)> {
        client
            .read()
            .into_iter()
            .filter_map(|message| match message {
                Message::LockObjectResponse(response) => {
                    Some((response.result, response.lock_owner))
                }
                _ => None,
            })
            .collect()
    };
    assert_eq!(holders(&ann), [(1, ANN)]);
    assert_eq!(holders(&owner), [(1, ANN), (0, ANN)]);
}

#[test]
fn a_removed_object_is_held_by_nobody() {
    let mut stage = WorldBuilder::default().open();
    let [owner, bob] = stage.settle([OWNER, BOB]);
    stage.act(&owner, ClientAction::Lock(SHADE));
    stage.tick();
    stage.effect(systems::Effect::RemoveObjects {
        root: LAMP,
        removed: vec![LAMP, SHADE],
    });
    stage.tick();
    bob.read();
    stage.leave(&owner);
    stage.tick();
    assert_eq!(names(&bob.read()), ["remove_users"], "no lock to release");
}
