//! The end of a world.

use components::Umid;
use systems::ClientAction;
use testkit::world::*;

fn stop(stage: &MemoryWorld, force: bool) -> Pending<bool> {
    let handle = stage.handle.clone();
    ask(async move { handle.stop(force).await })
}

#[test]
fn a_world_with_people_ends_only_by_force() {
    let mut stage = WorldBuilder::default().open();
    let [ann] = stage.settle([ANN]);
    let refused = stop(&stage, false);
    assert!(!stage.tick().stopped);
    assert!(!refused.answer());
    stage.leave(&ann);
    let accepted = stop(&stage, false);
    assert!(stage.tick().stopped);
    assert!(accepted.answer());
}

#[test]
fn nothing_unsaved_is_lost_at_the_end() {
    let mut stage = WorldBuilder::default().open();
    let [owner, ann] = stage.settle([OWNER, ANN]);
    ann.link.offer_pose(WORLD, pose(2.0));
    stage.act(&owner, ClientAction::Lock(LAMP));
    stage.act(&owner, ClientAction::MoveObject(LAMP, transform(5.0)));
    stage.tick();
    let answer = stop(&stage, true);
    let report = stage.tick();
    assert!(report.stopped);
    assert_eq!(report.users, 0);
    assert!(answer.answer());
    let saved = stage.saved();
    let moved: Vec<Umid> = saved
        .iter()
        .flat_map(|batch| batch.transforms.keys().copied())
        .collect();
    assert_eq!(moved, [LAMP]);
    let left: Vec<_> = saved
        .iter()
        .flat_map(|batch| &batch.positions)
        .map(|position| (position.user, position.transform))
        .collect();
    assert_eq!(left, [(OWNER, pose(0.0)), (ANN, pose(2.0))]);
    drop(stage.world);
    assert!(stage.handle.has_ended());
}
