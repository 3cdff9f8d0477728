//! A server of one world that tells everybody of every movement at once, apart from one bad habit.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use futures_util::{SinkExt, StreamExt};
use parking_lot::Mutex;
use posbus::{
    AddUsers, Message, MyTransform, SetWorld, Signal, SignalType, TransformNoScale, Umid, UserData,
    UserTransform, UsersTransformList,
};
use swarm::WELCOME_WORLD;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc::{UnboundedSender, unbounded_channel},
    task::AbortHandle,
    time::{Instant, sleep_until},
};
use tokio_tungstenite::{
    accept_async,
    tungstenite::{Message as Frame, protocol::CloseFrame},
};

/// What it does wrong.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Habit {
    /// Nothing.
    Honest,
    /// Tells everything so much later.
    Delay(Duration),
    /// Repeats the position before after every new one.
    Backwards,
    /// Tells other positions than it was told.
    Bend,
    /// Turns everybody a little.
    Turn,
    /// Does not tell every so many-th movement that it hears of.
    Lose(usize),
    /// Never tells where the user with this number is.
    Hide(usize),
    /// Closes the connection of the user with this number as it moves.
    SendAway(usize),
    /// Refuses all requests as too many.
    Limit,
}

/// A running server; it ends when dropped.
pub(crate) struct EchoServer {
    address: SocketAddr,
    accepting: AbortHandle,
}

impl EchoServer {
    pub(crate) async fn start(habit: Habit) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("is bound");
        let world = Arc::new(World {
            habit,
            users: Mutex::default(),
        });
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(Arc::clone(&world).serve(stream));
            }
        });
        Self {
            address,
            accepting: accepting.abort_handle(),
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/", self.address)
    }
}

impl Drop for EchoServer {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

struct World {
    habit: Habit,
    users: Mutex<Vec<User>>,
}

struct User {
    id: Umid,
    out: UnboundedSender<(Instant, Frame)>,
    last: Option<MyTransform>,
    moves: usize,
}

impl World {
    async fn serve(self: Arc<Self>, mut stream: TcpStream) {
        let mut start = [0; 11];
        // Clients send the first line in one piece.
        let _ = stream.peek(&mut start).await;
        match &start {
            b"GET /posbus" => self.play(stream).await,
            b"POST /api/v" => self.answer(&mut stream, self.guest()).await,
            _ => self.answer(&mut stream, (404, String::new())).await,
        }
    }

    fn guest(&self) -> (u16, String) {
        let body = format!(
            r#"{{"id":"{}","token":"any","isGuest":true}}"#,
            Umid::now_v7()
        );
        match self.habit {
            Habit::Limit => (429, String::new()),
            _ => (200, body),
        }
    }

    async fn answer(&self, stream: &mut TcpStream, (status, body): (u16, String)) {
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            request.push(stream.read_u8().await.expect("a whole request"));
        }
        let length = body.len();
        let head =
            format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n");
        let _ = stream.write_all((head + &body).as_bytes()).await;
    }

    async fn play(&self, stream: TcpStream) {
        let (mut sink, mut frames) = accept_async(stream).await.expect("a WebSocket").split();
        let (out, mut queue) = unbounded_channel();
        let habit = self.habit;
        tokio::spawn(async move {
            while let Some((sent, frame)) = queue.recv().await {
                if let Habit::Delay(delay) = habit {
                    sleep_until(sent + delay).await;
                }
                let _ = sink.send(frame).await;
            }
        });
        let mut id = Umid::nil();
        while let Some(Ok(frame)) = frames.next().await {
            let Frame::Binary(bytes) = frame else {
                continue;
            };
            match posbus::decode(&bytes).expect("bots send what can be decoded") {
                Message::HandShake(handshake) => id = handshake.user_id,
                Message::TeleportRequest(request) if request.target == WELCOME_WORLD => {
                    self.enter(id, out.clone());
                }
                Message::TeleportRequest(_) => {
                    send(
                        &out,
                        Signal {
                            value: SignalType::WORLD_DOES_NOT_EXIST,
                        },
                    );
                }
                Message::MyTransform(place) => self.move_to(id, place),
                other => panic!("bots do not send {}", other.name()),
            }
        }
    }

    fn enter(&self, id: Umid, out: UnboundedSender<(Instant, Frame)>) {
        let mut users = self.users.lock();
        send(
            &out,
            SetWorld {
                id: WELCOME_WORLD,
                ..SetWorld::default()
            },
        );
        send(&out, MyTransform::default());
        users.push(User {
            id,
            out: out.clone(),
            last: None,
            moves: 0,
        });
        let entry = |id| UserData {
            id,
            ..UserData::default()
        };
        send(
            &out,
            AddUsers {
                users: users.iter().map(|user| entry(user.id)).collect(),
            },
        );
        for other in users.iter().filter(|user| user.id != id) {
            send(
                &other.out,
                AddUsers {
                    users: vec![entry(id)],
                },
            );
        }
    }

    fn move_to(&self, id: Umid, mut place: MyTransform) {
        let mut users = self.users.lock();
        let number = users
            .iter()
            .position(|user| user.id == id)
            .expect("has entered");
        match self.habit {
            Habit::Hide(hidden) if hidden == number => return,
            Habit::SendAway(unwanted) if unwanted == number => {
                let frame = CloseFrame {
                    code: 4004.into(),
                    reason: "slow_reader".into(),
                };
                let _ = users[number]
                    .out
                    .send((Instant::now(), Frame::Close(Some(frame))));
                return;
            }
            Habit::Bend => place.position.x += 1.0,
            Habit::Turn => place.rotation.y += 0.001,
            Habit::Lose(every) => {
                users[number].moves += 1;
                if users[number].moves.is_multiple_of(every) {
                    return;
                }
            }
            _ => {}
        }
        let before = users[number].last.replace(place);
        let repeated = before.filter(|_| matches!(self.habit, Habit::Backwards));
        for told in [Some(place), repeated].into_iter().flatten() {
            let transform = TransformNoScale {
                position: told.position,
                rotation: told.rotation,
            };
            for user in users.iter() {
                let value = vec![UserTransform { id, transform }];
                send(&user.out, UsersTransformList { value });
            }
        }
    }
}

fn send(out: &UnboundedSender<(Instant, Frame)>, message: impl Into<Message>) {
    // Whoever has gone hears nothing.
    let _ = out.send((Instant::now(), Frame::binary(message.into().encode())));
}
