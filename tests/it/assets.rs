//! Assets and libraries of assets (docs/spec/model.md §6.4).

use posbus::Umid;
use sea_orm::{ConnectionTrait, Statement};
use serde_json::{Value, json};

use crate::support::{Api, CUBE, Options, Server};

const CLAIMABLE: &str = "7be0964f-df73-4880-91f5-22eef996aaaa";
const MIRO: &str = "a31722a6-26b7-46bc-97f9-435c380c3ca9";
/// The shapes that every node has.
const SHAPES: usize = 12;

/// Puts an asset into somebody's library; uploads come with object storage.
async fn link(server: &Server, user: Umid, private: bool) {
    let url = format!("sqlite://{}", server.data().join("odyssey.db").display());
    let database = sea_orm::Database::connect(url).await.expect("a database");
    let sql = format!(
        "INSERT INTO asset_3d_user (asset_3d_id, user_id, meta, is_private) \
         VALUES ($1, $2, '{{\"name\": \"Mine\", \"category\": \"custom\"}}', {private})"
    );
    let insert = Statement::from_sql_and_values(
        database.get_database_backend(),
        sql,
        [CUBE.into(), user.into()],
    );
    database.execute_raw(insert).await.expect("stored");
}

fn entries(list: &Value) -> Vec<(Option<&str>, Option<&str>)> {
    let list = list.as_array().expect("a list");
    list.iter()
        .map(|entry| (entry["user_id"].as_str(), entry["name"].as_str()))
        .collect()
}

#[tokio::test]
async fn absent_assets_are_not_server_errors() {
    let server = Server::start(Options::default());
    let guest = Api::guest(&server).await;
    let claimable = guest.get(&format!("/assets-2d/{CLAIMABLE}")).await.ok(200);
    assert_eq!(claimable["meta"]["name"], "claimable");
    assert_eq!(claimable["options"], json!({}));
    let miro = guest.get(&format!("/assets-2d/{MIRO}")).await.ok(200);
    assert_eq!(miro["meta"]["name"], "miro");
    assert_eq!(miro["options"]["exact"], true);
    let unknown = Umid::now_v7();
    for (path, status, reason) in [
        ("/assets-2d/x".to_owned(), 400, "invalid_asset_2d_id"),
        (format!("/assets-2d/{unknown}"), 404, "asset_2d_not_found"),
        (
            "/assets-3d?limit=x".to_owned(),
            400,
            "invalid_request_query",
        ),
        (
            "/assets-3d/options?assets3d_ids[]=x".to_owned(),
            400,
            "invalid_asset3d_uuid",
        ),
    ] {
        guest.get(&path).await.refused(status, reason);
    }
    let changes = || json!({"is_private": false});
    guest
        .patch("/assets-3d/x", changes())
        .await
        .refused(400, "invalid_asset_3d_id");
    guest
        .delete("/assets-3d/x")
        .await
        .refused(400, "invalid_asset_3d_id");
    for asset in [unknown, CUBE] {
        let path = format!("/assets-3d/{asset}");
        guest
            .patch(&path, changes())
            .await
            .refused(404, "not_found");
        guest
            .delete(&path)
            .await
            .refused(404, "asset3d_not_removed");
    }
    let path = format!("/assets-3d/options?assets3d_ids[]={CUBE}&assets3d_ids[]={unknown}");
    assert_eq!(
        guest.get(&path).await.ok(200),
        json!({CUBE.to_string(): {}})
    );
}

#[tokio::test]
async fn private_assets_are_listed_to_their_owners_only() {
    let server = Server::start(Options::default());
    let (ada, bob) = (Api::user(&server, 1).await, Api::user(&server, 2).await);
    let shapes = bob.get("/assets-3d?category=basic").await.ok(200);
    assert_eq!(entries(&shapes).len(), SHAPES);
    assert!(
        entries(&shapes)
            .iter()
            .any(|(_, name)| *name == Some("Cube with image"))
    );
    link(&server, ada.user, true).await;
    let own = (Some(ada.user.to_string()), Some("Mine"));
    let own = (own.0.as_deref(), own.1);
    // The reference lists it to everybody who does not ask for a category.
    for path in [
        "/assets-3d",
        "/assets-3d?category=basic",
        "/assets-3d?category=custom",
    ] {
        let list = bob.get(path).await.ok(200);
        assert!(!entries(&list).contains(&own), "{path}: {list}");
    }
    let list = ada.get("/assets-3d?limit=1").await.ok(200);
    assert_eq!(entries(&list), [own], "own ones come first");
    assert_eq!(
        list[0]["meta"],
        json!({"category": "basic", "type": 2, "name": "Mine"})
    );
    let next = ada.get("/assets-3d?limit=1&offset=1").await.ok(200);
    assert!(!entries(&next).contains(&own));

    let path = format!("/assets-3d/{CUBE}");
    bob.patch(&path, json!({"is_private": false}))
        .await
        .refused(404, "not_found");
    bob.delete(&path).await.refused(404, "asset3d_not_removed");
    ada.patch(&path, json!({"is_private": false})).await.ok(200);
    let list = bob.get("/assets-3d").await.ok(200);
    assert!(entries(&list).contains(&own), "{list}");

    assert_eq!(ada.delete(&path).await.ok(200), json!(null));
    for api in [&ada, &bob] {
        let list = api.get("/assets-3d").await.ok(200);
        assert_eq!(
            entries(&list).len(),
            SHAPES + 1,
            "the shape itself stays: {list}"
        );
    }
}

#[tokio::test]
async fn a_changed_asset_is_answered_as_it_is_listed() {
    let server = Server::start(Options::default());
    let ada = Api::user(&server, 1).await;
    link(&server, ada.user, true).await;
    let path = format!("/assets-3d/{CUBE}");
    let hash = "03ce359d18bfc0fe977bd66ab471d222";
    let changes = json!({"meta": {"preview_hash": hash, "category": "other"}});
    let changed = ada.patch(&path, changes).await.ok(200);
    let expected = json!({"category": "basic", "type": 2, "name": "Mine", "preview_hash": hash});
    assert_eq!(changed["meta"], expected);
    assert_eq!(changed["is_private"], true, "what is not given stays");
    let list = ada.get("/assets-3d?limit=1").await.ok(200);
    assert_eq!(list, json!([changed]));
    for meta in [
        json!({"name": "x".repeat(20_000)}),
        json!({"name": "\u{0}"}),
        json!([1]),
    ] {
        let refused = ada.patch(&path, json!({"meta": meta})).await;
        refused.refused(400, "invalid_request_body");
    }
}
