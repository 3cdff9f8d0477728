//! A world that fails takes nobody's session with it: its users find themselves in it again, those
//! of others notice nothing.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use chrono::Utc;
use components::{Umid, ids};
use futures_util::{SinkExt, StreamExt};
use metrics_exporter_prometheus::PrometheusBuilder;
use net::{
    NetOptions, Server,
    auth::{Keys, NodeKey},
};
use node::{Node, NodeOptions};
use posbus::{HandShake, Message, MyTransform, TeleportRequest, Vec3};
use store::{NewObjectRow, Seed, Store, StoreOptions};
use systems::{ExtensionBuilder, WorldExtensions, WorldSet};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{WebSocketStream, client_async, tungstenite::Message as Frame};
use tokio_util::sync::CancellationToken;

const FRAGILE: Umid = Umid::from_u128(1);
const STURDY: Umid = Umid::from_u128(2);

fn world(id: Umid) -> NewObjectRow {
    NewObjectRow {
        id,
        object_type: ids::WORLD_TYPE,
        owner: ids::SYSTEM_USER,
        parent: Umid::nil(),
        asset_2d: None,
        asset_3d: None,
        options: None,
        transform: None,
        attributes: Vec::new(),
    }
}

/// The first world that is loaded panics once the fuse is lit; when it is loaded again, it holds.
fn fragile(fuse: &Arc<AtomicBool>) -> WorldExtensions {
    let (fuse, loads) = (Arc::clone(fuse), AtomicUsize::new(0));
    WorldExtensions::default().with(move |world: &mut ExtensionBuilder| {
        if loads.fetch_add(1, Ordering::SeqCst) > 0 {
            return;
        }
        let fuse = Arc::clone(&fuse);
        let blow = move || assert!(!fuse.load(Ordering::SeqCst), "told to");
        world.add_systems(WorldSet::Simulate, blow);
    })
}

struct Client(WebSocketStream<TcpStream>);

impl Client {
    async fn connect(address: std::net::SocketAddr, token: String, user: Umid) -> Self {
        let stream = TcpStream::connect(address).await.expect("connects");
        let (socket, _) = client_async(format!("ws://{address}/posbus"), stream)
            .await
            .expect("upgrades");
        let mut client = Self(socket);
        let handshake = HandShake {
            handshake_version: 1,
            protocol_version: 1,
            token,
            user_id: user,
            session_id: Umid::now_v7(),
        };
        client.send(handshake).await;
        client
    }

    async fn send(&mut self, message: impl Into<Message>) {
        let frame = message.into().encode();
        self.0
            .send(Frame::Binary(frame.into()))
            .await
            .expect("sent");
    }

    /// Waits for a message that is wanted.
    async fn expect<T>(&mut self, wanted: impl Fn(Message) -> Option<T>) -> T {
        let wait = async {
            loop {
                let frame = self.0.next().await.expect("open").expect("a frame");
                if let Frame::Binary(frame) = frame
                    && let Some(found) = wanted(posbus::decode(&frame).expect("decodes"))
                {
                    return found;
                }
            }
        };
        timeout(Duration::from_secs(20), wait)
            .await
            .expect("in time")
    }

    async fn enter(&mut self, world: Umid) {
        self.send(TeleportRequest { target: world }).await;
        self.arrive(world).await;
    }

    /// Waits for the beginning of a snapshot, and answers where it puts the user.
    async fn arrive(&mut self, world: Umid) -> Vec3 {
        let entered = self.expect(|message| match message {
            Message::SetWorld(set) => Some(set.id),
            _ => None,
        });
        assert_eq!(entered.await, world);
        self.expect(|message| match message {
            Message::MyTransform(pose) => Some(pose.position),
            _ => None,
        })
        .await
    }
}

#[tokio::test]
async fn its_users_return_and_others_do_not_notice() {
    let dir = tempfile::tempdir().expect("a directory");
    let url = format!("sqlite://{}?mode=rwc", dir.path().join("node.db").display());
    let store = Store::open(&url, &StoreOptions::default())
        .await
        .expect("opens");
    store.migrate().await.expect("migrates");
    let seed = Seed {
        base_url: "http://localhost:4000".to_owned(),
        welcome: vec![world(FRAGILE), world(STURDY)],
    };
    store.seed(&seed).await.expect("seeds");
    let fuse = Arc::new(AtomicBool::new(false));
    let options = NodeOptions {
        extensions: fragile(&fuse),
        ..NodeOptions::default()
    };
    let node = Node::start(store, options).await.expect("starts");
    let keys = Keys::load_or_create(&dir.path().join("keys")).expect("keys");
    let mut guests = Vec::new();
    for _ in 0..2 {
        let user = node.create_guest().await.expect("a guest").id;
        guests.push((user, keys.issue(user, Utc::now())));
    }
    let metrics = PrometheusBuilder::new().build_recorder().handle();
    let local = "127.0.0.1:0".parse().expect("an address");
    let server = Server::bind(
        local,
        Arc::clone(&node),
        keys,
        NodeKey::from_secret(&[7; 32]).expect("a key"),
        metrics,
        NetOptions::default(),
    )
    .await
    .expect("binds");
    let address = server.local_addr().expect("bound");
    let stop = CancellationToken::new();
    let running = tokio::spawn(server.run(stop.clone()));

    let mut clients = Vec::new();
    for ((user, token), world) in guests.into_iter().zip([FRAGILE, STURDY]) {
        let mut client = Client::connect(address, token, user).await;
        client.enter(world).await;
        clients.push(client);
    }
    let place = Vec3::new(3.0, 2.0, 1.0);
    let walk = MyTransform {
        position: place,
        rotation: Vec3::ZERO,
    };
    for client in &mut clients {
        client.send(walk).await;
        client
            .expect(|message| matches!(message, Message::UsersTransformList(_)).then_some(()))
            .await;
    }

    fuse.store(true, Ordering::SeqCst);
    assert_eq!(
        clients[0].arrive(FRAGILE).await,
        place,
        "back where it happened"
    );

    let elsewhere = Vec3::new(4.0, 0.0, 0.0);
    let walk = MyTransform {
        position: elsewhere,
        rotation: Vec3::ZERO,
    };
    for client in &mut clients {
        client.send(walk).await;
        // A world that failed would show itself by another SetWorld first.
        let moved = client.expect(|message| match message {
            Message::UsersTransformList(list) => Some(list.value[0].transform.position),
            Message::SetWorld(_) => panic!("entered anew"),
            _ => None,
        });
        assert_eq!(moved.await, elsewhere);
    }
    stop.cancel();
    running.await.expect("no panic");
}
