//! A server of one world that tells everybody of every movement at once, apart from one bad habit.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bench::swarm::WELCOME_WORLD;
use futures_util::{SinkExt, StreamExt};
use parking_lot::Mutex;
use posbus::{
    AddUsers, HandShake, Message, MyTransform, RemoveUsers, SetWorld, Signal, SignalType,
    TransformNoScale, Umid, UserData, UserTransform, UsersTransformList,
    v2::{self, HandleEntry, PoseEntry, QuantizedPose, UserHandles, Welcome},
};
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

mod quic;

/// Its fault.
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
    /// Shows an older tick after each newer one.
    OldTicks,
    /// Gives everybody the same handle.
    OneHandle,
    /// Tells all that somebody is gone as soon as their connection breaks, and lets them in as
    /// somebody new.
    Forget,
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
    /// Sessions over QUIC.
    quic: quinn::Endpoint,
}

impl EchoServer {
    pub(crate) async fn start(habit: Habit) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("is bound");
        let (quic, place) = quic::bind();
        let world = Arc::new(World {
            habit,
            place,
            users: Mutex::default(),
            ticks: AtomicU64::new(1),
        });
        tokio::spawn(quic::accept(quic.clone(), Arc::clone(&world)));
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(Arc::clone(&world).serve(stream));
            }
        });
        Self {
            address,
            accepting: accepting.abort_handle(),
            quic,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/", self.address)
    }
}

impl Drop for EchoServer {
    fn drop(&mut self) {
        self.accepting.abort();
        self.quic.close(0_u32.into(), b"");
    }
}

struct World {
    habit: Habit,
    /// Its answer to the question for its QUIC endpoint.
    place: String,
    users: Mutex<Vec<User>>,
    ticks: AtomicU64,
}

struct User {
    id: Umid,
    out: UnboundedSender<(Instant, Frame)>,
    version: i64,
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
            b"GET /api/v4" => self.answer(&mut stream, (200, self.place.clone())).await,
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
        let mut who = HandShake::default();
        while let Some(Ok(frame)) = frames.next().await {
            if let Frame::Binary(bytes) = frame {
                self.hear(&mut who, &out, &bytes);
            }
        }
        self.miss(&who);
    }

    fn hear(&self, who: &mut HandShake, out: &UnboundedSender<(Instant, Frame)>, bytes: &[u8]) {
        match v2::decode(bytes).expect("bots send what can be decoded") {
            v2::Message::V1(Message::HandShake(handshake)) => {
                *who = handshake;
                self.welcome(who, out);
            }
            v2::Message::V1(Message::TeleportRequest(request)) => {
                if request.target == WELCOME_WORLD {
                    self.enter(who, out.clone());
                } else {
                    let value = SignalType::WORLD_DOES_NOT_EXIST;
                    send(out, Signal { value });
                }
            }
            v2::Message::V1(Message::MyTransform(place)) => self.move_to(who.user_id, place),
            v2::Message::MyPose(pose) => {
                let place = MyTransform {
                    position: pose.position,
                    rotation: pose.rotation,
                };
                self.move_to(who.user_id, place);
            }
            other => panic!("bots do not send {}", other.name()),
        }
    }

    /// Somebody's connection ended.
    fn miss(&self, who: &HandShake) {
        if matches!(self.habit, Habit::Forget) {
            let users = self.users.lock();
            for other in users.iter().filter(|user| user.id != who.user_id) {
                let users = vec![who.user_id];
                send(&other.out, RemoveUsers { users });
            }
        }
    }

    /// Says what holds in a session of version 2, and lets in who comes back.
    fn welcome(&self, who: &HandShake, out: &UnboundedSender<(Instant, Frame)>) {
        if who.protocol_version < 2 {
            return;
        }
        let was_here = self.users.lock().iter().any(|user| user.id == who.user_id);
        let resumed = was_here && !matches!(self.habit, Habit::Forget);
        let welcome = Welcome {
            protocol_version: 2,
            tick_rate: 20,
            near_metres: 56,
            slowest_ms: 1_000,
            session_id: Umid::now_v7(),
            resume_token: Umid::now_v7(),
            resumed,
            ..Welcome::default()
        };
        let _ = out.send((Instant::now(), Frame::binary(welcome.encode())));
        if resumed {
            self.enter(who, out.clone());
        }
    }

    /// Lets somebody in; whoever was here before is back, and nobody else is told.
    fn enter(&self, who: &HandShake, out: UnboundedSender<(Instant, Frame)>) {
        let mut users = self.users.lock();
        send(
            &out,
            SetWorld {
                id: WELCOME_WORLD,
                ..SetWorld::default()
            },
        );
        send(&out, MyTransform::default());
        let id = who.user_id;
        let here = users.iter().position(|user| user.id == id);
        let back = here.filter(|_| !matches!(self.habit, Habit::Forget));
        match here.and_then(|at| users.get_mut(at)) {
            Some(user) => user.out = out,
            None => users.push(User {
                id,
                out,
                version: who.protocol_version,
                last: None,
                moves: 0,
            }),
        }
        let everybody: Vec<_> = (0..).zip(users.iter().map(|user| user.id)).collect();
        for user in users.iter() {
            let told = match (user.id == id, back) {
                (true, _) => everybody.clone(),
                (false, None) => {
                    let newcomer = |(_, other): &(u32, Umid)| *other == id;
                    everybody.iter().copied().filter(newcomer).collect()
                }
                (false, Some(_)) => continue,
            };
            self.announce(user, &told);
        }
    }

    fn announce(&self, user: &User, told: &[(u32, Umid)]) {
        let entry = |id| UserData {
            id,
            ..UserData::default()
        };
        let users = told.iter().map(|(_, id)| entry(*id)).collect();
        send(&user.out, AddUsers { users });
        if user.version < 2 {
            return;
        }
        let handle = |handle| match self.habit {
            Habit::OneHandle => 0,
            _ => handle,
        };
        let handles = UserHandles {
            tick: self.ticks.load(Ordering::Relaxed),
            users: told
                .iter()
                .map(|(number, id)| HandleEntry {
                    handle: handle(*number),
                    id: *id,
                })
                .collect(),
        };
        let _ = user
            .out
            .send((Instant::now(), Frame::binary(handles.encode())));
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
            Habit::Bend => place.position.x += 0.02,
            Habit::Turn => place.rotation.y += 0.02,
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
        let handle = u32::try_from(number).expect("few users");
        for told in [Some(place), repeated].into_iter().flatten() {
            let transform = TransformNoScale {
                position: told.position,
                rotation: told.rotation,
            };
            let mut tick = self.ticks.fetch_add(1, Ordering::Relaxed);
            if matches!(self.habit, Habit::OldTicks) && tick.is_multiple_of(2) {
                tick -= 2;
            }
            for user in users.iter() {
                let frame = if user.version < 2 {
                    let value = vec![UserTransform { id, transform }];
                    Message::from(UsersTransformList { value }).encode()
                } else {
                    let pose = QuantizedPose::new(&transform);
                    let entries = vec![PoseEntry { handle, pose }];
                    v2::Poses { tick, entries }.encode()
                };
                let _ = user.out.send((Instant::now(), Frame::binary(frame)));
            }
        }
    }
}

fn send(out: &UnboundedSender<(Instant, Frame)>, message: impl Into<Message>) {
    // A client that has gone hears nothing.
    let _ = out.send((Instant::now(), Frame::binary(message.into().encode())));
}
