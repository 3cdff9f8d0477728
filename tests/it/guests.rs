//! Guests come and go (docs/regressions.md W27, D1; docs/spec/model.md §7.2).

use posbus::UsersTransformList;
use serde_json::json;
use tokio::time::{Instant, sleep_until};

use crate::support::{Api, Client, DEADLINE, Options, Server, WELCOME, at};

/// Interval of the question whether somebody is gone.
const POLL: std::time::Duration = std::time::Duration::from_millis(200);

/// Waits until a guest's account is gone.
async fn is_deleted(api: &Api, guest: &Api) {
    let end = Instant::now() + 2 * DEADLINE;
    while api.get(&format!("/users/{}", guest.user)).await.status != 404 {
        assert!(Instant::now() < end, "{} is kept", guest.name);
        sleep_until(Instant::now() + POLL).await;
    }
}

#[tokio::test]
async fn guests_who_left_are_deleted_and_returned_guests_are_kept() {
    let mut server = Server::start(Options::default().config("guest_ttl = \"2s\""));
    let owner = Api::owner(&mut server).await;
    let leaver = Api::guest(&server).await;
    let returner = Api::guest(&server).await;
    let builder = Api::guest(&server).await;
    let stayer = Client::guest(&server).await;
    let member = json!({"role": "admin", "user_id": builder.user});
    owner
        .post(&format!("/objects/{WELCOME}/members"), member)
        .await
        .ok(200);
    let built = builder.create(WELCOME, "Keepsake", at(0.0, 0.0, 0.0)).await;
    for guest in [&leaver, &returner, &builder] {
        drop(Client::join(&server, guest).await);
    }
    let mut back = Client::join(&server, &returner).await;

    is_deleted(&owner, &leaver).await;
    is_deleted(&owner, &builder).await;
    // A token of nobody opens nothing (s23).
    leaver
        .get("/users/me")
        .await
        .refused(401, "failed_to_verify_access_token");
    let mut refused = Client::connect(&server, &leaver).await;
    refused
        .expect("the refusal", |_: &posbus::Signal| true)
        .await;
    // The objects that a guest built stay, with an heir.
    let object = owner.get(&format!("/objects/{built}")).await.ok(200);
    assert_eq!(object["owner_id"], "00000000-0000-0000-0000-000000000003");

    for kept in [returner.user, stayer.user] {
        owner.get(&format!("/users/{kept}")).await.ok(200);
    }
    let mut watcher = Client::guest(&server).await;
    back.move_to(5.0, 5.0, 5.0).await;
    watcher
        .expect("the one who came back", |list: &UsersTransformList| {
            list.value.iter().any(|entry| entry.id == returner.user)
        })
        .await;
    drop(back);
    is_deleted(&owner, &returner).await;
}
