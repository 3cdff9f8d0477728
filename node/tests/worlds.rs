//! Worlds of a complete node on a real database: loading, unloading, failing, and what is saved
//! meanwhile.

use std::{
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bevy_ecs::prelude::Res;
use components::{AttributeId, Profile, Reason, TransformNoScale, Umid, Vec3, ids};
use node::{Node, NodeError, NodeOptions};
use systems::{
    Batch, Dialect, Entrant, ExtensionBuilder, SessionLink, UserIndex, WorldExtensions,
    WorldHandle, WorldSet,
};
use testkit::{Database, start_node};

async fn start(database: &Database, options: NodeOptions) -> Arc<Node> {
    start_node(database, [1, 2].map(Umid::from_u128), options).await
}

/// Enters as sessions do: again, if the world is unloaded between opening and entering.
async fn enter(node: &Node, world: Umid, user: Umid) -> (WorldHandle, Arc<SessionLink>) {
    loop {
        let handle = node.worlds().open(world).await.expect("opens");
        if let Some(link) = try_enter(node, &handle, user).await {
            return (handle, link);
        }
    }
}

async fn try_enter(node: &Node, handle: &WorldHandle, user: Umid) -> Option<Arc<SessionLink>> {
    let link = SessionLink::new(node.options().world.queues, Dialect::V1);
    let entrant = Entrant {
        profile: Profile {
            user,
            name: "Ada".to_owned(),
            avatar: String::new(),
            is_guest: true,
        },
        session_id: Umid::from_u128(7),
        connection: 1,
        link: Arc::clone(&link),
        last_position: node.last_position(handle.id(), user).await,
    };
    handle.enter(entrant).await.ok()?;
    // The first batch is the snapshot: from then on the user is in the world, unless that ended
    // just before.
    let mut snapshot = Batch::default();
    tokio::select! {
        cause = link.next(&mut snapshot, usize::MAX) => assert_eq!(cause, None),
        () = handle.ended() => return None,
    }
    Some(link)
}

/// Worlds that panic in their next tick when told to.
fn fragile() -> (Arc<AtomicBool>, WorldExtensions) {
    let fuse = Arc::new(AtomicBool::new(false));
    let lit = Arc::clone(&fuse);
    let extension = move |world: &mut ExtensionBuilder| {
        let lit = Arc::clone(&lit);
        let blow = move || assert!(!lit.swap(false, Ordering::SeqCst), "told to");
        world.add_systems(WorldSet::Simulate, blow);
    };
    (fuse, WorldExtensions::default().with(extension))
}

#[tokio::test]
async fn an_unknown_world_cannot_be_opened_and_neither_can_the_node() {
    let database = Database::sqlite();
    let node = start(&database, NodeOptions::default()).await;
    for id in [Umid::from_u128(99), Umid::nil(), node.id()] {
        assert!(
            matches!(
                node.worlds().open(id).await,
                Err(NodeError::Refused(Reason::WorldNotFound))
            ),
            "{id}"
        );
    }
}

#[tokio::test]
async fn a_world_nobody_is_in_is_unloaded_and_comes_back_with_what_was_left_in_it() {
    let database = Database::sqlite();
    let node = start(
        &database,
        NodeOptions {
            unload_after: Duration::ZERO,
            ..NodeOptions::default()
        },
    )
    .await;
    let id = Umid::from_u128(1);
    let user = node.create_guest().await.expect("a guest").id;
    let place = TransformNoScale {
        position: Vec3::new(1.0, 2.0, 3.0),
        rotation: Vec3::ZERO,
    };

    let (handle, link) = enter(&node, id, user).await;
    link.offer_pose(id, place);
    // Two questions: the tick of the first may have taken its poses before this one was offered.
    node.worlds().online_users(id).await;
    node.worlds().online_users(id).await;
    handle.leave(user, 1).await.expect("sent");
    handle.ended().await;

    assert_eq!(
        node.last_position(id, user).await,
        Some(place),
        "kept or stored, but never forgotten"
    );
    let again = node.worlds().open(id).await.expect("opens again");
    assert_eq!(again.id(), id);
    let attribute = AttributeId {
        plugin: ids::CORE_PLUGIN,
        name: "last_known_position".to_owned(),
    };
    let target = components::AttributeTarget::ObjectUser { object: id, user };
    let stored = database
        .open()
        .await
        .attribute(target, &attribute)
        .await
        .expect("read")
        .expect("stored before loading");
    assert_eq!(stored.value.expect("a value")["position"]["x"], 1.0);
}

#[tokio::test]
async fn a_panic_ends_one_world_and_the_others_do_not_notice() {
    let database = Database::sqlite();
    let (fuse, extensions) = fragile();
    // One thread, so that the worlds share it.
    let options = NodeOptions {
        extensions,
        simulation_threads: 1,
        ..NodeOptions::default()
    };
    let node = start(&database, options).await;
    let fragile = node.worlds().open(Umid::from_u128(1)).await.expect("opens");
    fuse.store(true, Ordering::SeqCst);
    fragile.ended().await;

    let user = node.create_guest().await.expect("a guest").id;
    let (other, _link) = enter(&node, Umid::from_u128(2), user).await;
    assert_eq!(node.worlds().online_users(Umid::from_u128(2)).await, [user]);

    let reloaded = node
        .worlds()
        .open(Umid::from_u128(1))
        .await
        .expect("loads again");
    assert!(!reloaded.has_ended());
    assert!(!other.has_ended());
}

#[tokio::test]
async fn a_world_that_fails_again_and_again_is_left_alone() {
    let database = Database::sqlite();
    let (fuse, extensions) = fragile();
    let node = start(
        &database,
        NodeOptions {
            extensions,
            ..NodeOptions::default()
        },
    )
    .await;
    for _ in 0..3 {
        let handle = node.worlds().open(Umid::from_u128(1)).await.expect("opens");
        fuse.store(true, Ordering::SeqCst);
        handle.ended().await;
    }
    assert!(matches!(
        node.worlds().open(Umid::from_u128(1)).await,
        Err(NodeError::Unavailable)
    ));
}

#[tokio::test]
async fn shutdown_saves_where_everybody_is() {
    let database = Database::sqlite();
    let node = start(&database, NodeOptions::default()).await;
    let id = Umid::from_u128(1);
    let user = node.create_guest().await.expect("a guest").id;
    let (_handle, link) = enter(&node, id, user).await;
    let place = TransformNoScale {
        position: Vec3::new(4.0, 5.0, 6.0),
        rotation: Vec3::ZERO,
    };
    link.offer_pose(id, place);
    // Two questions: the tick of the first may have taken its poses before this one was offered.
    node.worlds().online_users(id).await;
    node.worlds().online_users(id).await;
    node.shutdown().await;
    drop(node);

    let node = start(&database, NodeOptions::default()).await;
    assert_eq!(node.last_position(id, user).await, Some(place));
}

/// Ticks are far apart compared to the time a node with many worlds has to stop.
#[tokio::test]
async fn at_shutdown_no_world_waits_for_another_to_end() {
    let ending = Arc::new((Mutex::new(0), Condvar::new()));
    let armed = Arc::new(AtomicBool::new(false));
    let extensions = {
        let (ending, armed) = (Arc::clone(&ending), Arc::clone(&armed));
        WorldExtensions::default().with(move |world: &mut ExtensionBuilder| {
            let (ending, armed) = (Arc::clone(&ending), Arc::clone(&armed));
            let wait_for_the_other = move |users: Res<UserIndex>| {
                if armed.load(Ordering::SeqCst) && users.is_empty() {
                    let (count, changed) = &*ending;
                    let mut count = count.lock().expect("counts");
                    *count += 1;
                    changed.notify_all();
                    let limit = Duration::from_secs(2);
                    let (_count, waited) = changed
                        .wait_timeout_while(count, limit, |count| *count < 2)
                        .expect("counts");
                    assert!(!waited.timed_out(), "the other world was not told");
                }
            };
            world.add_systems(WorldSet::Simulate, wait_for_the_other);
        })
    };
    let database = Database::sqlite();
    let options = NodeOptions {
        simulation_threads: 2,
        extensions,
        ..NodeOptions::default()
    };
    let node = start(&database, options).await;
    let user = node.create_guest().await.expect("a guest").id;
    let mut links = Vec::new();
    for world in [1, 2] {
        let (_handle, link) = enter(&node, Umid::from_u128(world), user).await;
        links.push(link);
    }
    armed.store(true, Ordering::SeqCst);
    node.shutdown().await;
    drop(node);

    let node = start(&database, NodeOptions::default()).await;
    for world in [1, 2] {
        let position = node.last_position(Umid::from_u128(world), user).await;
        assert!(position.is_some(), "world {world} ended in order");
    }
}
