//! Entries of attributes whose values are maps of records, as the clients ask for them: comments
//! under an object, the gallery of skyboxes on the node (docs/spec/model.md §5.6). What each
//! parameter does is in `store/tests/it/entries.rs`.

use posbus::Umid;
use serde_json::{Value, json};

use crate::support::{Answer, Api, CORE, Options, PLAZA, Server, Whose, node_id};

async fn entries(api: &Api, object: Umid, attribute: &str, query: &str) -> Answer {
    let path = format!("/objects/{object}/all-users/attributes/{CORE}/{attribute}/entries{query}");
    api.get(&path).await
}

fn keys(page: &Value) -> Vec<&str> {
    let items = page["items"].as_array().expect("a list");
    items
        .iter()
        .map(|item| item["_key"].as_str().expect("a key"))
        .collect()
}

#[tokio::test]
async fn comments_come_page_by_page_with_those_who_wrote_them() {
    let server = Server::start(Options::default().unlimited());
    let (ann, bob) = (Api::user(&server, 1).await, Api::guest(&server).await);
    let profile =
        json!({"profile": {"bio": "I paint", "avatarHash": "03ce359d18bfc0fe977bd66ab471d222"}});
    ann.patch("/profile", profile).await.ok(200);
    let empty = entries(&ann, PLAZA, "comments", "?fields[]=content").await;
    assert_eq!(
        empty.ok(200),
        json!({"count": 0, "limit": 10, "offset": 0, "items": []})
    );
    for number in 0..13 {
        let author = if number % 2 == 0 { &ann } else { &bob };
        let key = format!("c{number:02}");
        let comment = json!({"uuid": key, "created": format!("2023-07-01T12:00:{number:02}Z"),
                             "content": format!("Comment {number}"), "hidden": "not asked for"});
        let own = Whose::ObjectUser(PLAZA, author.user);
        author
            .write_key(own, "comments", &key, comment)
            .await
            .ok(202);
    }
    let fields = "?fields%5B%5D=uuid&fields%5B%5D=created&fields%5B%5D=content&order=-created";
    let page = entries(&bob, PLAZA, "comments", &format!("{fields}&limit=5")).await;
    let page = page.ok(200);
    assert_eq!(
        (&page["count"], &page["limit"], &page["offset"]),
        (&json!(13), &json!(5), &json!(0))
    );
    assert_eq!(keys(&page), ["c12", "c11", "c10", "c09", "c08"]);
    assert_eq!(
        page["items"][0],
        json!({
            "_key": "c12",
            "_user": {"user_id": ann.user, "profile": {"name": ann.name, "bio": "I paint",
                "avatar_hash": "03ce359d18bfc0fe977bd66ab471d222", "onboarded": true}},
            "uuid": "c12", "created": "2023-07-01T12:00:12Z", "content": "Comment 12",
        })
    );
    let by_guest = &page["items"][1]["_user"];
    assert_eq!(by_guest["user_id"], json!(bob.user));
    assert_eq!(by_guest["profile"]["name"], json!(bob.name));
    let last = entries(
        &bob,
        PLAZA,
        "comments",
        &format!("{fields}&limit=5&offset=10"),
    )
    .await;
    assert_eq!(keys(&last.ok(200)), ["c02", "c01", "c00"]);
    let beyond = entries(&bob, PLAZA, "comments", &format!("{fields}&offset=13")).await;
    let beyond = beyond.ok(200);
    assert_eq!(
        (&beyond["count"], &beyond["items"]),
        (&json!(13), &json!([]))
    );
    // Another object has comments of its own.
    let other = entries(&bob, node_id(&bob).await, "comments", fields).await;
    assert_eq!(other.ok(200)["count"], 0);

    let own = Whose::ObjectUser(PLAZA, ann.user);
    ann.remove_key(own, "comments", "c12").await.ok(200);
    bob.remove_of(Whose::ObjectUser(PLAZA, bob.user), "comments")
        .await
        .ok(200);
    let left = entries(&bob, PLAZA, "comments", fields).await.ok(200);
    assert_eq!(keys(&left), ["c10", "c08", "c06", "c04", "c02", "c00"]);
}

/// An attribute as the gallery of skies is one, without those that ship with the program.
const LIST: &str = "timeline_last_seen";

#[tokio::test]
async fn the_gallery_is_filtered_searched_and_sorted() {
    let server = Server::start(Options::default().unlimited());
    let (ann, bob) = (Api::guest(&server).await, Api::guest(&server).await);
    let node = node_id(&ann).await;
    for (author, key, name, public) in [
        (&ann, "s1", "Blue sky", true),
        (&ann, "s2", "Secret SKY", false),
        (&bob, "s3", "100% sky_blue", true),
        (&bob, "s4", "Dawn\\dusk", true),
    ] {
        let sky = json!({"name": name, "artist_name": author.name, "is_public": public});
        author
            .write_key(Whose::ObjectUser(node, author.user), LIST, key, sky)
            .await
            .ok(202);
    }
    let fields = "?fields[]=name&fields[]=is_public&fields[]=artist_name";
    for (query, expected) in [
        ("&order=name", &["s3", "s1", "s4", "s2"] as &[&str]),
        ("&is_public=true&order=name&limit=6", &["s3", "s1", "s4"]),
        ("&is_public=false", &["s2"]),
        ("&is_public=true&order=-name&q=SKY", &["s1", "s3"]),
        ("&q=%25", &["s3"]),
        ("&q=y_b", &["s3"]),
        ("&q=n%5Cd", &["s4"]),
        ("&name=Blue%20sky", &["s1"]),
        (
            "&unasked=1&order=name&limit=9007199254740991",
            &["s3", "s1", "s4", "s2"],
        ),
        ("&limit=0", &[]),
        ("&name=", &["s1", "s2", "s3", "s4"]),
    ] {
        let page = entries(&bob, node, LIST, &format!("{fields}{query}")).await;
        let page = page.ok(200);
        assert_eq!(keys(&page), expected, "{query}");
    }
    let public = entries(&bob, node, LIST, &format!("{fields}&name=Blue%20sky")).await;
    assert_eq!(public.ok(200)["items"][0]["is_public"], "true", "as text");
    let none = entries(&bob, node, LIST, &format!("{fields}&limit=0")).await;
    assert_eq!(none.ok(200)["count"], 4, "no limit is not what 0 means");
}

#[tokio::test]
async fn mistakes_and_secrets_are_refused() {
    let mut server = Server::start(Options::default().unlimited());
    let owner = Api::owner(&mut server).await;
    for (attribute, query, status, reason) in [
        ("no_such", "", 404, "invalid_param"),
        ("comments", "?fields[]=a&order=b", 400, "invalid_params"),
        ("comments", "?order=a", 400, "invalid_params"),
        ("comments", "?limit=-1", 400, "invalid_query"),
        ("comments", "?offset=many", 400, "invalid_query"),
        (
            "comments",
            "?limit=99999999999999999999",
            400,
            "invalid_query",
        ),
        ("comments", "?fields[]=a&a=%00", 400, "invalid_query"),
        ("comments", "?fields[]=%00", 400, "invalid_query"),
        ("comments", "?q=%00", 400, "invalid_query"),
        // Not even for admins.
        ("skybox_ai", "", 403, "operation_not_permitted"),
        ("blockadelabs", "", 403, "operation_not_permitted"),
        ("jwt_key", "", 403, "operation_not_permitted"),
    ] {
        let answer = entries(&owner, PLAZA, attribute, query).await;
        answer.refused(status, reason);
    }
    let nowhere = entries(&owner, Umid::now_v7(), "comments", "").await;
    nowhere.refused(404, "object_not_found");
    let path = format!("/objects/{PLAZA}/all-users/attributes/core/comments/entries");
    owner.get(&path).await.refused(400, "invalid_plugin_id");
    let path = format!("/objects/plaza/all-users/attributes/{CORE}/comments/entries");
    owner.get(&path).await.refused(400, "invalid_object_id");
}
