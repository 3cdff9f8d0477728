//! News of all worlds, page by page (docs/spec/model.md §8.1).

use components::{ActivityData, ActivityKind};
use posbus::Umid;
use sea_orm::{
    Database, EntityTrait, QueryFilter,
    sea_query::{Expr, ExprTrait},
};
use serde_json::{Value, json};
use store::{NewActivity, Store, StoreOptions, entity::activity, stake_activity_id};
use testkit::PostgresServer;

use crate::support::{Api, Options, Server, WELCOME, id};

const HASH: &str = "26485e74acb29223ba7a9fa600d36c7f";

fn news(start: impl ToString, size: impl ToString) -> String {
    let (start, size) = (start.to_string(), size.to_string());
    format!("/objects/newsfeed?startIndex={start}&pageSize={size}")
}

async fn post(author: &Api, world: Umid) -> Umid {
    let video = json!({"type": "video", "hash": HASH});
    let path = format!("/objects/{world}/timeline");
    id(&author.post(&path, video).await.ok(201), "activity_id")
}

fn ids(page: &Value) -> Vec<Umid> {
    let activities = page["activities"].as_array().expect("a list");
    activities
        .iter()
        .map(|one| id(one, "activity_id"))
        .collect()
}

async fn pages(mut server: Server) {
    let owner = Api::owner(&mut server).await;
    let other = owner.create_world("Other").await;
    let already = owner.get(&news(0, 100)).await.ok(200);
    let born = &already["activities"][0];
    assert_eq!(
        (&born["type"], &born["object_id"]),
        (&json!("world_created"), &json!(other))
    );
    assert_eq!(
        (&born["world_name"], &born["user_id"]),
        (&json!("Other"), &json!(owner.user))
    );
    let mut newest_first = ids(&already);
    let before = newest_first.len();
    for number in 0..5 {
        let world = if number % 2 == 0 { WELCOME } else { other };
        newest_first.insert(0, post(&owner, world).await);
    }
    let guest = Api::guest(&server).await;
    let all = guest.get(&news(0, 100)).await.ok(200);
    assert_eq!(ids(&all), newest_first);
    assert_eq!(all["startIndex"], 0);
    assert_eq!(all["pageSize"], 100);
    assert_eq!(all["totalCount"], json!(before + 5));
    let second = &all["activities"][1];
    assert_eq!(second["world_name"], "Other");
    assert_eq!(second["object_id"], json!(other));
    assert_eq!(second["user_name"], json!(owner.name));
    assert_eq!(second["data"]["position"], Value::Null);
    assert!(second.get("avatar_hash").is_some() && second.get("world_avatar_hash").is_some());

    let middle = guest.get(&news(1, 2)).await.ok(200);
    assert_eq!(ids(&middle), newest_first[1..3]);
    assert_eq!(middle["startIndex"], 1);
    assert_eq!(middle["pageSize"], 2);
    assert_eq!(middle["totalCount"], all["totalCount"]);
    let beyond = guest.get(&news(i64::MAX, 1_000)).await.ok(200);
    assert_eq!(beyond["activities"], json!([]));
    assert_eq!(beyond["pageSize"], 100, "{beyond}");
    let none = guest.get(&news(0, 0)).await.ok(200);
    assert_eq!(
        (&none["activities"], &none["totalCount"]),
        (&json!([]), &all["totalCount"])
    );

    let timeline = |world: Umid| format!("/objects/{world}/timeline?startIndex=1&pageSize=1");
    let page = guest.get(&timeline(WELCOME)).await.ok(200);
    assert_eq!((ids(&page).len(), &page["totalCount"]), (1, &json!(3)));
}

#[tokio::test]
async fn pages_are_newest_first_on_sqlite() {
    pages(Server::start(Options::default())).await;
}

#[tokio::test]
async fn pages_are_newest_first_on_postgres() {
    let database = PostgresServer::start();
    let options = Options::default().database(&database.database("news"));
    pages(Server::start(options)).await;
}

#[tokio::test]
async fn invalid_pages_are_refused() {
    let server = Server::start(Options::default());
    let guest = Api::guest(&server).await;
    for list in [
        "/objects/newsfeed".to_owned(),
        format!("/objects/{WELCOME}/timeline"),
    ] {
        for (query, reason) in [
            ("startIndex=-1&pageSize=10", "invalid_start_index_number"),
            ("startIndex=x&pageSize=10", "invalid_start_index_number"),
            ("startIndex=1e3&pageSize=10", "invalid_start_index_number"),
            (
                "startIndex=9223372036854775808&pageSize=10",
                "invalid_start_index_number",
            ),
            ("startIndex=0&pageSize=-1", "invalid_page_size"),
            ("startIndex=0&pageSize=ten", "invalid_page_size"),
            ("startIndex=0&pageSize=%00", "invalid_page_size"),
            ("startIndex=0", "invalid_request_query"),
            ("pageSize=10", "invalid_request_query"),
            ("startIndex=&pageSize=", "invalid_request_query"),
            ("", "invalid_request_query"),
        ] {
            let path = format!("{list}?{query}");
            guest.get(&path).await.refused(400, reason);
        }
    }
    let stranger = Api::stranger(&server);
    stranger
        .get(&news(0, 1))
        .await
        .refused(401, "failed_to_verify_access_token");
}

/// Activities of the chain and of new worlds are shown, except for the one type that clients
/// refuse.
#[tokio::test]
async fn stakes_and_new_worlds_are_news_and_unstaking_is_not() {
    let mut server = Server::start(Options::default());
    let owner = Api::owner(&mut server).await;
    let before = owner.get(&news(0, 100)).await.ok(200);
    let url = format!("sqlite://{}", server.data().join("odyssey.db").display());
    let store = Store::open(&url, &StoreOptions::default())
        .await
        .expect("a database");
    let mut inserted = Vec::new();
    for (kind, log_index) in [
        (ActivityKind::WorldCreated, "0"),
        (ActivityKind::Stake, "1"),
        (ActivityKind::Stake, "2"),
    ] {
        let new = NewActivity {
            id: stake_activity_id("0xfeed", log_index),
            user: owner.user,
            object: WELCOME,
            kind,
            data: ActivityData {
                token_symbol: Some("MOM".to_owned()),
                token_amount: Some("1000000000000000000000".to_owned()),
                bc_tx_hash: Some("0xfeed".to_owned()),
                bc_log_index: Some(log_index.to_owned()),
                ..ActivityData::default()
            },
            created_at: None,
        };
        assert!(store.insert_activity(&new).await.expect("is stored"));
        inserted.insert(0, new.id);
    }
    store.close().await;
    let database = Database::connect(&url).await.expect("a database");
    let hidden = inserted.remove(0);
    activity::Entity::update_many()
        .col_expr(activity::Column::Kind, Expr::value("unstake"))
        .filter(Expr::col(activity::Column::ActivityId).eq(hidden))
        .exec(&database)
        .await
        .expect("is changed");
    database.close().await.expect("closes");

    let after = owner.get(&news(0, 100)).await.ok(200);
    let added = ids(&after).len() - ids(&before).len();
    assert_eq!(ids(&after)[..added], inserted);
    let total = |page: &Value| page["totalCount"].as_u64().expect("a number");
    assert_eq!(total(&after), total(&before) + 2);
    let stake = &after["activities"][0];
    assert_eq!(stake["type"], "stake");
    assert_eq!(stake["data"]["token_amount"], "1000000000000000000000");
    assert_eq!(stake["data"]["bc_log_index"], "1");
    assert_eq!(after["activities"][1]["type"], "world_created");
    // Timelines show what users post, and what happens by itself is nobody's to change.
    let timeline = format!("/objects/{WELCOME}/timeline");
    let page = owner
        .get(&format!("{timeline}?startIndex=0&pageSize=10"))
        .await
        .ok(200);
    assert_eq!(page["activities"], json!([]), "{page}");
    let stake = format!("{timeline}/{}", inserted[0]);
    owner.get(&stake).await.ok(200);
    owner
        .patch(&stake, json!({"type": "video"}))
        .await
        .refused(403, "forbidden");
    owner
        .get(&format!("{timeline}/{hidden}"))
        .await
        .refused(404, "activity_not_found");
}

#[tokio::test]
async fn news_take_as_many_statements_for_many_as_for_one() {
    let mut server = Server::start(Options::default().unlimited());
    let owner = Api::owner(&mut server).await;
    for number in 0..6 {
        let user = Api::user(&server, number + 1).await;
        let world = owner.create_world(&format!("World {number}")).await;
        let member = json!({"role": "admin", "user_id": user.user});
        let members = format!("/objects/{world}/members");
        owner.post(&members, member).await.ok(200);
        post(&user, world).await;
        post(&user, world).await;
    }
    let few = owner.statements(&server, &news(0, 1)).await;
    assert!(few > 0);
    assert_eq!(owner.statements(&server, &news(0, 12)).await, few);
}
