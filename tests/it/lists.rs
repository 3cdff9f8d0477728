//! The lists that every client asks for when it starts (docs/spec/rest.md §6).

use posbus::Umid;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Api, Options, Rows, Server, WELCOME};

fn ids(list: &Value) -> Vec<Umid> {
    let rows = list.as_array().unwrap_or_else(|| panic!("no list: {list}"));
    let id = |row: &Value| row["id"].as_str().and_then(|id| id.parse().ok());
    rows.iter().map(|row| id(row).expect("an id")).collect()
}

#[tokio::test]
async fn lists_are_ordered_and_bounded_and_take_no_sql() {
    let mut server = Server::start(Options::default().unlimited());
    let guest = Api::guest(&server).await;
    server.stop();
    let mut rows = Rows::of(&server).await;
    let (mut users, mut worlds) = (Vec::new(), Vec::new());
    for number in 0..120 {
        users.push(rows.user(json!({"name": format!("user {number}")})).await);
        worlds.push(rows.world(users[0], &format!("world {number}")).await);
    }
    rows.close().await;
    server.start_again();
    let guest = guest.at(&server);
    for (path, rows) in [("/users", users), ("/worlds", worlds)] {
        let list = async |query: &str| ids(&guest.get(&format!("{path}{query}")).await.ok(200));
        // The seed's own rows are younger than those of the test, which are of 1971.
        let oldest_first = list("?sort=ASC&limit=1000").await;
        assert_eq!(oldest_first[..120], rows, "{path}");
        let mut newest_first = oldest_first.clone();
        newest_first.reverse();
        assert_eq!(
            list("?limit=9007199254740991&sort=DESC").await,
            newest_first
        );
        assert_eq!(list("").await, newest_first[..100], "100, newest first");
        assert_eq!(list("?limit=1&sort=asc").await, rows[..1]);
        assert!(list("?limit=0").await.is_empty());
        assert_eq!(
            list("?limit=&sort=").await.len(),
            100,
            "no value is no parameter"
        );
        assert_eq!(
            list("?limit=1&sort=ASC;DROP%20TABLE%20object").await,
            newest_first[..1]
        );
        for odd in [
            "1;DROP%20TABLE%20object",
            "1%20OFFSET%201",
            "-1",
            "1.5",
            "99999999999999999999999",
            "%00",
        ] {
            guest
                .get(&format!("{path}?limit={odd}"))
                .await
                .refused(400, "invalid_request_query");
        }
    }
}

#[tokio::test]
async fn the_worlds_of_a_user_are_a_list_even_if_empty() {
    let mut server = Server::start(Options::default().unlimited());
    let user = Api::user(&server, 1).await;
    let none = format!("/users/{}/worlds", user.user);
    assert_eq!(user.get(&none).await.ok(200), json!([]));
    let unknown = format!("/users/{}/worlds", Umid::now_v7());
    user.get(&unknown).await.refused(404, "user_not_found");
    let unknown = format!("/users/{}/staked-worlds", Umid::now_v7());
    assert_eq!(user.get(&unknown).await.ok(200), json!([]));

    server.stop();
    let mut rows = Rows::of(&server).await;
    let world = rows.world(user.user, "mine").await;
    rows.object(world, user.user, "no world").await;
    rows.close().await;
    server.start_again();
    let worlds = user.at(&server).get(&none).await.ok(200);
    let expected = json!([{
        "id": world, "owner_id": user.user, "owner_name": "User 1", "name": "mine",
        "description": null, "website_link": null, "avatarHash": null,
    }]);
    assert_eq!(worlds, expected);
}

#[tokio::test]
async fn lists_show_changes_at_once() {
    let mut server = Server::start(Options::default().unlimited());
    let owner = Api::owner(&mut server).await;
    let user = Api::user(&server, 1).await;
    let name = async |path: &str, id: Umid| {
        let list = user.get(path).await.ok(200);
        let rows = list.as_array().expect("a list").clone();
        let row = rows.into_iter().find(|row| row["id"] == json!(id));
        row.unwrap_or_else(|| panic!("no {id} in {list}"))["name"].clone()
    };
    for number in 0..5 {
        let text = format!("named {number} times");
        owner
            .set(WELCOME, "name", json!({"name": text}))
            .await
            .ok(202);
        assert_eq!(name("/worlds?limit=1000", WELCOME).await, json!(text));
        user.patch("/profile", json!({"name": text})).await.ok(200);
        assert_eq!(name("/users?limit=1000", user.user).await, json!(text));
    }
    let mut rows = Rows::of(&server).await;
    let wallet = [7; 20];
    rows.wallet(user.user, wallet, 9).await;
    rows.stake(wallet, WELCOME, 0, "12", "").await;
    let worlds = user.get("/worlds").await.ok(200);
    assert_eq!(
        worlds[0]["stake_total"], "12",
        "what a chain writes shows as well"
    );
    let top = user.get("/users/top-stakers").await.ok(200);
    assert_eq!(top[0]["stake_count"], 1);
}

#[tokio::test]
async fn a_list_already_known_is_answered_without_a_body() {
    let mut server = Server::start(Options::default().unlimited());
    let owner = Api::owner(&mut server).await;
    for path in ["/worlds?limit=1000", "/users/me", "/users/top-stakers"] {
        let first = owner.get(path).await;
        assert_eq!(first.status, 200, "{path}");
        let tag = first.header("etag").expect("a tag").to_owned();
        assert_eq!(first.header("cache-control"), Some("private, no-cache"));
        let again = async |tag: &str| {
            let request = owner.request(Method::GET, path);
            owner.send(request.header("if-none-match", tag)).await
        };
        let same = again(&tag).await;
        assert_eq!((same.status, same.bytes.len()), (304, 0), "{path}");
        assert_eq!(same.header("etag"), Some(tag.as_str()));
        assert_eq!(again(&format!("\"other\", {tag}")).await.status, 304);
        assert_eq!(again("\"other\"").await.status, 200);
    }
    let tag = owner
        .get("/worlds")
        .await
        .header("etag")
        .expect("a tag")
        .to_owned();
    owner
        .set(WELCOME, "name", json!({"name": "another"}))
        .await
        .ok(202);
    let request = owner.request(Method::GET, "/worlds");
    let changed = owner.send(request.header("if-none-match", tag)).await;
    assert_eq!(changed.ok(200)[0]["name"], "another");
}

#[tokio::test]
async fn lists_are_compressed_for_those_who_ask() {
    let mut server = Server::start(Options::default().unlimited());
    let guest = Api::guest(&server).await;
    server.stop();
    let mut rows = Rows::of(&server).await;
    let owner = rows.user(json!({"name": "owner"})).await;
    for number in 0..50 {
        rows.world(owner, &format!("world {number}")).await;
    }
    rows.close().await;
    server.start_again();
    let guest = guest.at(&server);
    for path in [
        "/worlds",
        "/objects/00000000-0000-8000-8000-000000000001/tree",
    ] {
        let plain = guest.get(path).await;
        assert_eq!(plain.header("content-encoding"), None);
        let request = guest.request(Method::GET, path);
        let packed = guest
            .send(request.header("accept-encoding", "br, gzip"))
            .await;
        assert_eq!(packed.header("content-encoding"), Some("gzip"), "{path}");
        assert!(packed.bytes.len() * 2 < plain.bytes.len(), "{path}");
        assert!(packed.bytes.starts_with(&[0x1f, 0x8b]), "{path}");
        assert_eq!(packed.header("etag"), plain.header("etag"));
        let vary = packed.header("vary").unwrap_or_default().to_owned();
        assert!(vary.to_lowercase().contains("accept-encoding"), "{vary}");
    }
}
