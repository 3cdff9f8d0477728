//! A client that speaks QUIC but nothing else of it harms nobody but itself.

use posbus::{Signal, SignalType};
use tokio::time::timeout;

use crate::support::{
    Api, Client, DEADLINE, Ending, Options, Place, QuicWire, Server, WELCOME, Way, ending,
};

const BOTH: [Way; 2] = [Way::Quic, Way::WebTransport];

const OVERSIZE: Ending = Ending::Closed(1009);
const HANDSHAKE_TIMEOUT: Ending = Ending::Closed(4000);
const REFUSED: Ending = Ending::Closed(4001);
const MALFORMED: Ending = Ending::Closed(4002);

/// Somebody whose day nobody may spoil.
struct Bystander(Client);

impl Bystander {
    async fn watch(server: &Server) -> Bystander {
        let api = Api::guest(server).await;
        let mut client = Client::connect_over(&api, Way::Quic).await;
        client.enter(WELCOME).await;
        Bystander(client)
    }

    async fn is_well(&mut self) {
        self.0.settle().await;
    }
}

#[tokio::test]
async fn another_protocol_is_refused() {
    let server = Server::start(Options::default());
    let mut bystander = Bystander::watch(&server).await;
    let place = Place::of(&Api::stranger(&server)).await;
    for alpn in ["posbus/3", "h2", "hq-29"] {
        assert!(place.connect(alpn).await.is_err(), "{alpn}");
    }
    bystander.is_well().await;
}

#[tokio::test]
async fn a_length_above_the_limit_ends_the_session_before_the_message_comes() {
    let server = Server::start(Options::default());
    let mut bystander = Bystander::watch(&server).await;
    let api = Api::guest(&server).await;
    let place = Place::of(&api).await;
    for way in BOTH {
        let mut stranger = Client::silent_at(&place, way).await;
        let length = (16 * 1024_u32 + 1).to_le_bytes();
        stranger.quic().send_raw(&length).await.expect("open");
        assert_eq!(stranger.ending().await, OVERSIZE, "{way:?}");

        let mut member = Client::connect_over(&api, way).await;
        member.enter(WELCOME).await;
        member
            .quic()
            .send_raw(&1025_u32.to_le_bytes())
            .await
            .expect("open");
        assert_eq!(member.ending().await, OVERSIZE, "{way:?}");
    }
    bystander.is_well().await;
}

#[tokio::test]
async fn nonsense_on_the_stream_and_in_datagrams_costs_only_who_sends_it() {
    let server = Server::start(Options::default());
    let mut bystander = Bystander::watch(&server).await;
    for way in BOTH {
        let api = Api::guest(&server).await;
        let mut member = Client::connect_over(&api, way).await;
        member.enter(WELCOME).await;
        for byte in 0..8 {
            member.send_bytes(vec![byte; 40]).await;
            member.quic().send_datagram(vec![byte; 40]);
        }
        // Some of it is forgiven.
        member.settle().await;
        for byte in 0..200 {
            member.quic().send_datagram(vec![byte; 40]);
        }
        for byte in 0..20 {
            member.send_bytes(vec![byte; 40]).await;
        }
        assert_eq!(member.ending().await, MALFORMED, "{way:?}");
    }
    bystander.is_well().await;
}

#[tokio::test]
async fn a_refused_session_gets_the_reason() {
    let server = Server::start(Options::default());
    let api = Api::guest(&server).await;
    let place = Place::of(&api).await;
    let mut liar = api.clone();
    liar.token = "nonsense".to_owned();
    // Each time one is kept waiting longer.
    for (way, who, version) in [(Way::Quic, &api, 1), (Way::WebTransport, &liar, 2)] {
        let mut client = Client::silent_at(&place, way).await;
        client.introduce_as(who, version).await;
        client
            .expect("the refusal", |signal: &Signal| {
                signal.value == SignalType::INVALID_TOKEN
            })
            .await;
        assert_eq!(client.ending().await, REFUSED, "{way:?}, version {version}");
    }
}

#[tokio::test]
async fn a_silent_session_is_closed() {
    let server = Server::start(Options::default());
    let place = Place::of(&Api::stranger(&server)).await;
    let mut without_words = Vec::new();
    for way in BOTH {
        without_words.push(Client::silent_at(&place, way).await);
        // Browsers tell the server of a stream when something is on it.
        let stream = without_words.last_mut().expect("just pushed");
        stream.quic().send_raw(&[1]).await.expect("open");
    }
    let without_stream = place.session(Way::Quic).await;
    for mut client in without_words {
        assert_eq!(client.ending().await, HANDSHAKE_TIMEOUT);
    }
    let closed = timeout(DEADLINE, without_stream.closed()).await;
    assert_eq!(ending(&closed.expect("in time")), HANDSHAKE_TIMEOUT);
}

#[tokio::test]
async fn only_pages_of_allowed_origins_connect_and_only_to_the_endpoint() {
    let options = "allowed_origins = [\"https://worlds.example\"]";
    let server = Server::start(Options::default().config(options));
    let place = Place::of(&Api::stranger(&server)).await;
    let at = async |path, origin| place.web_transport(path, origin).await.is_ok();
    assert!(at("/posbus", None).await, "no browser");
    assert!(at("/posbus", Some("https://worlds.example")).await);
    assert!(!at("/posbus", Some("https://evil.example")).await);
    assert!(!at("/elsewhere", None).await);
}

#[tokio::test]
async fn one_address_has_only_so_many_connections_over_all_transports() {
    let options = "[limits]\nconnections = 2\nnew_connections = 1000.0";
    let server = Server::start(Options::default().config(options));
    let place = Place::of(&Api::stranger(&server)).await;
    let _one = Client::silent(&server).await;
    let second = QuicWire::open(place.session(Way::Quic).await).await;
    let third = place.session(Way::Quic).await;
    let closed = timeout(DEADLINE, third.closed()).await;
    assert_eq!(ending(&closed.expect("in time")), Ending::Closed(1013));
    assert!(Client::dial(&server, None).await.is_err(), "one too many");
    drop(second);
}
