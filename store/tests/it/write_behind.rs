//! Batches of transforms and positions skip what has vanished.

use components::{AttributeTarget, Transform, TransformNoScale, Umid, Vec3};
use serde_json::Value;
use store::LastPosition;
use uuid::Uuid;

use crate::fixture::{Fixture, core, on_both};

on_both!(
    transforms_of_vanished_objects_are_skipped,
    positions_of_the_vanished_are_skipped,
    large_batches_fit
);

fn at(x: f32) -> Transform {
    Transform {
        position: Vec3 {
            x,
            ..Vec3::default()
        },
        ..Transform::default()
    }
}

fn last(world: Umid, user: Umid, x: f32) -> LastPosition {
    let transform = TransformNoScale {
        position: Vec3 {
            x,
            ..Vec3::default()
        },
        ..TransformNoScale::default()
    };
    LastPosition {
        world,
        user,
        transform,
    }
}

async fn transforms_of_vanished_objects_are_skipped(fixture: Fixture) {
    let store = &fixture.store;
    let owner = fixture.user().await;
    let world = fixture.world(owner).await;
    let (a, b, gone) = (
        fixture.object(owner, world).await,
        fixture.object(owner, world).await,
        fixture.object(owner, world).await,
    );
    store.delete_object(gone).await.unwrap();
    let before = store.object(a).await.unwrap().unwrap();
    store
        .save_object_transforms(&[(a, at(1.0)), (gone, at(2.0)), (b, at(3.0)), (a, at(4.0))])
        .await
        .unwrap();
    let after = store.object(a).await.unwrap().unwrap();
    assert_eq!(after.transform, Some(at(4.0)), "the last of several counts");
    assert!(after.updated_at > before.updated_at);
    assert_eq!(
        store.object(b).await.unwrap().unwrap().transform,
        Some(at(3.0))
    );
    assert_eq!(store.object(gone).await.unwrap(), None);
    store
        .save_object_transforms(&[(b, at(f32::NAN))])
        .await
        .unwrap();
    assert_eq!(
        store.object(b).await.unwrap().unwrap().transform,
        Some(at(3.0)),
        "what is not finite is skipped"
    );
    store.save_object_transforms(&[]).await.unwrap();
}

async fn positions_of_the_vanished_are_skipped(fixture: Fixture) {
    let store = &fixture.store;
    let user = fixture.user().await;
    let world = fixture.world(user).await;
    let nobody = Uuid::now_v7();
    store
        .save_last_positions(&[
            last(world, user, 1.0),
            last(nobody, user, 2.0),
            last(world, nobody, 3.0),
        ])
        .await
        .unwrap();
    let target = AttributeTarget::ObjectUser {
        object: world,
        user,
    };
    let first = store
        .attribute(target, &core("last_known_position"))
        .await
        .unwrap()
        .unwrap();
    let stored: TransformNoScale = serde_json::from_value(Value::from(first.value)).unwrap();
    assert_eq!(stored, last(world, user, 1.0).transform);

    store
        .save_last_positions(&[last(world, user, 5.0), last(world, user, 6.0)])
        .await
        .unwrap();
    let second = store
        .attribute(target, &core("last_known_position"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        second.value.as_ref().unwrap()["position"]["x"].as_f64(),
        Some(6.0)
    );
    assert_eq!(second.created_at, first.created_at);
    assert!(second.updated_at > first.updated_at);
}

async fn large_batches_fit(fixture: Fixture) {
    let owner = fixture.user().await;
    let world = fixture.world(owner).await;
    let objects: Vec<_> = std::iter::repeat_with(|| {
        crate::fixture::object(components::ids::CUSTOM_OBJECT_TYPE, owner, world)
    })
    .take(2500)
    .collect();
    fixture.store.insert_objects(&objects).await.unwrap();
    let transforms: Vec<_> = objects.iter().map(|o| (o.id, at(7.0))).collect();
    fixture
        .store
        .save_object_transforms(&transforms)
        .await
        .unwrap();
    let loaded = fixture.store.load_world(world).await.unwrap().unwrap();
    assert_eq!(
        loaded
            .iter()
            .filter(|o| o.transform == Some(at(7.0)))
            .count(),
        objects.len()
    );
    assert_eq!(
        fixture.store.delete_object(world).await.unwrap().len(),
        objects.len() + 1
    );
}
