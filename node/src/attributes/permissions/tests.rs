//! The truth table of docs/spec/model.md §5.5 and docs/spec/model.md §5.5 with the rules that are
//! new: node attributes are secret unless declared otherwise, `user` is everybody with a token,
//! admins of the node are admins of user attributes, and what is no role never matches.

use components::Reason;
use serde_json::{Value, json};
use store::{DirectoryRows, ObjectLink};

use super::*;

const fn id(number: u128) -> Umid {
    Umid::from_u128(number)
}

const NODE: Umid = id(1);
const WORLD: Umid = id(2);
const OBJECT: Umid = id(3);

/// A caller. Guests and other users are the same to attributes.
const CALLERS: [(&str, Umid); 7] = [
    ("guest", id(100)),
    ("user", id(101)),
    ("owner", OWNER),
    ("target", TARGET),
    ("object admin", id(104)),
    ("object owner", id(105)),
    ("node admin", id(106)),
];
/// The owner of attributes of a user.
const OWNER: Umid = id(102);
/// The subject of attributes between users.
const TARGET: Umid = id(103);

/// A node with a world, in which there is an object that belongs to somebody; its world has an
/// admin, as has the node.
fn directory() -> Directory {
    let link = |id, parent, owner| ObjectLink {
        id,
        parent,
        owner,
        object_type: Umid::nil(),
    };
    Directory::new(DirectoryRows {
        node: NODE,
        objects: vec![
            link(NODE, NODE, ids::SYSTEM_USER),
            link(WORLD, NODE, ids::SYSTEM_USER),
            link(OBJECT, WORLD, id(105)),
        ],
        admins: vec![(WORLD, id(104)), (NODE, id(106))],
        ..DirectoryRows::default()
    })
}

/// For each set of permissions and each kind: what each caller may, in their order. `R` read, `W`
/// write, `-` neither.
type Row = (Value, [&'static str; 5]);

fn table() -> [Row; 10] {
    let both = |side: &str| json!({"read": side, "write": side});
    // guest, user, owner, target, object admin, object owner, node admin
    let nobody = "-- -- -- -- -- -- --";
    let all = "RW RW RW RW RW RW RW";
    let node_admin = "-- -- -- -- -- -- RW";
    let admins = "-- -- -- -- RW RW RW";
    let owner = "-- -- RW -- -- -- --";
    let target = "-- -- -- RW -- -- --";
    let read = "R- R- R- R- R- R- R-";
    // node, object, object-user, user, user-user
    [
        (
            Value::Null,
            [
                node_admin,
                "R- R- R- R- RW RW RW",
                "R- R- RW R- RW RW RW",
                "R- R- RW R- R- R- RW",
                "R- R- RW R- R- R- R-",
            ],
        ),
        (both("any"), [all; 5]),
        (both("user"), [all; 5]),
        (
            both("admin"),
            [node_admin, admins, admins, node_admin, nobody],
        ),
        (both("user_owner"), [nobody, nobody, owner, owner, owner]),
        (
            both("target_user"),
            [nobody, nobody, nobody, nobody, target],
        ),
        (both(""), [nobody; 5]),
        (json!({"read": "any"}), [read; 5]),
        (both("member+everybody+ADMIN"), [nobody; 5]),
        (
            json!({"read": "admin+user_owner", "write": "admin+target_user"}),
            [
                node_admin,
                admins,
                "-- -- R- -- RW RW RW",
                "-- -- R- -- -- -- RW",
                "-- -- R- -W -- -- --",
            ],
        ),
    ]
}

#[test]
fn truth_table() {
    let directory = directory();
    let targets = [
        ("node", AttributeTarget::Node),
        ("object", AttributeTarget::Object(OBJECT)),
        (
            "object-user",
            AttributeTarget::ObjectUser {
                object: OBJECT,
                user: OWNER,
            },
        ),
        ("user", AttributeTarget::User(OWNER)),
        (
            "user-user",
            AttributeTarget::UserUser {
                source: OWNER,
                target: TARGET,
            },
        ),
    ];
    let name = ids::core("high_five");
    for (permissions, kinds) in table() {
        let row = (!permissions.is_null())
            .then(|| JsonMap::from_iter([("permissions".to_owned(), permissions.clone())]));
        let options = AttributeOptions::effective(&name.name, row.as_ref(), None);
        for ((kind, target), expected) in targets.into_iter().zip(kinds) {
            let found = CALLERS.map(|(_, caller)| {
                let roles = roles(&directory, caller, target).expect("the object exists");
                let may = |access| permitted(&options, roles, target, &name, access);
                match (may(Access::Read), may(Access::Write)) {
                    (true, true) => "RW",
                    (true, false) => "R-",
                    (false, true) => "-W",
                    (false, false) => "--",
                }
            });
            let callers = CALLERS.map(|(caller, _)| caller);
            assert_eq!(
                found.join(" "),
                expected,
                "{permissions} {kind}, of {callers:?}"
            );
        }
    }
}

#[test]
fn attributes_of_unknown_objects_are_not_there() {
    let directory = directory();
    let object = id(77);
    for target in [
        AttributeTarget::Object(object),
        AttributeTarget::ObjectUser {
            object,
            user: OWNER,
        },
    ] {
        let roles = roles(&directory, id(106), target);
        assert!(matches!(
            roles,
            Err(NodeError::Refused(Reason::ObjectNotFound))
        ));
    }
}

#[test]
fn a_role_on_the_node_object_reaches_what_users_keep_there() {
    let directory = directory();
    let target = AttributeTarget::ObjectUser {
        object: NODE,
        user: OWNER,
    };
    for (caller, admin, owner) in [
        (OWNER, false, true),
        (id(105), false, false),
        (id(106), true, false),
    ] {
        let roles = roles(&directory, caller, target).expect("the node is an object");
        assert_eq!(
            (roles.has(Role::Admin), roles.has(Role::UserOwner)),
            (admin, owner)
        );
    }
}

/// No options make them public: what other programs left there is a key to everything.
#[test]
fn secrets_of_other_programs_are_unreadable() {
    let open = AttributeOptions::effective(
        "test",
        Some(&JsonMap::from_iter([(
            "permissions".to_owned(),
            json!({"read": "any", "write": "any"}),
        )])),
        None,
    );
    let everything = [Role::Admin, Role::UserOwner, Role::TargetUser]
        .into_iter()
        .fold(Roles::AUTHENTICATED, Roles::with);
    for (plugin, name) in [
        (ids::CORE_PLUGIN, "jwt_key"),
        (ids::CORE_PLUGIN, "node_private_key"),
        (ids::WALLET_PLUGIN, "challenge_store"),
    ] {
        let id = AttributeId {
            plugin,
            name: name.to_owned(),
        };
        for target in [AttributeTarget::Node, AttributeTarget::Object(OBJECT)] {
            for access in [Access::Read, Access::Write] {
                assert!(
                    !permitted(&open, everything, target, &id, access),
                    "{id} {access:?}"
                );
            }
        }
    }
}

#[test]
fn wallets_are_written_by_nobody() {
    let id = AttributeId {
        plugin: ids::WALLET_PLUGIN,
        name: "wallet".to_owned(),
    };
    let target = AttributeTarget::User(ids::SYSTEM_USER);
    let everything = Roles::AUTHENTICATED.with(Role::Admin).with(Role::UserOwner);
    let options = JsonMap::from_iter([(
        "permissions".to_owned(),
        json!({"read": "any", "write": "any"}),
    )]);
    let open = AttributeOptions::effective("wallet", Some(&options), None);
    assert!(permitted(&open, everything, target, &id, Access::Read));
    assert!(!permitted(&open, everything, target, &id, Access::Write));
}
