//! Support that the tests share: the program as a process, its REST API as somebody logged in uses
//! it, and a PosBus client.

mod api;
mod attributes;
mod chain;
mod client;
mod document;
mod kubo;
mod local_chain;
mod lossy;
pub(crate) mod media;
mod repository;
mod rows;
#[path = "../../../media/tests/it/s3.rs"]
mod s3;
mod server;
mod sight;
mod stand_in;
mod statements;
mod wallet;
mod wire;
pub(crate) mod world_file;

use std::time::Duration;

use posbus::{Transform, Umid, Vec3};
use uuid::uuid;

pub(crate) use api::{Answer, Api, id};
pub(crate) use attributes::{Whose, attribute_query, key_query, node_id};
pub(crate) use chain::CHAIN;
pub(crate) use client::{Client, Ending, Snapshot};
pub(crate) use kubo::Kubo;
pub(crate) use local_chain::{LocalChain, address, minted};
pub(crate) use lossy::{Path, Weather};
pub(crate) use repository::{MADE, files, root};
pub(crate) use rows::Rows;
pub(crate) use s3::S3Server;
pub(crate) use server::{Options, Server};
pub(crate) use stand_in::{Heard, PROVIDER_KEY, Play, StandIn, set_node, uses};
pub(crate) use wallet::{EthereumWallet, PolkadotWallet, Wallet};
pub(crate) use wire::{Place, QuicWire, Way, ending};

/// Time within which anything has to happen before a test gives up. Far above what is needed, so
/// that a busy machine fails no test.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);

/// Waits until something outside of any connection has happened, such as a change of files.
///
/// # Panics
///
/// If it has not in time.
pub(crate) async fn eventually(mut happened: impl FnMut() -> bool) {
    eventually_async(async || happened()).await;
}

/// As [`eventually`], for what has to be asked for.
pub(crate) async fn eventually_async(mut happened: impl AsyncFnMut() -> bool) {
    let wait = async {
        while !happened().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(DEADLINE, wait)
        .await
        .expect("happens in time");
}

/// The world that an empty data directory gets.
pub(crate) const WELCOME: Umid = uuid!("00000000-0000-8000-8000-000000000001");
/// The first object in it, the ground one stands on.
pub(crate) const PLAZA: Umid = uuid!("00000000-0000-8000-8000-000000000101");
/// The object type that may stand in any world.
pub(crate) const CUSTOM_OBJECT: Umid = uuid!("4ed3a5bb-53f8-4511-941b-07902982c31c");
/// An object type that takes children, in a helix around it, and the type of those.
pub(crate) const CANVAS: Umid = uuid!("590028c4-2f9d-4c7e-abc3-791774fbe4c5");
pub(crate) const CANVAS_CHILD: Umid = uuid!("3eca3dd5-a2e1-4347-926a-19eab6da54b2");
/// The object type of worlds.
pub(crate) const WORLD_TYPE: Umid = uuid!("a41ee21e-6c56-41b3-81a9-1c86578b6b3c");
/// The basic shape everybody knows.
pub(crate) const CUBE: Umid = uuid!("5b5bd872-0328-e38c-1b54-bf2bfa70fc85");
/// The plugin of the core attributes.
pub(crate) const CORE: &str = "f0f0f0f0-0f0f-4ff0-af0f-f0f0f0f0f0f0";

/// An unscaled, unturned transform at a place.
pub(crate) fn at(x: f32, y: f32, z: f32) -> Transform {
    Transform {
        position: Vec3::new(x, y, z),
        rotation: Vec3::ZERO,
        scale: Vec3::ONE,
    }
}
