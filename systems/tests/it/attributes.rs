//! Receivers of an attribute's change: the matrix of docs/spec/posbus.md §5.6 with read
//! permissions (W21), row by row.

use components::Umid;
use posbus::{AttributeValueChanged, MAX_SERVER_FRAME, Message};
use serde_json::{Value, json};
use systems::{AttributeChange, Effect};
use testkit::world::*;

#[derive(Clone, Copy, Debug)]
enum Kind {
    /// Of the lamp.
    Object,
    /// Of Ann in the lamp.
    ObjectUser,
    /// Of Ann.
    User,
    /// From Ann to Bob.
    UserUser,
    /// From somebody who is elsewhere to Bob.
    FromElsewhere,
    /// Of Ann in the node.
    NodeUser,
}
use Kind::{FromElsewhere, NodeUser, Object, ObjectUser, User, UserUser};

impl Kind {
    fn target(self) -> Umid {
        match self {
            Object | ObjectUser => LAMP,
            User => ANN,
            UserUser | FromElsewhere => BOB,
            NodeUser => NODE,
        }
    }

    fn change(self, value: Value, options: Value, removed: bool) -> Effect {
        let change = AttributeChange {
            attribute: core("state"),
            value: (!removed).then(|| map(value)),
            options: Some(map(options)),
            removed,
        };
        match self {
            Object => Effect::ObjectAttribute {
                object: LAMP,
                change,
            },
            ObjectUser => Effect::ObjectUserAttribute {
                object: LAMP,
                user: ANN,
                change,
            },
            NodeUser => Effect::ObjectUserAttribute {
                object: NODE,
                user: ANN,
                change,
            },
            User => Effect::UserAttribute { user: ANN, change },
            UserUser | FromElsewhere => Effect::UserUserAttribute {
                source: if matches!(self, UserUser) {
                    ANN
                } else {
                    id(999)
                },
                target: BOB,
                change,
            },
        }
    }
}

const ALL: &[Umid] = &[OPERATOR, OWNER, ANN, BOB, EVE];

/// Kind, scopes, who may read, who is told. Everybody but "somebody elsewhere" is in the world.
const MATRIX: &[(Kind, &[&str], &str, &[Umid])] = &[
    (Object, &[], "any", &[]),
    (Object, &["world"], "any", ALL),
    (Object, &["object"], "any", ALL),
    (Object, &["user"], "any", &[]),
    (Object, &["node"], "any", &[]),
    (Object, &["world", "object", "world"], "any", ALL),
    (Object, &["world"], "user", ALL),
    (Object, &["world"], "admin", &[OPERATOR, OWNER]),
    (Object, &["world"], "nobody", &[]),
    (ObjectUser, &["world"], "any", ALL),
    (ObjectUser, &["object"], "any", ALL),
    (ObjectUser, &["user"], "any", &[ANN]),
    (ObjectUser, &["user", "object"], "any", ALL),
    (ObjectUser, &["world"], "user_owner", &[ANN]),
    (
        ObjectUser,
        &["object"],
        "admin+user_owner",
        &[OPERATOR, OWNER, ANN],
    ),
    (ObjectUser, &["user"], "admin", &[]),
    (User, &["world"], "any", ALL),
    (User, &["object"], "any", &[]),
    (User, &["user"], "any", &[ANN]),
    (User, &["user", "world"], "any", ALL),
    (User, &["world"], "user_owner", &[ANN]),
    (User, &["user"], "admin", &[]),
    (UserUser, &["world"], "any", ALL),
    (UserUser, &["object"], "any", &[]),
    (UserUser, &["user"], "any", &[ANN, BOB]),
    (UserUser, &["user", "world"], "any", ALL),
    (UserUser, &["world"], "target_user", &[BOB]),
    (UserUser, &["user"], "user_owner", &[ANN]),
    (UserUser, &["world"], "admin", &[]),
    (FromElsewhere, &["world"], "any", &[]),
    (FromElsewhere, &["user", "world"], "any", &[BOB]),
    (FromElsewhere, &["user"], "user_owner", &[]),
    (NodeUser, &["world", "object"], "any", &[]),
    (NodeUser, &["user", "object"], "any", &[ANN]),
    (NodeUser, &["user"], "admin", &[]),
];

#[test]
fn broadcast_matrix() {
    let mut stage = WorldBuilder::default().open();
    let clients = stage.settle([OPERATOR, OWNER, ANN, BOB, EVE]);
    for (kind, scopes, read, expected) in MATRIX {
        let options = json!({
            "posbus_auto": {"scope": scopes},
            "permissions": {"read": read, "write": "admin"},
        });
        for removed in [false, true] {
            stage.effect(kind.change(json!({"on": true}), options.clone(), removed));
            stage.tick();
            let change_type = if removed {
                AttributeValueChanged::REMOVED
            } else {
                AttributeValueChanged::CHANGED
            };
            let change = Message::from(AttributeValueChanged {
                plugin_id: components::ids::CORE_PLUGIN,
                attribute_name: "state".to_owned(),
                change_type: change_type.to_owned(),
                value: (!removed).then(|| map(json!({"on": true}))),
                target_id: kind.target(),
            });
            for client in &clients {
                let told = client.read();
                let hears = expected.contains(&client.user);
                let row = format!("{kind:?} {scopes:?} {read}: user {}", client.user.as_u128());
                assert_eq!(told.len(), usize::from(hears), "{row}");
                assert!(told.iter().all(|message| *message == change), "{row}");
            }
        }
    }
}

#[test]
fn the_default_is_readable_by_all_and_told_to_none() {
    let mut stage = WorldBuilder::default().open();
    let [eve] = stage.settle([EVE]);
    stage.effect(Object.change(json!({}), json!({}), false));
    stage.effect(Object.change(
        json!({}),
        json!({"posbus_auto": {"scope": ["world"]}}),
        false,
    ));
    stage.tick();
    assert_eq!(names(&eve.read()), ["attribute_value_changed"]);
}

#[test]
fn numbers_go_out_as_the_only_type_that_clients_know() {
    let mut stage = WorldBuilder::default().open();
    let [eve] = stage.settle([EVE]);
    let options = json!({"posbus_auto": {"scope": ["world"]}});
    stage.effect(Object.change(json!({"n": 3, "deep": [1, {"m": 2}]}), options, false));
    stage.tick();
    let heard = eve.read();
    let [Message::AttributeValueChanged(change)] = heard.as_slice() else {
        panic!("{heard:?}")
    };
    assert_eq!(
        change.value,
        Some(map(json!({"n": 3.0, "deep": [1.0, {"m": 2.0}]})))
    );
}

#[test]
fn a_value_too_large_for_a_frame_is_announced_without_it() {
    let mut stage = WorldBuilder::default().open();
    let [eve] = stage.settle([EVE]);
    let options = json!({"posbus_auto": {"scope": ["world"]}});
    let value = json!({"text": "x".repeat(MAX_SERVER_FRAME)});
    stage.effect(Object.change(value, options, false));
    stage.tick();
    let heard = eve.read();
    let [Message::AttributeValueChanged(change)] = heard.as_slice() else {
        panic!("{heard:?}")
    };
    assert_eq!(change.value, None);
    assert_eq!(change.change_type, AttributeValueChanged::CHANGED);
    assert_eq!(eve.closed(), None);
}

#[test]
fn attributes_of_what_is_not_here_are_nobodys_business() {
    let mut stage = WorldBuilder::default().open();
    let [eve] = stage.settle([EVE]);
    let options = json!({"posbus_auto": {"scope": ["world"]}});
    stage.effect(object_attribute(
        id(77),
        "state",
        json!({}),
        options.clone(),
    ));
    stage.effect(User.change(json!({}), options, false));
    stage.tick();
    assert_eq!(eve.read(), []);
}
