//! Worlds as a whole: editing, finding, exploring, calling everybody.

use posbus::{AddObjects, FlyToMe, Message, Umid};
use serde_json::{Value, json};

use crate::support::{Api, CANVAS, CANVAS_CHILD, Client, Options, PLAZA, Server, WELCOME};

fn path(world: Umid) -> String {
    format!("/worlds/{world}")
}

#[tokio::test]
async fn worlds_are_edited_by_their_admins_only() {
    let mut server = Server::start(Options::default());
    let owner = Api::owner(&mut server).await;
    let user = Api::user(&server, 7).await;
    let mut watcher = Client::guest(&server).await;
    let texts = json!({"name": "Agora ☀", "description": "Meet here.\nOr there.", "website_link": "https://example.org"});
    for api in [&user, &Api::guest(&server).await] {
        api.patch(&path(WELCOME), texts.clone())
            .await
            .refused(403, "not_admin");
    }
    assert_eq!(
        owner.patch(&path(WELCOME), texts).await.ok(200),
        json!(null)
    );
    let details = user.get(&path(WELCOME)).await.ok(200);
    assert_eq!(details["name"], "Agora ☀");
    assert_eq!(details["description"], "Meet here.\nOr there.");
    assert_eq!(details["website_link"], "https://example.org");
    let list = user.get("/worlds").await.ok(200);
    assert_eq!(list[0]["name"], "Agora ☀", "{list}");
    let name = owner.attribute(WELCOME, "name").await.ok(200);
    assert_eq!(name["name"], "Agora ☀");
    watcher
        .expect("the new name", |list: &AddObjects| {
            list.objects.iter().any(|object| object.name == "Agora ☀")
        })
        .await;
    // A text that is not given stays, an empty one goes.
    owner
        .patch(&path(WELCOME), json!({"description": "", "name": null}))
        .await
        .ok(200);
    owner.patch(&path(WELCOME), json!({})).await.ok(200);
    let details = user.get(&path(WELCOME)).await.ok(200);
    assert_eq!(details["description"], "No Description Set");
    assert_eq!(details["name"], "Agora ☀");
    for (key, value) in [
        ("name", json!("")),
        ("name", json!("two\nlines")),
        ("name", json!("x".repeat(300))),
        ("name", json!(5)),
        ("description", json!("x".repeat(5_000))),
        ("description", json!("\u{0}")),
        ("website_link", json!("x".repeat(3_000))),
    ] {
        // All or nothing: the good text is not written either.
        let body = json!({"website_link": "https://example.com", "description": "new", key: value});
        owner
            .patch(&path(WELCOME), body)
            .await
            .refused(400, "invalid_request_body");
    }
    let details = user.get(&path(WELCOME)).await.ok(200);
    assert_eq!(details["website_link"], "https://example.org");
    for unknown in [Umid::now_v7(), PLAZA] {
        let answer = owner.patch(&path(unknown), json!({"name": "x"})).await;
        answer.refused(404, "world_not_found");
    }
}

#[tokio::test]
async fn worlds_are_found_by_any_part_of_their_name() {
    let mut server = Server::start(Options::default());
    let owner = Api::owner(&mut server).await;
    let guest = Api::guest(&server).await;
    for name in [
        "Blue Lagoon",
        "lagoon 2",
        "100% real",
        "a_b",
        "back\\slash",
        "Élan",
    ] {
        owner.create_world(name).await;
    }
    let search = async |text: &str| {
        let query: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
        let found = guest
            .get(&format!("/worlds/explore/search?query={query}"))
            .await
            .ok(200);
        let found = found.as_array().expect("a list").iter();
        found
            .map(|world| world["name"].as_str().expect("a name").to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        search("LAGOON").await,
        ["lagoon 2", "Blue Lagoon"],
        "newest first"
    );
    assert_eq!(search("Élan").await, ["Élan"]);
    // Every character stands for itself.
    assert_eq!(search("%").await, ["100% real"]);
    assert_eq!(search("_").await, ["a_b"]);
    assert_eq!(search("\\").await, ["back\\slash"]);
    assert_eq!(search("'; DROP TABLE object; --").await, [] as [&str; 0]);
    assert_eq!(search("a\u{0}b").await, [] as [&str; 0]);
    for query in ["", "?query=", &format!("?query={}", "x".repeat(300))] {
        let answer = guest.get(&format!("/worlds/explore/search{query}")).await;
        answer.refused(400, "invalid_request_query");
    }
    let found = guest.get("/worlds/explore/search?query=blue").await.ok(200);
    let keys: Vec<_> = found[0]
        .as_object()
        .expect("a world")
        .keys()
        .cloned()
        .collect();
    assert_eq!(keys, ["id", "name", "description"]);
}

#[tokio::test]
async fn any_object_of_a_world_is_explored_with_its_subtree() {
    let mut server = Server::start(Options::default());
    let owner = Api::owner(&mut server).await;
    let guest = Api::guest(&server).await;
    let canvas = owner.create_of(WELCOME, CANVAS, "Canvas").await;
    let child = owner.create_of(canvas, CANVAS_CHILD, "Child").await;
    owner
        .set(canvas, "description", json!({"description": "for all"}))
        .await
        .ok(202);
    let explore = async |world: Umid, object: &str| {
        guest
            .get(&format!("{}/explore?object_id={object}", path(world)))
            .await
    };
    let found = explore(WELCOME, &canvas.to_string()).await.ok(200);
    let expected = json!({"id": canvas, "name": "Canvas", "description": "for all",
        "children": [{"id": child, "name": "Child", "description": ""}]});
    assert_eq!(found, expected);
    let root = explore(WELCOME, &WELCOME.to_string()).await.ok(200);
    assert_eq!(root["id"], json!(WELCOME));
    let children = root["children"].as_array().expect("a list");
    assert!(children.iter().any(|object| object["id"] == json!(canvas)));

    let other = owner.create_world("Second").await;
    explore(other, &canvas.to_string())
        .await
        .refused(404, "object_not_found");
    explore(canvas, &canvas.to_string())
        .await
        .refused(404, "world_not_found");
    explore(WELCOME, &Umid::now_v7().to_string())
        .await
        .refused(404, "object_not_found");
    explore(WELCOME, "nonsense")
        .await
        .refused(400, "invalid_request_query");
    let answer = guest.get(&format!("{}/explore", path(WELCOME))).await;
    answer.refused(400, "invalid_request_query");
}

#[tokio::test]
async fn an_admin_calls_everybody_in_the_world() {
    let mut server = Server::start(Options::default());
    let owner = Api::owner(&mut server).await;
    let user = Api::user(&server, 7).await;
    let other = owner.create_world("Second").await;
    let fly = format!("{}/fly-to-me", path(WELCOME));
    let mut pilot = Client::join(&server, &owner).await;
    let mut passenger = Client::join(&server, &user).await;
    let mut elsewhere = Client::connect(&server, &Api::guest(&server).await).await;
    elsewhere.enter(other).await;

    user.post(&fly, json!({})).await.refused(403, "not_admin");
    assert_eq!(owner.post(&fly, json!({})).await.ok(200), json!(null));
    for client in [&mut passenger, &mut pilot] {
        let call: FlyToMe = client.expect("the call", |_: &FlyToMe| true).await;
        let expected = FlyToMe {
            pilot: owner.user,
            pilot_name: owner.name.clone(),
            object_id: WELCOME,
        };
        assert_eq!(call, expected);
    }
    // Only from within the world.
    let away = format!("{}/fly-to-me", path(other));
    owner
        .post(&away, json!({}))
        .await
        .refused(404, "profile_not_found");
    let nowhere = format!("{}/fly-to-me", path(PLAZA));
    owner
        .post(&nowhere, json!({}))
        .await
        .refused(404, "world_not_found");
    for client in [&mut elsewhere, &mut passenger] {
        let heard = client.settle().await;
        assert!(
            !heard
                .iter()
                .any(|message| matches!(message, Message::FlyToMe(_)))
        );
    }
}

/// It is reserved, but never for everybody.
#[tokio::test]
async fn teleporting_others_is_for_admins() {
    let mut server = Server::start(Options::default());
    let owner = Api::owner(&mut server).await;
    let guest = Api::guest(&server).await;
    let teleport = |world: Umid| format!("{}/teleport-user", path(world));
    assert_eq!(
        owner.post(&teleport(WELCOME), json!({})).await.ok(200),
        Value::Null
    );
    guest
        .post(&teleport(WELCOME), json!({}))
        .await
        .refused(403, "not_admin");
    owner
        .post(&teleport(PLAZA), json!({}))
        .await
        .refused(404, "world_not_found");
}

/// The point clients write is the point people start at.
#[tokio::test]
async fn the_spawn_point_attribute_is_known() {
    let mut server = Server::start(Options::default());
    let owner = Api::owner(&mut server).await;
    let point = json!({"value": {"object": WELCOME, "location": {"x": 1, "y": 2, "z": 3}, "rotation": {"y": 1}}});
    owner.set(WELCOME, "spawn_point", point).await.ok(202);
    let mut newcomer = Client::connect(&server, &Api::guest(&server).await).await;
    let spawn = newcomer.enter(WELCOME).await.spawn;
    assert_eq!(
        (spawn.position.x, spawn.position.y, spawn.position.z),
        (1.0, 2.0, 3.0)
    );
    let options = owner
        .get(&format!("/objects/{WELCOME}/options"))
        .await
        .ok(200);
    assert_eq!(options["spawn_point"]["position"]["z"], 3.0);
}
