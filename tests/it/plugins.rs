//! Lists of plugins (docs/spec/rest.md §8; docs/spec/model.md §5.7).

use serde_json::json;

use crate::support::{Api, CORE, Options, Server};

const IMAGE: &str = "ff40fbf0-8c22-437d-b27a-0258f99130fe";
const CALENDAR: &str = "2b92edbc-5ef5-4028-89a6-d510f8583887";
const UNKNOWN: &str = "ffffffff-8c22-437d-b27a-0258f99130fe";

#[tokio::test]
async fn plugins_are_listed_found_and_described() {
    let server = Server::start(Options::default());
    let guest = Api::guest(&server).await;
    let all = guest.get("/plugins").await.ok(200);
    assert_eq!(all[CORE], "Core");
    assert!(all.as_object().is_some_and(|all| all.len() > 8), "{all}");
    for (path, expected) in [
        (format!("/plugins?ids[]={IMAGE}"), json!({IMAGE: "Image"})),
        (
            format!("/plugins?ids[]={IMAGE}&ids[]={CORE}&ids[]={UNKNOWN}"),
            json!({IMAGE: "Image", CORE: "Core"}),
        ),
        ("/plugins?type=clock".to_owned(), json!({})),
        (
            "/plugins/search?name=imAGe".to_owned(),
            json!({IMAGE: "Image"}),
        ),
        (
            "/plugins/search?description=events&name=cal".to_owned(),
            json!({CALENDAR: "Event Calendar"}),
        ),
        ("/plugins/search?name=nothing".to_owned(), json!({})),
        (
            format!("/plugins/meta?ids[]={IMAGE}&ids[]={CORE}"),
            json!({IMAGE: {"name": "Image"}, CORE: {"name": "Core"}}),
        ),
    ] {
        assert_eq!(guest.get(&path).await.ok(200), expected, "{path}");
    }
    guest
        .get(&format!("/plugins/meta?ids[]={IMAGE}&ids[]={UNKNOWN}"))
        .await
        .refused(404, "plugin_not_found");
    for path in ["/plugins?ids[]=x", "/plugins/meta?ids[]=x"] {
        guest.get(path).await.refused(400, "invalid_request_query");
    }
    for path in [
        "/plugins",
        "/plugins/search",
        "/plugins/meta",
        "/plugins/options",
    ] {
        let stranger = Api::stranger(&server).get(path).await;
        stranger.refused(401, "failed_to_verify_access_token");
    }
}

/// Options name what a node runs and how; the reference shows them to everybody.
#[tokio::test]
async fn options_of_plugins_are_for_admins_of_the_node() {
    let mut server = Server::start(Options::default());
    let path = format!("/plugins/options?ids[]={CORE}");
    let guest = Api::guest(&server).await;
    guest.get(&path).await.refused(403, "not_admin");
    let owner = Api::owner(&mut server).await;
    assert_eq!(owner.get(&path).await.ok(200), json!({CORE: {}}));
    let public = Api::stranger(&server).get("/plugin").await.ok(200);
    for plugin in public.as_array().expect("a list") {
        assert_eq!(plugin["options"], json!(null), "{plugin}");
    }
}
