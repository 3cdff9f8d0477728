//! Operations on an attribute are the same for all kinds (docs/spec/model.md
//! §5.1).

use posbus::Umid;
use serde_json::{Value, json};

use crate::support::{
    Api, CORE, Options, PLAZA, Server, WELCOME, Whose, attribute_query as query, key_query, node_id,
};

/// Every kind with routes of its own for whole attributes, and whoever may write one of it: the
/// owner of the node.
fn kinds(node: Umid, owner: &Api) -> [Whose; 6] {
    [
        Whose::Node,
        Whose::Object(PLAZA),
        Whose::Object(node),
        Whose::ObjectUser(PLAZA, owner.user),
        Whose::ObjectUser(node, owner.user),
        Whose::User(owner.user),
    ]
}

/// D13, Y7: what is deleted is gone, of every kind. F14: what was written can be read, of every
/// kind.
#[tokio::test]
async fn every_kind_is_replaced_read_and_removed_alike() {
    let mut server = Server::start(Options::default().unlimited());
    let owner = Api::owner(&mut server).await;
    let node = node_id(&owner).await;
    for whose in kinds(node, &owner) {
        let absent = owner.read_of(whose, "high_five").await;
        absent.refused(404, "attribute_not_found");
        assert_eq!(
            owner.remove_of(whose, "high_five").await.ok(200),
            Value::Null,
            "{whose:?}: nothing to remove"
        );
        let first = json!({"a": 1, "b": {"c": [true, null, "ü"]}});
        let stored = owner.write_of(whose, "high_five", first.clone()).await;
        assert_eq!(stored.ok(202), first, "{whose:?}");
        assert_eq!(owner.read_of(whose, "high_five").await.ok(200), first);
        let second = json!({"d": 2.5});
        owner
            .write_of(whose, "high_five", second.clone())
            .await
            .ok(202);
        assert_eq!(
            owner.read_of(whose, "high_five").await.ok(200),
            second,
            "{whose:?}: replaced, not merged"
        );
        assert_eq!(
            owner.write_of(whose, "high_five", json!({})).await.ok(202),
            json!({}),
            "{whose:?}: an empty value is one"
        );
        assert_eq!(owner.read_of(whose, "high_five").await.ok(200), json!({}));
        let others = owner.read_of(whose, "emoji").await;
        others.refused(404, "attribute_not_found");
        assert_eq!(
            owner.remove_of(whose, "high_five").await.ok(200),
            Value::Null
        );
        let gone = owner.read_of(whose, "high_five").await;
        gone.refused(404, "attribute_not_found");
    }
}

#[tokio::test]
async fn every_kind_has_keys_that_are_written_alone() {
    let mut server = Server::start(Options::default().unlimited());
    let owner = Api::owner(&mut server).await;
    let node = node_id(&owner).await;
    for whose in kinds(node, &owner).into_iter().skip(1) {
        let absent = owner.read_key(whose, "emojis", "a").await;
        absent.refused(404, "attribute_value_not_found");
        assert_eq!(
            owner.remove_key(whose, "emojis", "a").await.ok(200),
            Value::Null,
            "{whose:?}: nothing to remove"
        );
        let keys = ["a", "a.b", "$.a", "it's \"quoted\"", "ü \\", "0"];
        for (number, key) in keys.into_iter().enumerate() {
            let stored = owner.write_key(whose, "emojis", key, json!(number)).await;
            assert_eq!(stored.ok(202), json!({ key: number }), "{whose:?}");
        }
        for value in [json!(false), json!([1]), json!({"x": null}), json!("")] {
            let stored = owner.write_key(whose, "emojis", "a", value.clone()).await;
            assert_eq!(stored.ok(202), json!({ "a": value }), "{whose:?}");
            assert_eq!(
                owner.read_key(whose, "emojis", "a").await.ok(200),
                json!({ "a": value })
            );
        }
        let absent = owner.read_key(whose, "emojis", "b").await;
        absent.refused(404, "attribute_value_nil");
        for key in keys {
            owner.remove_key(whose, "emojis", key).await.ok(200);
            let gone = owner.read_key(whose, "emojis", key).await;
            gone.refused(404, "attribute_value_nil");
        }
        assert_eq!(
            owner.read_of(whose, "emojis").await.ok(200),
            json!({}),
            "{whose:?}: what has no key left is still there"
        );
    }
}

#[tokio::test]
async fn user_user_attributes_merge_by_key() {
    let server = Server::start(Options::default());
    let (ann, bob) = (Api::guest(&server).await, Api::guest(&server).await);
    let about = Whose::UserUser(ann.user, bob.user);
    let stored = ann.write_key(about, "high_five", "a", json!(1)).await;
    assert_eq!(stored.ok(202), json!({"a": 1}));
    let stored = ann.write_key(about, "high_five", "b", json!(2)).await;
    assert_eq!(stored.ok(202), json!({"a": 1, "b": 2}), "the whole value");
    // The other way round it is another attribute.
    let back = Whose::UserUser(bob.user, ann.user);
    let stored = bob.write_key(back, "high_five", "c", json!(3)).await;
    assert_eq!(stored.ok(202), json!({"c": 3}));
    let nobody = Whose::UserUser(ann.user, Umid::now_v7());
    let refused = ann.write_key(nobody, "high_five", "a", json!(1)).await;
    refused.refused(404, "user_not_found");
    let body = json!({"plugin_id": CORE, "attribute_name": "high_five",
                      "sub_attribute_key": "a", "sub_attribute_value": 1});
    for (path, reason) in [
        (
            format!("/users/attributes/sub/{}/nobody", ann.user),
            "invalid_target_id",
        ),
        (
            format!("/users/attributes/sub/nobody/{}", ann.user),
            "invalid_user_id",
        ),
    ] {
        ann.post(&path, body.clone()).await.refused(400, reason);
    }
}

/// Y8: what is removed is named in the query or in the body, whichever a client uses.
#[tokio::test]
async fn removals_are_named_in_either_place() {
    let mut server = Server::start(Options::default().unlimited());
    let owner = Api::owner(&mut server).await;
    let node = node_id(&owner).await;
    for whose in kinds(node, &owner) {
        let path = whose.path();
        owner
            .write_of(whose, "emoji", json!({"a": 1}))
            .await
            .ok(202);
        let removed = owner.delete(&format!("{path}{}", query("emoji"))).await;
        assert_eq!(removed.ok(200), Value::Null, "{whose:?} in the query");
        let gone = owner.read_of(whose, "emoji").await;
        gone.refused(404, "attribute_not_found");

        let incomplete = owner.delete(&format!("{path}?plugin_id={CORE}")).await;
        incomplete.refused(400, "invalid_request_query");
        let incomplete = owner.delete_with(&path, json!({"plugin_id": CORE})).await;
        incomplete.refused(400, "invalid_request_body");
        let nothing = owner.delete(&path).await;
        nothing.refused(400, "invalid_request_body");
        if matches!(whose, Whose::Node) {
            continue;
        }
        let value = json!({"a": 1, "b": 2, "c": 3});
        owner.write_of(whose, "emoji", value).await.ok(202);
        let path = whose.sub_path();
        let removed = owner
            .delete(&format!("{path}{}", key_query("emoji", "a")))
            .await;
        assert_eq!(removed.ok(200), Value::Null, "{whose:?} in the query");
        owner.remove_key(whose, "emoji", "b").await.ok(200);
        assert_eq!(owner.read_of(whose, "emoji").await.ok(200), json!({"c": 3}));
        let no_key = owner.delete(&format!("{path}{}", query("emoji"))).await;
        no_key.refused(400, "invalid_request_query");
    }
}

/// The same mistakes have other codes in a query than in a body (docs/spec/rest.md §2).
#[tokio::test]
async fn mistakes_have_the_codes_that_clients_know() {
    let mut server = Server::start(Options::default().unlimited());
    let owner = Api::owner(&mut server).await;
    let object = Whose::Object(PLAZA);
    let user = Whose::ObjectUser(PLAZA, owner.user);
    for whose in [object, user, Whose::User(owner.user), Whose::Node] {
        let path = whose.path();
        for (reference, reason) in [
            ("".to_owned(), "invalid_request_query"),
            (format!("?plugin_id={CORE}"), "invalid_request_query"),
            ("?attribute_name=name".to_owned(), "invalid_request_query"),
            (
                "?plugin_id=core&attribute_name=name".to_owned(),
                "invalid_plugin_attribute",
            ),
            (query("no_such_attribute"), "invalid_plugin_attribute"),
            (query("%00"), "invalid_plugin_attribute"),
            (
                query("00000000-0000-0000-0000-000000000009/name"),
                "invalid_plugin_attribute",
            ),
        ] {
            let answer = owner.get(&format!("{path}{reference}")).await;
            answer.refused(400, reason);
        }
        for (body, reason) in [
            (json!({}), "invalid_request_body"),
            (json!([]), "invalid_request_body"),
            (
                json!({"plugin_id": 5, "attribute_name": "emoji", "attribute_value": {}}),
                "invalid_request_body",
            ),
            (
                json!({"plugin_id": "core", "attribute_name": "emoji", "attribute_value": {}}),
                "invalid_plugin_id",
            ),
            (
                json!({"plugin_id": CORE, "attribute_name": "no_such", "attribute_value": {}}),
                "invalid_attribute",
            ),
            (
                json!({"plugin_id": CORE, "attribute_name": "emoji", "attribute_value": null}),
                "invalid_request_body",
            ),
            (
                json!({"plugin_id": CORE, "attribute_name": "emoji", "attribute_value": [1]}),
                "invalid_request_body",
            ),
            (
                json!({"plugin_id": CORE, "attribute_name": "emoji", "attribute_value": {"a\u{0}": 1}}),
                "invalid_request_body",
            ),
            (
                json!({"plugin_id": CORE, "attribute_name": "emoji", "attribute_value": {"a": "x".repeat(70_000)}}),
                "invalid_request_body",
            ),
        ] {
            owner.post(&path, body).await.refused(400, reason);
        }
        let undeclared = owner.remove_of(whose, "no_such").await;
        undeclared.refused(400, "invalid_attribute");
    }
    for key in ["", "a\u{0}", &"k".repeat(300)] {
        let refused = owner.write_key(object, "emoji", key, json!(1)).await;
        refused.refused(400, "invalid_request_body");
    }
    let null = owner.write_key(object, "emoji", "a", Value::Null).await;
    null.refused(400, "invalid_request_body");
    for (path, reason) in [
        ("/objects/plaza/attributes".to_owned(), "invalid_object_id"),
        (
            format!("/objects/{PLAZA}/somebody/attributes"),
            "invalid_user_id",
        ),
        ("/users/somebody/attributes".to_owned(), "invalid_user_id"),
    ] {
        let answer = owner.get(&format!("{path}{}", query("emoji"))).await;
        answer.refused(400, reason);
    }
    let (nowhere, nobody) = (Umid::now_v7(), Umid::now_v7());
    for whose in [
        Whose::Object(nowhere),
        Whose::ObjectUser(nowhere, owner.user),
    ] {
        let answer = owner.read_of(whose, "emoji").await;
        answer.refused(404, "object_not_found");
        let answer = owner.write_of(whose, "emoji", json!({})).await;
        answer.refused(404, "object_not_found");
    }
    for whose in [Whose::ObjectUser(WELCOME, nobody), Whose::User(nobody)] {
        let answer = owner.write_of(whose, "emoji", json!({})).await;
        answer.refused(404, "user_not_found");
    }
    let stranger = Api::stranger(&server);
    let answer = stranger.read_of(object, "name").await;
    answer.refused(401, "failed_to_verify_access_token");
}
