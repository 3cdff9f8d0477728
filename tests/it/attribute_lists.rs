//! One attribute of all users in an object, or of an object and all below it (docs/spec/model.md
//! §5.6).

use chrono::{SecondsFormat, Utc};
use posbus::Umid;
use serde_json::{Value, json};

use crate::support::{
    Answer, Api, CANVAS, CANVAS_CHILD, Options, PLAZA, Server, WELCOME, Whose,
    attribute_query as query, node_id,
};

async fn all_users(api: &Api, object: Umid, attribute: &str) -> Answer {
    let query = query(attribute);
    api.get(&format!("/objects/{object}/all-users/attributes{query}"))
        .await
}

async fn count(api: &Api, object: Umid, attribute: &str, since: &str) -> Answer {
    let query = query(attribute);
    api.get(&format!("/objects/{object}/all-users/count{query}{since}"))
        .await
}

/// Y19: votes are counted apart from other attributes and other objects; those taken back do not
/// count.
#[tokio::test]
async fn votes_are_listed_and_counted() {
    let mut server = Server::start(Options::default().unlimited());
    let owner = Api::owner(&mut server).await;
    let (ann, bob) = (Api::guest(&server).await, Api::guest(&server).await);
    let node = node_id(&ann).await;
    assert_eq!(all_users(&ann, PLAZA, "vote").await.ok(200), json!({}));
    let votes = async || count(&ann, PLAZA, "vote", "").await.ok(200)["count"].clone();
    assert_eq!(votes().await, 0);
    for api in [&ann, &bob, &owner] {
        let own = Whose::ObjectUser(PLAZA, api.user);
        api.write_of(own, "vote", json!({})).await.ok(202);
        api.write_key(own, "comments", "a", json!({"by": api.user}))
            .await
            .ok(202);
    }
    ann.write_of(Whose::ObjectUser(node, ann.user), "vote", json!({"up": 1}))
        .await
        .ok(202);
    assert_eq!(votes().await, 3);
    assert_eq!(count(&ann, node, "vote", "").await.ok(200)["count"], 1);
    let mut expected = json!({});
    for api in [&ann, &bob, &owner] {
        expected[api.user.to_string()] = json!({"a": {"by": api.user}});
    }
    assert_eq!(all_users(&bob, PLAZA, "comments").await.ok(200), expected);
    bob.remove_of(Whose::ObjectUser(PLAZA, bob.user), "vote")
        .await
        .ok(200);
    assert_eq!(votes().await, 2);
    let listed = all_users(&bob, PLAZA, "vote").await.ok(200);
    assert_eq!(listed.as_object().map(|list| list.len()), Some(2));
    assert_eq!(listed.get(bob.user.to_string()), None);

    // By pages, last written first.
    let path = format!("/objects/{PLAZA}/all-users/attributes{}", query("comments"));
    let page = owner.get(&format!("{path}&limit=1")).await.ok(200);
    assert!(page.get(owner.user.to_string()).is_some(), "{page}");
    let page = owner.get(&format!("{path}&limit=1&offset=2")).await.ok(200);
    assert!(page.get(ann.user.to_string()).is_some(), "{page}");
    let page = format!("{path}&limit=9007199254740991&offset=18446744073709551615");
    assert_eq!(owner.get(&page).await.ok(200), json!({}));
}

/// D12, Y20: what was written again counts as new.
#[tokio::test]
async fn since_selects_by_the_last_write() {
    let server = Server::start(Options::default());
    let ann = Api::guest(&server).await;
    let own = Whose::ObjectUser(PLAZA, ann.user);
    ann.write_of(own, "vote", json!({})).await.ok(202);
    let time = Utc::now().to_rfc3339_opts(SecondsFormat::Micros, true);
    let since = async |time: &str| {
        let answer = count(&ann, PLAZA, "vote", &format!("&since={time}")).await;
        answer.ok(200)["count"].clone()
    };
    assert_eq!(since(&time).await, 0);
    assert_eq!(since("2023-07-01T12:00:00Z").await, 1);
    assert_eq!(since("2023-07-01T12:00:00%2B02:00").await, 1);
    ann.write_key(own, "vote", "again", json!(true))
        .await
        .ok(202);
    assert_eq!(since(&time).await, 1);
    for time in ["yesterday", "2023-07-01", "1688212800", "%00"] {
        let answer = count(&ann, PLAZA, "vote", &format!("&since={time}")).await;
        answer.refused(400, "invalid_since_time");
    }
    for far in ["0000-01-01T00:00:00%2B14:00", "9999-12-31T23:59:59Z"] {
        let answer = count(&ann, PLAZA, "vote", &format!("&since={far}")).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }
}

#[tokio::test]
async fn lists_are_for_what_everybody_may_read() {
    let mut server = Server::start(Options::default());
    let owner = Api::owner(&mut server).await;
    let guest = Api::guest(&server).await;
    for api in [&owner, &guest] {
        for secret in ["skybox_ai", "blockadelabs", "jwt_key"] {
            let refused = all_users(api, PLAZA, secret).await;
            refused.refused(403, "operation_not_permitted");
        }
    }
    // A count tells no value, so it is by the rules of reading one.
    let refused = count(&guest, PLAZA, "skybox_ai", "").await;
    refused.refused(403, "operation_not_permitted");
    assert_eq!(
        count(&owner, PLAZA, "skybox_ai", "").await.ok(200)["count"],
        0
    );
    let nowhere = Umid::now_v7();
    for answer in [
        all_users(&guest, nowhere, "vote").await,
        count(&guest, nowhere, "vote", "").await,
        guest
            .get(&format!(
                "/objects/{nowhere}/attributes-with-children{}",
                query("vote")
            ))
            .await,
    ] {
        answer.refused(404, "object_not_found");
    }
    for answer in [
        all_users(&guest, PLAZA, "no_such").await,
        count(&guest, PLAZA, "no_such", "").await,
    ] {
        answer.refused(400, "invalid_plugin_attribute");
    }
}

#[tokio::test]
async fn a_subtree_shows_one_attribute_of_all_its_objects() {
    let mut server = Server::start(Options::default().unlimited());
    let owner = Api::owner(&mut server).await;
    let guest = Api::guest(&server).await;
    let canvas = owner.create_of(WELCOME, CANVAS, "Canvas").await;
    let first = owner.create_of(canvas, CANVAS_CHILD, "First").await;
    let second = owner.create_of(canvas, CANVAS_CHILD, "Second").await;
    let below = async |api: &Api, object: Umid, attribute: &str| {
        let query = query(attribute);
        api.get(&format!(
            "/objects/{object}/attributes-with-children{query}"
        ))
        .await
    };
    let names = below(&guest, canvas, "name").await.ok(200);
    let mut expected = json!({});
    for (object, name) in [(canvas, "Canvas"), (first, "First"), (second, "Second")] {
        expected[object.to_string()] = json!({ "name": name });
    }
    assert_eq!(names, expected);
    owner
        .set(second, "description", json!({"description": "Two"}))
        .await
        .ok(202);
    let mut expected = json!({});
    expected[second.to_string()] = json!({"description": "Two"});
    assert_eq!(below(&guest, canvas, "description").await.ok(200), expected);
    assert_eq!(below(&guest, first, "description").await.ok(200), json!({}));
    // A user who may read the root's may read all of them, and nobody else.
    let secret = below(&guest, canvas, "skybox_ai").await;
    secret.refused(403, "operation_not_permitted");
    assert_eq!(below(&owner, canvas, "skybox_ai").await.ok(200), json!({}));
    owner.unset(second, "description").await.ok(200);
    assert_eq!(
        below(&guest, canvas, "description").await.ok(200),
        Value::Object(serde_json::Map::new())
    );
}
