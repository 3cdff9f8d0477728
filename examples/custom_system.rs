//! A system of one's own in every tick: it welcomes each user who enters with a notice.
//!
//! `cargo run --example custom_system` starts a node with it, on a scratch database, and enters.

use std::collections::HashSet;

use bevy_ecs::prelude::{Res, ResMut, Resource};
use components::Umid;
use posbus::Message;
use systems::{ExtensionBuilder, TickEvents, UserIndex, WorldEvent, WorldExtensions, WorldSet};
use testkit::{Database, NodeOptions, TestServer, start_node};

/// Users who are in the world and have been welcomed.
#[derive(Resource, Default)]
struct Welcomed(HashSet<Umid>);

/// Runs in every tick, after commands have been applied.
fn welcome(users: Res<UserIndex>, mut welcomed: ResMut<Welcomed>, mut events: ResMut<TickEvents>) {
    welcomed.0.retain(|user| users.get(*user).is_some());
    for user in users.users() {
        if welcomed.0.insert(user) {
            let text = format!("Welcome! You are one of {}.", users.len());
            events.record(WorldEvent::Notice { user, text });
        }
    }
}

fn welcoming(world: &mut ExtensionBuilder) {
    world
        .insert_resource(Welcomed::default())
        .add_systems(WorldSet::Simulate, welcome);
}

#[allow(dead_code, reason = "tests call `enter`")]
#[tokio::main]
async fn main() {
    println!("{}", enter().await);
}

/// Enters a world of a node with the extension; answers the notice.
pub(crate) async fn enter() -> String {
    let options = NodeOptions {
        extensions: WorldExtensions::default().with(welcoming),
        ..NodeOptions::default()
    };
    let (database, world) = (Database::sqlite(), Umid::from_u128(1));
    let node = start_node(&database, [world], options).await;
    let server = TestServer::start(node).await;
    let mut user = server.guest().await;
    user.enter(world).await;
    let notice = user.expect(|message| match message {
        Message::Notification(notice) => Some(notice.value),
        _ => None,
    });
    let notice = notice.await;
    server.stop().await;
    notice
}
