//! Places where users enter.

use components::TransformNoScale;
use posbus::{Message, Vec3};
use serde_json::json;
use systems::WorldOptions;
use testkit::world::*;

/// A world with a spawn point, where Ann enters from a stored position.
fn entry(restore_last_position: bool, last: Option<TransformNoScale>) -> TransformNoScale {
    let mut scene = WorldBuilder {
        options: WorldOptions {
            restore_last_position,
            ..WorldOptions::default()
        },
        ..WorldBuilder::default()
    };
    scene.objects[0].options = Some(map(json!({
        "spawn_point": {"position": {"x": 50, "y": 50, "z": 150}, "rotation": {"y": 1}}
    })));
    let mut stage = scene.open();
    let ann = stage.enter_with(ANN, ANN, last);
    stage.tick();
    let snapshot = ann.read();
    let mine = snapshot.iter().find_map(|message| match message {
        Message::MyTransform(place) => Some(TransformNoScale {
            position: place.position,
            rotation: place.rotation,
        }),
        _ => None,
    });
    let told = snapshot.iter().find_map(|message| match message {
        Message::AddUsers(list) => list.users.first().map(|user| user.transform),
        _ => None,
    });
    assert_eq!(mine, told, "everybody sees them where they are");
    mine.expect("my_transform")
}

#[test]
fn people_come_back_where_they_left_else_to_the_spawn_point() {
    let spawn_point = TransformNoScale {
        position: Vec3::new(50.0, 50.0, 150.0),
        rotation: Vec3::new(0.0, 1.0, 0.0),
    };
    let nowhere = TransformNoScale {
        position: Vec3::new(f32::INFINITY, 0.0, 0.0),
        rotation: Vec3::ZERO,
    };
    assert_eq!(entry(true, None), spawn_point);
    assert_eq!(entry(true, Some(pose(7.0))), pose(7.0));
    assert_eq!(entry(true, Some(nowhere)), spawn_point);
    assert_eq!(entry(false, Some(pose(7.0))), spawn_point);
}

#[test]
fn a_world_without_a_spawn_point_is_entered_at_its_origin() {
    let mut stage = WorldBuilder::default().open();
    let ann = stage.enter(ANN);
    stage.tick();
    let mine = ann.read().into_iter().find_map(|message| match message {
        Message::MyTransform(place) => Some(place.position),
        _ => None,
    });
    assert_eq!(mine, Some(Vec3::ZERO));
}
