//! The database goes away and comes back (docs/spec/model.md §9).

use posbus::UsersTransformList;
use serde_json::json;
use testkit::PostgresServer;

use crate::{
    metrics::Scrape,
    support::{Api, Client, EthereumWallet, Options, PLAZA, Server, WELCOME, Wallet, at},
};

async fn moves_are_seen(one: &mut Client, two: &mut Client, x: f32) {
    one.move_to(x, 0.0, 0.0).await;
    two.expect("a move", |list: &UsersTransformList| {
        list.value
            .iter()
            .any(|entry| entry.id == one.user && entry.transform.position.x == x)
    })
    .await;
}

#[tokio::test]
async fn without_its_database_people_move_on_and_nothing_is_half_done() {
    let mut database = PostgresServer::start();
    let mut server = Server::start(
        Options::default()
            .unlimited()
            .database(&database.database("away")),
    );
    let owner = Api::owner(&mut server).await;
    let mut one = Client::join(&server, &owner).await;
    let mut two = Client::guest(&server).await;
    owner
        .set(PLAZA, "object_color", json!({"value": "#111111"}))
        .await
        .ok(202);
    moves_are_seen(&mut one, &mut two, 1.0).await;
    two.settle().await;

    database.stop();
    moves_are_seen(&mut one, &mut two, 2.0).await;
    let refused = owner
        .set(PLAZA, "object_color", json!({"value": "#222222"}))
        .await;
    refused.refused(503, "unavailable");
    let refused = owner.try_create(WELCOME, "Never", at(0.0, 0.0, 0.0)).await;
    refused.refused(503, "unavailable");
    let refused = owner.delete(&format!("/objects/{PLAZA}")).await;
    refused.refused(503, "unavailable");
    assert_eq!(owner.root("/health").await.status, 200);
    assert_eq!(owner.root("/ready").await.status, 503);
    moves_are_seen(&mut one, &mut two, 3.0).await;
    // Locks are in memory only, dragging is saved later.
    one.send(posbus::LockObject { id: PLAZA }).await;
    two.expect("the lock", |lock: &posbus::LockObjectResponse| {
        lock.id == PLAZA && lock.result == 1
    })
    .await;
    let object_transform = at(77.0, 0.0, 0.0);
    one.send(posbus::ObjectTransform {
        id: PLAZA,
        object_transform,
    })
    .await;
    two.expect("the drag", |moved: &posbus::ObjectTransform| {
        moved.object_transform == object_transform
    })
    .await;
    one.send(posbus::UnlockObject { id: PLAZA }).await;
    two.expect("the unlock", |lock: &posbus::LockObjectResponse| {
        lock.result == 1
    })
    .await;
    let told = two.settle().await;
    let changed = told.iter().find(|message| {
        use posbus::Message::{AddObjects, ObjectData, RemoveObjects};
        matches!(message, AddObjects(_) | ObjectData(_) | RemoveObjects(_))
    });
    assert_eq!(changed, None, "what was refused did not happen");
    let scrape = Scrape::of(&owner).await;
    assert_eq!(scrape.value("odyssey_write_behind_entries"), 1.0);
    assert!(scrape.value("odyssey_write_behind_lag_seconds") > 0.0);

    database.restart();
    owner.until_ready().await;
    assert_eq!(
        owner.attribute(PLAZA, "object_color").await.ok(200)["value"],
        "#111111"
    );
    owner
        .set(PLAZA, "object_color", json!({"value": "#333333"}))
        .await
        .ok(202);
    let new = owner.create(WELCOME, "At last", at(0.0, 0.0, 0.0)).await;
    moves_are_seen(&mut one, &mut two, 4.0).await;
    // The drag was made while there was nothing to save it in.
    server.stop();
    server.start_again();
    let owner = owner.at(&server);
    let plaza = owner.get(&format!("/objects/{PLAZA}")).await.ok(200);
    assert_eq!(plaza["transform"]["position"]["x"], 77.0);
    assert_eq!(
        owner.attribute(PLAZA, "object_color").await.ok(200)["value"],
        "#333333"
    );
    assert_eq!(
        owner.attribute(new, "name").await.ok(200)["name"],
        "At last"
    );
}

/// Leaving stores where one was. The reference kept the user when that failed, and died when it
/// returned.
#[tokio::test]
async fn users_leave_and_return_without_the_database() {
    let mut database = PostgresServer::start();
    let options = Options::default().without_grace().unlimited();
    let mut server = Server::start(options.database(&database.database("leave")));
    let owner = Api::owner(&mut server).await;
    let mut watcher = Client::guest(&server).await;
    let mut walker = Client::join(&server, &owner).await;
    let user = walker.user;
    walker.send(posbus::LockObject { id: PLAZA }).await;
    watcher
        .expect("the lock", |lock: &posbus::LockObjectResponse| {
            lock.result == 1
        })
        .await;
    database.stop();
    for round in 1..=2 {
        let x = 10.0 * round as f32;
        moves_are_seen(&mut walker, &mut watcher, x).await;
        walker.leave().await;
        if round == 1 {
            watcher
                .expect("the release", |lock: &posbus::LockObjectResponse| {
                    lock.lock_owner.is_nil()
                })
                .await;
        }
        watcher
            .expect("the leave", |list: &posbus::RemoveUsers| {
                list.users == [user]
            })
            .await;
        assert_eq!(walker.enter(WELCOME).await.spawn.position.x, x);
    }
    database.restart();
    moves_are_seen(&mut walker, &mut watcher, 50.0).await;
    server.stop();
    server.start_again();
    let mut walker = Client::connect(&server, &owner.at(&server)).await;
    assert_eq!(walker.enter(WELCOME).await.spawn.position.x, 50.0);
}

/// Not to find an account and not to be able to look are two things.
#[tokio::test]
async fn a_login_without_the_database_makes_no_second_account() {
    let mut database = PostgresServer::start();
    let options = Options::default().unlimited();
    let server = Server::start(options.database(&database.database("login")));
    let wallet = EthereumWallet::new(8);
    let user = Api::login(&server, &wallet).await;
    let challenge = user.challenge(&wallet).await;
    database.stop();
    let answer = user
        .answer_challenge(&wallet, &wallet.sign(&challenge))
        .await;
    answer.refused(503, "unavailable");
    database.restart();
    assert_eq!(Api::login(&server, &wallet).await.user, user.user);
}
