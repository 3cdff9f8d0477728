//! The same session on a new connection (docs/spec/posbus.md §1.4, §5.7).

use posbus::{Message, RemoveUsers, Umid, UsersTransformList};

use crate::support::{Api, Client, Ending, Options, Server, WELCOME};

#[tokio::test]
async fn the_same_session_takes_over_and_others_see_no_change() {
    let server = Server::start(Options::default());
    let mut watcher = Client::guest(&server).await;
    let user = Api::guest(&server).await;
    let mut old = Client::join(&server, &user).await;
    old.move_to(8.0, 8.0, 8.0).await;
    old.settle().await;

    let mut new = Client::connect_as(&server, &user, old.session).await;
    let snapshot = new.enter(WELCOME).await;
    assert_eq!(snapshot.spawn.position.x, 8.0, "where it was");
    assert_eq!(old.ending().await, Ending::Closed(1000));
    let told: Vec<_> = old.heard().collect();
    assert!(
        !told
            .iter()
            .any(|message| matches!(message, Message::Signal(_))),
        "{told:?}"
    );
    // The old connection is cleaned up by now; the new one is still in the world.
    drop(old);
    new.move_to(9.0, 9.0, 9.0).await;
    watcher
        .expect("the move", |list: &UsersTransformList| {
            list.value
                .iter()
                .any(|entry| entry.id == user.user && entry.transform.position.x == 9.0)
        })
        .await;
    let told = watcher.settle().await;
    assert!(
        !told
            .iter()
            .any(|message| matches!(message, Message::RemoveUsers(_))),
        "{told:?}"
    );
}

#[tokio::test]
async fn a_session_without_an_id_is_accepted() {
    let server = Server::start(Options::default());
    let user = Api::guest(&server).await;
    let mut one = Client::connect_as(&server, &user, Umid::nil()).await;
    one.enter(WELCOME).await;
    let mut two = Client::connect_as(&server, &user, Umid::nil()).await;
    two.enter(WELCOME).await;
    assert_eq!(
        one.ending().await,
        Ending::Closed(1000),
        "equal ids are the same client"
    );
    two.settle().await;
}

#[tokio::test]
async fn a_returning_user_is_at_the_last_position() {
    let server = Server::start(Options::default().without_grace());
    let mut watcher = Client::guest(&server).await;
    let user = Api::guest(&server).await;
    for round in 1..=3 {
        let x = 10.0 * round as f32;
        let mut client = Client::connect(&server, &user).await;
        let snapshot = client.enter(WELCOME).await;
        if round > 1 {
            assert_eq!(snapshot.spawn.position.x, x - 10.0);
        }
        client.move_to(x, 1.0, 1.0).await;
        client.settle().await;
        drop(client);
        watcher
            .expect("the leave", |list: &RemoveUsers| {
                list.users.contains(&user.user)
            })
            .await;
    }
}
