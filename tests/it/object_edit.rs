//! Editing the world over HTTP, and seeing it in the world (docs/spec/model.md §4.5;
//! docs/spec/posbus.md §5.4).

use posbus::{AddObjects, Message, ObjectDefinition, RemoveObjects, Umid};
use serde_json::json;

use crate::support::{
    Api, CANVAS, CANVAS_CHILD, CUBE, CUSTOM_OBJECT, Client, Options, PLAZA, Server, WELCOME, at,
};

async fn sees(client: &mut Client, id: Umid, name: &str) -> ObjectDefinition {
    let shows = |list: &AddObjects| {
        list.objects
            .iter()
            .any(|object| object.id == id && object.name == name)
    };
    let list = client.expect("the object", shows).await;
    list.objects
        .into_iter()
        .find(|object| object.id == id)
        .expect("was just found")
}

async fn sees_nothing(client: &mut Client) {
    let told = client.settle().await;
    let heard = told.iter().find(|message| {
        matches!(
            message,
            Message::AddObjects(_) | Message::RemoveObjects(_) | Message::ObjectData(_)
        )
    });
    assert_eq!(heard, None);
}

#[tokio::test]
async fn edits_of_an_admin_reach_others() {
    let mut server = Server::start(Options::default());
    let owner = Api::owner(&mut server).await;
    let mut one = Client::guest(&server).await;
    let mut two = Client::guest(&server).await;

    let place = at(1.0, 2.5, -3.0);
    let object = owner.create(WELCOME, "Kiosk", place).await;
    for client in [&mut one, &mut two] {
        let seen = sees(client, object, "Kiosk").await;
        assert_eq!((seen.parent_id, seen.transform), (WELCOME, place));
        assert!(seen.is_editable);
    }
    let path = format!("/objects/{object}");
    let edit = json!({"object_name": "Café ☕", "asset_3d_id": CUBE});
    let edited = owner.patch(&path, edit).await.ok(200);
    assert_eq!(edited["object_id"], json!(object));
    for client in [&mut one, &mut two] {
        let seen = sees(client, object, "Café ☕").await;
        assert_eq!((seen.asset_type, seen.asset_format.0), (CUBE, 2));
    }
    let read = owner.get(&path).await.ok(200);
    assert_eq!(read["asset_3d_id"], json!(CUBE));
    assert_eq!(read["owner_id"], json!(owner.user));
    assert_eq!(read["asset_2d_id"], "");

    owner.delete(&path).await.ok(200);
    for client in [&mut one, &mut two] {
        client
            .expect("the removal", |list: &RemoveObjects| {
                list.objects == [object]
            })
            .await;
    }
    owner.get(&path).await.refused(404, "object_not_found");
}

#[tokio::test]
async fn contents_of_an_object_are_deleted_with_it() {
    let mut server = Server::start(Options::default());
    let owner = Api::owner(&mut server).await;
    let mut watcher = Client::guest(&server).await;
    let canvas = owner.create_of(WELCOME, CANVAS, "Canvas").await;
    let mut children = Vec::new();
    for name in ["One", "Two", "Three"] {
        let child = owner.create_of(canvas, CANVAS_CHILD, name).await;
        sees(&mut watcher, child, name).await;
        children.push(child);
    }
    // Its rules place them; no two at the same place.
    let mut places = Vec::new();
    for child in &children {
        let object = owner.get(&format!("/objects/{child}")).await.ok(200);
        assert!(
            !places.contains(&object["transform"]["position"]),
            "{object}"
        );
        places.push(object["transform"]["position"].clone());
    }
    let tree = owner
        .get(&format!("/objects/{WELCOME}/tree?max_depth=5"))
        .await
        .ok(200);
    let node = &tree["children"][canvas.to_string()];
    assert_eq!(
        (&node["name"], &node["total_direct_children"]),
        (&json!("Canvas"), &json!(3)),
        "{tree}"
    );
    assert_eq!(node["children"][children[1].to_string()]["name"], "Two");
    assert_eq!(tree["max_depth"], 5);

    owner.delete(&format!("/objects/{canvas}")).await.ok(200);
    let removed: RemoveObjects = watcher
        .expect("the removal", |list: &RemoveObjects| {
            list.objects.contains(&canvas)
        })
        .await;
    for child in &children {
        assert!(removed.objects.contains(child), "{removed:?}");
        owner
            .get(&format!("/objects/{child}"))
            .await
            .refused(404, "object_not_found");
    }
    let mut late = Client::connect(&server, &Api::guest(&server).await).await;
    let snapshot = late.enter(WELCOME).await;
    assert!(
        children
            .iter()
            .all(|child| snapshot.object(*child).is_none())
    );
}

#[tokio::test]
async fn strangers_and_guests_build_nothing() {
    let mut server = Server::start(Options::default());
    Api::owner(&mut server).await;
    let guest = Api::guest(&server).await;
    let user = Api::user(&server, 3).await;
    let mut watcher = Client::guest(&server).await;
    for api in [&guest, &user] {
        let place = at(0.0, 0.0, 0.0);
        let answer = api.try_create(WELCOME, "Mine", place).await;
        answer.refused(403, "object_creation_not_permitted");
        let path = format!("/objects/{PLAZA}");
        api.patch(&path, json!({"object_name": "Mine"}))
            .await
            .refused(403, "not_admin");
        api.delete(&path).await.refused(403, "not_admin");
        let member = json!({"role": "admin", "user_id": api.user});
        let members = format!("/objects/{WELCOME}/members");
        api.post(&members, member).await.refused(403, "not_admin");
        api.get(&members).await.refused(403, "not_admin");
        assert_eq!(api.get(&path).await.status, 200, "looking is allowed");
    }
    let stranger = Api::stranger(&server);
    let answer = stranger
        .try_create(WELCOME, "Mine", at(0.0, 0.0, 0.0))
        .await;
    answer.refused(401, "failed_to_verify_access_token");
    let answer = stranger.delete(&format!("/objects/{PLAZA}")).await;
    answer.refused(401, "failed_to_verify_access_token");
    sees_nothing(&mut watcher).await;
}

#[tokio::test]
async fn members_may_edit_as_long_as_they_are_members() {
    let mut server = Server::start(Options::default());
    let owner = Api::owner(&mut server).await;
    let user = Api::user(&server, 4).await;
    let by_wallet =
        json!({"role": "admin", "wallet": user.get("/users/me").await.ok(200)["wallet"]});
    let canvas = owner.create_of(WELCOME, CANVAS, "Canvas").await;
    let members = format!("/objects/{canvas}/members");
    assert_eq!(owner.post(&members, by_wallet).await.ok(200), json!(null));
    let list = owner.get(&members).await.ok(200);
    assert_eq!(list[0]["user_id"], json!(user.user));
    assert_eq!(list[0]["role"], "admin");

    // Of the object and all below it, not of what is above.
    let own = user.create_of(canvas, CANVAS_CHILD, "Step").await;
    let answer = user.try_create(WELCOME, "Other", at(0.0, 0.0, 0.0)).await;
    answer.refused(403, "object_creation_not_permitted");
    owner
        .delete(&format!("{members}/{}", user.user))
        .await
        .ok(200);
    let answer = user.try_create(canvas, "Other", at(0.0, 0.0, 0.0)).await;
    answer.refused(403, "object_creation_not_permitted");
    // An owner may edit.
    let own = format!("/objects/{own}");
    user.patch(&own, json!({"object_name": "My step"}))
        .await
        .ok(200);
    owner.delete(&own).await.ok(200);
}

#[tokio::test]
async fn impossible_objects_are_refused_and_leave_nothing_behind() {
    let mut server = Server::start(Options::default());
    let owner = Api::owner(&mut server).await;
    let mut watcher = Client::guest(&server).await;
    let unknown = Umid::now_v7();
    let base =
        json!({"object_name": "Thing", "parent_id": WELCOME, "object_type_id": CUSTOM_OBJECT});
    let node_type = "00000000-0000-0000-0000-000000000001";
    let cases = [
        (json!({"object_name": ""}), 400, "invalid_request_body"),
        (json!({"object_name": null}), 400, "invalid_request_body"),
        (json!({"parent_id": "nonsense"}), 400, "invalid_parent_id"),
        (json!({"parent_id": unknown}), 404, "object_not_found"),
        (
            json!({"object_type_id": "nonsense"}),
            400,
            "invalid_object_type_id",
        ),
        (
            json!({"object_type_id": node_type}),
            400,
            "object_type_not_permitted",
        ),
        (json!({"asset_3d_id": unknown}), 400, "invalid_asset_3d_id"),
        (json!({"asset_2d_id": unknown}), 400, "invalid_asset_2d_id"),
    ];
    for (change, status, reason) in cases {
        let mut body = base.clone();
        for (key, value) in change.as_object().expect("an object") {
            body[key] = value.clone();
        }
        owner.post("/objects", body).await.refused(status, reason);
    }
    owner
        .delete(&format!("/objects/{WELCOME}"))
        .await
        .refused(403, "forbidden");
    let gone = format!("/objects/{unknown}");
    owner.delete(&gone).await.refused(404, "object_not_found");
    owner
        .patch(&gone, json!({"object_name": "x"}))
        .await
        .refused(404, "object_not_found");
    let plaza = format!("/objects/{PLAZA}");
    owner
        .patch(&plaza, json!({"asset_3d_id": unknown}))
        .await
        .refused(404, "asset_3d_not_found");
    sees_nothing(&mut watcher).await;
}

#[tokio::test]
async fn an_object_without_a_place_appears_where_its_maker_is() {
    let mut server = Server::start(Options::default());
    let owner = Api::owner(&mut server).await;
    let mut maker = Client::join(&server, &owner).await;
    maker.move_to(11.0, 12.0, 13.0).await;
    maker.settle().await;
    let new = json!({"object_name": "Here", "parent_id": WELCOME, "object_type_id": CUSTOM_OBJECT,
                     "asset_2d_id": null, "asset_3d_id": CUBE});
    let created = owner.post("/objects", new).await.ok(201);
    let id = created["object_id"]
        .as_str()
        .and_then(|id| id.parse().ok())
        .expect("an id");
    let seen = sees(&mut maker, id, "Here").await;
    let place = seen.transform.position;
    assert_eq!((place.x, place.y, place.z), (11.0, 12.0, 13.0));
    assert_eq!(seen.transform.scale.x, 1.0);
}

/// A broadcast has to fit a frame.
#[tokio::test]
async fn names_are_bounded() {
    let mut server = Server::start(Options::default());
    let owner = Api::owner(&mut server).await;
    let mut watcher = Client::guest(&server).await;
    let long = "x".repeat(40_000);
    let answer = owner.try_create(WELCOME, &long, at(0.0, 0.0, 0.0)).await;
    answer.refused(400, "invalid_request_body");
    let plaza = format!("/objects/{PLAZA}");
    let answer = owner.patch(&plaza, json!({"object_name": long})).await;
    answer.refused(400, "invalid_request_body");
    let answer = owner.set(PLAZA, "name", json!({"name": long})).await;
    assert_eq!(answer.status, 400);
    for profile in [
        json!({"name": long}),
        json!({"profile": {"avatarHash": long}}),
    ] {
        let answer = owner.patch("/profile", profile).await;
        assert_eq!(answer.status, 400);
    }
    sees_nothing(&mut watcher).await;
    let mut late = Client::join(&server, &owner).await;
    late.settle().await;
}
