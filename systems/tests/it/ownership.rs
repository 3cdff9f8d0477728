//! A world that is given to another user while people are in it (docs/spec/chains.md §5).

use components::Umid;
use posbus::Message;
use systems::{Dialect, Effect};
use testkit::world::*;

fn hand_over(stage: &MemoryWorld, to: Umid) {
    let mut world = object(WORLD, NODE);
    world.owner = to;
    stage.effect(Effect::Object(Box::new(world)));
}

#[test]
fn everybody_gets_a_world_anew_that_has_another_owner() {
    let mut stage = WorldBuilder::default().open();
    let [ann] = stage.settle([ANN]);
    let bob = stage.enter_in(BOB, Dialect::V2);
    stage.tick();
    ann.drain();
    bob.drain();
    hand_over(&stage, BOB);
    ann.link.offer_pose(WORLD, pose(7.0));
    stage.tick();
    for client in [&ann, &bob] {
        // The second version has messages of its own besides.
        let (frames, _) = client.drain();
        let heard = frames.iter().filter_map(|frame| posbus::decode(frame).ok());
        let heard: Vec<Message> = heard.collect();
        let Some(Message::SetWorld(world)) = heard.first() else {
            panic!("the world comes first: {heard:?}");
        };
        assert_eq!((world.id, world.owner), (WORLD, BOB));
        let users: Vec<Umid> = heard
            .iter()
            .flat_map(|message| match message {
                Message::AddUsers(list) => list.users.iter().map(|user| user.id).collect(),
                _ => Vec::new(),
            })
            .collect();
        assert_eq!(users, [ANN, BOB], "everybody, oneself included");
        assert!(names(&heard).contains(&"add_objects"));
    }
    // It goes on as before.
    ann.link.offer_pose(WORLD, pose(9.0));
    stage.tick();
    assert_ne!(bob.drain().0.len(), 0);
}

#[test]
fn an_edit_by_the_same_owner_is_only_an_edit() {
    let mut stage = WorldBuilder::default().open();
    let [ann] = stage.settle([ANN]);
    hand_over(&stage, OWNER);
    stage.tick();
    assert_eq!(names(&ann.read()), ["add_objects"]);
}
