//! The API describes itself, and what it says of itself is what there is.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{
    command::Home,
    support::{Api, Options, Server},
};

/// Keys that a document may have in a path besides its methods.
const METHODS: [&str; 5] = ["get", "post", "patch", "delete", "put"];

/// Every route that there has to be, and whether it needs a token.
fn listed() -> BTreeMap<String, bool> {
    let lines = include_str!("fixtures/routes.txt").lines();
    let routes = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    routes
        .map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            let [method, path, auth] = words[..] else {
                panic!("three words: {line}");
            };
            (route(method, path), auth != "P")
        })
        .collect()
}

/// Every route in the document, and whether it needs a token.
fn documented(document: &Value) -> BTreeMap<String, bool> {
    let mut routes = BTreeMap::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            assert!(METHODS.contains(&method.as_str()), "{method} {path}");
            let token = !operation["security"].is_null();
            routes.insert(route(&method.to_uppercase(), path), token);
        }
    }
    routes
}

/// Method and path, without the names of what stands in braces.
fn route(method: &str, path: &str) -> String {
    let segments = path.split('/').map(|segment| match segment.as_bytes() {
        [b'{', .., b'}'] => "{}",
        _ => segment,
    });
    format!("{method} {}", segments.collect::<Vec<_>>().join("/"))
}

#[tokio::test]
async fn the_document_and_the_list_of_routes_agree() {
    let server = Server::start(Options::default());
    let stranger = Api::stranger(&server);
    let document = stranger.get("/openapi.json").await.ok(200);
    let version = document["openapi"].as_str().unwrap_or_default();
    assert!(version.starts_with("3."), "{version}");
    let served = documented(&document);
    let kept: Value = serde_json::from_str(include_str!("../../docs/openapi.json")).expect("JSON");
    assert_eq!(
        served,
        documented(&kept),
        "the routes of docs/openapi.json, each with this need for a token"
    );
    for (route, token) in listed() {
        assert_eq!(
            served.get(&route),
            Some(&token),
            "{route}: documented, and with this need for a token"
        );
    }
}

/// For those who read it without a server, and for reviews: a change of the API shows in the
/// difference.
#[tokio::test]
async fn the_document_in_docs_is_the_one_that_is_served() {
    let server = Server::start(Options::default());
    let served = Api::stranger(&server).get("/openapi.json").await.ok(200);
    let kept: Value = serde_json::from_str(include_str!("../../docs/openapi.json")).expect("JSON");
    assert!(
        served == kept,
        "to renew it: odyssey openapi > docs/openapi.json"
    );
    let printed = Home::new().run(&["openapi"], &[]);
    assert_eq!(printed.code, Some(0), "{}", printed.err);
    assert!(printed.out == include_str!("../../docs/openapi.json"));
}

#[tokio::test]
async fn the_document_is_whole_and_people_can_read_it() {
    let server = Server::start(Options::default());
    let stranger = Api::stranger(&server);
    let document = stranger.get("/openapi.json").await.ok(200);
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
