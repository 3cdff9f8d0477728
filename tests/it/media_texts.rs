//! Pictures of texts in slots of objects (docs/media.md, I).

use serde_json::json;

use crate::support::{Api, Client, Options, PLAZA, Server};

/// The plugin of texts.
const TEXT: &str = "fc9f2eb7-590a-4a1a-ac75-cd3bfeef28b2";

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
