//! Permissions on attributes: the truth table of docs/spec/model.md §5.5 over HTTP,
//! for what the seed declares. (For all permissions there can be:
//! `node/src/attributes/permissions/tests.rs`.)

use posbus::Umid;
use serde_json::{Value, json};

use crate::support::{
    Answer, Api, Options, PLAZA, Rows, Server, WELCOME, Whose, attribute_query as query, node_id,
};

const CANVAS_PLUGIN: &str = "c782385b-f518-4078-9988-24f356a37c72";
const WALLET_PLUGIN: &str = "86dc3ae7-9f3d-42cb-85a3-a71abc3c3cb8";

/// Callers, in the order of the table.
struct Cast {
    guest: Api,
    user: Api,
    /// The owner of attributes of a user.
    owner: Api,
    /// The subject of attributes between users.
    target: Api,
    /// Has a role on the world.
    object_admin: Api,
    object_owner: Api,
    node_admin: Api,
    object: Umid,
}

impl Cast {
    async fn gather() -> (Server, Cast) {
        let mut server = Server::start(Options::default().unlimited());
        let node_admin = Api::owner(&mut server).await;
        let guest = Api::guest(&server).await;
        let mut users = Vec::new();
        for number in 1..=5 {
            users.push(Api::user(&server, number).await);
        }
        let [user, owner, target, object_admin, object_owner] = users
            .try_into()
            .unwrap_or_else(|_| unreachable!("there are five"));
        server.stop();
        let mut rows = Rows::of(&server).await;
        let world = rows.world(node_admin.user, "World").await;
        let object = rows.object(world, object_owner.user, "Object").await;
        rows.admin(world, object_admin.user).await;
        rows.close().await;
        server.start_again();
        let cast = Cast {
            guest: guest.at(&server),
            user: user.at(&server),
            owner: owner.at(&server),
            target: target.at(&server),
            object_admin: object_admin.at(&server),
            object_owner: object_owner.at(&server),
            node_admin: node_admin.at(&server),
            object,
        };
        (server, cast)
    }

    fn callers(&self) -> [&Api; 7] {
        [
            &self.guest,
            &self.user,
            &self.owner,
            &self.target,
            &self.object_admin,
            &self.object_owner,
            &self.node_admin,
        ]
    }
}

/// Whether a request passed the check, whatever came of it then.
fn passed(answer: Answer) -> bool {
    match answer.status {
        200 | 202 | 404 => true,
        _ => {
            answer.refused(403, "operation_not_permitted");
            false
        }
    }
}

/// Of guest, user, owner, target, object admin, object owner and node admin.
const ALL_READ_OWNER: &str = "R- R- RW R- R- R- RW";
const NODE_ADMIN: &str = "-- -- -- -- -- -- RW";
const ADMINS: &str = "-- -- -- -- RW RW RW";
const NOBODY: &str = "-- -- -- -- -- -- --";

/// An attribute that the seed declares, and what everybody may with one of a node, of an object, of
/// a user in an object, of a user.
fn table() -> [(String, [&'static str; 4]); 8] {
    let of = |plugin: &str, name: &str| format!("{plugin}/{name}");
    [
        // No permissions declared.
        (
            "emoji".to_owned(),
            [
                NODE_ADMIN,
                "R- R- R- R- RW RW RW",
                "R- R- RW R- RW RW RW",
                ALL_READ_OWNER,
            ],
        ),
        // Read and write: admin+user_owner.
        (
            "skybox_ai".to_owned(),
            [
                NODE_ADMIN,
                ADMINS,
                "-- -- RW -- RW RW RW",
                "-- -- RW -- -- -- RW",
            ],
        ),
        // Read and write: admin.
        (
            of(CANVAS_PLUGIN, "canvas"),
            [NODE_ADMIN, ADMINS, ADMINS, NODE_ADMIN],
        ),
        (
            "blockadelabs".to_owned(),
            [NODE_ADMIN, ADMINS, ADMINS, NODE_ADMIN],
        ),
        // Read: any, write: admin.
        (
            of(CANVAS_PLUGIN, "canvas_contribution"),
            [
                "R- R- R- R- R- R- RW",
                "R- R- R- R- RW RW RW",
                "R- R- R- R- RW RW RW",
                "R- R- R- R- R- R- RW",
            ],
        ),
        // Read: admin+user_owner; proven, never written.
        (
            of(WALLET_PLUGIN, "wallet"),
            [
                "-- -- -- -- -- -- R-",
                "-- -- -- -- R- R- R-",
                "-- -- R- -- R- R- R-",
                "-- -- R- -- -- -- R-",
            ],
        ),
        // Nobody's business.
        ("jwt_key".to_owned(), [NOBODY; 4]),
        (of(WALLET_PLUGIN, "challenge_store"), [NOBODY; 4]),
    ]
}

#[tokio::test]
async fn seeded_attribute_types_have_their_permissions() {
    let (_server, cast) = Cast::gather().await;
    let owner = cast.owner.user;
    let kinds = [
        Whose::Node,
        Whose::Object(cast.object),
        Whose::ObjectUser(cast.object, owner),
        Whose::User(owner),
    ];
    for (attribute, rows) in table() {
        for (whose, expected) in kinds.into_iter().zip(rows) {
            let mut found = Vec::new();
            for caller in cast.callers() {
                let read = passed(caller.read_of(whose, &attribute).await);
                let written = passed(caller.write_of(whose, &attribute, json!({"by": 1})).await);
                found.push(match (read, written) {
                    (true, true) => "RW",
                    (true, false) => "R-",
                    (false, true) => "-W",
                    (false, false) => "--",
                });
                // A user who may write may remove, and nobody else.
                let removed = caller.remove_of(whose, &attribute).await;
                assert_eq!(passed(removed), written, "{attribute} of {whose:?}");
            }
            assert_eq!(found.join(" "), expected, "{attribute} of {whose:?}");
        }
    }
    // Attributes between users can only be written by the user who keeps them.
    let about = Whose::UserUser(owner, cast.target.user);
    for (attribute, writers) in [
        ("emoji".to_owned(), vec![owner]),
        ("skybox_ai".to_owned(), vec![owner]),
        ("blockadelabs".to_owned(), vec![]),
        (format!("{WALLET_PLUGIN}/wallet"), vec![]),
    ] {
        for caller in cast.callers() {
            let written = caller.write_key(about, &attribute, "a", json!(1)).await;
            let may = writers.contains(&caller.user);
            assert_eq!(passed(written), may, "{attribute} by {}", caller.name);
        }
    }
}

#[tokio::test]
async fn keys_are_guarded_as_the_whole_is() {
    let (_server, cast) = Cast::gather().await;
    let whose = Whose::ObjectUser(cast.object, cast.owner.user);
    let key = "job";
    cast.owner
        .write_key(whose, "skybox_ai", key, json!({"id": 1}))
        .await
        .ok(202);
    for caller in cast.callers() {
        let may = [&cast.guest, &cast.user, &cast.target]
            .iter()
            .all(|outsider| outsider.user != caller.user);
        for answer in [
            caller.read_key(whose, "skybox_ai", key).await,
            caller
                .write_key(whose, "skybox_ai", key, json!({"id": 2}))
                .await,
            caller.remove_key(whose, "skybox_ai", "other").await,
        ] {
            assert_eq!(passed(answer), may, "{}", caller.name);
        }
    }
}

/// X19: one's own attributes are read by the same rules as everybody else's.
#[tokio::test]
async fn own_attributes_are_checked_as_well() {
    let server = Server::start(Options::default());
    let user = Api::user(&server, 1).await;
    let mine = async |attribute: &str| {
        user.get(&format!("/users/me/attributes{}", query(attribute)))
            .await
    };
    let wallet = mine(&format!("{WALLET_PLUGIN}/wallet")).await.ok(200);
    assert!(wallet["wallet"][0].is_string(), "{wallet}");
    for secret in ["blockadelabs", "jwt_key"] {
        let refused = mine(secret).await;
        refused.refused(403, "operation_not_permitted");
    }
    mine("high_five").await.refused(404, "attribute_not_found");
    let value = json!({"counter": 3});
    user.write_of(Whose::User(user.user), "high_five", value.clone())
        .await
        .ok(202);
    assert_eq!(mine("high_five").await.ok(200), value);
    mine("no_such")
        .await
        .refused(400, "invalid_plugin_attribute");
}

/// X1, S1: whatever a database of another program holds, and whatever that says of who may read it.
#[tokio::test]
async fn node_attributes_are_secret_unless_declared_otherwise() {
    let mut server = Server::start(Options::default());
    let owner = Api::owner(&mut server).await;
    server.stop();
    let mut rows = Rows::of(&server).await;
    let open = json!({"permissions": {"read": "any", "write": "any"}});
    let secret = json!({"secret": "5f0c1a8a-key"});
    rows.node_attribute("jwt_key", secret, open.clone()).await;
    rows.node_attribute("magic_links", json!({"a": 1}), open)
        .await;
    rows.node_attribute("emojis", json!({"a": 1}), json!({}))
        .await;
    rows.close().await;
    server.start_again();
    let (owner, guest) = (owner.at(&server), Api::guest(&server).await);
    for (attribute, guests, owners) in [
        ("jwt_key", 403, 403),
        ("node_private_key", 403, 403),
        ("node_settings", 403, 200),
        ("emojis", 403, 200),
        ("blockadelabs", 403, 200),
        ("magic_links", 200, 200),
        ("node_public_key", 200, 200),
    ] {
        for (api, status) in [(&guest, guests), (&owner, owners)] {
            let answer = api.read_of(Whose::Node, attribute).await;
            let found = match (attribute, answer.status) {
                // Fresh nodes have no key to show yet.
                ("node_public_key", 404) => 200,
                (_, found) => found,
            };
            assert_eq!(found, status, "{attribute} by {}", api.name);
            let text = String::from_utf8_lossy(&answer.bytes);
            assert!(!text.contains("5f0c1a8a-key"), "{text}");
        }
    }
}

/// Y9, S22: public is public, for admins as well, and nobody has to have written it before.
#[tokio::test]
async fn attributes_made_public_can_be_written_by_all() {
    let mut server = Server::start(Options::default());
    let owner = Api::owner(&mut server).await;
    let guest = Api::guest(&server).await;
    let whose = Whose::Object(PLAZA);
    let publicize = async |api: &Api, attribute: &str| {
        let path = format!("/objects/{PLAZA}/attributes/publicize{}", query(attribute));
        api.post(&path, json!({})).await
    };
    publicize(&guest, "shaders").await.refused(403, "not_admin");
    let refused = guest.write_of(whose, "shaders", json!({})).await;
    refused.refused(403, "operation_not_permitted");

    // One that was never written.
    assert_eq!(publicize(&owner, "shaders").await.ok(202), Value::Null);
    assert_eq!(owner.read_of(whose, "shaders").await.ok(200), Value::Null);
    let absent = owner.read_key(whose, "shaders", "a").await;
    absent.refused(404, "attribute_value_not_found");
    for api in [&guest, &owner, &guest] {
        let value = json!({"by": api.user});
        assert_eq!(
            api.write_of(whose, "shaders", value.clone()).await.ok(202),
            value
        );
        api.write_key(whose, "shaders", "b", json!(1)).await.ok(202);
        api.remove_key(whose, "shaders", "b").await.ok(200);
        assert_eq!(api.read_of(whose, "shaders").await.ok(200), value);
    }

    // One that has a value keeps it.
    let colour = owner.read_of(whose, "object_color").await.ok(200);
    assert_eq!(publicize(&owner, "object_color").await.ok(202), Value::Null);
    assert_eq!(guest.read_of(whose, "object_color").await.ok(200), colour);
    let red = json!({"value": "#ff0000"});
    guest.write_of(whose, "object_color", red).await.ok(202);

    // Neither other attributes nor other objects are public now.
    for (whose, attribute) in [(whose, "texture"), (Whose::Object(WELCOME), "shaders")] {
        let refused = guest.write_of(whose, attribute, json!({})).await;
        refused.refused(403, "operation_not_permitted");
    }
    // The public copy goes with the attribute.
    guest.remove_of(whose, "shaders").await.ok(200);
    let refused = guest.write_of(whose, "shaders", json!({})).await;
    refused.refused(403, "operation_not_permitted");
    publicize(&owner, "no_such")
        .await
        .refused(400, "invalid_plugin_attribute");
    publicize(&owner, "jwt_key")
        .await
        .refused(403, "operation_not_permitted");
    let nowhere = Umid::now_v7();
    let path = format!(
        "/objects/{nowhere}/attributes/publicize{}",
        query("shaders")
    );
    owner
        .post(&path, json!({}))
        .await
        .refused(404, "object_not_found");
}

/// A world's admin is none on the node object, and a user may keep things there (docs/spec/model.md
/// §5.6).
#[tokio::test]
async fn users_keep_things_of_their_own_on_the_node() {
    let (_server, cast) = Cast::gather().await;
    let node = node_id(&cast.node_admin).await;
    let own = Whose::ObjectUser(node, cast.user.user);
    let sky = json!({"name": "Dawn", "artist_name": "Ada", "is_public": true});
    cast.user
        .write_key(own, "skybox_list", "ab12", sky.clone())
        .await
        .ok(202);
    assert_eq!(
        cast.guest
            .read_key(own, "skybox_list", "ab12")
            .await
            .ok(200),
        json!({ "ab12": sky })
    );
    for stranger in [&cast.guest, &cast.object_admin, &cast.object_owner] {
        let refused = stranger.remove_key(own, "skybox_list", "ab12").await;
        refused.refused(403, "operation_not_permitted");
    }
    cast.node_admin
        .remove_key(own, "skybox_list", "ab12")
        .await
        .ok(200);
    assert_eq!(
        cast.user.read_of(own, "skybox_list").await.ok(200),
        json!({})
    );
}
