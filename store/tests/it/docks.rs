//! Docks take the wish of both sides (docs/spec/model.md §4.8; docs/regressions.md S3).

use chrono::{TimeDelta, Utc};
use components::{AttributeTarget, Umid, ids};
use serde_json::json;
use store::{Docking, NewObjectRow, StoreError};
use uuid::Uuid;

use crate::fixture::{Fixture, core, map, object, on_both};

on_both!(
    a_dock_takes_two_wishes,
    wishes_expire,
    wishes_are_bounded,
    two_wishes_at_once_see_each_other,
    a_dock_is_made_and_ended_as_a_whole,
);

fn soon() -> chrono::DateTime<Utc> {
    Utc::now() + TimeDelta::days(7)
}

fn docking(users: [Umid; 2], worlds: [Umid; 2]) -> Docking {
    Docking {
        users,
        admins: [(worlds[0], users[1]), (worlds[1], users[0])],
    }
}

fn portal(owner: Umid, world: Umid, to: Umid) -> NewObjectRow {
    NewObjectRow {
        attributes: vec![(core("teleport"), map(json!({ "DestinationWorldID": to })))],
        ..object(ids::CUSTOM_OBJECT_TYPE, owner, world)
    }
}

async fn a_dock_takes_two_wishes(fixture: Fixture) {
    let store = &fixture.store;
    let (ada, bob) = (fixture.user().await, fixture.user().await);
    let worlds = [fixture.world(ada).await, fixture.world(bob).await];
    let docking = docking([ada, bob], worlds);
    assert_eq!(store.dock(&docking, &[]).await.unwrap(), None);
    for _ in 0..2 {
        assert!(!store.put_dock_wish(ada, bob, soon(), 9).await.unwrap());
    }
    assert_eq!(store.dock(&docking, &[]).await.unwrap(), None);
    assert!(
        !store.put_dock_wish(ada, bob, soon(), 9).await.unwrap(),
        "both are gone"
    );
    assert!(store.put_dock_wish(bob, ada, soon(), 9).await.unwrap());
    assert!(store.dock(&docking, &[]).await.unwrap().is_some());
    assert_eq!(
        store.dock(&docking, &[]).await.unwrap(),
        None,
        "once for each two wishes"
    );
    let nobody = Uuid::now_v7();
    for (user, other) in [(ada, nobody), (nobody, ada)] {
        let wish = store.put_dock_wish(user, other, soon(), 9).await;
        assert!(matches!(wish, Err(StoreError::UserNotFound)));
    }
}

async fn wishes_expire(fixture: Fixture) {
    let store = &fixture.store;
    let (ada, bob) = (fixture.user().await, fixture.user().await);
    let worlds = [fixture.world(ada).await, fixture.world(bob).await];
    let past = Utc::now() - TimeDelta::seconds(1);
    assert!(!store.put_dock_wish(ada, bob, past, 9).await.unwrap());
    assert!(!store.put_dock_wish(bob, ada, soon(), 9).await.unwrap());
    let docking = docking([ada, bob], worlds);
    assert_eq!(store.dock(&docking, &[]).await.unwrap(), None);
}

async fn wishes_are_bounded(fixture: Fixture) {
    let store = &fixture.store;
    let ada = fixture.user().await;
    let others = [
        fixture.user().await,
        fixture.user().await,
        fixture.user().await,
    ];
    for other in &others[..2] {
        store.put_dock_wish(ada, *other, soon(), 2).await.unwrap();
    }
    let third = store.put_dock_wish(ada, others[2], soon(), 2).await;
    assert!(matches!(third, Err(StoreError::TooManyWishes)));
    store
        .put_dock_wish(ada, others[0], soon(), 2)
        .await
        .expect("the same again is no more");
    store.undock([others[1], ada], &[], &[]).await.unwrap();
    store
        .put_dock_wish(ada, others[2], soon(), 2)
        .await
        .unwrap();
}

async fn two_wishes_at_once_see_each_other(fixture: Fixture) {
    for _ in 0..5 {
        let (ada, bob) = (fixture.user().await, fixture.user().await);
        let (one, other) = (fixture.store.clone(), fixture.store.clone());
        let one = tokio::spawn(async move { one.put_dock_wish(ada, bob, soon(), 9).await });
        let other = tokio::spawn(async move { other.put_dock_wish(bob, ada, soon(), 9).await });
        let (one, other) = (one.await.unwrap().unwrap(), other.await.unwrap().unwrap());
        assert!(one != other, "the later one knows that both wish it");
    }
}

async fn a_dock_is_made_and_ended_as_a_whole(fixture: Fixture) {
    let store = &fixture.store;
    let (ada, bob) = (fixture.user().await, fixture.user().await);
    assert_eq!(store.first_world(ada).await.unwrap(), None);
    let worlds = [fixture.world(ada).await, fixture.world(bob).await];
    fixture.object(ada, worlds[0]).await;
    assert_eq!(store.first_world(ada).await.unwrap(), Some(worlds[0]));
    let docking = docking([ada, bob], worlds);
    for (user, other) in [(ada, bob), (bob, ada)] {
        store.put_dock_wish(user, other, soon(), 9).await.unwrap();
    }
    let portals = [
        portal(ada, worlds[0], worlds[1]),
        portal(bob, worlds[1], worlds[0]),
    ];
    // The second portal cannot be: nothing happens, and the wishes stay.
    let broken = NewObjectRow {
        parent: Uuid::now_v7(),
        ..portals[1].clone()
    };
    let failed = store.dock(&docking, &[portals[0].clone(), broken]).await;
    assert!(failed.is_err());
    assert!(store.object(portals[0].id).await.unwrap().is_none());
    assert!(store.members(worlds[0]).await.unwrap().is_empty());

    assert!(store.dock(&docking, &portals).await.unwrap().is_some());
    let odd = portal(ada, worlds[0], worlds[1]);
    store
        .insert_objects(std::slice::from_ref(&odd))
        .await
        .unwrap();
    let nonsense = map(json!({ "DestinationWorldID": 5 }));
    let target = AttributeTarget::Object(odd.id);
    let teleport = core("teleport");
    store
        .set_attribute(target, &teleport, &nonsense)
        .await
        .unwrap();
    let found = store
        .portals(worlds[0], ids::CUSTOM_OBJECT_TYPE, worlds[1])
        .await
        .unwrap();
    assert_eq!(found, [portals[0].id]);
    let members = store.members(worlds[1]).await.unwrap();
    assert_eq!(members[0].user, ada);

    let below = fixture.object(bob, portals[1].id).await;
    let removed = store
        .undock([bob, ada], &docking.admins, &[portals[0].id, portals[1].id])
        .await
        .unwrap();
    assert_eq!(removed, [vec![portals[0].id], vec![portals[1].id, below]]);
    for world in worlds {
        assert!(store.members(world).await.unwrap().is_empty());
    }
}
