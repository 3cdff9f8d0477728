//! Stopping by signal (docs/operations.md: within 10 s, clients are told).

use testkit::PostgresServer;

use crate::support::{Api, Client, Ending, Options, Server, WELCOME};

/// Close code of a server that goes.
const GOING_AWAY: Ending = Ending::Closed(1001);

#[tokio::test]
async fn clients_are_told_and_the_program_ends_in_time() {
    let mut server = Server::start(Options::default());
    let guest = Api::guest(&server).await;
    let mut inside = Client::guest(&server).await;
    let mut outside = Client::connect(&server, &guest).await;
    // Answered, so that it has been greeted.
    outside
        .send(posbus::TeleportRequest {
            target: posbus::Umid::nil(),
        })
        .await;
    outside.expect("an answer", |_: &posbus::Signal| true).await;
    let mut silent = Client::silent(&server).await;
    // One who does not listen does not hold it up.
    let _deaf = Client::guest(&server).await;
    server.terminate();
    assert_eq!(inside.ending().await, GOING_AWAY);
    assert_eq!(outside.ending().await, GOING_AWAY);
    assert_eq!(silent.ending().await, GOING_AWAY);
    let status = server.wait();
    assert!(status.success(), "{status}");
    server.start_again();
    let mut client = Client::connect(&server, &guest.at(&server)).await;
    client.enter(WELCOME).await;
}

/// There is something to save and nothing to save it in.
#[tokio::test]
async fn without_its_database_the_program_ends_in_time_and_does_not_start() {
    let mut database = PostgresServer::start();
    let options = Options::default().database(&database.database("gone"));
    let mut server = Server::start(options);
    let mut walker = Client::guest(&server).await;
    walker.move_to(1.0, 2.0, 3.0).await;
    walker.settle().await;
    database.stop();
    server.terminate();
    assert_eq!(walker.ending().await, GOING_AWAY);
    server.wait();
    let (code, complaint) = server.fails_to_start();
    assert_eq!(code, Some(2), "{complaint}");
    assert!(complaint.contains("database"), "{complaint}");
    database.restart();
    server.start_again();
    Client::guest(&server).await;
}
