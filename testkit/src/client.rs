//! A PosBus client over WebSocket. It awaits messages and never sleeps.

use std::{net::SocketAddr, time::Duration};

use components::{Umid, Vec3};
use futures_util::{SinkExt, StreamExt};
use posbus::{HandShake, Message, TeleportRequest, v2};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{WebSocketStream, client_async, tungstenite::Message as Frame};

/// Time within which anything awaited has to arrive. Far above what is needed, so that a busy
/// machine fails no test.
const DEADLINE: Duration = Duration::from_secs(20);

/// A user with a connection, which speaks version 1 or 2 of the protocol (docs/protocol.md).
pub struct Client {
    socket: WebSocketStream<TcpStream>,
    user: Umid,
}

impl Client {
    /// Connects a user and introduces it.
    ///
    /// # Panics
    ///
    /// If nothing listens there.
    pub async fn connect(address: SocketAddr, token: String, user: Umid, version: u32) -> Self {
        let stream = TcpStream::connect(address).await.expect("connects");
        let url = format!("ws://{address}/posbus");
        let (socket, _) = client_async(url, stream).await.expect("upgrades");
        let mut client = Self { socket, user };
        let handshake = HandShake {
            handshake_version: 1,
            protocol_version: i64::from(version),
            token,
            user_id: user,
            session_id: Umid::now_v7(),
        };
        client.send(handshake).await;
        client
    }

    /// The user.
    pub fn user(&self) -> Umid {
        self.user
    }

    /// Sends a message of version 1, most of which version 2 shares.
    ///
    /// # Panics
    ///
    /// If the connection is broken.
    pub async fn send(&mut self, message: impl Into<Message>) {
        self.send_frame(message.into().encode()).await;
    }

    /// Sends a frame as it is, well-formed or not.
    ///
    /// # Panics
    ///
    /// If the connection is broken.
    pub async fn send_frame(&mut self, frame: Vec<u8>) {
        let sent = self.socket.send(Frame::Binary(frame.into())).await;
        sent.expect("sent");
    }

    /// Receives the next frame.
    ///
    /// # Panics
    ///
    /// If none arrives in time, or the connection ends.
    pub async fn receive_frame(&mut self) -> Vec<u8> {
        let next = async {
            loop {
                let frame = self.socket.next().await.expect("open").expect("a frame");
                if let Frame::Binary(frame) = frame {
                    return frame.to_vec();
                }
            }
        };
        timeout(DEADLINE, next).await.expect("in time")
    }

    /// Waits for a message of version 1 in which `found` finds something; others are skipped.
    ///
    /// # Panics
    ///
    /// If none arrives in time, the connection ends, or a frame is malformed.
    pub async fn expect<T>(&mut self, found: impl Fn(Message) -> Option<T>) -> T {
        self.expect_v2(|message| match message {
            v2::Message::V1(message) => found(message),
            _ => None,
        })
        .await
    }

    /// Waits for a message of version 2 in which `found` finds something; others are skipped.
    ///
    /// # Panics
    ///
    /// If none arrives in time, the connection ends, or a frame is malformed.
    pub async fn expect_v2<T>(&mut self, found: impl Fn(v2::Message) -> Option<T>) -> T {
        loop {
            let frame = self.receive_frame().await;
            let message = v2::decode(&frame).expect("a frame of the protocol");
            if let Some(found) = found(message) {
                return found;
            }
        }
    }

    /// Enters a world; answers the place where it puts the user.
    ///
    /// # Panics
    ///
    /// If the world does not answer in time.
    pub async fn enter(&mut self, world: Umid) -> Vec3 {
        self.send(TeleportRequest { target: world }).await;
        self.arrive(world).await
    }

    /// Waits for the beginning of a snapshot; answers the place where it puts the user.
    ///
    /// # Panics
    ///
    /// If none arrives in time, or it is one of another world.
    pub async fn arrive(&mut self, world: Umid) -> Vec3 {
        let entered = self.expect(|message| match message {
            Message::SetWorld(set) => Some(set.id),
            _ => None,
        });
        assert_eq!(entered.await, world, "the world that was asked for");
        let place = self.expect(|message| match message {
            Message::MyTransform(pose) => Some(pose.position),
            _ => None,
        });
        place.await
    }
}
