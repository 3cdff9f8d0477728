//! The API describes itself.

use crate::support::{Api, Options, Server};

/// Routes of this version, below the base path (spec rest §2).
const ROUTES: [(&str, &[&str]); 35] = [
    ("/auth/challenge", &["get"]),
    ("/auth/token", &["post"]),
    ("/auth/guest-token", &["post"]),
    ("/users/me", &["get"]),
    ("/users/me/attach-account", &["post"]),
    ("/users/me/remove-wallet", &["delete"]),
    ("/users", &["get"]),
    ("/users/{userID}", &["get"]),
    ("/users/{userID}/worlds", &["get"]),
    ("/profile", &["patch"]),
    ("/worlds", &["get"]),
    ("/worlds/{worldID}", &["get"]),
    ("/worlds/{worldID}/online-users", &["get"]),
    ("/objects", &["post"]),
    ("/objects/{objectID}", &["get", "patch", "delete"]),
    ("/objects/{objectID}/tree", &["get"]),
    ("/objects/{objectID}/attributes", &["get", "post", "delete"]),
    (
        "/objects/{objectID}/attributes/sub",
        &["get", "post", "delete"],
    ),
    ("/objects/{objectID}/attributes-with-children", &["get"]),
    ("/objects/{objectID}/attributes/publicize", &["post"]),
    (
        "/objects/{objectID}/{userID}/attributes",
        &["get", "post", "delete"],
    ),
    (
        "/objects/{objectID}/{userID}/attributes/sub",
        &["get", "post", "delete"],
    ),
    ("/objects/{objectID}/all-users/attributes", &["get"]),
    ("/objects/{objectID}/all-users/count", &["get"]),
    (
        "/objects/{objectID}/all-users/attributes/{pluginID}/{attrName}/entries",
        &["get"],
    ),
    ("/users/me/attributes", &["get"]),
    ("/users/{userID}/attributes", &["get", "post", "delete"]),
    ("/users/{userID}/attributes/sub", &["get", "post", "delete"]),
    ("/users/attributes/sub/{userID}/{targetID}", &["post"]),
    ("/node/attributes", &["get", "post", "delete"]),
    ("/objects/{objectID}/members", &["get", "post"]),
    ("/objects/{objectID}/members/{userID}", &["delete"]),
    ("/plugin", &["get"]),
    ("/config/ui-client", &["get"]),
    ("/quic", &["get"]),
];

#[tokio::test]
async fn the_document_lists_every_route() {
    let server = Server::start(Options::default());
    let stranger = Api::stranger(&server);
    let document = stranger.get("/openapi.json").await.ok(200);
    assert!(
        document["openapi"]
            .as_str()
            .is_some_and(|version| version.starts_with("3."))
    );
    for (path, methods) in ROUTES {
        let full = format!("/api/v4{path}");
        for method in methods {
            assert!(
                document["paths"][&full][method].is_object(),
                "{method} {full}"
            );
        }
    }
    for path in ["/version", "/health", "/ready"] {
        assert!(document["paths"][path]["get"].is_object(), "{path}");
    }
    let text = document.to_string();
    for reference in text.split("\"$ref\":\"#/components/schemas/").skip(1) {
        let name = reference.split('"').next().expect("a name");
        assert!(
            document["components"]["schemas"][name].is_object(),
            "{name} is described"
        );
    }
    let page = stranger.root("/api/docs/").await;
    assert_eq!(page.status, 200);
    assert!(
        page.content_type.starts_with("text/html"),
        "{}",
        page.content_type
    );
}
