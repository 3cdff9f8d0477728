//! A world and its sessions in memory: no sockets, no threads, no clock. Nothing happens but in
//! [`MemoryWorld::tick`].

use std::{
    fmt::Debug,
    future::Future,
    mem,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use bytes::Bytes;
use components::{
    AttributeId, AttributeState, Authority, Catalogue, JsonMap, ObjectState, Profile, Transform,
    TransformNoScale, Umid, Vec3, ids,
};
use parking_lot::{Mutex, RwLock};
use posbus::Message;
use serde_json::Value;
use systems::{
    AttributeChange, Batch, ClientAction, Dialect, DisconnectCause, Effect, Entrant, GracePeriod,
    LiveWorld, PersistBatch, PersistSink, SessionLink, TickReport, WorldContext, WorldHandle,
    WorldOptions, WorldState,
};

/// The node object.
pub const NODE: Umid = id(1);
/// The world object.
pub const WORLD: Umid = id(2);
/// An object in the world.
pub const LAMP: Umid = id(3);
/// An object below the lamp.
pub const SHADE: Umid = id(4);
/// The object type of everything.
pub const THING: Umid = id(8);

/// Owns the node.
pub const OPERATOR: Umid = id(100);
/// Owns the world and all objects in it.
pub const OWNER: Umid = id(101);
/// A user.
pub const ANN: Umid = id(102);
/// A user.
pub const BOB: Umid = id(103);
/// A user.
pub const EVE: Umid = id(104);

/// A number as an id.
pub const fn id(number: u128) -> Umid {
    Umid::from_u128(number)
}

/// A pose at a place on the x axis.
pub fn pose(x: f32) -> TransformNoScale {
    TransformNoScale {
        position: Vec3::new(x, 0.0, 0.0),
        rotation: Vec3::ZERO,
    }
}

/// The transform of an object at a place on the x axis.
pub fn transform(x: f32) -> Transform {
    Transform {
        position: Vec3::new(x, 0.0, 0.0),
        rotation: Vec3::ZERO,
        scale: Vec3::ONE,
    }
}

/// A JSON literal as the map it is.
pub fn map(value: Value) -> JsonMap {
    match value {
        Value::Object(map) => map,
        other => panic!("not a map: {other}"),
    }
}

/// An object of the owner's, with a place of its own. Ids and creation times rise together.
pub fn object(id: Umid, parent: Umid) -> ObjectState {
    ObjectState {
        id,
        parent,
        owner: OWNER,
        object_type: THING,
        asset_2d: None,
        asset_3d: None,
        options: None,
        transform: Some(transform(0.0)),
        attributes: Vec::new(),
        created_at: id.as_u128() as i64,
    }
}

/// A core attribute without options of its own.
pub fn attribute(name: &str, value: Value) -> AttributeState {
    AttributeState {
        id: ids::core(name),
        value: Some(map(value)),
        options: None,
    }
}

/// An attribute of an object changed.
pub fn object_attribute(object: Umid, name: &str, value: Value, options: Value) -> Effect {
    Effect::ObjectAttribute {
        object,
        change: AttributeChange {
            attribute: core(name),
            value: Some(map(value)),
            options: Some(map(options)),
            removed: false,
        },
    }
}

/// The id of a core attribute.
pub fn core(name: &str) -> AttributeId {
    ids::core(name)
}

/// Builds a world.
pub struct WorldBuilder {
    /// The world's id.
    pub world: Umid,
    /// The world object first.
    pub objects: Vec<ObjectState>,
    /// Types of objects and attributes.
    pub catalogue: Catalogue,
    /// Options of the world.
    pub options: WorldOptions,
}

impl Default for WorldBuilder {
    /// The world with a lamp and its shade.
    fn default() -> Self {
        Self {
            world: WORLD,
            objects: vec![
                object(WORLD, NODE),
                object(LAMP, WORLD),
                object(SHADE, LAMP),
            ],
            catalogue: Catalogue::default(),
            options: WorldOptions::default(),
        }
    }
}

impl WorldBuilder {
    /// Adds objects.
    pub fn with(mut self, objects: impl IntoIterator<Item = ObjectState>) -> Self {
        self.objects.extend(objects);
        self
    }

    /// Opens the world. It records what it stores, for [`MemoryWorld::saved`].
    pub fn open(self) -> MemoryWorld {
        let saved = Arc::new(Mutex::new(Vec::new()));
        let recorder = Box::new(Recorder(Arc::clone(&saved)));
        self.open_with(recorder, saved)
    }

    /// Opens the world. It stores nothing.
    pub fn open_unrecorded(self) -> MemoryWorld {
        self.open_with(Box::new(Nowhere), Arc::default())
    }

    fn open_with(
        self,
        persist: Box<dyn PersistSink>,
        saved: Arc<Mutex<Vec<PersistBatch>>>,
    ) -> MemoryWorld {
        let mut authority = Authority::default();
        authority.set_object(NODE, NODE, OPERATOR);
        for object in &self.objects {
            authority.set_object(object.id, object.parent, object.owner);
        }
        let authority = Arc::new(RwLock::new(authority));
        let state = WorldState {
            id: self.world,
            node: NODE,
            objects: self.objects,
        };
        let context = WorldContext {
            options: self.options.clone(),
            catalogue: Arc::new(self.catalogue),
            authority: Arc::clone(&authority),
            persist,
        };
        let (world, handle) = LiveWorld::new(state, context);
        MemoryWorld {
            world,
            handle,
            options: self.options,
            authority,
            saved,
            connections: 0,
        }
    }
}

struct Recorder(Arc<Mutex<Vec<PersistBatch>>>);

impl PersistSink for Recorder {
    fn submit(&mut self, batch: PersistBatch) {
        self.0.lock().push(batch);
    }
}

struct Nowhere;

impl PersistSink for Nowhere {
    fn submit(&mut self, _: PersistBatch) {}
}

/// An open world.
pub struct MemoryWorld {
    /// The world itself.
    pub world: LiveWorld,
    /// The handle by which a node talks to it.
    pub handle: WorldHandle,
    /// Owners and admins.
    pub authority: Arc<RwLock<Authority>>,
    options: WorldOptions,
    saved: Arc<Mutex<Vec<PersistBatch>>>,
    connections: u64,
}

impl MemoryWorld {
    /// Runs one tick.
    pub fn tick(&mut self) -> TickReport {
        self.world.tick()
    }

    /// Applies a change that the database has; the next tick shows it.
    pub fn effect(&self, effect: Effect) {
        queue(self.handle.apply(effect)).expect("the world runs");
    }

    /// Lets a user enter with a session of their own; applied in the next tick.
    pub fn enter(&mut self, user: Umid) -> Client {
        self.enter_with(user, user, None)
    }

    /// As [`Self::enter`], by a certain session, from a stored position.
    pub fn enter_with(
        &mut self,
        user: Umid,
        session_id: Umid,
        last_position: Option<TransformNoScale>,
    ) -> Client {
        let client = self.connect(user, session_id, Dialect::V1);
        self.enter_again(&client, last_position);
        client
    }

    /// As [`Self::enter`], in a dialect.
    pub fn enter_in(&mut self, user: Umid, dialect: Dialect) -> Client {
        let client = self.connect(user, user, dialect);
        self.enter_again(&client, None);
        client
    }

    /// A connection that has not entered.
    pub fn connect(&mut self, user: Umid, session_id: Umid, dialect: Dialect) -> Client {
        self.connections += 1;
        Client {
            user,
            session_id,
            connection: self.connections,
            link: SessionLink::new(self.options.queues, dialect),
        }
    }

    /// Lets a connection that exists enter.
    pub fn enter_again(&self, client: &Client, last_position: Option<TransformNoScale>) {
        let entrant = client.entrant(last_position);
        queue(self.handle.enter(entrant)).expect("the world runs");
    }

    /// Lets a session leave.
    pub fn leave(&self, client: &Client) {
        queue(self.handle.leave(client.user, client.connection)).expect("the world runs");
    }

    /// The connection breaks. The period ends once the user is not detached any more.
    pub fn cut(&self, client: &Client, grace: Duration) -> GracePeriod {
        let detach = self.handle.detach(client.user, client.connection, grace);
        queue(detach).expect("the world runs")
    }

    /// Lets a session do something.
    pub fn act(&self, client: &Client, action: ClientAction) {
        let act = self.handle.act(client.user, client.connection, action);
        queue(act).expect("the world runs");
    }

    /// Lets users enter and read what there is; afterwards they hear only news.
    pub fn settle<const N: usize>(&mut self, users: [Umid; N]) -> [Client; N] {
        let clients = users.map(|user| self.enter(user));
        self.tick();
        for client in &clients {
            client.read();
        }
        clients
    }

    /// Batches that were handed to the write-behind since the last call.
    pub fn saved(&self) -> Vec<PersistBatch> {
        mem::take(&mut self.saved.lock())
    }
}

/// Queues a request that has no answer; it is applied in the next tick.
///
/// # Panics
///
/// If the inbox of the world is full.
pub fn queue<T>(request: impl Future<Output = T>) -> T {
    try_queue(request).expect("room in the inbox")
}

/// As [`queue`]; `None` if the inbox of the world is full.
pub fn try_queue<T>(request: impl Future<Output = T>) -> Option<T> {
    match pin!(request).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(outcome) => Some(outcome),
        Poll::Pending => None,
    }
}

/// A request whose answer comes with a tick.
pub struct Pending<T>(Pin<Box<dyn Future<Output = T>>>);

/// Queues a request; it is answered in the next tick.
pub fn ask<T: Debug + PartialEq>(request: impl Future<Output = T> + 'static) -> Pending<T> {
    let mut asked = Pending(Box::pin(request));
    assert_eq!(asked.poll(), Poll::Pending, "answered without a tick");
    asked
}

impl<T> Pending<T> {
    fn poll(&mut self) -> Poll<T> {
        let mut context = Context::from_waker(Waker::noop());
        self.0.as_mut().poll(&mut context)
    }

    /// The answer.
    pub fn answer(mut self) -> T {
        match self.poll() {
            Poll::Ready(answer) => answer,
            Poll::Pending => panic!("not answered"),
        }
    }
}

/// One connection of a user.
pub struct Client {
    /// The user.
    pub user: Umid,
    /// The session.
    pub session_id: Umid,
    /// Number of the connection, unique in its world.
    pub connection: u64,
    /// Queues of the session; a writer would drain them.
    pub link: Arc<SessionLink>,
}

impl Client {
    /// This session, as a world lets it in.
    pub fn entrant(&self, last_position: Option<TransformNoScale>) -> Entrant {
        Entrant {
            profile: Profile {
                user: self.user,
                name: format!("user {}", self.user.as_u128()),
                avatar: String::new(),
                is_guest: false,
            },
            session_id: self.session_id,
            connection: self.connection,
            link: Arc::clone(&self.link),
            last_position,
        }
    }

    /// Reads everything there is, as frames; then the writer is idle. Also answers why the session
    /// is to be closed.
    pub fn drain(&self) -> (Vec<Bytes>, Option<DisconnectCause>) {
        let (portions, cause) = self.take(usize::MAX);
        (portions.concat(), cause)
    }

    /// Reads everything there is in portions of about so many bytes.
    pub fn drain_by(&self, budget: usize) -> Vec<Vec<Bytes>> {
        self.take(budget).0
    }

    fn take(&self, budget: usize) -> (Vec<Vec<Bytes>>, Option<DisconnectCause>) {
        let (portions, cause) = self.take_batches(budget);
        let frames = portions.into_iter().map(|portion| portion.frames);
        (frames.collect(), cause)
    }

    /// Reads everything there is into one batch after the other, as a writer does that is idle
    /// then, and shows each. Answers why the session is to be closed, if it is.
    pub fn drain_with(
        &self,
        batch: &mut Batch,
        read: impl FnMut(&mut Batch),
    ) -> Option<DisconnectCause> {
        drain_with(&self.link, usize::MAX, batch, read)
    }

    /// Reads everything there is, what goes into datagrams apart.
    pub fn drain_batches(&self) -> Vec<Batch> {
        self.take_batches(usize::MAX).0
    }

    fn take_batches(&self, budget: usize) -> (Vec<Batch>, Option<DisconnectCause>) {
        take_batches(&self.link, budget)
    }

    /// Reads everything there is, decoded.
    pub fn read(&self) -> Vec<Message> {
        let decode = |frame: &Bytes| posbus::decode(frame).expect("a valid frame");
        self.drain().0.iter().map(decode).collect()
    }

    /// Why the session is to be closed, if it is.
    pub fn closed(&self) -> Option<DisconnectCause> {
        self.drain().1
    }
}

/// Reads everything that waits in a link; then its writer is idle.
pub fn drain(link: &SessionLink) -> Vec<Batch> {
    take_batches(link, usize::MAX).0
}

fn take_batches(link: &SessionLink, budget: usize) -> (Vec<Batch>, Option<DisconnectCause>) {
    let mut portions = Vec::new();
    let take = |batch: &mut Batch| portions.push(mem::take(batch));
    let cause = drain_with(link, budget, &mut Batch::default(), take);
    (portions, cause)
}

/// Reads everything that waits in a link, in batches of about `budget` bytes, as a writer does that
/// is idle then; shows each batch. Answers why the session is to be closed, if it is.
fn drain_with(
    link: &SessionLink,
    budget: usize,
    batch: &mut Batch,
    mut read: impl FnMut(&mut Batch),
) -> Option<DisconnectCause> {
    loop {
        batch.clear();
        let next = {
            let next = pin!(link.next(batch, budget));
            next.poll(&mut Context::from_waker(Waker::noop()))
        };
        match next {
            Poll::Ready(None) => read(batch),
            Poll::Ready(cause) => return cause,
            Poll::Pending => return None,
        }
    }
}

/// The names of messages, in order.
pub fn names(messages: &[Message]) -> Vec<&'static str> {
    messages.iter().map(Message::name).collect()
}
