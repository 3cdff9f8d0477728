//! Options of objects: own, effective and sub, checked on write and felt by clients
//! (docs/spec/model.md §4.2).

use posbus::{AddObjects, Message, ObjectDefinition, ObjectTransform, Umid};
use serde_json::{Value, json};

use crate::support::{
    Api, CANVAS, CANVAS_CHILD, CUSTOM_OBJECT, Client, Options, Rows, Server, WELCOME, at,
};

/// The group of children that no rule names.
const OTHERS: &str = "00000000-0000-0000-0000-000000000000";

fn path(object: Umid) -> String {
    format!("/objects/{object}/options")
}

async fn set(api: &Api, object: Umid, options: Value) -> Value {
    let set = json!({"options": options});
    api.post(&path(object), set).await.ok(202)
}

async fn shown(client: &mut Client, id: Umid) -> ObjectDefinition {
    let list = client
        .expect("the object", |list: &AddObjects| {
            list.objects.iter().any(|object| object.id == id)
        })
        .await;
    let mut objects = list.objects.into_iter();
    objects
        .find(|object| object.id == id)
        .expect("was just found")
}

#[tokio::test]
async fn own_and_effective_options_are_told_apart() {
    let mut server = Server::start(Options::default());
    let owner = Api::owner(&mut server).await;
    let guest = Api::guest(&server).await;
    let canvas = owner.create_of(WELCOME, CANVAS, "Canvas").await;
    assert_eq!(guest.get(&path(canvas)).await.ok(200), json!({}));
    let effective = format!("{}?effective=true", path(canvas));
    let options = guest.get(&effective).await.ok(200);
    assert_eq!(options["child_limit"], 42);
    assert_eq!(options["allowed_children"], json!([CANVAS_CHILD]));

    let written = json!({"child_limit": 7, "visible": null, "unknown": true,
        "child_placement": {OTHERS: {"options": {"R": 20}}}});
    let stored = json!({"child_limit": 7, "child_placement": {OTHERS: {"options": {"R": 20}}}});
    assert_eq!(set(&owner, canvas, written).await, stored);
    assert_eq!(guest.get(&path(canvas)).await.ok(200), stored);
    let options = guest.get(&effective).await.ok(200);
    assert_eq!(options["child_limit"], 7);
    let rule = &options["child_placement"][OTHERS];
    assert_eq!(
        (&rule["algo"], &rule["options"]["R"]),
        (&json!("helix"), &json!(20))
    );
    assert_eq!(rule["options"]["helixVshift"], 15, "merged key by key");
    let unknown = path(Umid::now_v7());
    guest.get(&unknown).await.refused(404, "object_not_found");
}

#[tokio::test]
async fn sub_options_are_set_and_removed_one_by_one() {
    let mut server = Server::start(Options::default());
    let owner = Api::owner(&mut server).await;
    let guest = Api::guest(&server).await;
    let object = owner.create(WELCOME, "Stall", at(0.0, 0.0, 0.0)).await;
    let sub = format!("{}/sub", path(object));
    let one = |key: &str| format!("{sub}?sub_option_key={key}");
    guest.get(&one("door")).await.refused(404, "empty_options");
    for (key, value) in [
        ("door", json!({"open": true})),
        ("steps", json!(3)),
        ("a.b", json!([])),
    ] {
        let body = json!({"sub_option_key": key, "sub_option_value": value});
        assert_eq!(owner.post(&sub, body).await.ok(202), json!({key: value}));
    }
    assert_eq!(guest.get(&one("steps")).await.ok(200), json!({"steps": 3}));
    let door = json!({"sub_option_key": "door"});
    for _ in 0..2 {
        assert_eq!(
            owner.delete_with(&sub, door.clone()).await.ok(200),
            json!(null)
        );
    }
    guest
        .get(&one("door"))
        .await
        .refused(404, "empty_sub_options");
    let own = guest.get(&path(object)).await.ok(200);
    assert_eq!(own, json!({"subs": {"steps": 3, "a.b": []}}));
    // Those of the type are found only when asked for.
    let node = owner.get("/config/ui-client").await.ok(200)["NODE_ID"].clone();
    let of_node = format!(
        "/objects/{}/options/sub?sub_option_key=asset2d_plugins",
        node.as_str().expect("an id")
    );
    guest.get(&of_node).await.refused(404, "empty_options");
    let plugins = guest
        .get(&format!("{of_node}&effective=true"))
        .await
        .ok(200);
    assert!(plugins["asset2d_plugins"].is_array(), "{plugins}");
}

#[tokio::test]
async fn invalid_placement_rules_are_refused_on_write() {
    let mut server = Server::start(Options::default());
    let owner = Api::owner(&mut server).await;
    let guest = Api::guest(&server).await;
    let canvas = owner.create_of(WELCOME, CANVAS, "Canvas").await;
    let child = owner.create_of(canvas, CANVAS_CHILD, "Child").await;
    for options in [
        json!({"child_placement": {OTHERS: null}}),
        json!({"child_placement": {OTHERS: {"algo": "cube"}}}),
        json!({"child_placement": {OTHERS: {"algo": null}}}),
        json!({"child_placement": {"door": {"algo": "sector"}}}),
        json!({"child_placement": {OTHERS: {"options": {"R": "wide"}}}}),
        json!({"child_placement": []}),
        json!({"child_limit": -1}),
        json!({"allowed_children": ["door"]}),
        json!({"spawn_point": {"position": {"x": 1e300}}}),
        json!({"visible": 4}),
        json!({"subs": {"text": "a\u{0}b"}}),
        json!({"subs": {"text": "x".repeat(70_000)}}),
    ] {
        let answer = owner.post(&path(canvas), json!({"options": options})).await;
        answer.refused(400, "invalid_request_body");
    }
    for body in [
        json!({}),
        json!({"options": null}),
        json!({"options": [1]}),
        json!([]),
    ] {
        let answer = owner.post(&path(canvas), body).await;
        answer.refused(400, "invalid_request_body");
    }
    let sub = format!("{}/sub", path(canvas));
    for body in [
        json!({"sub_option_key": "", "sub_option_value": 1}),
        json!({"sub_option_key": "a"}),
        json!({"sub_option_key": "a\u{0}", "sub_option_value": 1}),
    ] {
        owner
            .post(&sub, body)
            .await
            .refused(400, "invalid_request_body");
    }
    // The object is a stranger's: nobody but its admins writes.
    let answer = guest.post(&path(canvas), json!({"options": {}})).await;
    answer.refused(403, "not_admin");
    let body = json!({"sub_option_key": "a", "sub_option_value": 1});
    guest
        .post(&sub, body.clone())
        .await
        .refused(403, "not_admin");
    guest
        .delete_with(&sub, body)
        .await
        .refused(403, "not_admin");
    assert_eq!(owner.get(&path(canvas)).await.ok(200), json!({}));
    // The world is as it was, and loads as before.
    let snapshot = Client::connect(&server, &guest).await.enter(WELCOME).await;
    assert!(snapshot.object(child).is_some());
}

#[tokio::test]
async fn options_relevant_to_clients_reach_them() {
    let mut server = Server::start(Options::default());
    let owner = Api::owner(&mut server).await;
    let object = owner.create(WELCOME, "Stall", at(1.0, 2.0, 3.0)).await;
    let mut watcher = Client::guest(&server).await;
    let cases = [
        (json!({"minimap": false, "editable": false}), false, false),
        (json!({"minimap": true}), true, true),
        // Of the type: editable, on the map.
        (json!({}), true, true),
    ];
    for (options, editable, minimap) in cases {
        set(&owner, object, options).await;
        let seen = shown(&mut watcher, object).await;
        assert_eq!(
            (seen.is_editable, seen.show_on_minimap),
            (editable, minimap)
        );
        assert_eq!(seen.transform, at(1.0, 2.0, 3.0));
        // A user who comes later sees the same.
        let mut late = Client::connect(&server, &Api::guest(&server).await).await;
        let snapshot = late.enter(WELCOME).await;
        let seen = snapshot.object(object).expect("is there");
        assert_eq!(
            (seen.is_editable, seen.show_on_minimap),
            (editable, minimap)
        );
    }
    // So does a name that is written as an attribute.
    owner
        .set(object, "name", json!({"name": "Booth"}))
        .await
        .ok(202);
    assert_eq!(shown(&mut watcher, object).await.name, "Booth");
    let mut late = Client::connect(&server, &Api::guest(&server).await).await;
    let snapshot = late.enter(WELCOME).await;
    assert_eq!(snapshot.object(object).expect("is there").name, "Booth");
}

#[tokio::test]
async fn new_rules_place_the_children_anew() {
    let mut server = Server::start(Options::default());
    let owner = Api::owner(&mut server).await;
    let hub = json!({"object_name": "Hub", "parent_id": WELCOME, "object_type_id": CANVAS,
        "transform": at(10.0, 5.0, -20.0)});
    let hub = owner.post("/objects", hub).await.ok(201);
    let hub: Umid = hub["object_id"]
        .as_str()
        .expect("an id")
        .parse()
        .expect("an id");
    let child = owner.create_of(hub, CANVAS_CHILD, "Child").await;
    let mut watcher = Client::guest(&server).await;
    // Instead of the helix: straight ahead, 100 away, 10 up.
    set(
        &owner,
        hub,
        json!({"child_placement": {OTHERS: {"algo": "sector"}}}),
    )
    .await;
    let moved = watcher
        .expect("the child", |moved: &ObjectTransform| moved.id == child)
        .await;
    let place = moved.object_transform.position;
    assert_eq!((place.x, place.y, place.z), (110.0, 15.0, -20.0));
    // A placed object stays in its place.
    let fixed = json!({"object_name": "Fixed", "parent_id": hub, "object_type_id": CANVAS_CHILD,
        "transform": at(1.0, 1.0, 1.0)});
    let fixed = owner.post("/objects", fixed).await.ok(201);
    watcher.settle().await;
    set(
        &owner,
        hub,
        json!({"child_placement": {OTHERS: {"algo": "sector", "options": {"R": 50}}}}),
    )
    .await;
    let moved = watcher
        .expect("the child", |moved: &ObjectTransform| moved.id == child)
        .await;
    assert_eq!(moved.object_transform.position.x, 60.0);
    let fixed_moved = watcher.settle().await.into_iter().any(|message| {
        matches!(message, Message::ObjectTransform(moved) if json!(moved.id) == fixed["object_id"])
    });
    assert!(!fixed_moved);
}

#[tokio::test]
async fn newcomers_start_at_the_spawn_point_of_the_options() {
    let mut server = Server::start(Options::default());
    let owner = Api::owner(&mut server).await;
    let world = owner.create_world("Second").await;
    set(
        &owner,
        world,
        json!({"spawn_point": {"position": {"x": 7, "y": 8, "z": 9}}}),
    )
    .await;
    let mut newcomer = Client::connect(&server, &Api::guest(&server).await).await;
    let spawn = newcomer.enter(world).await.spawn.position;
    assert_eq!((spawn.x, spawn.y, spawn.z), (7.0, 8.0, 9.0));
    // Options do not change what may be done below.
    set(&owner, world, json!({"allowed_children": []})).await;
    let answer = owner.try_create(world, "Stall", at(0.0, 0.0, 0.0)).await;
    answer.refused(400, "object_type_not_permitted");
    set(
        &owner,
        world,
        json!({"allowed_children": [CUSTOM_OBJECT.to_string().to_uppercase()]}),
    )
    .await;
    owner.create(world, "Stall", at(0.0, 0.0, 0.0)).await;
}

/// A database may hold what was never checked: what makes no sense is ignored, and the rest of the
/// world is there.
#[tokio::test]
async fn invalid_stored_rules_do_not_keep_a_world_closed() {
    let mut server = Server::start(Options::default());
    let owner = Api::owner(&mut server).await;
    let canvas = owner.create_of(WELCOME, CANVAS, "Canvas").await;
    let child = owner.create_of(canvas, CANVAS_CHILD, "Child").await;
    server.stop();
    let rules = json!({"child_placement": {OTHERS: null, CANVAS_CHILD.to_string(): {"algo": "cube"}}, "visible": "?"});
    Rows::of(&server).await.options(canvas, rules).await;
    server.start_again();
    let owner = owner.at(&server);
    let snapshot = Client::connect(&server, &owner).await.enter(WELCOME).await;
    assert!(snapshot.object(child).is_some());
    owner.create_of(canvas, CANVAS_CHILD, "Another").await;
    set(&owner, canvas, json!({})).await;
}
