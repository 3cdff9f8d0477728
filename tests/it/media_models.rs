//! Models in libraries and in worlds (docs/media.md, E 73–75).

use std::fs;

use serde_json::{Value, json};

use crate::support::{
    Api, CUSTOM_OBJECT, Client, Options, Server, WELCOME,
    media::{Part, png, sha256},
};

fn shape(name: &str) -> Vec<u8> {
    fs::read(format!(
        "{}/assets/shapes/{name}.glb",
        env!("CARGO_MANIFEST_DIR")
    ))
    .expect("is there")
}

async fn library(api: &Api, query: &str) -> Vec<Value> {
    let list = api.get(&format!("/assets-3d{query}")).await.ok(200);
    list.as_array().expect("a list").clone()
}

#[tokio::test]
async fn an_uploaded_model_stands_in_the_world_and_everybody_knows_its_format() {
    let mut server = Server::start(Options::default());
    let owner = Api::owner(&mut server).await;
    let mut watcher = Client::guest(&server).await;
    let bytes = shape("6e8fec1c-ff95-df66-1375-e312f6447b3d");
    let preview = owner.uploaded("image", &png(64, 64, 1)).await;
    let parts: [Part; 4] = [
        ("asset", Some("My ring.v2.glb"), &bytes),
        ("name", None, b""),
        ("preview_hash", None, preview.as_bytes()),
        ("is_private", None, b"true"),
    ];
    let entry = owner.send_form("/assets-3d/upload", &parts).await.ok(202);
    assert_eq!(entry["name"], "My ring.v2");
    assert_eq!(entry["is_private"], true);
    assert_eq!(
        entry["meta"],
        json!({"name": "My ring.v2", "preview_hash": preview, "type": 1, "category": "custom"})
    );
    let id = entry["id"].as_str().expect("an id").to_owned();
    let digits = id.replace('-', "");
    let served = owner.render(&format!("asset/{digits}")).await;
    assert_eq!(served.headers()["content-type"], "model/gltf-binary");
    assert_eq!(served.bytes().await.expect("bytes"), bytes);
    assert_eq!(
        digits[..12],
        sha256(&bytes)[..12],
        "the id is made of the digest"
    );

    let body = json!({"parent_id": WELCOME, "object_type_id": CUSTOM_OBJECT, "object_name": "Ring",
                      "asset_3d_id": id, "minimap": true});
    owner.post("/objects", body).await.ok(201);
    let added = watcher
        .expect("the ring", |added: &posbus::AddObjects| {
            added.objects.iter().any(|object| object.name == "Ring")
        })
        .await;
    let ring = added
        .objects
        .iter()
        .find(|object| object.name == "Ring")
        .expect("the ring");
    assert_eq!(ring.asset_type.to_string(), id);
    assert_eq!(ring.asset_format, posbus::Asset3dType(1));

    // The same model from somebody else is the same asset in another library.
    let guest = Api::guest(&server).await;
    let again = guest.upload_model("Hoop", &bytes).await.ok(202);
    assert_eq!((&again["id"], &again["name"]), (&json!(id), &json!("Hoop")));
}

/// Targets 73 to 75.
#[tokio::test]
async fn private_models_are_listed_to_their_owners_only() {
    let server = Server::start(Options::default());
    let (ann, bob) = (Api::guest(&server).await, Api::guest(&server).await);
    let bytes = shape("8a7e55f5-934d-8ebf-17bb-39e2d8d9bfa1");
    let parts: [Part; 3] = [
        ("asset", Some("a.glb"), &bytes),
        ("name", None, b"Mine"),
        ("is_private", None, b"1"),
    ];
    let entry = ann.send_form("/assets-3d/upload", &parts).await.ok(202);
    for query in ["", "?category=custom"] {
        let has = |list: &[Value]| list.iter().any(|entry| entry["name"] == "Mine");
        assert!(has(&library(&ann, query).await), "{query}");
        assert!(!has(&library(&bob, query).await), "{query}");
    }
    let path = format!("/assets-3d/{}", entry["id"].as_str().expect("an id"));
    bob.patch(&path, json!({"is_private": false}))
        .await
        .refused(404, "not_found");
    bob.delete(&path).await.refused(404, "asset3d_not_removed");
    ann.delete(&path).await.ok(200);
    ann.delete(&path).await.refused(404, "asset3d_not_removed");
    for (field, value) in [("is_private", &b"perhaps"[..]), ("preview_hash", b"../a")] {
        let parts: [Part; 2] = [("asset", Some("a.glb"), &bytes), (field, None, value)];
        let refused = ann.send_form("/assets-3d/upload", &parts).await;
        assert_eq!(refused.status, 400, "{field}");
    }
}

/// Clients ask an outside host for a picture where there is none.
#[tokio::test]
async fn every_shape_has_a_picture() {
    let server = Server::start(Options::default());
    let guest = Api::guest(&server).await;
    let shapes = library(&guest, "").await;
    assert_eq!(shapes.len(), 13);
    for shape in shapes {
        let hash = shape["meta"]["preview_hash"].as_str().expect("a picture");
        let picture = guest.render(&format!("texture/s4/{hash}")).await;
        assert_eq!(picture.status(), 200, "{shape}");
        assert_eq!(picture.headers()["x-width"], "256");
    }
}
