//! A network that loses, doubles and delays packets, by a seed: a UDP relay between clients and the
//! server under test. It stands for a bad path; it is the tests' own, nothing of it is in the
//! program.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use rand::{Rng, SeedableRng, rngs::SmallRng};
use tokio::{net::UdpSocket, task::JoinSet, time::sleep};

/// Larger than any packet.
const BUFFER: usize = 64 * 1024;

/// Fates of packets, as parts of all.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Weather {
    pub(crate) lost: f64,
    pub(crate) doubled: f64,
    /// Come later than those sent after them.
    pub(crate) late: f64,
    /// Longest delay.
    pub(crate) delay: Duration,
}

/// Count of each fate.
#[derive(Debug, Default)]
pub(crate) struct Damage {
    pub(crate) lost: AtomicU64,
    pub(crate) doubled: AtomicU64,
    pub(crate) late: AtomicU64,
}

/// A path to a server.
pub(crate) struct Path {
    /// Address to which clients send.
    pub(crate) address: SocketAddr,
    pub(crate) damage: Arc<Damage>,
    _tasks: JoinSet<()>,
}

impl Path {
    /// A path to the server at `target` with the same weather both ways.
    pub(crate) async fn to(target: SocketAddr, weather: Weather, seed: u64) -> Path {
        Path::with(target, [weather, weather], seed).await
    }

    /// A path to the server at `target` on which nothing comes back.
    pub(crate) async fn one_way(target: SocketAddr) -> Path {
        let nothing = Weather {
            lost: 1.0,
            ..Weather::default()
        };
        Path::with(target, [Weather::default(), nothing], 0).await
    }

    async fn with(target: SocketAddr, weather: [Weather; 2], seed: u64) -> Path {
        let front = Arc::new(socket().await);
        let address = front.local_addr().expect("bound");
        let damage = Arc::new(Damage::default());
        let mut tasks = JoinSet::new();
        tasks.spawn(relay(front, target, weather, seed, Arc::clone(&damage)));
        Path {
            address,
            damage,
            _tasks: tasks,
        }
    }
}

async fn socket() -> UdpSocket {
    UdpSocket::bind("127.0.0.1:0").await.expect("a free port")
}

/// Passes packets on, with a socket of its own towards the server for each client.
async fn relay(
    front: Arc<UdpSocket>,
    target: SocketAddr,
    weather: [Weather; 2],
    seed: u64,
    damage: Arc<Damage>,
) {
    let mut clients: HashMap<SocketAddr, (Arc<UdpSocket>, Link)> = HashMap::new();
    let mut ways_back = JoinSet::new();
    let mut packet = vec![0; BUFFER];
    loop {
        // A refusal of an earlier packet by the system is no reason to stop.
        let Ok((size, client)) = front.recv_from(&mut packet).await else {
            continue;
        };
        if !clients.contains_key(&client) {
            let back = Arc::new(socket().await);
            let seed = seed.wrapping_add(2 * clients.len() as u64);
            let link = |way: usize| {
                let seed = seed.wrapping_add(way as u64);
                Link::new(weather[way], seed, Arc::clone(&damage))
            };
            let [there, here] = [0, 1].map(link);
            ways_back.spawn(bring_back(
                Arc::clone(&back),
                Arc::clone(&front),
                client,
                here,
            ));
            clients.insert(client, (back, there));
        }
        let (socket, link) = clients.get_mut(&client).expect("just made");
        link.send(socket, target, &packet[..size]);
    }
}

async fn bring_back(from: Arc<UdpSocket>, to: Arc<UdpSocket>, client: SocketAddr, mut link: Link) {
    let mut packet = vec![0; BUFFER];
    loop {
        if let Ok((size, _)) = from.recv_from(&mut packet).await {
            link.send(&to, client, &packet[..size]);
        }
    }
}

/// One direction of one client's path.
struct Link {
    weather: Weather,
    dice: SmallRng,
    damage: Arc<Damage>,
    under_way: JoinSet<()>,
}

impl Link {
    fn new(weather: Weather, seed: u64, damage: Arc<Damage>) -> Link {
        Link {
            weather,
            dice: SmallRng::seed_from_u64(seed),
            damage,
            under_way: JoinSet::new(),
        }
    }

    fn send(&mut self, socket: &Arc<UdpSocket>, to: SocketAddr, packet: &[u8]) {
        if self.dice.random_bool(self.weather.lost) {
            self.damage.lost.fetch_add(1, Relaxed);
            return;
        }
        let copies = if self.dice.random_bool(self.weather.doubled) {
            self.damage.doubled.fetch_add(1, Relaxed);
            2
        } else {
            1
        };
        for _ in 0..copies {
            let delay = if self.dice.random_bool(self.weather.late) {
                self.damage.late.fetch_add(1, Relaxed);
                self.weather.delay.mul_f64(self.dice.random())
            } else {
                Duration::ZERO
            };
            let (socket, packet) = (Arc::clone(socket), packet.to_vec());
            self.under_way.spawn(async move {
                if !delay.is_zero() {
                    sleep(delay).await;
                }
                // One that the system refuses is lost, too.
                let _ = socket.send_to(&packet, to).await;
            });
        }
        while self.under_way.try_join_next().is_some() {}
    }
}
