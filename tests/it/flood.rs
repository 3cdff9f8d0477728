//! Somebody who sends more than anybody needs.

use futures_util::SinkExt;
use posbus::{HighFive, Message, MyTransform, Umid, UsersTransformList, Vec3};
use tokio_tungstenite::tungstenite::Message as Frame;

use crate::support::{Api, Client, Options, PLAZA, Server};

/// Messages in the flood; at the permitted rate they would take minutes.
const FLOOD: usize = 20_000;

#[tokio::test]
async fn a_flood_disturbs_nobody_else() {
    let mut server = Server::start(Options::default());
    let mut one = Client::guest(&server).await;
    let mut two = Client::guest(&server).await;
    let mut flooder = Client::guest(&server).await;
    let (user, victim) = (flooder.user, one.user);
    let flood = tokio::spawn(async move {
        for number in 0..FLOOD {
            let message: Message = match number % 4 {
                0 => posbus::LockObject { id: PLAZA }.into(),
                1 => HighFive {
                    sender_id: user,
                    receiver_id: victim,
                    message: "!".to_owned(),
                }
                .into(),
                2 => posbus::TeleportRequest {
                    target: Umid::from_u128(number as u128),
                }
                .into(),
                _ => MyTransform {
                    position: Vec3::new(number as f32, 0.0, 0.0),
                    rotation: Vec3::ZERO,
                }
                .into(),
            };
            // The rest that does not fit into the connection waits, or the server has closed it.
            if flooder
                .try_send(Frame::binary(message.encode()))
                .await
                .is_err()
            {
                break;
            }
        }
        flooder
    });
    for step in 1..=20 {
        let x = 1_000_000.0 + step as f32;
        one.move_to(x, 0.0, 0.0).await;
        two.expect("a move", |list: &UsersTransformList| {
            list.value
                .iter()
                .any(|entry| entry.id == one.user && entry.transform.position.x == x)
        })
        .await;
    }
    let told = one.settle().await;
    let fives = told
        .iter()
        .filter(|message| matches!(message, Message::HighFive(_)))
        .count();
    assert!(fives < FLOOD / 8, "{fives} of the greetings got through");
    flood.abort();
    assert!(server.is_alive());
    assert_eq!(Api::stranger(&server).root("/health").await.status, 200);
}

/// Clients may send one message in several WebSocket frames (docs/spec/posbus.md §1.1).
#[tokio::test]
async fn frames_in_pieces_are_put_together() {
    use tokio_tungstenite::tungstenite::protocol::frame::{
        Frame as Part,
        coding::{Data, OpCode},
    };
    let server = Server::start(Options::default());
    let mut watcher = Client::guest(&server).await;
    let api = Api::guest(&server).await;
    let mut socket = Client::dial(&server, None)
        .await
        .expect("the server accepts connections");
    let handshake = posbus::HandShake {
        handshake_version: 1,
        protocol_version: 1,
        token: api.token.clone(),
        user_id: api.user,
        session_id: Umid::now_v7(),
    };
    for message in [
        Message::from(handshake),
        posbus::TeleportRequest {
            target: crate::support::WELCOME,
        }
        .into(),
    ] {
        let bytes = message.encode();
        let (head, tail) = bytes.split_at(bytes.len() / 2);
        let first = Part::message(head.to_vec(), OpCode::Data(Data::Binary), false);
        let last = Part::message(tail.to_vec(), OpCode::Data(Data::Continue), true);
        for piece in [first, last] {
            socket
                .send(Frame::Frame(piece))
                .await
                .expect("the connection is open");
        }
    }
    let entered = |list: &posbus::AddUsers| list.users.iter().any(|user| user.id == api.user);
    watcher.expect("the newcomer", entered).await;
}
