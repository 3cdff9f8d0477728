//! QUIC over a path that loses, doubles and delays packets (a relay of the tests, see `support/lossy.rs`).

use std::{sync::atomic::Ordering::Relaxed, time::Duration};

use posbus::{HighFive, Message, Umid};

use crate::support::{Api, Client, Options, Path, Place, Server, WELCOME, Way, Weather};

/// A bad mobile network.
const BAD: Weather = Weather {
    lost: 0.1,
    doubled: 0.05,
    late: 0.2,
    delay: Duration::from_millis(30),
};

/// How many greetings go each way.
const GREETINGS: usize = 200;

/// Somebody in the welcome world, over a bad path.
async fn afar(server: &Server, way: Way, seed: u64) -> (Client, Path) {
    let api = Api::guest(server).await;
    let place = Place::of(&api).await;
    let path = Path::to(place.address, BAD, seed).await;
    let place = Place {
        address: path.address,
        ..place
    };
    let mut client = Client::silent_at(&place, way).await;
    client.introduce_as(&api, 2).await;
    client.enter(WELCOME).await;
    (client, path)
}

async fn greet(giver: &mut Client, receiver: &Client, number: usize) {
    giver
        .send(HighFive {
            sender_id: giver.user,
            receiver_id: receiver.user,
            message: number.to_string(),
        })
        .await;
}

async fn next_greeting(client: &mut Client, giver: Umid) -> String {
    let from = |five: &HighFive| five.sender_id == giver;
    client.expect("a greeting", from).await.message
}

#[tokio::test]
async fn what_matters_arrives_once_and_in_order_over_a_bad_path() {
    let server = Server::start(Options::default().unlimited());
    let mut near = Client::guest(&server).await;
    for (way, seed) in [(Way::Quic, 1), (Way::WebTransport, 2)] {
        let (mut far, path) = afar(&server, way, seed).await;
        for number in 0..GREETINGS {
            greet(&mut near, &far, number).await;
            greet(&mut far, &near, number).await;
        }
        for number in 0..GREETINGS {
            assert_eq!(next_greeting(&mut far, near.user).await, number.to_string());
            assert_eq!(next_greeting(&mut near, far.user).await, number.to_string());
        }
        let users = [near.user, far.user];
        for (client, other) in [(&mut near, users[1]), (&mut far, users[0])] {
            let again = |message: &Message| matches!(message, Message::HighFive(five) if five.sender_id == other);
            assert!(!client.settle().await.iter().any(again), "none twice");
        }
        let damage = &path.damage;
        for count in [&damage.lost, &damage.doubled, &damage.late] {
            assert!(count.load(Relaxed) > 0, "{damage:?}");
        }
    }
}
