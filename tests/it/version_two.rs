//! Version 2 of the protocol, and what those who speak version 1 must not see of it
//! (docs/protocol.md).

use posbus::{LockObject, Message, ObjectTransform, Transform, Umid, Vec3, v2};

use crate::support::{Api, Client, Options, Server, WELCOME};

#[tokio::test]
async fn a_version_2_handshake_is_answered_by_welcome() {
    let server = Server::start(Options::default());
    let user = Api::guest(&server).await;
    let session = Umid::now_v7();
    let (_client, welcome) = Client::connect_v2(&server, &user, session).await;
    let expected = v2::Welcome {
        protocol_version: 2,
        tick_rate: 20,
        tick: 0,
        max_frame: 1_024,
        messages_per_second: 120,
        near_metres: 56,
        slowest_ms: 1_000,
        hold_ms: 15_000,
        session_id: session,
        resume_token: welcome.resume_token,
        resumed: false,
        world: Umid::nil(),
    };
    assert_eq!(welcome, expected);
    assert_ne!(welcome.resume_token, session);
}

/// The client panics at any frame that is not version 1.
#[tokio::test]
async fn version_1_never_sees_anything_of_version_2() {
    let mut server = Server::start(Options::default());
    let owner = Api::owner(&mut server).await;
    let mut old = Client::guest(&server).await;
    let (mut new, _) = Client::connect_v2(&server, &owner, Umid::now_v7()).await;
    let snapshot = new.enter(WELCOME).await;
    new.move_to(1.5, 0.0, 2.0).await;
    old.sees_at(new.user, 1.5).await;
    old.move_to(-1.5, 0.0, 2.0).await;
    new.sees(old.user, Vec3::new(-1.5, 0.0, 2.0)).await;

    let object = snapshot.objects.iter().find(|object| object.id != WELCOME);
    let object = object.expect("something to drag").id;
    new.send(LockObject { id: object }).await;
    let transform = Transform {
        position: Vec3::new(3.25, 0.0, 0.0),
        rotation: Vec3::ZERO,
        scale: Vec3::ONE,
    };
    new.send(ObjectTransform {
        id: object,
        object_transform: transform,
    })
    .await;
    let dragged =
        |moved: &ObjectTransform| moved.id == object && moved.object_transform.position.x == 3.25;
    old.expect("the drag", dragged).await;
    new.sees_object(object, 3.25).await;
    let (user, session) = (new.user, new.session);
    drop(new);
    let (mut back, _) = Client::connect_v2(&server, &owner, session).await;
    assert_eq!(back.user, user);
    back.enter(WELCOME).await;
    back.settle().await;
    old.settle().await;
}

/// A client of version 1 that sends what only version 2 knows made a mistake.
#[tokio::test]
async fn my_pose_belongs_to_version_2() {
    let server = Server::start(Options::default());
    let mut watcher = Client::guest(&server).await;
    let mut old = Client::guest(&server).await;
    let pose = old.next_pose(Vec3::new(5.0, 0.0, 0.0));
    old.send_bytes(pose).await;
    old.settle().await;
    let moved = |message: &Message| matches!(message, Message::UsersTransformList(_));
    assert!(!watcher.settle().await.iter().any(moved));

    let user = Api::guest(&server).await;
    let (mut new, _) = Client::connect_v2(&server, &user, Umid::now_v7()).await;
    new.enter(WELCOME).await;
    let first = new.next_pose(Vec3::new(5.0, 0.0, 0.0));
    let second = new.next_pose(Vec3::new(6.0, 0.0, 0.0));
    new.send_bytes(second).await;
    // Overtaken: it is ignored.
    new.send_bytes(first).await;
    new.settle().await;
    watcher.sees_at(new.user, 6.0).await;
    let back = |message: &Message| match message {
        Message::UsersTransformList(list) => list
            .value
            .iter()
            .any(|entry| entry.transform.position.x == 5.0),
        _ => false,
    };
    assert!(!watcher.settle().await.iter().any(back));
}
