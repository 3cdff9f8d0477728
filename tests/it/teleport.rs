//! Leaving a world, and going from one to another (docs/spec/posbus.md §5.2, §5.3).

use posbus::{
    AddUsers, HighFive, LockObject, Message, ObjectTransform, RemoveUsers, Signal, SignalType,
    TeleportRequest, Umid, UnlockObject, UsersTransformList,
};

use crate::support::{Api, Client, Options, PLAZA, Server, WELCOME, at};

fn names(list: &RemoveUsers, user: Umid) -> bool {
    list.users.contains(&user)
}

#[tokio::test]
async fn signal_5_leaves_the_world_and_keeps_the_connection() {
    let server = Server::start(Options::default().without_grace());
    let mut leaver = Client::guest(&server).await;
    let mut other = Client::guest(&server).await;
    leaver.leave().await;
    let gone = leaver.user;
    other
        .expect("the leave", |list: &RemoveUsers| names(list, gone))
        .await;

    leaver.move_to(1.0, 1.0, 1.0).await;
    leaver.leave().await;
    let snapshot = leaver.enter(WELCOME).await;
    assert!(snapshot.user(other.user).is_some());
    assert!(snapshot.user(leaver.user).is_some());
    other
        .expect("the return", |list: &AddUsers| {
            list.users.iter().any(|user| user.id == gone)
        })
        .await;
    let told = leaver.settle().await;
    assert!(
        !told
            .iter()
            .any(|message| matches!(message, Message::RemoveUsers(_))),
        "{told:?}"
    );
}

#[tokio::test]
async fn an_unknown_world_is_refused_and_one_stays_where_one_is() {
    let server = Server::start(Options::default());
    let mut one = Client::guest(&server).await;
    let mut two = Client::guest(&server).await;
    for target in [Umid::nil(), Umid::now_v7(), PLAZA] {
        one.send(TeleportRequest { target }).await;
        one.expect("the refusal", |signal: &Signal| {
            signal.value == SignalType::WORLD_DOES_NOT_EXIST
        })
        .await;
    }
    one.move_to(3.0, 3.0, 3.0).await;
    two.expect("a move", |list: &UsersTransformList| {
        list.value
            .iter()
            .any(|entry| entry.id == one.user && entry.transform.position.x == 3.0)
    })
    .await;
    let told = two.settle().await;
    assert!(
        !told
            .iter()
            .any(|message| matches!(message, Message::RemoveUsers(_))),
        "{told:?}"
    );
}

#[tokio::test]
async fn going_to_another_world_is_a_leave_and_an_entry() {
    let mut server = Server::start(Options::default().without_grace());
    let owner = Api::owner(&mut server).await;
    let second_world = owner.create_world("Second").await;
    let mut traveller = Client::guest(&server).await;
    let mut stays = Client::guest(&server).await;

    let snapshot = traveller.enter(second_world).await;
    assert_eq!(snapshot.world.name, "Second");
    assert_eq!(snapshot.world.owner, owner.user);
    assert_eq!(snapshot.objects.len(), 1, "the world object alone");
    assert_eq!(snapshot.users.len(), 1);
    let gone = traveller.user;
    stays
        .expect("the leave", |list: &RemoveUsers| names(list, gone))
        .await;

    traveller.move_to(9.0, 9.0, 9.0).await;
    traveller.settle().await;
    let told = stays.settle().await;
    let heard = told.iter().any(|message| match message {
        Message::UsersTransformList(list) => list.value.iter().any(|entry| entry.id == gone),
        _ => false,
    });
    assert!(!heard, "what happens in one world is not told in another");

    // To the world one is in: a leave and an entry as well.
    let again = traveller.enter(second_world).await;
    assert_eq!(again.spawn.position.x, 9.0, "where one was");
    traveller.enter(WELCOME).await;
    stays
        .expect("the return", |list: &AddUsers| {
            list.users.iter().any(|user| user.id == gone)
        })
        .await;
}

#[tokio::test]
async fn actions_outside_a_world_are_harmless() {
    let mut server = Server::start(Options::default());
    let mut other = Client::guest(&server).await;
    let mut outside = Client::connect(&server, &Api::guest(&server).await).await;
    for _ in 0..2 {
        outside.send(LockObject { id: PLAZA }).await;
        outside.send(UnlockObject { id: PLAZA }).await;
        outside
            .send(ObjectTransform {
                id: PLAZA,
                object_transform: at(0.0, 0.0, 0.0),
            })
            .await;
        outside
            .send(HighFive {
                sender_id: outside.user,
                receiver_id: other.user,
                message: "from nowhere".to_owned(),
            })
            .await;
        outside.move_to(1.0, 2.0, 3.0).await;
        outside.leave().await;
        // The same once more after having been somewhere.
        outside.enter(WELCOME).await;
        outside.leave().await;
    }
    let snapshot = outside.enter(WELCOME).await;
    assert!(snapshot.user(other.user).is_some());
    let told = other.settle().await;
    let touched = told.iter().find(|message| {
        matches!(
            message,
            Message::HighFive(_) | Message::LockObjectResponse(_) | Message::ObjectTransform(_)
        )
    });
    assert_eq!(touched, None);
    assert!(server.is_alive());
}

#[tokio::test]
async fn a_user_with_a_cut_connection_leaves_at_once() {
    let server = Server::start(Options::default().without_grace());
    let mut stays = Client::guest(&server).await;
    let cut = Client::guest(&server).await;
    let gone = cut.user;
    drop(cut);
    stays
        .expect("the leave", |list: &RemoveUsers| names(list, gone))
        .await;
}

/// Leaving and being cut off at the same moment, many times over.
#[tokio::test]
async fn leaving_during_a_cut_connection_is_one_leave() {
    let mut server = Server::start(Options::default().without_grace().unlimited());
    let mut stays = Client::guest(&server).await;
    for _ in 0..20 {
        let mut leaver = Client::guest(&server).await;
        let gone = leaver.user;
        leaver.leave().await;
        leaver.send(TeleportRequest { target: WELCOME }).await;
        leaver.leave().await;
        drop(leaver);
        stays
            .expect("the arrival", |list: &AddUsers| {
                list.users.iter().any(|user| user.id == gone)
            })
            .await;
        stays
            .expect("the leave", |list: &RemoveUsers| names(list, gone))
            .await;
    }
    assert!(server.is_alive());
    let online = Api::guest(&server)
        .await
        .get(&format!("/worlds/{WELCOME}/online-users"))
        .await
        .ok(200);
    assert_eq!(online.as_array().map(Vec::len), Some(1), "{online}");
}
