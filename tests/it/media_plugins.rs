//! Files of bundles (docs/media.md, H).

use serde_json::{Value, json};

use crate::support::{
    Api, Options, Server,
    media::{archive, bundle},
};

/// 2D assets of the seed.
const VIDEO: &str = "bda25d5d-2aab-45b4-9e8a-23579514cec1";
const MIRO: &str = "a31722a6-26b7-46bc-97f9-435c380c3ca9";
const DRIVE: &str = "c601404b-61a2-47d5-a5c7-f3c704a8bf58";

/// Targets 98 and 99.
#[tokio::test]
async fn files_of_a_bundle_are_served_as_what_they_are() {
    let mut server = Server::start(Options::default());
    let owner = Api::owner(&mut server).await;
    let manifest = json!({"name": "clock", "version": "1.0.0"}).to_string();
    let packed = archive(&[
        ("manifest.json", manifest.as_bytes()),
        ("remoteEntry.js", b"var clock;"),
        ("static/style.css", b"a{}"),
        ("static/module.wasm", b"\0asm"),
        ("static/picture.svg", b"<svg/>"),
        ("static/data.unknown", b"\x00"),
        (".env", b"SECRET=1"),
    ]);
    let hash = owner.uploaded("plugin", &packed).await;
    assert_eq!(owner.uploaded("plugin", &packed).await, hash);
    let stranger = Api::stranger(&server);
    for (path, mime) in [
        ("remoteEntry.js", "text/javascript; charset=utf-8"),
        ("manifest.json", "application/json"),
        ("static/style.css", "text/css; charset=utf-8"),
        ("static/module.wasm", "application/wasm"),
        ("static/data.unknown", "application/octet-stream"),
    ] {
        let answer = stranger.render(&format!("plugin/{hash}/{path}")).await;
        assert_eq!(answer.status(), 200, "{path}");
        assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
        assert_eq!(
            answer.headers()["cache-control"],
            "public, max-age=31536000, immutable"
        );
        let kind = answer.headers()["content-type"].to_str().expect("text");
        assert!(kind.starts_with(mime), "{path}: {kind}");
        assert!(answer.headers().contains_key("etag"));
    }
    for path in [
        "",
        "static",
        "static/",
        ".env",
        "../manifest.json",
        "%2e%2e/manifest.json",
        "STATIC/style.css",
    ] {
        let answer = stranger.render(&format!("plugin/{hash}/{path}")).await;
        assert_eq!(answer.status(), 404, "{path}");
    }
    // A file of a bundle is nothing else, and a picture is no bundle.
    let script = crate::support::media::sha256(b"var clock;");
    assert_eq!(
        stranger.render(&format!("get/{script}")).await.status(),
        404
    );
    let none = stranger
        .render("plugin/bd6563cc9fceac3e1ed6fcad752c902d/remoteEntry.js")
        .await;
    assert_eq!(none.status(), 404);
}

#[tokio::test]
async fn an_activated_bundle_is_where_its_plugin_says() {
    let mut server = Server::start(Options::default());
    let owner = Api::owner(&mut server).await;
    let hash = owner
        .uploaded(
            "plugin",
            &bundle(&json!({"name": "clock", "version": "1.0.0"})),
        )
        .await;
    owner
        .post("/node/activate-plugin", json!({"plugin_hash": hash}))
        .await
        .ok(200);
    let list = owner.get("/plugin?text=clock").await.ok(200);
    let url = list[0]["meta"]["scriptUrl"].as_str().expect("an address");
    let script = owner.render(&format!("plugin/{url}/remoteEntry.js")).await;
    assert_eq!(script.bytes().await.expect("bytes"), "var plugin;");
}

/// The plugins of a node by name, with the address of their scripts.
async fn scripts(api: &Api) -> Vec<(String, String)> {
    let list = api.get("/plugin").await.ok(200);
    let list = list.as_array().expect("a list").clone();
    let text = |plugin: &Value, key: &str| plugin["meta"][key].as_str().unwrap_or("").to_owned();
    list.iter()
        .map(|plugin| (text(plugin, "name"), text(plugin, "scriptUrl")))
        .collect()
}

#[tokio::test]
async fn every_plugin_that_is_listed_has_the_script_that_it_names() {
    let mut server = Server::start(Options::default());
    let owner = Api::owner(&mut server).await;
    owner.until_shipped().await;
    let listed = scripts(&owner).await;
    let of = |listed: &[(String, String)]| {
        let video = listed.iter().find(|(name, _)| name == "plugin_video");
        video.expect("the plugin Video").1.clone()
    };
    let shipped = of(&listed);
    for (name, script) in listed.iter().filter(|(_, script)| !script.is_empty()) {
        let served = owner
            .render(&format!("plugin/{script}/remoteEntry.js"))
            .await;
        assert_eq!(served.status(), 200, "{name}");
        let source = served.text().await.expect("text");
        assert!(source.contains("globalThis.plugin_video"), "{name}");
    }
    let asset = owner.get(&format!("/assets-2d/{VIDEO}")).await.ok(200);
    assert_eq!(asset["meta"]["scopeName"], "plugin_video");
    let url = asset["meta"]["scriptUrl"].as_str().expect("an address");
    let served = reqwest::get(url).await.expect("an answer");
    assert_eq!(served.status(), 200, "{url}");
    for absent in [MIRO, DRIVE] {
        let asset = owner.get(&format!("/assets-2d/{absent}")).await.ok(200);
        assert_eq!(asset["meta"]["scriptUrl"], Value::Null, "{asset}");
    }
    assert!(
        !listed
            .iter()
            .any(|(name, _)| name == "Miro" || name == "Google Drive")
    );

    // Another bundle that an admin activates stays, also when the server starts again.
    let other = bundle(&json!({"name": "plugin_video", "version": "2.0.0"}));
    let other = owner.uploaded("plugin", &other).await;
    owner
        .post("/node/activate-plugin", json!({"plugin_hash": other}))
        .await
        .ok(200);
    server.stop();
    server.start_again();
    let owner = owner.at(&server);
    owner.until_shipped().await;
    assert_eq!(of(&scripts(&owner).await), other);
    let asset = owner.get(&format!("/assets-2d/{VIDEO}")).await.ok(200);
    let url = asset["meta"]["scriptUrl"].as_str().expect("an address");
    assert!(
        url.ends_with(&format!("/plugin/{other}/remoteEntry.js")),
        "{url}"
    );
    assert_ne!(shipped, other);
}
