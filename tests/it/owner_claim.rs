//! The link that makes the first person the node's owner.

use serde_json::json;

use crate::support::{Api, Client, Options, PLAZA, Server, WELCOME, at};

#[tokio::test]
async fn the_first_person_with_the_link_owns_the_node() {
    let mut server = Server::start(Options::default());
    let token = server.claim_token();
    let guest = Api::guest(&server).await;
    let claim = |token: &str| json!({"token": token});
    let path = "/node/claim-owner";

    let refused = Api::stranger(&server).post(path, claim(&token)).await;
    refused.refused(401, "failed_to_verify_access_token");
    guest
        .post(path, claim("guessed"))
        .await
        .refused(403, "invalid_owner_token");
    guest
        .post(path, json!({}))
        .await
        .refused(400, "invalid_request_body");
    assert_eq!(
        guest.get(&format!("/worlds/{WELCOME}")).await.ok(200)["is_admin"],
        false
    );

    assert_eq!(guest.post(path, claim(&token)).await.ok(200), json!(null));
    assert_eq!(
        guest.get(&format!("/worlds/{WELCOME}")).await.ok(200)["is_admin"],
        true
    );
    guest.create(WELCOME, "Mine", at(0.0, 0.0, 0.0)).await;
    let mut client = Client::join(&server, &guest).await;
    client.send(posbus::LockObject { id: PLAZA }).await;
    client
        .expect("the lock", |lock: &posbus::LockObjectResponse| {
            lock.lock_owner == guest.user
        })
        .await;

    // Once.
    let second = Api::guest(&server).await;
    second
        .post(path, claim(&token))
        .await
        .refused(409, "no_claim_open");
    server.stop();
    server.start_again();
    let guest = guest.at(&server);
    assert_eq!(
        guest.get(&format!("/worlds/{WELCOME}")).await.ok(200)["is_admin"],
        true
    );
    second
        .at(&server)
        .post(path, claim(&token))
        .await
        .refused(409, "no_claim_open");
}

#[tokio::test]
async fn an_old_link_is_void_and_the_page_behind_it_is_there() {
    let mut server = Server::start(Options::default());
    let old = server.claim_token();
    server.kill();
    server.start_again();
    let new = server.claim_token();
    assert_ne!(old, new);
    let guest = Api::guest(&server).await;
    let path = "/node/claim-owner";
    guest
        .post(path, json!({"token": old}))
        .await
        .refused(403, "invalid_owner_token");
    let page = guest.root("/claim").await;
    assert_eq!(page.status, 200);
    assert!(
        page.content_type.starts_with("text/html"),
        "{}",
        page.content_type
    );
    guest.post(path, json!({"token": new})).await.ok(200);
    assert!(!server.log().contains(&new), "the log holds no secrets");
}
