//! Frames that no client of ours sends (docs/spec/posbus.md §2; docs/regressions.md W1–W4, C1, C3).

use posbus::{HighFive, MessageType, Notification, Umid, UserStakedToOdyssey, UsersTransformList};
use tokio::{io::AsyncWriteExt, net::TcpStream};
use tokio_tungstenite::tungstenite::Message as Frame;

use crate::support::{Api, Client, Ending, Options, Server, WELCOME};

/// Close code of too much nonsense.
const MALFORMED: Ending = Ending::Closed(4002);
/// Close code of a frame above the limit.
const OVERSIZE: Ending = Ending::Closed(1009);
/// Connections of the attack.
const CONNECTIONS: u64 = 1_000;

/// More memory than any of this should take, in MiB.
const MEMORY: u64 = 512;
/// Entries into a world that nobody reads about.
const ENTRIES: usize = 5_000;

/// A frame of a type around any body.
fn frame(message_type: MessageType, body: &[u8]) -> Vec<u8> {
    let id = message_type.id();
    [&id.to_le_bytes(), body, &(!id).to_le_bytes()].concat()
}

/// Numbers that look random and are the same in every run (xorshift64*).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn bytes(&mut self) -> Vec<u8> {
        let length = self.next() % 64;
        (0..length).map(|_| (self.next() >> 32) as u8).collect()
    }
}

/// Frames that are to be dropped, by what is wrong with them.
fn nonsense() -> Vec<(&'static str, Vec<u8>)> {
    let signal = [0x4d, 0x96, 0xc1, 0xad, 0x05, 0xb2, 0x69, 0x3e, 0x52];
    let mut wrong_footer = signal.to_vec();
    wrong_footer[8] ^= 1;
    let many = [0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
    vec![
        ("nothing", vec![]),
        ("one byte", vec![0x4d]),
        ("three bytes", signal[..3].to_vec()),
        ("a header", signal[..4].to_vec()),
        ("no body", frame(MessageType::Signal, &[])),
        ("a wrong footer", wrong_footer),
        (
            "an unknown type",
            [&[1, 2, 3, 4, 0][..], &[0xfe, 0xfd, 0xfc, 0xfb]].concat(),
        ),
        ("type 0", [&[0; 5][..], &[0xff; 4]].concat()),
        ("bytes after the body", frame(MessageType::Signal, &[5, 5])),
        ("a cut body", frame(MessageType::TeleportRequest, &[1; 15])),
        ("an endless number", frame(MessageType::Signal, &[0xff; 12])),
        (
            "SetWorld, for servers only",
            frame(MessageType::SetWorld, &[0; 65]),
        ),
        (
            "AddUsers with countless users",
            frame(MessageType::AddUsers, &many),
        ),
        (
            "AddObjects with countless objects",
            frame(MessageType::AddObjects, &many),
        ),
        (
            "RemoveUsers, for servers only",
            frame(MessageType::RemoveUsers, &[0]),
        ),
        (
            "ObjectData with countless slots",
            frame(MessageType::ObjectData, &[&[0; 16][..], &many].concat()),
        ),
        ("a nested type", frame(MessageType::UserTransform, &[0; 22])),
        (
            "GenericMessage with countless bytes",
            frame(MessageType::GenericMessage, &[&[0][..], &many].concat()),
        ),
        (
            "EventStart with countless entries",
            frame(MessageType::EventStart, &many),
        ),
        (
            "a text of negative length",
            frame(MessageType::HighFive, &[&[0; 32][..], &[3]].concat()),
        ),
    ]
}

#[tokio::test]
async fn malformed_frames_are_dropped() {
    let mut server = Server::start(Options::default().unlimited());
    let mut client = Client::guest(&server).await;
    for (what, bytes) in nonsense() {
        client.send_bytes(bytes).await;
        client.settle().await;
        assert!(server.is_alive(), "{what}");
    }
    let peak = server.peak_memory();
    assert!(peak < MEMORY, "claims of countless things took {peak} MiB");
    client
        .try_send(Frame::text("{\"teleport\": true}"))
        .await
        .expect("the connection is open");
    client
        .try_send(Frame::Ping(vec![1; 100].into()))
        .await
        .expect("the connection is open");
    client.settle().await;
}

/// With limits, as everybody runs it.
#[tokio::test]
async fn too_much_nonsense_closes_the_connection_that_sends_it() {
    let server = Server::start(Options::default());
    let mut other = Client::guest(&server).await;
    let mut client = Client::guest(&server).await;
    let gone = client.user;
    for _ in 0..100 {
        if client.try_send(Frame::binary(vec![0; 20])).await.is_err() {
            break;
        }
    }
    assert_eq!(client.ending().await, MALFORMED);
    other
        .expect("the leave", |list: &posbus::RemoveUsers| {
            list.users.contains(&gone)
        })
        .await;
    other.settle().await;
}

#[tokio::test]
async fn frames_above_the_limit_close_the_connection() {
    let server = Server::start(Options::default());
    for length in [1025, 20_000, 1_000_000] {
        let mut client = Client::guest(&server).await;
        // The server may hang up before all of it was sent.
        let _ = client.try_send(Frame::binary(vec![0; length])).await;
        match client.ending().await {
            OVERSIZE => {}
            // Frames that were still on their way when the server closed can break the connection
            // before the close frame is read.
            Ending::Broken if length > 100_000 => {}
            other => panic!("{length} bytes: {other:?}"),
        }
    }
    // Exactly the limit is fine.
    let mut client = Client::guest(&server).await;
    let mut five = HighFive {
        sender_id: client.user,
        receiver_id: Umid::now_v7(),
        message: String::new(),
    };
    five.message = "x".repeat(posbus::MAX_CLIENT_FRAME - 8 - 34);
    let bytes = posbus::Message::from(five).encode();
    assert_eq!(bytes.len(), posbus::MAX_CLIENT_FRAME);
    client.send_bytes(bytes).await;
    client.expect("an answer", |_: &Notification| true).await;
}

/// Claims about stakes hold hexadecimal texts of any length and shape.
#[tokio::test]
async fn invalid_hex_numbers_are_harmless() {
    let mut server = Server::start(Options::default().unlimited());
    let mut client = Client::guest(&server).await;
    for text in [
        "",
        "0",
        "0x",
        "x",
        "0xg",
        "zz",
        "0x0",
        "-1",
        "é",
        &"9".repeat(200),
    ] {
        for kind in [0, 1, -1, 256, i64::MAX] {
            client
                .send(UserStakedToOdyssey {
                    transaction_hash: text.to_owned(),
                    wallet: text.to_owned(),
                    object_id: WELCOME,
                    amount: text.to_owned(),
                    comment: text.to_owned(),
                    kind,
                })
                .await;
        }
        client.settle().await;
    }
    assert!(server.is_alive());
}

/// Random bytes at every stage: instead of HTTP, instead of a handshake, instead of messages.
#[tokio::test]
async fn a_thousand_connections_of_random_bytes_disturb_nobody() {
    let mut server = Server::start(Options::default().unlimited());
    let mut one = Client::guest(&server).await;
    let mut two = Client::guest(&server).await;
    let vandal = Api::guest(&server).await;
    let mut random = Random(0x0d15_5e75_0000_0001);
    for number in 0..CONNECTIONS {
        let bytes = random.bytes();
        match number % 4 {
            0 => {
                let mut stream = TcpStream::connect(server.address()).await.expect("accepts");
                // It may be refused before all of it is sent.
                let _ = stream.write_all(&bytes).await;
            }
            1 => {
                let mut client = Client::silent(&server).await;
                let _ = client.try_send(Frame::binary(bytes)).await;
            }
            _ => {
                let mut client = Client::connect(&server, &vandal).await;
                for _ in 0..4 {
                    let mut bytes = random.bytes();
                    if number % 4 == 3 {
                        let types = MessageType::ALL;
                        let place = random.next() as usize % types.len();
                        bytes = frame(types[place], &bytes);
                    }
                    let _ = client.try_send(Frame::binary(bytes)).await;
                }
            }
        }
        if number % 100 == 0 {
            let x = number as f32 + 1.0;
            one.move_to(x, 0.0, 0.0).await;
            two.expect("a move", |list: &UsersTransformList| {
                list.value
                    .iter()
                    .any(|entry| entry.id == one.user && entry.transform.position.x == x)
            })
            .await;
        }
    }
    assert!(server.is_alive());
    let snapshot = Client::connect(&server, &Api::guest(&server).await)
        .await
        .enter(WELCOME)
        .await;
    assert!(snapshot.user(one.user).is_some() && snapshot.user(two.user).is_some());
}

/// Each entry is answered with a whole world, and a client that does not read leaves all of them to
/// the server.
#[tokio::test]
async fn repeated_entering_without_reading_is_bounded() {
    let mut server = Server::start(Options::default().unlimited());
    let mut one = Client::guest(&server).await;
    let mut two = Client::guest(&server).await;
    let mut restless = Client::guest(&server).await;
    for _ in 0..ENTRIES {
        let entry = posbus::Message::from(posbus::TeleportRequest { target: WELCOME }).encode();
        // It may be closed for not reading.
        if restless.try_send(Frame::binary(entry)).await.is_err() {
            break;
        }
    }
    one.move_to(5.0, 5.0, 5.0).await;
    two.expect("a move", |list: &UsersTransformList| {
        list.value
            .iter()
            .any(|entry| entry.id == one.user && entry.transform.position.x == 5.0)
    })
    .await;
    assert!(server.is_alive());
    let peak = server.peak_memory();
    assert!(peak < MEMORY, "{peak} MiB");
}
