//! A connection breaks and the session comes back: nobody else sees it blink (docs/protocol.md,
//! Coming back).

use posbus::{LockObject, LockObjectResponse, Message, RemoveUsers, Umid, Vec3};

use crate::support::{Api, Client, Options, Server, WELCOME};

/// The others must not hear of anybody coming or going.
fn nobody_came_or_went(heard: &[Message]) {
    let tells =
        |message: &&Message| matches!(message, Message::AddUsers(_) | Message::RemoveUsers(_));
    assert_eq!(heard.iter().find(tells), None);
}

fn nobody_left(heard: &[Message]) {
    let tells = |message: &&Message| matches!(message, Message::RemoveUsers(_));
    assert_eq!(heard.iter().find(tells), None);
}

#[tokio::test]
async fn a_version_1_session_comes_back_by_its_id_and_nobody_sees_it_blink() {
    let server = Server::start(Options::default());
    let user = Api::guest(&server).await;
    let mut old = Client::join(&server, &user).await;
    old.move_to(8.0, 0.0, 8.0).await;
    old.settle().await;
    let mut watcher = Client::guest(&server).await;
    watcher.settle().await;
    let session = old.session;
    // Without a word.
    drop(old);

    let mut new = Client::connect_as(&server, &user, session).await;
    let snapshot = new.enter(WELCOME).await;
    assert_eq!(snapshot.spawn.position, Vec3::new(8.0, 0.0, 8.0));
    assert!(snapshot.user(user.user).is_some(), "oneself is told of");
    new.settle().await;
    nobody_came_or_went(&watcher.settle().await);
}

#[tokio::test]
async fn a_version_2_session_comes_back_by_its_token_without_asking() {
    let server = Server::start(Options::default());
    let user = Api::guest(&server).await;
    let (mut old, welcome) = Client::connect_v2(&server, &user, Umid::now_v7()).await;
    assert!(!welcome.resumed);
    assert_eq!(welcome.world, Umid::nil());
    old.enter(WELCOME).await;
    old.move_to(8.0, 0.0, 8.0).await;
    old.settle().await;
    let stranger = Api::guest(&server).await;
    let (mut watcher, _) = Client::connect_v2(&server, &stranger, Umid::now_v7()).await;
    watcher.enter(WELCOME).await;
    watcher.settle().await;
    let handle = watcher.sight.handle(user.user);
    assert!(handle.is_some());
    drop(old);

    let token = welcome.resume_token;
    // A token is good for its own user only.
    let (mut thief, fresh) = Client::connect_v2(&server, &stranger, token).await;
    assert!(!fresh.resumed);
    thief.leave().await;

    let (mut new, back) = Client::connect_v2(&server, &user, token).await;
    assert!(back.resumed);
    assert_eq!(back.world, WELCOME);
    assert_eq!(back.session_id, welcome.session_id);
    assert!(back.tick > 0);
    assert_ne!(back.resume_token, token, "a new one for the next time");
    let snapshot = new.entered(WELCOME).await;
    assert_eq!(snapshot.spawn.position, Vec3::new(8.0, 0.0, 8.0));
    new.settle().await;
    assert_eq!(new.sight.handle(user.user), handle, "the same handle");
    nobody_came_or_went(&watcher.settle().await);
    new.move_to(9.0, 0.0, 8.0).await;
    watcher.sees(user.user, Vec3::new(9.0, 0.0, 8.0)).await;

    // It worked once.
    let (_again, fresh) = Client::connect_v2(&server, &user, token).await;
    assert!(!fresh.resumed);
}

#[tokio::test]
async fn locks_are_held_too_and_let_go_when_nobody_comes_back() {
    let mut server = Server::start(Options::default().config("grace = \"2s\""));
    let owner = Api::owner(&mut server).await;
    let mut watcher = Client::guest(&server).await;
    let mut editor = Client::connect(&server, &owner).await;
    let snapshot = editor.enter(WELCOME).await;
    let object = snapshot.objects.iter().find(|object| object.id != WELCOME);
    let object = object.expect("something to hold").id;
    editor.send(LockObject { id: object }).await;
    let locked = |answer: &LockObjectResponse| answer.lock_owner == owner.user;
    watcher.expect("the lock", locked).await;
    let session = editor.session;
    drop(editor);

    let mut editor = Client::connect_as(&server, &owner, session).await;
    editor.enter(WELCOME).await;
    editor.settle().await;
    let heard = watcher.settle().await;
    assert!(
        !heard
            .iter()
            .any(|message| matches!(message, Message::LockObjectResponse(_))),
        "it is still locked: {heard:?}"
    );
    drop(editor);
    let unlocked = |answer: &LockObjectResponse| answer.lock_owner.is_nil();
    watcher.expect("the unlock", unlocked).await;
    let gone = |list: &RemoveUsers| list.users.contains(&owner.user);
    watcher.expect("the leave", gone).await;
}

#[tokio::test]
async fn a_clean_close_leaves_at_once() {
    let server = Server::start(Options::default().config("grace = \"1h\""));
    let mut watcher = Client::guest(&server).await;
    let mut polite = Client::guest(&server).await;
    polite.settle().await;
    let user = polite.user;
    polite.say_goodbye().await;
    let gone = |list: &RemoveUsers| list.users.contains(&user);
    watcher.expect("the leave", gone).await;
}

#[tokio::test]
async fn returning_to_another_world_leaves_the_first() {
    let mut server = Server::start(Options::default().config("grace = \"1h\""));
    let owner = Api::owner(&mut server).await;
    let elsewhere = owner.create_world("Elsewhere").await;
    let mut watcher = Client::guest(&server).await;
    let user = Api::guest(&server).await;
    let mut old = Client::join(&server, &user).await;
    old.settle().await;
    let session = old.session;
    drop(old);
    let mut new = Client::connect_as(&server, &user, session).await;
    new.enter(elsewhere).await;
    let gone = |list: &RemoveUsers| list.users.contains(&user.user);
    watcher.expect("the leave", gone).await;
}

/// Breaking one's connections again and again piles up no more users than keeping them.
#[tokio::test]
async fn as_many_are_held_as_may_be_connected() {
    const CONNECTIONS: usize = 6;
    let options = Options::default()
        .config("grace = \"1h\"")
        .config("[limits]\nconnections = 6");
    let server = Server::start(options);
    let mut watcher = Client::guest(&server).await;
    for _ in 0..CONNECTIONS - 1 {
        // The watcher has a place, and so has a connection that is not found broken yet.
        Client::guest(&server).await.settle().await;
    }
    nobody_left(&watcher.settle().await);
    for _ in 0..2 {
        Client::guest(&server).await.settle().await;
    }
    watcher.expect("the leave", |_: &RemoveUsers| true).await;
}

/// A detached user is shown to newcomers, too.
#[tokio::test]
async fn a_newcomer_sees_who_is_held() {
    let server = Server::start(Options::default().config("grace = \"1h\""));
    let user = Api::guest(&server).await;
    let mut cut = Client::join(&server, &user).await;
    cut.settle().await;
    drop(cut);
    let mut newcomer = Client::connect(&server, &Api::guest(&server).await).await;
    let snapshot = newcomer.enter(WELCOME).await;
    assert!(snapshot.user(user.user).is_some());
}
