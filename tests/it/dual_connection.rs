//! One user, two connections (docs/spec/posbus.md §1.4).

use posbus::{
    LockObject, LockObjectResponse, Message, Signal, SignalType, TeleportRequest, Umid,
    UsersTransformList,
};

use crate::support::{Api, Client, Ending, Options, PLAZA, Server, WELCOME};

/// Close code of a session that a newer one displaced.
const DUAL_CONNECTION: Ending = Ending::Closed(4007);
/// Close code of a displaced session that tried to come back.
const DISPLACED: Ending = Ending::Closed(4008);

async fn is_displaced(client: &mut Client) {
    client
        .expect("the reason", |signal: &Signal| {
            signal.value == SignalType::DUAL_CONNECTION
        })
        .await;
}

async fn moves_are_seen(mover: &mut Client, watcher: &mut Client, x: f32) {
    mover.move_to(x, 0.0, 0.0).await;
    let user = mover.user;
    watcher
        .expect("the move", |list: &UsersTransformList| {
            list.value
                .iter()
                .any(|entry| entry.id == user && entry.transform.position.x == x)
        })
        .await;
}

/// Nobody has left, as far as this client knows.
async fn nobody_left(client: &mut Client) {
    let told = client.settle().await;
    assert!(
        !told
            .iter()
            .any(|message| matches!(message, Message::RemoveUsers(_))),
        "{told:?}"
    );
}

#[tokio::test]
async fn the_newer_session_stays_and_the_displaced_one_cannot_return() {
    let server = Server::start(Options::default());
    let mut watcher = Client::guest(&server).await;
    let user = Api::guest(&server).await;
    let mut old = Client::join(&server, &user).await;
    let mut new = Client::join(&server, &user).await;
    is_displaced(&mut old).await;
    assert_eq!(old.ending().await, DUAL_CONNECTION);

    // The reference client does this by itself, at once.
    let mut back = Client::connect_as(&server, &user, old.session).await;
    back.send(TeleportRequest { target: WELCOME }).await;
    is_displaced(&mut back).await;
    assert_eq!(back.ending().await, DISPLACED);

    moves_are_seen(&mut new, &mut watcher, 4.0).await;
    nobody_left(&mut watcher).await;
    let told = new.settle().await;
    assert!(
        !told
            .iter()
            .any(|message| matches!(message, Message::Signal(_))),
        "{told:?}"
    );

    // A person who opens a third window means it.
    let mut third = Client::join(&server, &user).await;
    is_displaced(&mut new).await;
    moves_are_seen(&mut third, &mut watcher, 5.0).await;
    nobody_left(&mut watcher).await;
}

#[tokio::test]
async fn a_displaced_session_may_return_once_the_newer_one_is_gone() {
    let server = Server::start(Options::default().without_grace());
    let mut watcher = Client::guest(&server).await;
    let user = Api::guest(&server).await;
    let mut old = Client::join(&server, &user).await;
    let new = Client::join(&server, &user).await;
    assert_eq!(old.ending().await, DUAL_CONNECTION);
    drop(new);
    watcher
        .expect("the leave", |list: &posbus::RemoveUsers| {
            list.users.contains(&user.user)
        })
        .await;
    let mut back = Client::connect_as(&server, &user, old.session).await;
    back.enter(WELCOME).await;
    moves_are_seen(&mut back, &mut watcher, 6.0).await;
}

#[tokio::test]
async fn one_user_may_be_in_two_worlds() {
    let mut server = Server::start(Options::default());
    let owner = Api::owner(&mut server).await;
    let world = owner.create_world("Second").await;
    let user = Api::guest(&server).await;
    let mut here = Client::join(&server, &user).await;
    let mut there = Client::connect(&server, &user).await;
    there.enter(world).await;
    there.settle().await;
    let told = here.settle().await;
    assert!(
        !told
            .iter()
            .any(|message| matches!(message, Message::Signal(_))),
        "{told:?}"
    );
    // Coming here as well is what displaces.
    there.enter(WELCOME).await;
    is_displaced(&mut here).await;
}

#[tokio::test]
async fn locks_survive_the_change_of_the_connection() {
    let mut server = Server::start(Options::default());
    let owner = Api::owner(&mut server).await;
    let mut watcher = Client::guest(&server).await;
    let mut old = Client::join(&server, &owner).await;
    old.send(LockObject { id: PLAZA }).await;
    watcher
        .expect("the lock", |lock: &LockObjectResponse| {
            lock.lock_owner == owner.user
        })
        .await;
    let mut new = Client::join(&server, &owner).await;
    assert_eq!(old.ending().await, DUAL_CONNECTION);
    new.settle().await;
    let told = watcher.settle().await;
    assert!(
        !told
            .iter()
            .any(|message| matches!(message, Message::LockObjectResponse(_))),
        "{told:?}"
    );
    new.send(posbus::UnlockObject { id: PLAZA }).await;
    let unlocked: LockObjectResponse = watcher
        .expect("the unlock", |lock: &LockObjectResponse| lock.id == PLAZA)
        .await;
    assert_eq!((unlocked.result, unlocked.lock_owner), (1, Umid::nil()));
}
