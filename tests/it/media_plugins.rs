//! Files of bundles (docs/media.md, H).

use serde_json::json;

use crate::support::{
    Api, Options, Server,
    media::{archive, bundle},
};

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
