//! A PosBus client: one connection, whose messages are awaited, never slept for.

use std::collections::VecDeque;

use futures_util::{FutureExt, SinkExt};
use posbus::{
    HandShake, HighFive, Message, MyTransform, ObjectData, ObjectDefinition, SetWorld, Signal,
    SignalType, TeleportRequest, Umid, UserData, Vec3, v2,
};
use tokio::{
    net::{TcpSocket, TcpStream},
    time::{Instant, timeout_at},
};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Message as Frame, client::IntoClientRequest, http::HeaderValue},
};

use super::{
    Api, DEADLINE, Place, QuicWire, Server, WELCOME, Way,
    sight::Sight,
    wire::{Heard, Wire},
};

/// Bytes that the kernel keeps for a client that does not read. Left to itself it grows to tens
/// of megabytes, and how soon a stopped reader is noticed would depend on the machine.
const RECEIVE_BUFFER: u32 = 64 * 1024;

/// Answer of a world to a greeting of somebody who is not there.
const NOBODY: &str = "Target user not found";

/// A WebSocket connection to the program.
pub(crate) type Socket = WebSocketStream<TcpStream>;

/// A message type that one can wait for.
pub(crate) trait Payload: Clone {
    /// The message as one of this type, if it is.
    fn of(message: &Message) -> Option<&Self>;
}

macro_rules! payloads {
    ($($name:ident)+) => {
        $(impl Payload for posbus::$name {
            fn of(message: &Message) -> Option<&Self> {
                match message {
                    Message::$name(payload) => Some(payload),
                    _ => None,
                }
            }
        })+
    };
}

payloads! {
    Signal SetWorld MyTransform AddUsers RemoveUsers UsersTransformList AddObjects RemoveObjects
    ObjectTransform ObjectData LockObjectResponse AttributeValueChanged HighFive Notification
    ActivityUpdate EventStart FlyToMe
}

/// End of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// By a close frame with this code.
    Closed(u16),
    /// Without one.
    Broken,
}

/// Snapshot of a world for a newcomer.
#[derive(Debug)]
pub(crate) struct Snapshot {
    /// The world.
    pub(crate) world: SetWorld,
    /// Place of entering.
    pub(crate) spawn: MyTransform,
    /// The objects in the order of their arrival.
    pub(crate) objects: Vec<ObjectDefinition>,
    /// Their slots.
    pub(crate) data: Vec<ObjectData>,
    /// Users who are present, the client included.
    pub(crate) users: Vec<UserData>,
    /// The names of all messages up to the one that announced oneself, in order.
    pub(crate) order: Vec<&'static str>,
}

impl Snapshot {
    /// An object of it.
    pub(crate) fn object(&self, id: Umid) -> Option<&ObjectDefinition> {
        self.objects.iter().find(|object| object.id == id)
    }

    /// A user in it.
    pub(crate) fn user(&self, id: Umid) -> Option<&UserData> {
        self.users.iter().find(|user| user.id == id)
    }

    /// A slot of an object, as JSON.
    pub(crate) fn slot(
        &self,
        object: Umid,
        slot_type: &str,
        name: &str,
    ) -> Option<&serde_json::Value> {
        let data = self.data.iter().find(|data| data.id == object)?;
        data.entries.get(slot_type)?.as_ref()?.get(name)
    }
}

/// A user with a connection.
pub(crate) struct Client {
    wire: Wire,
    /// Version that it says it speaks.
    version: i64,
    /// Number of its moves by `MyPose`.
    sequence: u32,
    /// Places of others, if it speaks version 2.
    pub(crate) sight: Sight,
    /// Received and not yet asked for.
    inbox: VecDeque<Message>,
    ended: Option<Ending>,
    /// The user.
    pub(crate) user: Umid,
    /// The session that it says it is.
    pub(crate) session: Umid,
}

impl Client {
    /// A new guest in the welcome world.
    pub(crate) async fn guest(server: &Server) -> Client {
        Client::join(server, &Api::guest(server).await).await
    }

    /// A user in the welcome world.
    pub(crate) async fn join(server: &Server, api: &Api) -> Client {
        let mut client = Client::connect(server, api).await;
        client.enter(WELCOME).await;
        client
    }

    /// A user who has introduced itself and is in no world.
    pub(crate) async fn connect(server: &Server, api: &Api) -> Client {
        Client::connect_as(server, api, Umid::now_v7()).await
    }

    /// As [`Client::connect`], with a session of one's choice.
    pub(crate) async fn connect_as(server: &Server, api: &Api, session: Umid) -> Client {
        let mut client = Client::silent(server).await;
        client.introduce(&api.token, api.user, session).await;
        client
    }

    /// A connection that has said nothing yet.
    pub(crate) async fn silent(server: &Server) -> Client {
        let socket = Client::dial(server, None)
            .await
            .expect("the server accepts connections");
        Client::on(Wire::WebSocket(Box::new(socket)))
    }

    /// A user of version 2 who has introduced itself as a session, which may be a resume token, and
    /// been welcomed.
    pub(crate) async fn connect_v2(
        server: &Server,
        api: &Api,
        session: Umid,
    ) -> (Client, v2::Welcome) {
        let mut client = Client::silent(server).await;
        client.come_back_as(api, 2, session).await;
        let welcome = client.welcome().await;
        (client, welcome)
    }

    /// Waits for the welcome of version 2, which comes before anything else.
    pub(crate) async fn welcome(&mut self) -> v2::Welcome {
        let end = Instant::now() + DEADLINE;
        loop {
            if let Some(welcome) = self.sight.welcome.clone() {
                return welcome;
            }
            assert!(
                self.inbox.is_empty(),
                "{:?} before the welcome",
                self.names()
            );
            self.read("the welcome", end).await;
        }
    }

    /// A user who has introduced itself over QUIC.
    pub(crate) async fn connect_over(api: &Api, way: Way) -> Client {
        let mut client = Client::silent_at(&Place::of(api).await, way).await;
        client.introduce_as(api, 2).await;
        client
    }

    /// A connection to a QUIC endpoint that has said nothing yet.
    pub(crate) async fn silent_at(place: &Place, way: Way) -> Client {
        Client::on(QuicWire::open(place.session(way).await).await)
    }

    fn on(wire: Wire) -> Client {
        Client {
            wire,
            version: 1,
            sequence: 0,
            sight: Sight::default(),
            inbox: VecDeque::new(),
            ended: None,
            user: Umid::nil(),
            session: Umid::nil(),
        }
    }

    /// Opens a connection, as a page of some origin would.
    pub(crate) async fn dial(
        server: &Server,
        origin: Option<&str>,
    ) -> Result<Socket, tokio_tungstenite::tungstenite::Error> {
        let socket = TcpSocket::new_v4()?;
        socket.set_recv_buffer_size(RECEIVE_BUFFER)?;
        let address = server.address().parse().expect("an address with a port");
        let stream = socket.connect(address).await?;
        stream.set_nodelay(true)?;
        let mut request = format!("ws://{}/posbus", server.address()).into_client_request()?;
        if let Some(origin) = origin {
            let origin = HeaderValue::from_str(origin).expect("an origin");
            request.headers_mut().insert("origin", origin);
        }
        Ok(client_async(request, stream).await?.0)
    }

    /// Says who one is.
    pub(crate) async fn introduce(&mut self, token: &str, user: Umid, session: Umid) {
        (self.user, self.session) = (user, session);
        self.send(HandShake {
            handshake_version: 1,
            protocol_version: 1,
            token: token.to_owned(),
            user_id: user,
            session_id: session,
        })
        .await;
    }

    /// Says who one is and which version one speaks.
    pub(crate) async fn introduce_as(&mut self, api: &Api, protocol_version: i64) {
        self.come_back_as(api, protocol_version, Umid::now_v7())
            .await;
    }

    /// As [`Client::introduce_as`], as a session that was there before.
    pub(crate) async fn come_back_as(&mut self, api: &Api, protocol_version: i64, session: Umid) {
        (self.user, self.session) = (api.user, session);
        self.version = protocol_version;
        self.send(HandShake {
            handshake_version: 1,
            protocol_version,
            token: api.token.clone(),
            user_id: api.user,
            session_id: self.session,
        })
        .await;
    }

    /// Enters a world and returns what it was told of it.
    pub(crate) async fn enter(&mut self, world: Umid) -> Snapshot {
        self.send(TeleportRequest { target: world }).await;
        self.entered(world).await
    }

    /// Waits until it is in a world, and returns what it was told of it.
    pub(crate) async fn entered(&mut self, world: Umid) -> Snapshot {
        let set_world: SetWorld = self
            .expect("the world", |set: &SetWorld| set.id == world)
            .await;
        // The rest is about the world before.
        self.inbox.clear();
        let mut snapshot = Snapshot {
            world: set_world,
            spawn: MyTransform::default(),
            objects: Vec::new(),
            data: Vec::new(),
            users: Vec::new(),
            order: vec!["set_world"],
        };
        while snapshot.user(self.user).is_none() {
            let message = self.next("the snapshot").await;
            snapshot.order.push(message.name());
            match message {
                Message::MyTransform(spawn) => snapshot.spawn = spawn,
                Message::AddObjects(list) => snapshot.objects.extend(list.objects),
                Message::ObjectData(data) => snapshot.data.push(data),
                Message::AddUsers(list) => snapshot.users.extend(list.users),
                _ => {}
            }
        }
        snapshot
    }

    /// Moves to a place.
    pub(crate) async fn move_to(&mut self, x: f32, y: f32, z: f32) {
        self.send(MyTransform {
            position: Vec3::new(x, y, z),
            rotation: Vec3::ZERO,
        })
        .await;
    }

    /// The next `MyPose`, to a place.
    pub(crate) fn next_pose(&mut self, position: Vec3) -> Vec<u8> {
        self.sequence += 1;
        let pose = v2::MyPose {
            sequence: self.sequence,
            position,
            rotation: Vec3::ZERO,
        };
        pose.encode()
    }

    /// Takes note of what has come, without waiting for more.
    pub(crate) fn hear_what_came(&mut self) {
        let end = Instant::now() + DEADLINE;
        while self.ended.is_none()
            && let Some(()) = self.read("anything", end).now_or_never()
        {}
    }

    /// Waits until it sees a user at a place.
    pub(crate) async fn sees(&mut self, user: Umid, place: Vec3) {
        let end = Instant::now() + DEADLINE;
        while !self.sight.has(user, place) {
            if let Some(ending) = self.ended {
                panic!("the connection ended by {ending:?} before {user} was at {place:?}");
            }
            self.read("somebody's arrival", end).await;
        }
    }

    /// Waits until version 1 tells that a user is at a place on the x axis.
    pub(crate) async fn sees_at(&mut self, user: Umid, x: f32) {
        self.expect("a move", |list: &posbus::UsersTransformList| {
            let at =
                |entry: &posbus::UserTransform| entry.id == user && entry.transform.position.x == x;
            list.value.iter().any(at)
        })
        .await;
    }

    /// Waits until version 2 tells that a dragged object is at a place on the x axis.
    pub(crate) async fn sees_object(&mut self, object: Umid, x: f32) {
        let end = Instant::now() + DEADLINE;
        while self
            .sight
            .objects
            .get(&object)
            .is_none_or(|place| place.x != x)
        {
            self.read("the drag", end).await;
        }
    }

    /// Ends a WebSocket connection as a browser does.
    pub(crate) async fn say_goodbye(&mut self) {
        let sent = self.try_send(Frame::Close(None)).await;
        sent.expect("the connection is open");
    }

    /// Leaves the world and keeps the connection.
    pub(crate) async fn leave(&mut self) {
        self.send(Signal {
            value: SignalType::LEAVE_WORLD,
        })
        .await;
    }

    /// Sends a message.
    pub(crate) async fn send(&mut self, message: impl Into<Message>) {
        self.send_bytes(message.into().encode()).await;
    }

    /// Sends any bytes as a binary frame.
    pub(crate) async fn send_bytes(&mut self, bytes: Vec<u8>) {
        self.wire.send(bytes).await.expect("the connection is open");
    }

    /// Sends a WebSocket frame over a connection that may be closed.
    pub(crate) async fn try_send(
        &mut self,
        frame: Frame,
    ) -> Result<(), tokio_tungstenite::tungstenite::Error> {
        match &mut self.wire {
            Wire::WebSocket(socket) => socket.send(frame).await,
            Wire::Quic(_) => panic!("QUIC has no WebSocket frames"),
        }
    }

    /// The connection, if it is on QUIC.
    pub(crate) fn quic(&mut self) -> &mut QuicWire {
        self.wire.quic()
    }

    /// Waits for the first message of a type that satisfies a condition, and takes it out of the
    /// inbox. What else arrives meanwhile stays for later.
    ///
    /// # Panics
    /// If none comes in time.
    pub(crate) async fn expect<M: Payload>(
        &mut self,
        what: &str,
        mut wanted: impl FnMut(&M) -> bool,
    ) -> M {
        let mut looked_at = 0;
        let end = Instant::now() + DEADLINE;
        loop {
            while let Some(message) = self.inbox.get(looked_at) {
                if let Some(payload) = M::of(message).filter(|payload| wanted(payload)) {
                    let payload = payload.clone();
                    self.inbox.remove(looked_at);
                    return payload;
                }
                looked_at += 1;
            }
            self.receive(what, end).await;
        }
    }

    /// Takes the next message.
    pub(crate) async fn next(&mut self, what: &str) -> Message {
        let end = Instant::now() + DEADLINE;
        while self.inbox.is_empty() {
            self.receive(what, end).await;
        }
        self.inbox.pop_front().expect("is not empty")
    }

    /// Waits until the world has done everything asked of it so far and this client has heard of
    /// it, and returns what it heard that nobody asked for.
    pub(crate) async fn settle(&mut self) -> Vec<Message> {
        let nobody = Umid::now_v7();
        self.send(HighFive {
            sender_id: self.user,
            receiver_id: nobody,
            message: String::new(),
        })
        .await;
        let is_answer = |message: &Message| match message {
            Message::Notification(notice) => notice.value == NOBODY,
            _ => false,
        };
        let end = Instant::now() + DEADLINE;
        loop {
            if let Some(place) = self.inbox.iter().position(is_answer) {
                return self.inbox.drain(..=place).collect();
            }
            self.receive("an answer from the world", end).await;
        }
    }

    /// Waits for the end of the connection; messages that come before stay in the inbox.
    pub(crate) async fn ending(&mut self) -> Ending {
        let end = Instant::now() + 3 * DEADLINE;
        loop {
            if let Some(ending) = self.ended {
                return ending;
            }
            self.read("the end of the connection", end).await;
        }
    }

    /// Messages that have been received and not asked for.
    pub(crate) fn heard(&self) -> impl Iterator<Item = &Message> {
        self.inbox.iter()
    }

    async fn receive(&mut self, what: &str, end: Instant) {
        let before = self.inbox.len();
        while self.inbox.len() == before {
            self.read(what, end).await;
            if let Some(ending) = self.ended {
                panic!(
                    "the connection ended by {ending:?} before {what} came; heard: {:?}",
                    self.names()
                );
            }
        }
    }

    /// Reads what comes next.
    async fn read(&mut self, what: &str, end: Instant) {
        let Ok(heard) = timeout_at(end, self.wire.receive()).await else {
            panic!("{what} did not come; heard: {:?}", self.names());
        };
        match heard {
            Heard::Message(bytes) => self.take(&bytes, false),
            Heard::Datagram(bytes) => self.take(&bytes, true),
            Heard::Ended(ending) => {
                self.ended.get_or_insert(ending);
            }
            Heard::Nothing => {}
        }
    }

    fn take(&mut self, bytes: &[u8], datagram: bool) {
        let longest = match datagram {
            true => v2::MAX_DATAGRAM,
            false => posbus::MAX_SERVER_FRAME,
        };
        assert!(bytes.len() <= longest, "a frame that clients refuse");
        let message = match self.version {
            ..2 => posbus::decode(bytes).map(v2::Message::V1),
            _ => v2::decode(bytes),
        };
        let message = message.expect("servers send what clients can decode");
        self.inbox.extend(self.sight.hear(message, datagram));
    }

    fn names(&self) -> Vec<&'static str> {
        self.inbox.iter().map(Message::name).collect()
    }
}
