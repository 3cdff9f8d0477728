//! A world that fails takes nobody's session with it: its users find themselves in it again, those
//! of others notice nothing.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use components::Umid;
use node::NodeOptions;
use posbus::{Message, MyTransform, Vec3};
use systems::{ExtensionBuilder, WorldExtensions, WorldSet};
use testkit::{Database, TestServer, start_node};

const FRAGILE: Umid = Umid::from_u128(1);
const STURDY: Umid = Umid::from_u128(2);

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

#[tokio::test]
async fn its_users_return_and_others_do_not_notice() {
    let fuse = Arc::new(AtomicBool::new(false));
    let options = NodeOptions {
        extensions: fragile(&fuse),
        ..NodeOptions::default()
    };
    let database = Database::sqlite();
    let node = start_node(&database, [FRAGILE, STURDY], options).await;
    let server = TestServer::start(node).await;

    let mut clients = Vec::new();
    for world in [FRAGILE, STURDY] {
        let mut client = server.guest().await;
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
    server.stop().await;
}
