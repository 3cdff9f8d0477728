//! A full world slows the rate of its movement, so that no session gets more than its budget
//! (docs/spec/posbus.md §6; docs/regressions.md W13).

use posbus::Message;
use systems::WorldOptions;
use testkit::world::*;

use crate::movement::moved;

#[test]
fn movement_keeps_to_the_budget_and_ends_at_the_newest_place() {
    let budget = 200;
    let scene = WorldBuilder {
        options: WorldOptions {
            pose_budget: budget,
            ..WorldOptions::default()
        },
        ..WorldBuilder::default()
    };
    let second = scene.options.tick_rate;
    let mut stage = scene.open();
    let [ann, bob] = stage.settle([ANN, BOB]);
    let (mut bytes, mut lists, mut seen) = (0, 0, None);
    for tick in 0..10 * second {
        ann.link.offer_pose(WORLD, pose(tick as f32));
        stage.tick();
        let heard = bob.read();
        let list = |message: &&Message| matches!(message, Message::UsersTransformList(_));
        for message in heard.iter().filter(list) {
            lists += 1;
            bytes += message.encode().len();
        }
        if let Some((_, x)) = moved(&heard).last() {
            assert_eq!(*x, tick as f32, "what is told is true at that moment");
            seen = Some(*x);
        }
    }
    assert!(bytes <= 10 * budget + 100, "{bytes} bytes in ten seconds");
    assert!(lists >= 30, "{lists} lists: the budget is used");
    for _ in 0..second {
        stage.tick();
        seen = moved(&bob.read()).last().map(|(_, x)| *x).or(seen);
    }
    assert_eq!(
        seen,
        Some((10 * second - 1) as f32),
        "the last place is told when the walk is over"
    );
}
