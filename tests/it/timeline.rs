//! Posts of users to worlds: who may, what everybody hears of it, and how it goes
//! (docs/spec/model.md §8.1).

use posbus::{ActivityUpdate, Message, Umid, UsersTransformList, Vec3};
use serde_json::{Value, json};

use crate::support::{Api, Client, Options, PLAZA, Server, WELCOME, at, id};

const HASH: &str = "26485e74acb29223ba7a9fa600d36c7f";

fn timeline(object: Umid) -> String {
    format!("/objects/{object}/timeline")
}

fn page(object: Umid, start: u32, size: u32) -> String {
    format!("/objects/{object}/timeline?startIndex={start}&pageSize={size}")
}

fn screenshot() -> Value {
    json!({"type": "screenshot", "hash": HASH, "description": "At the fountain"})
}

async fn post(author: &Api, object: Umid) -> Umid {
    let posted = author.post(&timeline(object), screenshot()).await;
    id(&posted.ok(201), "activity_id")
}

async fn hears(client: &mut Client, activity: Umid, change: &str) -> ActivityUpdate {
    let wanted =
        |update: &ActivityUpdate| update.activity_id == activity && update.change_type == change;
    client.expect("the update", wanted).await
}

#[tokio::test]
async fn users_post_where_they_are_and_admins_anywhere() {
    let mut server = Server::start(Options::default().unlimited());
    let owner = Api::owner(&mut server).await;
    let elsewhere = owner.create_world("Elsewhere").await;
    let (inside, outside) = (Api::user(&server, 1).await, Api::user(&server, 2).await);
    let guest = Api::guest(&server).await;
    let _visit = Client::join(&server, &inside).await;
    let _guest_visit = Client::join(&server, &guest).await;
    let stranger = Api::stranger(&server);
    for (who, caller, object, status) in [
        ("a user who is there", &inside, WELCOME, 201),
        (
            "a user who is there, to an object there",
            &inside,
            PLAZA,
            201,
        ),
        ("a user who is in another world", &inside, elsewhere, 403),
        ("a user who is nowhere", &outside, WELCOME, 403),
        ("a guest who is there", &guest, WELCOME, 403),
        ("a guest who is not there", &guest, elsewhere, 403),
        ("an admin who is nowhere", &owner, elsewhere, 201),
    ] {
        let answer = caller.post(&timeline(object), screenshot()).await;
        if status == 403 {
            answer.refused(403, "forbidden");
            let shown = owner.get(&page(object, 0, 100)).await.ok(200);
            for activity in shown["activities"].as_array().expect("a list") {
                assert_ne!(activity["user_id"], json!(guest.user), "{who}");
            }
        } else {
            let posted = answer.ok(201);
            assert_eq!(posted["object_id"], json!(object), "{who}");
        }
    }
    stranger
        .post(&timeline(WELCOME), screenshot())
        .await
        .refused(401, "failed_to_verify_access_token");
    let node = owner.get("/config/ui-client").await.ok(200);
    owner
        .post(&timeline(id(&node, "NODE_ID")), screenshot())
        .await
        .refused(403, "forbidden");
    owner
        .post(&timeline(Umid::now_v7()), screenshot())
        .await
        .refused(404, "object_not_found");
}

#[tokio::test]
async fn only_videos_and_screenshots_of_media_are_posted() {
    let mut server = Server::start(Options::default().unlimited());
    let owner = Api::owner(&mut server).await;
    let post = |body: Value| {
        owner.post(
            "/objects/00000000-0000-8000-8000-000000000001/timeline",
            body,
        )
    };
    for kind in ["world_created", "stake", "unstake", "Video", "x"] {
        post(json!({"type": kind, "hash": HASH}))
            .await
            .refused(400, "invalid_type");
    }
    for body in [
        json!({}),
        json!({"type": "video"}),
        json!({"hash": HASH}),
        json!({"type": "", "hash": HASH}),
        json!({"type": "video", "hash": ""}),
        json!({"type": null, "hash": HASH}),
    ] {
        post(body).await.refused(400, "invalid_request_query");
    }
    let long = "ü".repeat(2_001);
    for body in [
        json!([]),
        json!({"type": 1, "hash": HASH}),
        json!({"type": "video", "hash": {}}),
        json!({"type": "video", "hash": "../../etc/passwd"}),
        json!({"type": "video", "hash": "a\u{0}"}),
        json!({"type": "video", "hash": "a".repeat(65)}),
        json!({"type": "video", "hash": HASH, "description": long}),
        json!({"type": "video", "hash": HASH, "description": "a\u{0}"}),
    ] {
        post(body).await.refused(400, "invalid_request_body");
    }
    let nothing = owner.get(&page(WELCOME, 0, 10)).await.ok(200);
    assert_eq!(nothing["totalCount"], 0, "{nothing}");
    let bare = post(json!({"type": "video", "hash": HASH, "description": ""}));
    let bare = bare.await.ok(201);
    assert_eq!(bare["data"]["description"], Value::Null);
    for key in ["token_symbol", "token_amount", "bc_tx_hash", "bc_log_index"] {
        assert_eq!(bare["data"].get(key), Some(&Value::Null), "{bare}");
    }
}

#[tokio::test]
async fn a_post_has_the_position_of_its_author() {
    let mut server = Server::start(Options::default());
    let owner = Api::owner(&mut server).await;
    owner
        .set(WELCOME, "world_avatar", json!({"render_hash": HASH}))
        .await
        .ok(202);
    let author = Api::user(&server, 1).await;
    let mut visit = Client::join(&server, &author).await;
    let mut watcher = Client::guest(&server).await;
    visit.move_to(12.5, 3.0, -7.25).await;
    let there = |list: &UsersTransformList| {
        let mut users = list.value.iter();
        users.any(|user| user.id == author.user && user.transform.position.x == 12.5)
    };
    watcher.expect("the move", there).await;

    let posted = author.post(&timeline(WELCOME), screenshot()).await.ok(201);
    let position = json!({"x": 12.5, "y": 3.0, "z": -7.25});
    assert_eq!(posted["data"]["position"], position);
    assert_eq!(posted["type"], "screenshot");
    assert_eq!(posted["data"]["hash"], HASH);
    assert_eq!(posted["data"]["description"], "At the fountain");
    assert_eq!(posted["user_id"], json!(author.user));
    assert_eq!(posted["user_name"], json!(author.name));
    assert_eq!(posted["avatar_hash"], Value::Null);
    assert_eq!(posted["world_avatar_hash"], HASH);
    assert!(posted["world_name"].is_string() && posted["created_at"].is_string());
    let activity = id(&posted, "activity_id");
    let path = format!("{}/{activity}", timeline(WELCOME));
    let guest = Api::guest(&server).await;
    assert_eq!(guest.get(&path).await.ok(200), posted);

    let heard = hears(&mut watcher, activity, ActivityUpdate::NEW).await;
    assert_eq!((heard.user_id, heard.object_id), (author.user, WELCOME));
    assert_eq!(heard.r#type.as_deref(), Some("screenshot"));
    let data = heard.data.expect("is told");
    assert_eq!(data.position, Some(Vec3::new(12.5, 3.0, -7.25)));
    assert_eq!(data.hash.as_deref(), Some(HASH));
    assert_eq!(data.description.as_deref(), Some("At the fountain"));

    // An admin who is not there is nowhere.
    let posted = owner.post(&timeline(WELCOME), screenshot()).await.ok(201);
    assert_eq!(posted["data"]["position"], Value::Null);
}

#[tokio::test]
async fn posts_are_changed_by_their_author_alone() {
    let mut server = Server::start(Options::default());
    let owner = Api::owner(&mut server).await;
    let author = Api::user(&server, 1).await;
    let mut visit = Client::join(&server, &author).await;
    let mut watcher = Client::guest(&server).await;
    let activity = post(&author, WELCOME).await;
    let path = format!("{}/{activity}", timeline(WELCOME));
    let other = Api::user(&server, 2).await;
    for caller in [&owner, &other] {
        let edit = json!({"description": "mine"});
        caller.patch(&path, edit).await.refused(403, "forbidden");
    }
    let before = author.get(&path).await.ok(200);
    let edit = json!({"type": "", "hash": "", "description": "By night"});
    assert_eq!(author.patch(&path, edit).await.ok(200), json!(true));
    let heard = hears(&mut watcher, activity, ActivityUpdate::CHANGED).await;
    let data = heard.data.expect("is told");
    assert_eq!(data.description.as_deref(), Some("By night"));
    assert_eq!(data.hash.as_deref(), Some(HASH));
    let mut expected = before;
    expected["data"]["description"] = json!("By night");
    assert_eq!(author.get(&path).await.ok(200), expected);

    let edit = json!({"type": "video", "hash": "ab12", "description": ""});
    author.patch(&path, edit).await.ok(200);
    hears(&mut visit, activity, ActivityUpdate::CHANGED).await;
    expected["type"] = json!("video");
    expected["data"]["hash"] = json!("ab12");
    assert_eq!(author.get(&path).await.ok(200), expected);
    author.patch(&path, json!({})).await.ok(200);
    assert_eq!(author.get(&path).await.ok(200), expected);

    for (edit, reason) in [
        (json!({"type": "stake"}), "invalid_type"),
        (json!({"type": "x"}), "invalid_type"),
        (json!({"hash": "a/b"}), "invalid_request_body"),
        (json!({"description": "a\u{0}"}), "invalid_request_body"),
        (json!({"description": 5}), "invalid_request_body"),
    ] {
        author.patch(&path, edit).await.refused(400, reason);
    }
}

#[tokio::test]
async fn posts_deleted_by_an_admin_are_gone() {
    let mut server = Server::start(Options::default());
    let owner = Api::owner(&mut server).await;
    let author = Api::user(&server, 1).await;
    let other = Api::user(&server, 2).await;
    let _visit = Client::join(&server, &author).await;
    let mut watcher = Client::join(&server, &other).await;
    for caller in [&owner, &author] {
        let activity = post(&author, WELCOME).await;
        let path = format!("{}/{activity}", timeline(WELCOME));
        other.delete(&path).await.refused(403, "forbidden");
        assert_eq!(caller.delete(&path).await.ok(200), json!(true));
        let heard = hears(&mut watcher, activity, ActivityUpdate::REMOVED).await;
        assert_eq!((heard.user_id, heard.object_id), (author.user, WELCOME));
        author.get(&path).await.refused(404, "activity_not_found");
        for list in [
            page(WELCOME, 0, 10),
            "/objects/newsfeed?startIndex=0&pageSize=100".to_owned(),
        ] {
            let shown = author.get(&list).await.ok(200);
            let shown = shown["activities"].as_array().expect("a list");
            let ids: Vec<_> = shown.iter().map(|one| id(one, "activity_id")).collect();
            assert!(!ids.contains(&activity), "{list}");
        }
    }
}

#[tokio::test]
async fn absent_attributes_are_not_found() {
    let mut server = Server::start(Options::default());
    let owner = Api::owner(&mut server).await;
    let activity = post(&owner, WELCOME).await;
    let nowhere = Umid::now_v7();
    let elsewhere = owner.create_world("Elsewhere").await;
    for (path, status, reason) in [
        (
            format!("{}/{nowhere}", timeline(WELCOME)),
            404,
            "activity_not_found",
        ),
        (
            format!("{}/{activity}", timeline(elsewhere)),
            404,
            "activity_not_found",
        ),
        (
            format!("{}/{activity}", timeline(nowhere)),
            404,
            "object_not_found",
        ),
        (
            format!("{}/x", timeline(WELCOME)),
            400,
            "invalid_activity_id",
        ),
        (
            format!("/objects/x/timeline/{activity}"),
            400,
            "invalid_object_id",
        ),
    ] {
        owner.get(&path).await.refused(status, reason);
        let edit = json!({"description": "x"});
        owner.patch(&path, edit).await.refused(status, reason);
        owner.delete(&path).await.refused(status, reason);
    }
    owner
        .get(&page(nowhere, 0, 10))
        .await
        .refused(404, "object_not_found");
    let kept = owner.get(&page(WELCOME, 0, 10)).await.ok(200);
    assert_eq!(kept["totalCount"], 1, "{kept}");
}

#[tokio::test]
async fn activities_of_an_object_are_deleted_with_it() {
    let mut server = Server::start(Options::default());
    let owner = Api::owner(&mut server).await;
    let mut watcher = Client::guest(&server).await;
    let object = owner.create(WELCOME, "Stage", at(0.0, 0.0, 0.0)).await;
    let activity = post(&owner, object).await;
    // A user who is in the world hears of what happens on its objects.
    let heard = hears(&mut watcher, activity, ActivityUpdate::NEW).await;
    assert_eq!(heard.object_id, object);
    let kept = post(&owner, WELCOME).await;
    owner.delete(&format!("/objects/{object}")).await.ok(200);
    owner
        .get(&page(object, 0, 10))
        .await
        .refused(404, "object_not_found");
    let news = owner
        .get("/objects/newsfeed?startIndex=0&pageSize=100")
        .await
        .ok(200);
    let posts: Vec<_> = news["activities"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|one| one["type"] == "screenshot")
        .map(|one| id(one, "activity_id"))
        .collect();
    assert_eq!(posts, [kept]);
}

#[tokio::test]
async fn a_post_is_heard_in_its_world_only() {
    let mut server = Server::start(Options::default());
    let owner = Api::owner(&mut server).await;
    let elsewhere = owner.create_world("Elsewhere").await;
    let mut there = Client::connect(&server, &Api::guest(&server).await).await;
    there.enter(elsewhere).await;
    let mut here = Client::guest(&server).await;
    let activity = post(&owner, WELCOME).await;
    hears(&mut here, activity, ActivityUpdate::NEW).await;
    let told = there.settle().await;
    let update = |message: &Message| matches!(message, Message::ActivityUpdate(_));
    assert!(!told.iter().any(update), "{told:?}");
}
