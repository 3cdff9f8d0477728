//! Stopping and starting again (docs/regressions.md D6).

use posbus::{LockObject, LockObjectResponse, ObjectTransform, Umid, UnlockObject};
use serde_json::json;

use crate::support::{Api, Client, Options, PLAZA, Server, WELCOME, at};

#[tokio::test]
async fn everything_is_there_after_a_restart() {
    let mut server = Server::start(Options::default());
    let owner = Api::owner(&mut server).await;
    let guest = Api::guest(&server).await;
    let kiosk = owner.create(WELCOME, "Kiosk", at(1.0, 2.0, 3.0)).await;
    let gone = owner.create(WELCOME, "Gone", at(0.0, 0.0, 0.0)).await;
    owner.delete(&format!("/objects/{gone}")).await.ok(200);
    owner
        .set(kiosk, "object_color", json!({"value": "#abcdef"}))
        .await
        .ok(202);
    owner.unset(PLAZA, "object_color").await.ok(200);
    let member = json!({"role": "admin", "user_id": guest.user});
    owner
        .post(&format!("/objects/{kiosk}/members"), member)
        .await
        .ok(200);
    let second = owner.create_world("Second").await;

    let mut walker = Client::join(&server, &guest).await;
    walker.move_to(21.0, 22.0, 23.0).await;
    walker.settle().await;
    let mut editor = Client::join(&server, &owner).await;
    // Dragged and let go of; and dragged and still held when the server stops.
    for (id, x) in [(PLAZA, 31.0), (kiosk, 41.0)] {
        editor.send(LockObject { id }).await;
        editor
            .expect("the lock", |lock: &LockObjectResponse| {
                lock.id == id && lock.result == 1
            })
            .await;
        let object_transform = at(x, 0.0, 0.0);
        editor
            .send(ObjectTransform {
                id,
                object_transform,
            })
            .await;
        editor
            .expect("the drag", |moved: &ObjectTransform| moved.id == id)
            .await;
    }
    editor.send(UnlockObject { id: PLAZA }).await;
    editor
        .expect("the unlock", |lock: &LockObjectResponse| {
            lock.lock_owner == Umid::nil()
        })
        .await;
    server.stop();
    server.start_again();

    let (owner, guest) = (owner.at(&server), guest.at(&server));
    let mut walker = Client::connect(&server, &guest).await;
    let snapshot = walker.enter(WELCOME).await;
    let place = snapshot.spawn.position;
    assert_eq!(
        (place.x, place.y, place.z),
        (21.0, 22.0, 23.0),
        "where one was"
    );
    assert_eq!(
        snapshot
            .object(PLAZA)
            .map(|object| object.transform.position.x),
        Some(31.0)
    );
    let object = snapshot.object(kiosk).expect("the new object");
    assert_eq!(
        (object.name.as_str(), object.transform.position.x),
        ("Kiosk", 41.0)
    );
    assert_eq!(
        snapshot.slot(kiosk, "string", "object_color"),
        Some(&json!("#abcdef"))
    );
    assert_eq!(snapshot.slot(PLAZA, "string", "object_color"), None);
    assert!(snapshot.object(gone).is_none());
    let members = owner
        .get(&format!("/objects/{kiosk}/members"))
        .await
        .ok(200);
    assert_eq!(members[0]["user_id"], json!(guest.user));
    assert_eq!(
        owner.get(&format!("/worlds/{second}")).await.ok(200)["name"],
        "Second"
    );
    // Nobody holds what was held before.
    let mut editor = Client::join(&server, &owner).await;
    editor.send(LockObject { id: kiosk }).await;
    editor
        .expect("the lock", |lock: &LockObjectResponse| {
            lock.id == kiosk && lock.result == 1
        })
        .await;
}

/// Worlds unload when nobody is in them, and load again.
#[tokio::test]
async fn a_world_that_was_unloaded_is_the_same_again() {
    let mut server = Server::start(Options::default().config("unload_after = \"0s\""));
    let owner = Api::owner(&mut server).await;
    let mut guest = Client::guest(&server).await;
    for round in 1..=3 {
        guest.move_to(round as f32, 0.0, 0.0).await;
        guest.settle().await;
        guest.leave().await;
        let colour = format!("#00000{round}");
        owner
            .set(PLAZA, "object_color", json!({"value": colour}))
            .await
            .ok(202);
        let snapshot = guest.enter(WELCOME).await;
        assert_eq!(snapshot.spawn.position.x, round as f32);
        assert_eq!(
            snapshot.slot(PLAZA, "string", "object_color"),
            Some(&json!(colour))
        );
    }
    assert!(server.is_alive());
}
