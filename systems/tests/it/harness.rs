//! A world and its sessions in memory: no sockets, no threads, no clock.

use std::{
    fmt::Debug,
    future::Future,
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

pub(crate) const NODE: Umid = id(1);
pub(crate) const WORLD: Umid = id(2);
/// An object in the world.
pub(crate) const LAMP: Umid = id(3);
/// An object below the lamp.
pub(crate) const SHADE: Umid = id(4);
/// The object type of everything.
pub(crate) const THING: Umid = id(8);

/// Owns the node.
pub(crate) const OPERATOR: Umid = id(100);
/// Owns the world and all objects in it.
pub(crate) const OWNER: Umid = id(101);
pub(crate) const ANN: Umid = id(102);
pub(crate) const BOB: Umid = id(103);
pub(crate) const EVE: Umid = id(104);

pub(crate) const fn id(number: u128) -> Umid {
    Umid::from_u128(number)
}

/// A pose at a place on the x axis.
pub(crate) fn pose(x: f32) -> TransformNoScale {
    TransformNoScale {
        position: Vec3::new(x, 0.0, 0.0),
        rotation: Vec3::ZERO,
    }
}

/// The transform of an object at a place on the x axis.
pub(crate) fn transform(x: f32) -> Transform {
    Transform {
        position: Vec3::new(x, 0.0, 0.0),
        rotation: Vec3::ZERO,
        scale: Vec3::ONE,
    }
}

/// A JSON literal as the map it is.
pub(crate) fn map(value: Value) -> JsonMap {
    match value {
        Value::Object(map) => map,
        other => panic!("not a map: {other}"),
    }
}

/// An object of the owner's, with a place of its own. Ids and creation times rise together.
pub(crate) fn object(id: Umid, parent: Umid) -> ObjectState {
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
pub(crate) fn attribute(name: &str, value: Value) -> AttributeState {
    AttributeState {
        id: ids::core(name),
        value: Some(map(value)),
        options: None,
    }
}

/// An attribute of an object changed.
pub(crate) fn object_attribute(object: Umid, name: &str, value: Value, options: Value) -> Effect {
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

pub(crate) fn core(name: &str) -> AttributeId {
    ids::core(name)
}

/// What a world is built from.
pub(crate) struct Scene {
    /// The world's id.
    pub(crate) world: Umid,
    /// The world object first.
    pub(crate) objects: Vec<ObjectState>,
    pub(crate) catalogue: Catalogue,
    pub(crate) options: WorldOptions,
}

impl Default for Scene {
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

impl Scene {
    /// Adds objects.
    pub(crate) fn with(mut self, objects: impl IntoIterator<Item = ObjectState>) -> Self {
        self.objects.extend(objects);
        self
    }

    /// Opens the world.
    pub(crate) fn open(self) -> Stage {
        let mut authority = Authority::default();
        authority.set_object(NODE, NODE, OPERATOR);
        for object in &self.objects {
            authority.set_object(object.id, object.parent, object.owner);
        }
        let authority = Arc::new(RwLock::new(authority));
        let saved = Arc::new(Mutex::new(Vec::new()));
        let state = WorldState {
            id: self.world,
            node: NODE,
            objects: self.objects,
        };
        let context = WorldContext {
            options: self.options.clone(),
            catalogue: Arc::new(self.catalogue),
            authority: Arc::clone(&authority),
            persist: Box::new(Recorder(Arc::clone(&saved))),
        };
        let (world, handle) = LiveWorld::new(state, context);
        Stage {
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

/// An open world.
pub(crate) struct Stage {
    pub(crate) world: LiveWorld,
    pub(crate) handle: WorldHandle,
    pub(crate) authority: Arc<RwLock<Authority>>,
    options: WorldOptions,
    saved: Arc<Mutex<Vec<PersistBatch>>>,
    connections: u64,
}

impl Stage {
    pub(crate) fn tick(&mut self) -> TickReport {
        self.world.tick()
    }

    pub(crate) fn effect(&self, effect: Effect) {
        queue(self.handle.apply(effect)).expect("the world runs");
    }

    /// Lets a user enter with a session of their own; applied in the next tick.
    pub(crate) fn enter(&mut self, user: Umid) -> Client {
        self.enter_with(user, user, None)
    }

    /// As [`Self::enter`], by a certain session, from a stored position.
    pub(crate) fn enter_with(
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
    pub(crate) fn enter_in(&mut self, user: Umid, dialect: Dialect) -> Client {
        let client = self.connect(user, user, dialect);
        self.enter_again(&client, None);
        client
    }

    /// A connection that has not entered.
    pub(crate) fn connect(&mut self, user: Umid, session_id: Umid, dialect: Dialect) -> Client {
        self.connections += 1;
        Client {
            user,
            session_id,
            connection: self.connections,
            link: SessionLink::new(self.options.queues, dialect),
        }
    }

    /// Lets a connection that exists enter.
    pub(crate) fn enter_again(&self, client: &Client, last_position: Option<TransformNoScale>) {
        let entrant = Entrant {
            profile: Profile {
                user: client.user,
                name: format!("user {}", client.user.as_u128()),
                avatar: String::new(),
                is_guest: false,
            },
            session_id: client.session_id,
            connection: client.connection,
            link: Arc::clone(&client.link),
            last_position,
        };
        queue(self.handle.enter(entrant)).expect("the world runs");
    }

    pub(crate) fn leave(&self, client: &Client) {
        queue(self.handle.leave(client.user, client.connection)).expect("the world runs");
    }

    /// The connection breaks. The period ends once the user is not detached any more.
    pub(crate) fn cut(&self, client: &Client, grace: Duration) -> GracePeriod {
        let detach = self.handle.detach(client.user, client.connection, grace);
        queue(detach).expect("the world runs")
    }

    pub(crate) fn act(&self, client: &Client, action: ClientAction) {
        let act = self.handle.act(client.user, client.connection, action);
        queue(act).expect("the world runs");
    }

    /// Lets users enter and read what there is; afterwards they hear only news.
    pub(crate) fn settle<const N: usize>(&mut self, users: [Umid; N]) -> [Client; N] {
        let clients = users.map(|user| self.enter(user));
        self.tick();
        for client in &clients {
            client.read();
        }
        clients
    }

    /// What was handed to the write-behind since the last call.
    pub(crate) fn saved(&self) -> Vec<PersistBatch> {
        std::mem::take(&mut self.saved.lock())
    }
}

/// Queues a request that has no answer; it is applied in the next tick.
pub(crate) fn queue<T>(request: impl Future<Output = T>) -> T {
    match pin!(request).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(outcome) => outcome,
        Poll::Pending => panic!("inbox full"),
    }
}

/// A request whose answer comes with a tick.
pub(crate) struct Pending<T>(Pin<Box<dyn Future<Output = T>>>);

/// Queues a request; it is answered in the next tick.
pub(crate) fn ask<T: Debug + PartialEq>(request: impl Future<Output = T> + 'static) -> Pending<T> {
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
    pub(crate) fn answer(mut self) -> T {
        match self.poll() {
            Poll::Ready(answer) => answer,
            Poll::Pending => panic!("not answered"),
        }
    }
}

/// One connection of a user.
pub(crate) struct Client {
    pub(crate) user: Umid,
    pub(crate) session_id: Umid,
    pub(crate) connection: u64,
    pub(crate) link: Arc<SessionLink>,
}

impl Client {
    /// Reads everything there is, as frames; then the writer is idle. Also answers why the session
    /// is to be closed.
    pub(crate) fn drain(&self) -> (Vec<Bytes>, Option<DisconnectCause>) {
        let (portions, cause) = self.take(usize::MAX);
        (portions.concat(), cause)
    }

    /// Reads everything there is in portions of about so many bytes.
    pub(crate) fn drain_by(&self, budget: usize) -> Vec<Vec<Bytes>> {
        self.take(budget).0
    }

    fn take(&self, budget: usize) -> (Vec<Vec<Bytes>>, Option<DisconnectCause>) {
        let (portions, cause) = self.take_batches(budget);
        let frames = portions.into_iter().map(|portion| portion.frames);
        (frames.collect(), cause)
    }

    /// Reads everything there is, what goes into datagrams apart.
    pub(crate) fn drain_batches(&self) -> Vec<Batch> {
        self.take_batches(usize::MAX).0
    }

    fn take_batches(&self, budget: usize) -> (Vec<Batch>, Option<DisconnectCause>) {
        take_batches(&self.link, budget)
    }

    /// Reads everything there is, decoded.
    pub(crate) fn read(&self) -> Vec<Message> {
        let decode = |frame: &Bytes| posbus::decode(frame).expect("a valid frame");
        self.drain().0.iter().map(decode).collect()
    }

    /// Why the session is to be closed, if it is.
    pub(crate) fn closed(&self) -> Option<DisconnectCause> {
        self.drain().1
    }
}

/// Reads everything that waits in a link; then its writer is idle.
pub(crate) fn drain(link: &SessionLink) -> Vec<Batch> {
    take_batches(link, usize::MAX).0
}

fn take_batches(link: &SessionLink, budget: usize) -> (Vec<Batch>, Option<DisconnectCause>) {
    let mut portions = Vec::new();
    loop {
        let mut portion = Batch::default();
        let next = link.next(&mut portion, budget);
        let next = pin!(next).poll(&mut Context::from_waker(Waker::noop()));
        match next {
            Poll::Ready(None) => portions.push(portion),
            Poll::Ready(Some(cause)) => return (portions, Some(cause)),
            Poll::Pending => return (portions, None),
        }
    }
}

/// The names of messages, in order.
pub(crate) fn names(messages: &[Message]) -> Vec<&'static str> {
    messages.iter().map(Message::name).collect()
}
