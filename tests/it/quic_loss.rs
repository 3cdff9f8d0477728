//! QUIC over a path that loses, doubles and delays packets (a relay of the tests, see
//! `support/lossy.rs`).

use std::{sync::atomic::Ordering::Relaxed, time::Duration};

use posbus::{HighFive, Message, Umid, UsersTransformList, Vec3};

use crate::support::{Api, Client, Options, Path, Place, Server, WELCOME, Way, Weather};

/// A bad mobile network.
const BAD: Weather = Weather {
    lost: 0.1,
    doubled: 0.05,
    late: 0.2,
    delay: Duration::from_millis(30),
};

/// Number of greetings each way.
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
async fn reliable_messages_arrive_once_and_in_order_over_a_bad_path() {
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
            let again = |message: &Message| match message {
                Message::HighFive(five) => five.sender_id == other,
                _ => false,
            };
            assert!(!client.settle().await.iter().any(again), "none twice");
        }
        let damage = &path.damage;
        for count in [&damage.lost, &damage.doubled, &damage.late] {
            assert!(count.load(Relaxed) > 0, "{damage:?}");
        }
    }
}

/// Number of steps that everybody takes.
const STEPS: usize = 60;

/// Place of a user after some steps; a place that quantisation leaves as it is.
fn after(steps: usize, lane: f32) -> Vec3 {
    Vec3::new(steps as f32 / 4.0, 0.0, lane)
}

/// Poses are sent as datagrams both ways, so a tenth of them never arrives and others arrive late.
#[tokio::test]
async fn everybody_is_where_they_are_over_a_bad_path_and_nobody_goes_back() {
    let server = Server::start(Options::default());
    let mut near = Client::guest(&server).await;
    let mut clock = Client::guest(&server).await;
    let mut afar = [
        afar(&server, Way::Quic, 3).await,
        afar(&server, Way::Quic, 4).await,
        afar(&server, Way::WebTransport, 5).await,
    ];
    for step in 1..=STEPS {
        for (lane, (walker, _)) in afar.iter_mut().enumerate() {
            let pose = walker.next_pose(after(step, lane as f32));
            walker.quic().send_datagram(pose);
        }
        let Vec3 { x, y, z } = after(step, 9.0);
        near.move_to(x, y, z).await;
        // Goes on with the next tick.
        let arrived = |list: &UsersTransformList| {
            let mut moved = list.value.iter();
            moved.any(|moved| moved.id == near.user && moved.transform.position.x == x)
        };
        clock.expect("the step", arrived).await;
        for (walker, _) in &mut afar {
            walker.hear_what_came();
        }
    }
    // A user who stops says so once more where it cannot be lost.
    for (lane, (walker, _)) in afar.iter_mut().enumerate() {
        let pose = walker.next_pose(after(STEPS, lane as f32));
        walker.send_bytes(pose).await;
    }
    let mut ends: Vec<(Umid, Vec3)> = afar
        .iter()
        .enumerate()
        .map(|(lane, (walker, _))| (walker.user, after(STEPS, lane as f32)))
        .collect();
    ends.push((near.user, after(STEPS, 9.0)));
    for (watcher, path) in &mut afar {
        for (user, place) in &ends {
            if *user == watcher.user {
                continue;
            }
            watcher.sees(*user, *place).await;
            // The place of entering is out of the way.
            let track = watcher.sight.track(*user);
            let track: Vec<_> = track.iter().filter(|place| place.y == 0.0).collect();
            assert!(track.is_sorted_by(|one, next| one.x <= next.x), "{track:?}");
            assert!(track.len() > STEPS / 4, "{} of {STEPS}", track.len());
        }
        let sight = &watcher.sight;
        let counts = (sight.datagrams, sight.on_stream);
        assert!(counts.0 > counts.1 && counts.1 > 0, "{counts:?}");
        let damage = &path.damage;
        for count in [&damage.lost, &damage.doubled, &damage.late] {
            assert!(count.load(Relaxed) > 0, "{damage:?}");
        }
    }
}
