//! The end of a world.

use components::Umid;
use systems::{ClientAction, Command};
use tokio::sync::oneshot;

use crate::harness::*;

fn stop(stage: &Stage, force: bool) -> oneshot::Receiver<bool> {
    let (done, answer) = oneshot::channel();
    stage.send(Command::Stop { force, done });
    answer
}

#[test]
fn a_world_with_people_ends_only_by_force() {
    let mut stage = Scene::default().open();
    let [ann] = stage.settle([ANN]);
    let mut refused = stop(&stage, false);
    assert!(!stage.tick().stopped);
    assert_eq!(refused.try_recv(), Ok(false));
    stage.leave(&ann);
    let mut accepted = stop(&stage, false);
    assert!(stage.tick().stopped);
    assert_eq!(accepted.try_recv(), Ok(true));
}

#[test]
fn nothing_unsaved_is_lost_at_the_end() {
    let mut stage = Scene::default().open();
    let [owner, ann] = stage.settle([OWNER, ANN]);
    ann.link.offer_pose(WORLD, pose(2.0));
    stage.act(&owner, ClientAction::Lock(LAMP));
    stage.act(&owner, ClientAction::MoveObject(LAMP, transform(5.0)));
    stage.tick();
    let mut answer = stop(&stage, true);
    let report = stage.tick();
    assert!(report.stopped);
    assert_eq!(report.users, 0);
    assert_eq!(answer.try_recv(), Ok(true));
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
