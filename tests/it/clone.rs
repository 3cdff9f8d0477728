//! Copies of objects (docs/spec/model.md §4.3).

use posbus::{AddObjects, Transform, Umid, Vec3};
use serde_json::json;

use crate::support::{
    Api, CANVAS, CANVAS_CHILD, CUBE, CUSTOM_OBJECT, Client, Options, Server, WELCOME, at,
};

async fn copy(api: &Api, object: Umid) -> Umid {
    let copy = api
        .post(&format!("/objects/{object}/clone"), json!({}))
        .await;
    let copy = copy.ok(200)["object_id"].clone();
    copy.as_str().expect("an id").parse().expect("an id")
}

async fn options(api: &Api, object: Umid, options: serde_json::Value) {
    let path = format!("/objects/{object}/options");
    api.post(&path, json!({"options": options})).await.ok(202);
}

#[tokio::test]
async fn a_copy_has_what_may_be_copied_and_stands_where_its_maker_is() {
    let mut server = Server::start(Options::default());
    let owner = Api::owner(&mut server).await;
    let maker = Api::user(&server, 7).await;
    let member = json!({"role": "admin", "user_id": maker.user});
    let members = format!("/objects/{WELCOME}/members");
    owner.post(&members, member).await.ok(200);
    let place = Transform {
        rotation: Vec3::new(0.0, 1.5, 0.0),
        scale: Vec3::new(2.0, 2.0, 2.0),
        ..at(1.0, 2.0, 3.0)
    };
    let stall = maker.create(WELCOME, "Stall", place).await;
    let path = format!("/objects/{stall}");
    maker
        .patch(&path, json!({"asset_3d_id": CUBE}))
        .await
        .ok(200);
    options(
        &maker,
        stall,
        json!({"editable": false, "allowed_children": [CUSTOM_OBJECT]}),
    )
    .await;
    maker.create(stall, "Sign", at(0.0, 0.0, 0.0)).await;
    for (attribute, value) in [
        ("object_color", json!({"value": "#ff0000"})),
        ("object_effect", json!({"value": "none"})),
        ("texture", json!({"render_hash": "0123"})),
        ("description", json!({"description": "of the original"})),
    ] {
        maker.set(stall, attribute, value).await.ok(202);
    }

    let mut client = Client::join(&server, &owner).await;
    client.move_to(5.0, 6.0, 7.0).await;
    client.settle().await;
    let clone = copy(&owner, stall).await;
    let list = client
        .expect("the copy", |list: &AddObjects| {
            list.objects.iter().any(|object| object.id == clone)
        })
        .await;
    let seen = &list.objects[0];
    let expected = Transform {
        position: Vec3::new(5.0, 6.0, 7.0),
        ..place
    };
    assert_eq!((seen.name.as_str(), seen.transform), ("Stall", expected));
    assert_eq!(
        (seen.parent_id, seen.asset_type, seen.is_editable),
        (WELCOME, CUBE, false)
    );
    let read = owner.get(&format!("/objects/{clone}")).await.ok(200);
    assert_eq!(read["owner_id"], json!(maker.user), "that of the original");
    assert_eq!(read["object_type_id"], json!(CUSTOM_OBJECT));
    let color = owner.attribute(clone, "object_color").await.ok(200);
    assert_eq!(color["value"], "#ff0000");
    let effect = owner.attribute(clone, "object_effect").await.ok(200);
    assert_eq!(effect["value"], "transparent", "by the default of its type");
    let texture = owner.attribute(clone, "texture").await.ok(200);
    assert_eq!(texture["render_hash"], "0123");
    let description = owner.attribute(clone, "description").await;
    description.refused(404, "attribute_not_found");
    let tree = owner.get(&format!("/objects/{clone}/tree")).await.ok(200);
    assert_eq!(
        tree["total_direct_children"], 0,
        "what is below is not copied"
    );

    // Without the caller in the world it stands on the original.
    let clone = copy(&maker, stall).await;
    let read = maker.get(&format!("/objects/{clone}")).await.ok(200);
    let stands: Transform = serde_json::from_value(read["transform"].clone()).expect("a transform");
    assert_eq!(stands, place);
}

#[tokio::test]
async fn rules_of_the_parent_hold_for_copies_as_for_new_objects() {
    let mut server = Server::start(Options::default());
    let owner = Api::owner(&mut server).await;
    let visitor = Api::user(&server, 7).await;
    let canvas = owner.create_of(WELCOME, CANVAS, "Canvas").await;
    options(&owner, canvas, json!({"child_limit": 2})).await;
    let child = owner.create_of(canvas, CANVAS_CHILD, "Child").await;
    let path = format!("/objects/{child}/clone");
    visitor
        .post(&path, json!({}))
        .await
        .refused(403, "not_admin");
    // Admin of the object, but not of its parent.
    let member = json!({"role": "admin", "user_id": visitor.user});
    let members = format!("/objects/{child}/members");
    owner.post(&members, member).await.ok(200);
    let answer = visitor.post(&path, json!({})).await;
    answer.refused(403, "object_creation_not_permitted");

    let mut watcher = Client::guest(&server).await;
    let clone = copy(&owner, child).await;
    watcher.settle().await;
    let places = [child, clone].map(|object| format!("/objects/{object}"));
    let first = owner.get(&places[0]).await.ok(200)["transform"].clone();
    let second = owner.get(&places[1]).await.ok(200)["transform"].clone();
    assert_ne!(first["position"], second["position"], "placed by rule");
    // The limit is the largest number, not the first one that is too large.
    let answer = owner.post(&path, json!({})).await;
    answer.refused(400, "child_limit_reached");
    let new = json!({"object_name": "x", "parent_id": canvas, "object_type_id": CANVAS_CHILD});
    owner
        .post("/objects", new)
        .await
        .refused(400, "child_limit_reached");
    options(&owner, canvas, json!({"allowed_children": []})).await;
    let answer = owner.post(&path, json!({})).await;
    answer.refused(400, "object_type_not_permitted");

    let unknown = format!("/objects/{}/clone", Umid::now_v7());
    owner
        .post(&unknown, json!({}))
        .await
        .refused(404, "object_not_found");
    let world = format!("/objects/{WELCOME}/clone");
    owner
        .post(&world, json!({}))
        .await
        .refused(403, "forbidden");
}
