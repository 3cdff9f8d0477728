//! A slow reader harms nobody else (docs/spec/posbus.md §6).

use serde_json::json;
use systems::{DisconnectCause, QueueLimits, WorldOptions};
use testkit::world::*;

use crate::movement::moved;

#[test]
fn poses_are_skipped_and_the_newest_come_once_there_is_time() {
    let mut stage = WorldBuilder::default().open();
    let [ann, bob, slow] = stage.settle([ANN, BOB, EVE]);
    ann.link.offer_pose(WORLD, pose(1.0));
    stage.tick();
    // One list waits for the slow reader; what follows is not queued behind it.
    for x in [2.0, 3.0, 4.0] {
        ann.link.offer_pose(WORLD, pose(x));
        stage.tick();
    }
    bob.link.offer_pose(WORLD, pose(9.0));
    stage.tick();
    assert_eq!(moved(&slow.read()), [(ANN, 1.0)]);
    stage.tick();
    assert_eq!(
        moved(&slow.read()),
        [(ANN, 4.0), (BOB, 9.0)],
        "each who moved meanwhile, once, at the newest place"
    );
    stage.tick();
    assert_eq!(slow.read(), []);
}

#[test]
fn late_updates_are_counted() {
    let mut stage = WorldBuilder::default().open();
    let [ann, slow] = stage.settle([ANN, BOB]);
    let mut skipped = |x| {
        ann.link.offer_pose(WORLD, pose(x));
        let report = stage.tick();
        ann.read();
        report.poses_skipped
    };
    assert_eq!(skipped(1.0), 0, "both could be told");
    assert_eq!([skipped(2.0), skipped(3.0)], [1, 1]);
    slow.read();
    assert_eq!(skipped(4.0), 0);
    slow.read();
    assert_eq!(stage.tick().poses_skipped, 0, "there is nothing to tell");
}

#[test]
fn past_entries_are_not_skipped() {
    let mut stage = WorldBuilder::default().open();
    let [ann, slow] = stage.settle([ANN, BOB]);
    for step in 0..5 {
        ann.link.offer_pose(WORLD, pose(step as f32 + 1.0));
        let name = json!({"name": format!("lamp {step}")});
        stage.effect(object_attribute(LAMP, "name", name, json!({})));
        stage.tick();
    }
    let heard = slow.read();
    let objects = names(&heard)
        .into_iter()
        .filter(|name| *name == "add_objects");
    assert_eq!(objects.count(), 5);
    assert_eq!(moved(&heard).len(), 1);
}

#[test]
fn an_overflow_closes_the_slow_session_and_no_other() {
    for (limits, cause) in [
        (
            QueueLimits {
                frames: 10,
                bytes: 1 << 20,
            },
            "frames",
        ),
        (
            QueueLimits {
                frames: 1_000,
                bytes: 1_000,
            },
            "bytes",
        ),
    ] {
        let mut stage = WorldBuilder {
            options: WorldOptions {
                queues: limits,
                ..WorldOptions::default()
            },
            ..WorldBuilder::default()
        }
        .open();
        let [slow, reader] = stage.settle([ANN, BOB]);
        let mut heard = 0;
        for step in 0..30 {
            let name = json!({"name": format!("lamp {step}")});
            stage.effect(object_attribute(LAMP, "name", name, json!({})));
            stage.tick();
            heard += reader.read().len();
        }
        assert_eq!(heard, 30, "{cause}");
        let (frames, closed) = slow.drain();
        assert_eq!(closed, Some(DisconnectCause::SlowReader), "{cause}");
        assert_eq!(frames.len(), 0, "what waited is dropped");
        assert_eq!(reader.closed(), None);
        stage.leave(&slow);
        stage.tick();
        assert_eq!(names(&reader.read()), ["remove_users"]);
    }
}

#[test]
fn the_snapshot_does_not_count() {
    let limits = QueueLimits {
        frames: 3,
        bytes: 200,
    };
    let mut stage = WorldBuilder {
        options: WorldOptions {
            queues: limits,
            ..WorldOptions::default()
        },
        ..WorldBuilder::default()
    }
    .open();
    let ann = stage.enter(ANN);
    stage.tick();
    assert_eq!(ann.read().len(), 4);
    assert_eq!(ann.closed(), None);
}

#[test]
fn reading_in_small_portions_changes_nothing_but_their_size() {
    let objects = (0..1_000).map(|number| object(id(10_000 + number), WORLD));
    let mut stage = WorldBuilder::default().with(objects).open();
    let [ann] = stage.settle([ANN]);
    let (whole, portions) = (stage.enter(BOB), stage.enter(EVE));
    let name = json!({"name": "lamp"});
    stage.effect(object_attribute(LAMP, "name", name, json!({})));
    ann.link.offer_pose(WORLD, pose(1.0));
    stage.tick();
    let (whole, _) = whole.drain();
    let portions = portions.drain_by(1);
    assert!(portions.iter().all(|portion| portion.len() == 1));
    assert_eq!(portions.concat(), whole);
}
