//! Test fixtures of the workspace, for its own tests and for those of programs that build on it.
//!
//! * [`world`]: one world in memory with clients, without sockets, threads or a clock.
//! * [`Database`], [`start_node`]: a node on a scratch database, SQLite or PostgreSQL.
//! * `chopsticks`: a simulated Substrate chain.
//! * [`TestServer`], [`Client`]: a node that listens, and PosBus clients of both versions.
//!
//! Two clients see each other:
//!
//! ```
//! use components::{Umid, Vec3};
//! use posbus::{Message, MyTransform};
//! use testkit::{Database, NodeOptions, TestServer, start_node};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let database = Database::sqlite();
//! let world = Umid::from_u128(1);
//! let node = start_node(&database, [world], NodeOptions::default()).await;
//! let server = TestServer::start(node).await;
//!
//! let mut ann = server.guest().await;
//! let mut bob = server.guest().await;
//! ann.enter(world).await;
//! bob.enter(world).await;
//! ann.send(MyTransform { position: Vec3::new(3.0, 0.0, 0.0), rotation: Vec3::ZERO }).await;
//! let ann = ann.user();
//! let place = bob.expect(|message| match message {
//!     Message::UsersTransformList(moved) => {
//!         moved.value.iter().find(|moved| moved.id == ann).map(|moved| moved.transform.position.x)
//!     }
//!     _ => None,
//! });
//! assert_eq!(place.await, 3.0);
//! # }
//! ```

#[cfg(feature = "substrate")]
pub mod chopsticks;
#[cfg(feature = "node")]
mod client;
#[cfg(feature = "node")]
mod database;
#[cfg(feature = "node")]
mod node;
#[cfg(feature = "node")]
mod postgres;
#[cfg(feature = "node")]
mod server;
pub mod world;

#[cfg(feature = "node")]
pub use self::{
    client::Client,
    database::{Database, new_object, store_options},
    node::{BASE_URL, start_node},
    postgres::PostgresServer,
    server::TestServer,
};
#[cfg(feature = "node")]
pub use ::node::NodeOptions;
