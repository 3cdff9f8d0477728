//! Objects that visitors put below a canvas, and below whatever else invites them to
//! (docs/spec/model.md §4.3).

use posbus::{AddObjects, AttributeValueChanged, Umid};
use serde_json::{Value, json};

use crate::support::{
    Answer, Api, CANVAS, CANVAS_CHILD, CORE, CUSTOM_OBJECT, Client, Options, Server, WELCOME, id,
};

const CANVAS_PLUGIN: &str = "c782385b-f518-4078-9988-24f356a37c72";
const WALLETS: &str = "86dc3ae7-9f3d-42cb-85a3-a71abc3c3cb8";

async fn spawn(api: &Api, parent: Umid, object_type: Umid, attributes: Value) -> Answer {
    let new = json!({"object_name": "Contribution", "object_type_id": object_type,
        "attributes": {"object_user": attributes}});
    api.post(&format!("/objects/{parent}/spawn-by-user"), new)
        .await
}

async fn children(api: &Api, object: Umid) -> Value {
    let tree = api.get(&format!("/objects/{object}/tree")).await.ok(200);
    tree["total_direct_children"].clone()
}

#[tokio::test]
async fn a_visitor_contributes_to_a_canvas() {
    let mut server = Server::start(Options::default());
    let owner = Api::owner(&mut server).await;
    let visitor = Api::user(&server, 7).await;
    let canvas = owner.create_of(WELCOME, CANVAS, "Canvas").await;
    let mut watcher = Client::guest(&server).await;
    let attributes = json!([
        {"plugin_id": CANVAS_PLUGIN, "attribute_name": "canvas_contribution",
         "value": {"answerOne": "42", "render_hash": "0123"}},
        {"plugin_id": CORE, "attribute_name": "vote", "value": {}},
    ]);
    let spawned = spawn(&visitor, canvas, CANVAS_CHILD, attributes)
        .await
        .ok(201);
    let child = id(&spawned, "object_id");
    let list = watcher
        .expect("the contribution", |list: &AddObjects| {
            list.objects.iter().any(|object| object.id == child)
        })
        .await;
    assert_eq!(list.objects[0].name, "Contribution");
    let vote = watcher
        .expect("the vote", |change: &AttributeValueChanged| {
            change.target_id == child
        })
        .await;
    assert_eq!(vote.attribute_name, "vote");
    let read = visitor.get(&format!("/objects/{child}")).await.ok(200);
    assert_eq!(read["owner_id"], json!(visitor.user));
    let contributions = format!("/canvas/{canvas}/user-contributions");
    let list = visitor.get(&contributions).await;
    if list.status != 404 {
        let list = list.ok(200);
        assert_eq!(list["items"][0]["value"]["answerOne"], "42", "{list}");
    }
    // The owner edits and removes it.
    let path = format!("/objects/{child}");
    visitor
        .patch(&path, json!({"object_name": "Mine"}))
        .await
        .ok(200);
    visitor.delete(&path).await.ok(200);
    assert_eq!(children(&visitor, canvas).await, 0);
}

#[tokio::test]
async fn only_inviting_parents_take_objects_of_visitors() {
    let mut server = Server::start(Options::default());
    let owner = Api::owner(&mut server).await;
    let visitor = Api::user(&server, 7).await;
    let guest = Api::guest(&server).await;
    let canvas = owner.create_of(WELCOME, CANVAS, "Canvas").await;
    let node = id(&owner.get("/config/ui-client").await.ok(200), "NODE_ID");
    let world = "a41ee21e-6c56-41b3-81a9-1c86578b6b3c"
        .parse()
        .expect("an id");
    for (api, parent, object_type) in [
        (&visitor, WELCOME, CUSTOM_OBJECT),
        (&guest, WELCOME, CUSTOM_OBJECT),
        (&guest, canvas, CANVAS_CHILD),
        (&visitor, node, world),
        (&owner, node, world),
    ] {
        let answer = spawn(api, parent, object_type, json!([])).await;
        answer.refused(403, "object_creation_not_permitted");
    }
    // An owner who opts in invites users, but no guests; types and limits hold still.
    let sub = json!({"sub_option_key": "spawn_by_user", "sub_option_value": true});
    let path = format!("/objects/{WELCOME}/options/sub");
    owner.post(&path, sub.clone()).await.ok(202);
    spawn(&visitor, WELCOME, CUSTOM_OBJECT, json!([]))
        .await
        .ok(201);
    let answer = spawn(&visitor, WELCOME, CANVAS_CHILD, json!([])).await;
    answer.refused(400, "object_type_not_permitted");
    let answer = spawn(&guest, WELCOME, CUSTOM_OBJECT, json!([])).await;
    answer.refused(403, "object_creation_not_permitted");
    owner.delete_with(&path, sub).await.ok(200);
    let answer = spawn(&visitor, WELCOME, CUSTOM_OBJECT, json!([])).await;
    answer.refused(403, "object_creation_not_permitted");
    // A guest who is admin of the parent may.
    let member = json!({"role": "admin", "user_id": guest.user});
    let members = format!("/objects/{canvas}/members");
    owner.post(&members, member).await.ok(200);
    spawn(&guest, canvas, CANVAS_CHILD, json!([])).await.ok(201);
}

#[tokio::test]
async fn a_visitor_has_a_quota_below_one_parent() {
    let mut server = Server::start(Options::default());
    let owner = Api::owner(&mut server).await;
    let (one, two) = (Api::user(&server, 7).await, Api::user(&server, 8).await);
    let canvas = owner.create_of(WELCOME, CANVAS, "Canvas").await;
    for _ in 0..5 {
        spawn(&one, canvas, CANVAS_CHILD, json!([])).await.ok(201);
    }
    let answer = spawn(&one, canvas, CANVAS_CHILD, json!([])).await;
    answer.refused(403, "spawn_quota_reached");
    spawn(&two, canvas, CANVAS_CHILD, json!([])).await.ok(201);
    for _ in 0..6 {
        spawn(&owner, canvas, CANVAS_CHILD, json!([])).await.ok(201);
    }
    let options = json!({"options": {"child_limit": 12}});
    owner
        .post(&format!("/objects/{canvas}/options"), options)
        .await
        .ok(202);
    let answer = spawn(&two, canvas, CANVAS_CHILD, json!([])).await;
    answer.refused(400, "child_limit_reached");
}

fn attribute(plugin: &str, name: &str, value: Value) -> Value {
    json!({"plugin_id": plugin, "attribute_name": name, "value": value})
}

#[tokio::test]
async fn attributes_of_spawned_objects_follow_the_write_rules() {
    let mut server = Server::start(Options::default());
    let owner = Api::owner(&mut server).await;
    let visitor = Api::user(&server, 7).await;
    let canvas = owner.create_of(WELCOME, CANVAS, "Canvas").await;
    let comment = || attribute(CORE, "comments", json!({}));
    let large = json!({"text": "x".repeat(70_000)});
    for (attributes, status, reason) in [
        (
            json!([attribute(WALLETS, "wallet", json!({"wallet": ["0x1"]}))]),
            403,
            "operation_not_permitted",
        ),
        (
            json!([comment(), attribute(CORE, "jwt_key", json!({}))]),
            403,
            "operation_not_permitted",
        ),
        (
            json!([attribute(CORE, "unknown", json!({}))]),
            400,
            "invalid_attribute",
        ),
        (
            json!([attribute("nonsense", "vote", json!({}))]),
            400,
            "invalid_plugin_id",
        ),
        (
            json!([attribute(CORE, "", json!({}))]),
            400,
            "invalid_request_body",
        ),
        (
            json!([attribute(CORE, "vote", json!(null))]),
            400,
            "invalid_request_body",
        ),
        (
            json!([attribute(CORE, "vote", json!([]))]),
            400,
            "invalid_request_body",
        ),
        (
            json!([attribute(CORE, "vote", large)]),
            400,
            "invalid_request_body",
        ),
        (
            json!([attribute(CORE, "vote", json!({"a": "\u{0}"}))]),
            400,
            "invalid_request_body",
        ),
        (json!([comment(), comment()]), 400, "invalid_request_body"),
        (json!(5), 400, "invalid_request_body"),
    ] {
        let answer = spawn(&visitor, canvas, CANVAS_CHILD, attributes).await;
        answer.refused(status, reason);
    }
    assert_eq!(
        children(&owner, canvas).await,
        0,
        "nothing was made by halves"
    );

    let path = format!("/objects/{canvas}/spawn-by-user");
    for body in [
        json!({}),
        json!({"object_name": "", "object_type_id": CANVAS_CHILD}),
        json!({"object_name": "two\nlines", "object_type_id": CANVAS_CHILD}),
    ] {
        visitor
            .post(&path, body)
            .await
            .refused(400, "invalid_request_body");
    }
    let body = json!({"object_name": "x", "object_type_id": "nonsense"});
    visitor
        .post(&path, body)
        .await
        .refused(400, "invalid_object_type_id");
    let body = json!({"object_name": "x", "object_type_id": CANVAS_CHILD, "attributes": null});
    visitor.post(&path, body).await.ok(201);
    let answer = spawn(&visitor, Umid::now_v7(), CANVAS_CHILD, json!([])).await;
    answer.refused(404, "parent_not_found");
}
