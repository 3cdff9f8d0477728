//! Pictures of texts and posters of videos in slots of objects (docs/media.md, I).

use posbus::Umid;
use reqwest::Method;
use serde_json::json;

use crate::support::{
    Api, CORE, CUSTOM_OBJECT, Client, Options, PLAZA, Play, Server, StandIn, eventually_async,
    media::png,
};

/// The plugin of texts.
const TEXT: &str = "fc9f2eb7-590a-4a1a-ac75-cd3bfeef28b2";
/// The plugin of videos.
const VIDEOS: &str = "308fdacc-8c2d-40dc-bd5f-d1549e3e03ba";

/// Targets 102, 107 and 108.
#[tokio::test]
async fn a_text_that_is_written_becomes_a_picture_in_its_slot() {
    let mut server = Server::start(Options::default());
    let owner = Api::owner(&mut server).await;
    let mut watcher = Client::guest(&server).await;
    let path = format!("/objects/{PLAZA}/attributes");
    let mut before = String::new();
    for text in ["Skybox", r#"A "quoted", \\ and longer name"#] {
        owner
            .set(PLAZA, "name", json!({"name": text}))
            .await
            .ok(202);
        let told = watcher
            .expect("the slot", |data: &posbus::ObjectData| {
                // The slot has the former picture, or none, until the new one is made.
                let slot = &json!(data.entries)["texture"]["name"];
                data.id == PLAZA
                    && slot
                        .as_str()
                        .is_some_and(|hash| !hash.is_empty() && hash != before)
            })
            .await;
        let value = owner.attribute(PLAZA, "name").await.ok(200);
        let hash = value["auto_render_hash"]
            .as_str()
            .expect("a picture")
            .to_owned();
        assert_eq!(json!(told.entries)["texture"]["name"], hash);
        if text == "Skybox" {
            assert_eq!(
                hash, "7e7aab88b51141f184de7a102810c3e0",
                "as the existing platform names it"
            );
        }
        assert_eq!(value["name"], text);
        before.clone_from(&hash);
        let picture = owner.render(&format!("get/{hash}")).await;
        assert_eq!(picture.headers()["content-type"], "image/png");
        assert_eq!(picture.headers()["x-width"], "1024");
        assert_eq!(picture.headers()["x-height"], "64");
    }
    // A template with a slot that no client knows is no reason to fail.
    let body = json!({"plugin_id": TEXT, "attribute_name": "state", "attribute_value": {"value": "Hello"}});
    owner.post(&path, body).await.ok(202);
}

#[tokio::test]
async fn names_are_pictured_however_an_object_gets_them() {
    let mut server = Server::start(Options::default());
    let owner = Api::owner(&mut server).await;
    let world = owner.create_world("A world").await;
    let name = (CORE, "name");
    let of_world = owner.picture_of(world, name).await;
    let body =
        json!({"object_name": "A thing", "parent_id": world, "object_type_id": CUSTOM_OBJECT});
    let created = owner.post("/objects", body).await.ok(201);
    let object: Umid = created["object_id"]
        .as_str()
        .expect("an id")
        .parse()
        .expect("an id");
    let of_object = owner.picture_of(object, name).await;
    assert_ne!(of_object, of_world);
    let path = format!("/objects/{object}");
    let renamed = json!({"object_name": "Another thing"});
    owner
        .send(owner.request(Method::PATCH, &path).json(&renamed))
        .await
        .ok(200);
    eventually_async(async || owner.picture_of(object, name).await != of_object).await;
    let copied = owner
        .post(&format!("/objects/{object}/clone"), json!({}))
        .await
        .ok(200);
    let copy: Umid = copied["object_id"]
        .as_str()
        .expect("an id")
        .parse()
        .expect("an id");
    let of_copy = owner.picture_of(copy, name).await;
    assert_eq!(owner.render(&format!("get/{of_copy}")).await.status(), 200);
}

/// A video that there is not, and one that there is.
const NO_VIDEO: &str = "https://youtu.be/AAAAAAAAAAA";
const VIDEO: &str = "https://www.youtube.com/watch?v=UmSJIEZQAyQ";

/// Target 109.
#[tokio::test]
async fn a_video_has_a_poster_in_its_slot_and_nothing_else_is_taken_for_one() {
    let stand_in = StandIn::start().await;
    let mut server = Server::start(stand_in.options());
    let owner = Api::owner(&mut server).await;
    let write = async |address: &str| {
        let body = json!({"plugin_id": VIDEOS, "attribute_name": "state", "attribute_value": {"value": address}});
        let path = format!("/objects/{PLAZA}/attributes");
        owner.post(&path, body).await.ok(202);
    };
    let still = |id: &str| format!("GET /vi/{id}/hqdefault.jpg");
    let bad = [
        ("BBBBBBBBBBB", Play::Garbage),
        ("CCCCCCCCCCC", Play::Endless),
        ("DDDDDDDDDDD", Play::Half),
        (
            "EEEEEEEEEEE",
            Play::Redirect("http://169.254.169.254/latest".to_owned()),
        ),
        ("FFFFFFFFFFF", Play::Redirect("http://[::1]/".to_owned())),
        (
            "GGGGGGGGGGG",
            Play::File("image/jpeg", b"no picture".to_vec()),
        ),
    ];
    for (id, play) in &bad {
        stand_in.plays(&still(id), play.clone());
        write(&format!("https://youtu.be/{id}")).await;
        stand_in.heard(&still(id)).await;
    }
    write(NO_VIDEO).await;
    stand_in.heard(&still("AAAAAAAAAAA")).await;
    // The best picture is asked for first, and is not there either.
    assert_eq!(stand_in.count("GET /vi/AAAAAAAAAAA/maxresdefault.jpg"), 1);
    for id in ["/x", "?v=1", ""] {
        write(&format!("https://youtu.be/{id}")).await;
    }
    stand_in.plays(
        &still("UmSJIEZQAyQ"),
        Play::File("image/png", png(480, 360, 5)),
    );
    write(VIDEO).await;
    let hash = owner.picture_of(PLAZA, (VIDEOS, "state")).await;
    assert_eq!(
        hash, "80a762d500da819b54101905d9d6fae5",
        "as the existing platform names it"
    );
    let poster = owner.render(&format!("get/{hash}")).await;
    assert_eq!(poster.headers()["content-type"], "image/png");
    assert_eq!(poster.headers()["x-width"], "480");
    // A video that had no poster is not asked for again at once; it got none.
    let asked = stand_in.count(&still("GGGGGGGGGGG"));
    write("https://youtu.be/GGGGGGGGGGG").await;
    write(VIDEO).await;
    assert_eq!(owner.picture_of(PLAZA, (VIDEOS, "state")).await, hash);
    assert_eq!(stand_in.count(&still("GGGGGGGGGGG")), asked);
}
