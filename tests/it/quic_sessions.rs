//! The transport of a session makes no difference to it.

use std::collections::HashMap;

use posbus::{AddUsers, HighFive, RemoveUsers, Umid, UsersTransformList, Vec3};
use tokio::task::JoinSet;

use crate::support::{
    Answer, Api, Client, DEADLINE, Ending, Options, Path, Place, Server, WELCOME, Way, ending,
};

const GOING_AWAY: Ending = Ending::Closed(1001);

/// Handshakes going on above which newcomers prove their address; the default of the program.
const RETRY_ABOVE: usize = 64;

/// One over QUIC, one over WebTransport, one over WebSocket, all in the welcome world.
async fn company(server: &Server) -> [Client; 3] {
    let mut clients = Vec::new();
    for way in [Some(Way::Quic), Some(Way::WebTransport), None] {
        let api = Api::guest(server).await;
        let mut client = match way {
            Some(way) => Client::connect_over(&api, way).await,
            None => Client::connect(server, &api).await,
        };
        client.enter(WELCOME).await;
        clients.push(client);
    }
    clients.try_into().ok().expect("three")
}

#[tokio::test]
async fn people_on_all_transports_meet_greet_and_part() {
    let server = Server::start(Options::default());
    let mut company = company(&server).await;
    let users = company.each_ref().map(|client| client.user);
    for (place, client) in company.iter_mut().enumerate() {
        for later in &users[place + 1..] {
            let comes = |added: &AddUsers| added.users.iter().any(|user| user.id == *later);
            client.expect("a newcomer", comes).await;
        }
    }
    for giver in 0..company.len() {
        for receiver in (0..company.len()).filter(|receiver| *receiver != giver) {
            let five = HighFive {
                sender_id: users[giver],
                receiver_id: users[receiver],
                message: format!("{giver} to {receiver}"),
            };
            company[giver].send(five.clone()).await;
            let heard: HighFive = company[receiver]
                .expect("a high five", |five: &HighFive| {
                    five.sender_id == users[giver]
                })
                .await;
            assert_eq!(heard.message, five.message);
        }
    }
    // Ending the stream is goodbye, whatever else is open.
    let [mut quic, mut web_transport, mut web_socket] = company;
    for leaver in [&mut quic, &mut web_transport] {
        leaver.quic().finish();
        let user = leaver.user;
        let goes = |gone: &RemoveUsers| gone.users.contains(&user);
        web_socket.expect("the leave", goes).await;
    }
}

#[tokio::test]
async fn people_on_all_transports_see_each_other_move() {
    let server = Server::start(Options::default());
    let [mut quic, mut web_transport, mut web_socket] = company(&server).await;
    let users = [quic.user, web_transport.user, web_socket.user];
    let places = [1.0, 2.0, 3.0].map(|metres| Vec3::new(metres, metres / 2.0, -metres));
    for (client, place) in [(&mut quic, places[0]), (&mut web_transport, places[1])] {
        let pose = client.next_pose(place);
        client.quic().send_datagram(pose);
    }
    let Vec3 { x, y, z } = places[2];
    web_socket.move_to(x, y, z).await;
    quic.sees(users[1], places[1]).await;
    quic.sees(users[2], places[2]).await;
    web_transport.sees(users[0], places[0]).await;
    web_transport.sees(users[2], places[2]).await;
    let mut missing: HashMap<Umid, Vec3> = users.into_iter().zip(places).take(2).collect();
    while !missing.is_empty() {
        let list = web_socket.expect("a move", |_: &UsersTransformList| true);
        for moved in list.await.value {
            if missing.get(&moved.id) == Some(&moved.transform.position) {
                missing.remove(&moved.id);
            }
        }
    }
}

#[tokio::test]
async fn a_server_that_goes_says_so_on_all_transports() {
    let mut server = Server::start(Options::default());
    let company = company(&server).await;
    let place = Place::of(&Api::stranger(&server)).await;
    let silent = Client::silent_at(&place, Way::WebTransport).await;
    let without_stream = place.session(Way::Quic).await;
    server.terminate();
    for mut client in company.into_iter().chain([silent]) {
        assert_eq!(client.ending().await, GOING_AWAY);
    }
    assert_eq!(ending(&without_stream.closed().await), GOING_AWAY);
    let status = server.wait();
    assert!(status.success(), "{status}");
}

#[tokio::test]
async fn in_a_rush_newcomers_prove_their_address_and_get_in() {
    let server = Server::start(Options::default());
    let stranger = Api::stranger(&server);
    let place = Place::of(&stranger).await;
    // Nothing of it arrives at whoever began, so none of these handshakes goes on.
    let nowhere = Path::one_way(place.address).await;
    let hole = Place {
        address: nowhere.address,
        ..place.clone()
    };
    let mut rush = JoinSet::new();
    for _ in 0..2 * RETRY_ABOVE {
        let hole = hole.clone();
        rush.spawn(async move { hole.connect("posbus/2").await.is_ok() });
    }
    let asked = |metrics: Answer| {
        let name = "odyssey_quic_refused_total{reason=\"unproven_address\"} ";
        let line = String::from_utf8_lossy(&metrics.bytes);
        let line = line.lines().find_map(|line| line.strip_prefix(name));
        line.expect("is exported").parse::<f64>().expect("a number") > 0.0
    };
    let end = tokio::time::Instant::now() + DEADLINE;
    while !asked(stranger.root("/metrics").await) {
        assert!(
            tokio::time::Instant::now() < end,
            "nobody was asked for proof"
        );
        tokio::task::yield_now().await;
    }
    let guest = Api::guest(&server).await;
    Client::connect_over(&guest, Way::Quic)
        .await
        .enter(WELCOME)
        .await;
    rush.abort_all();
}
