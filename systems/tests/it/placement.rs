//! Children without a place of their own (docs/spec/model.md §4.4).

use components::{ObjectState, Transform, Umid, Vec3};
use posbus::{Message, ObjectTransform};
use serde_json::{Value, json};
use systems::{ClientAction, Effect};
use testkit::world::*;

use crate::objects::definitions;

/// An object that its parent places.
fn placed(id: Umid, parent: Umid) -> ObjectState {
    ObjectState {
        transform: None,
        ..object(id, parent)
    }
}

/// A world whose lamp places its children by `rules`.
fn lamp(rules: Value, children: impl IntoIterator<Item = ObjectState>) -> WorldBuilder {
    let mut lamp = object(LAMP, WORLD);
    lamp.transform = Some(transform(10.0));
    lamp.options = Some(map(json!({ "child_placement": rules })));
    WorldBuilder {
        objects: vec![object(WORLD, NODE), lamp],
        ..WorldBuilder::default()
    }
    .with(children)
}

fn at(x: f32, y: f32, z: f32) -> Transform {
    Transform {
        position: Vec3::new(x, y, z),
        rotation: Vec3::ZERO,
        scale: Vec3::ONE,
    }
}

/// Place where a newcomer sees an object.
fn seen(stage: &mut MemoryWorld, object: Umid) -> Transform {
    let viewer = stage.enter(EVE);
    stage.tick();
    let snapshot = viewer.read();
    stage.leave(&viewer);
    stage.tick();
    let object = definitions(&snapshot)
        .into_iter()
        .find(|seen| seen.id == object);
    object.expect("in the snapshot").transform
}

fn circle(radius: f64) -> Value {
    json!({"algo": "circular", "options": {"R": radius, "Vshift": 1, "angle": 90}})
}

const NIL: &str = "00000000-0000-0000-0000-000000000000";

#[test]
fn children_are_placed_at_load_oldest_first_and_by_their_group() {
    let door = id(9);
    let mut late = placed(id(20), LAMP);
    late.created_at = 1_000;
    let mut typed = placed(id(22), LAMP);
    typed.object_type = door;
    let rules = json!({NIL: circle(100.0), door.to_string(): circle(7.0)});
    let mut stage = lamp(rules, [late, placed(id(21), LAMP), typed]).open();
    assert_eq!(seen(&mut stage, id(21)), at(110.0, 1.0, 0.0));
    assert_eq!(seen(&mut stage, id(20)), at(-90.0, 1.0, 0.0));
    assert_eq!(seen(&mut stage, id(22)), at(17.0, 1.0, 0.0));
    let [ann] = stage.settle([ANN]);
    stage.tick();
    assert_eq!(ann.read(), [], "loading moved nothing");
    let stored = stage
        .saved()
        .into_iter()
        .find(|batch| !batch.transforms.is_empty());
    assert_eq!(stored, None, "and stored nothing");
}

#[test]
fn a_new_sibling_moves_the_others_and_a_removed_one_moves_them_back() {
    let mut stage = lamp(
        json!({NIL: circle(100.0)}),
        [placed(id(20), LAMP), placed(id(21), LAMP)],
    )
    .open();
    let [ann] = stage.settle([ANN]);
    let moved = |id: Umid, object_transform| {
        Message::from(ObjectTransform {
            id,
            object_transform,
        })
    };

    stage.effect(Effect::Object(Box::new(placed(id(22), LAMP))));
    stage.tick();
    let heard = ann.read();
    let [new] = &definitions(&heard)[..] else {
        panic!("{heard:?}")
    };
    assert_eq!((new.id, new.transform), (id(22), at(-40.0, 1.0, -86.6)));
    assert_eq!(
        heard[1..],
        [moved(id(21), at(-40.0, 1.0, 86.6))],
        "the first stays, the new one was told with its place"
    );

    stage.effect(Effect::RemoveObjects {
        root: id(22),
        removed: vec![id(22)],
    });
    stage.tick();
    let heard = ann.read();
    assert_eq!(heard[1..], [moved(id(21), at(-90.0, 1.0, 0.0))]);
    assert!(stage.saved().is_empty(), "placement is never stored");
}

#[test]
fn placement_goes_on_below_placed_children_only() {
    let rules = |id| {
        let options = Some(map(json!({"child_placement": {NIL: circle(5.0)}})));
        ObjectState { options, ..id }
    };
    let own = object(id(30), LAMP);
    let mut stage = lamp(
        json!({NIL: circle(100.0)}),
        [
            rules(placed(id(20), LAMP)),
            placed(id(21), id(20)),
            rules(own),
            placed(id(31), id(30)),
        ],
    )
    .open();
    // The heading of the middle one, 0 as seen from the lamp, turns what is below it.
    assert_eq!(seen(&mut stage, id(20)), at(110.0, 1.0, 0.0));
    assert_eq!(seen(&mut stage, id(21)), at(115.0, 2.0, 0.0));
    assert_eq!(
        seen(&mut stage, id(30)),
        transform(0.0),
        "it has a place of its own"
    );
    assert_eq!(seen(&mut stage, id(31)), at(5.0, 1.0, 0.0));

    stage.effect(Effect::Object(Box::new(placed(id(22), LAMP))));
    stage.effect(Effect::Object(Box::new(placed(id(23), LAMP))));
    stage.effect(Effect::RemoveObjects {
        root: id(22),
        removed: vec![],
    });
    stage.effect(Effect::RemoveObjects {
        root: id(20),
        removed: vec![],
    });
    stage.tick();
    assert_eq!(seen(&mut stage, id(23)), at(110.0, 1.0, 0.0));
}

#[test]
fn a_dragged_object_is_no_longer_placed_by_rules() {
    let mut stage = lamp(
        json!({NIL: circle(100.0)}),
        [placed(id(20), LAMP), placed(id(21), LAMP)],
    )
    .open();
    let [owner] = stage.settle([OWNER]);
    stage.act(&owner, ClientAction::Lock(id(20)));
    stage.act(&owner, ClientAction::MoveObject(id(20), transform(3.0)));
    stage.act(&owner, ClientAction::Unlock(id(20)));
    stage.effect(Effect::Object(Box::new(placed(id(22), LAMP))));
    stage.tick();
    assert_eq!(seen(&mut stage, id(20)), transform(3.0));
    assert_eq!(
        seen(&mut stage, id(21)),
        at(110.0, 1.0, 0.0),
        "two are left on the circle"
    );
}

#[test]
fn changed_rules_move_the_children() {
    let mut stage = lamp(json!({NIL: circle(100.0)}), [placed(id(20), LAMP)]).open();
    let [ann] = stage.settle([ANN]);
    let mut edited = object(LAMP, WORLD);
    edited.options = Some(map(json!({"child_placement": {NIL: circle(50.0)}})));
    stage.effect(Effect::Object(Box::new(edited)));
    stage.tick();
    assert_eq!(names(&ann.read()), ["add_objects", "object_transform"]);
    assert_eq!(seen(&mut stage, id(20)), at(60.0, 1.0, 0.0));
}

#[test]
fn broken_rules_are_ignored() {
    for rules in [
        json!({NIL: null}),
        json!({NIL: {"algo": "cube"}}),
        json!({"x": {}}),
        json!([]),
    ] {
        let mut stage = lamp(rules.clone(), [placed(id(20), LAMP)]).open();
        assert_eq!(seen(&mut stage, id(20)), transform(0.0), "{rules}");
    }
}

#[test]
fn a_large_group_that_moves_takes_few_frames() {
    let many = 3_000;
    let children = (0..many).map(|number| placed(id(10_000 + number), LAMP));
    let mut scene = lamp(json!({NIL: circle(100_000.0)}), children);
    scene.options.queues.frames = 100;
    let mut stage = scene.open();
    let [ann] = stage.settle([ANN]);
    stage.effect(Effect::Object(Box::new(placed(id(90_000), LAMP))));
    stage.tick();
    assert_eq!(ann.closed(), None);
    stage.effect(Effect::Object(Box::new(placed(id(90_001), LAMP))));
    stage.tick();
    let told = definitions(&ann.read());
    let last = seen(&mut stage, id(10_000 + many - 1));
    let moved = told
        .iter()
        .find(|object| object.id == id(10_000 + many - 1));
    assert_eq!(moved.map(|object| object.transform), Some(last));
}
