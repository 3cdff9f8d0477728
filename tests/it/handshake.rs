//! The first message, and those who get it wrong (docs/spec/posbus.md §1.1, §1.3).

use std::time::{Duration, Instant};

use posbus::{HandShake, Message, Signal, SignalType, TeleportRequest, Umid};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use tokio_tungstenite::tungstenite::{Error, Message as Frame};

use crate::support::{Api, Client, DEADLINE, Ending, Options, Server, WELCOME};

/// Close code of a refused handshake.
const REFUSED: Ending = Ending::Closed(4001);
/// Close code of a missing handshake.
const TIMEOUT: Ending = Ending::Closed(4000);

async fn is_told(client: &mut Client) {
    client
        .expect("the refusal", |signal: &Signal| {
            signal.value == SignalType::INVALID_TOKEN
        })
        .await;
}

/// The token with another header, and the signature that goes with none.
fn unsigned(token: &str) -> String {
    let payload = token.split('.').nth(1).expect("a token has three parts");
    // {"alg":"none","typ":"JWT"}
    format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{payload}.")
}

#[tokio::test]
async fn a_refused_handshake_is_answered_before_it_is_closed() {
    let mut server = Server::start(Options::default());
    let guest = Api::guest(&server).await;
    let mut client = Client::silent(&server).await;
    client
        .introduce("no.real.token", guest.user, Umid::now_v7())
        .await;
    is_told(&mut client).await;
    let told = Instant::now();
    // Reference clients come back the moment they are closed, so that moment has to be later.
    assert_eq!(client.ending().await, REFUSED);
    assert!(
        told.elapsed() > Duration::from_millis(900),
        "{:?}",
        told.elapsed()
    );
    assert!(server.is_alive());
}

#[tokio::test]
async fn a_session_cannot_impersonate_another_user() {
    let server = Server::start(Options::default());
    let guest = Api::guest(&server).await;
    let other = Api::guest(&server).await;
    let user = guest.user;
    let fixed = [
        "69e1d7f6-3130-4005-9969-31edf9af9445",
        "eb50bbc8-ba4e-46a3-a480-a9b30141ce91",
    ];
    let mut attempts = vec![
        ("another user's id", guest.token.clone(), other.user),
        ("no id", guest.token.clone(), Umid::nil()),
        ("no token", String::new(), user),
        ("no signature", unsigned(&guest.token), user),
        (
            "a cut signature",
            guest.token[..guest.token.len() - 2].to_owned(),
            user,
        ),
    ];
    for id in fixed {
        attempts.push((
            "the id of a service",
            guest.token.clone(),
            id.parse().expect("an id"),
        ));
    }
    for (what, token, id) in attempts {
        let mut client = Client::silent(&server).await;
        client.introduce(&token, id, Umid::now_v7()).await;
        client.send(TeleportRequest { target: WELCOME }).await;
        let first = client.next(what).await;
        let refusal = Message::from(Signal {
            value: SignalType::INVALID_TOKEN,
        });
        assert_eq!(first, refusal, "{what}");
    }
    let forged = guest.with_token(&unsigned(&guest.token));
    forged
        .get("/users/me")
        .await
        .refused(401, "failed_to_verify_access_token");
    Client::join(&server, &guest).await;
}

#[tokio::test]
async fn only_a_handshake_is_accepted_first() {
    let server = Server::start(Options::default());
    let guest = Api::guest(&server).await;
    let greeting = HandShake {
        handshake_version: 1,
        protocol_version: 1,
        token: guest.token.clone(),
        user_id: guest.user,
        session_id: Umid::now_v7(),
    };
    let valid = Message::from(greeting.clone()).encode();
    let firsts = [
        (
            "another message",
            Frame::binary(Message::from(TeleportRequest { target: WELCOME }).encode()),
        ),
        ("a text", Frame::text("hello")),
        ("nonsense", Frame::binary(vec![7; 30])),
        ("nothing", Frame::binary(Vec::new())),
    ];
    for (what, first) in firsts {
        let mut client = Client::silent(&server).await;
        client
            .try_send(first)
            .await
            .expect("the connection is open");
        // Too late for the real thing.
        client.send_bytes(valid.clone()).await;
        client.send(TeleportRequest { target: WELCOME }).await;
        is_told(&mut client).await;
        assert!(
            !client
                .heard()
                .any(|message| matches!(message, Message::SetWorld(_))),
            "{what}"
        );
    }

    let mut long = Client::silent(&server).await;
    let token = "x".repeat(20_000);
    let large = Message::from(HandShake { token, ..greeting }).encode();
    // It may be closed before all of it is sent.
    let _ = long.try_send(Frame::binary(large)).await;
    assert_eq!(long.ending().await, Ending::Closed(1009));

    // A second handshake changes nothing, and the versions do not matter.
    let mut client = Client::join(&server, &guest).await;
    client.send_bytes(valid).await;
    let other = Api::guest(&server).await;
    client
        .send(HandShake {
            handshake_version: 7,
            protocol_version: -3,
            token: other.token.clone(),
            user_id: other.user,
            session_id: Umid::nil(),
        })
        .await;
    client.settle().await;
}

/// All of them at once: nobody waits for an answer longer than the slowest.
#[tokio::test]
async fn a_silent_connection_is_closed() {
    let server = Server::start(Options::default());
    let mut silent = Client::silent(&server).await;
    let mut pinging = Client::silent(&server).await;
    pinging
        .try_send(Frame::Ping(Vec::new().into()))
        .await
        .expect("the connection is open");
    let mut mute = TcpStream::connect(server.address()).await.expect("accepts");
    let mut halting = TcpStream::connect(server.address()).await.expect("accepts");
    halting
        .write_all(b"GET /posbus HTTP/1.1\r\nHost: ")
        .await
        .expect("is open");
    let (silent, pinging, mute, halting) = tokio::join!(
        silent.ending(),
        pinging.ending(),
        closed(&mut mute),
        closed(&mut halting),
    );
    assert_eq!((silent, pinging), (TIMEOUT, TIMEOUT));
    assert!(mute && halting, "requests have deadlines, too");
}

/// Whether the server closes a bare connection.
async fn closed(stream: &mut TcpStream) -> bool {
    let mut answer = Vec::new();
    timeout(3 * DEADLINE, stream.read_to_end(&mut answer))
        .await
        .is_ok()
}

#[tokio::test]
async fn only_pages_of_allowed_origins_connect() {
    let options = Options::default().config("allowed_origins = [\"https://odyssey.example\"]");
    let server = Server::start(options);
    let refused = Client::dial(&server, Some("https://evil.example")).await;
    match refused.map(drop) {
        Err(Error::Http(response)) => assert_eq!(response.status(), 403),
        other => panic!("{other:?}"),
    }
    assert!(Client::dial(&server, Some("null")).await.is_err());
    assert!(
        Client::dial(&server, Some("https://odyssey.example"))
            .await
            .is_ok()
    );
    // A client that is no page sends no origin.
    Client::guest(&server).await;
    let open = Server::start(Options::default());
    assert!(
        Client::dial(&open, Some("https://anywhere.example"))
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn the_server_does_not_start_without_a_valid_key() {
    let mut server = Server::start(Options::default());
    let guest = Api::guest(&server).await;
    server.stop();
    let key = server.data().join("keys").join("jwt.key");
    let proper = std::fs::read(&key).expect("a key");
    for wrong in [&b""[..], b"short"] {
        std::fs::write(&key, wrong).expect("is writable");
        let (code, complaint) = server.fails_to_start();
        assert_eq!(code, Some(2), "{complaint}");
        assert!(complaint.contains("jwt.key"), "{complaint}");
    }
    std::fs::write(&key, proper).expect("is writable");
    server.start_again();
    Client::join(&server, &guest.at(&server)).await;
}

#[tokio::test]
async fn plain_http_on_the_socket_route_is_refused() {
    let server = Server::start(Options::default());
    let stranger = Api::stranger(&server);
    let answer = stranger.root("/posbus").await;
    assert!((400..500).contains(&answer.status), "{}", answer.status);
}
