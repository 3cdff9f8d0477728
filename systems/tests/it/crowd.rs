//! Long lists are split into frames that clients accept (W13).

use std::collections::BTreeSet;

use bytes::Bytes;
use components::Umid;
use posbus::{MAX_SERVER_FRAME, Message};
use testkit::world::*;

const CROWD: u128 = 2_000;

fn newcomers(stage: &mut MemoryWorld) -> Vec<Client> {
    (0..CROWD)
        .map(|number| stage.enter(id(10_000 + number)))
        .collect()
}

/// The ids in all lists of one type, each frame within the limit.
fn ids(frames: &[Bytes], of: impl Fn(Message) -> Vec<Umid>) -> (usize, BTreeSet<Umid>) {
    let mut lists = 0;
    let mut found = BTreeSet::new();
    for frame in frames {
        assert!(frame.len() <= MAX_SERVER_FRAME, "{} bytes", frame.len());
        let ids = of(posbus::decode(frame).expect("a valid frame"));
        lists += usize::from(!ids.is_empty());
        found.extend(ids);
    }
    (lists, found)
}

fn added(message: Message) -> Vec<Umid> {
    match message {
        Message::AddUsers(list) => list.users.iter().map(|user| user.id).collect(),
        _ => Vec::new(),
    }
}

fn moved(message: Message) -> Vec<Umid> {
    match message {
        Message::UsersTransformList(list) => list.value.iter().map(|entry| entry.id).collect(),
        _ => Vec::new(),
    }
}

fn removed(message: Message) -> Vec<Umid> {
    match message {
        Message::RemoveUsers(list) => list.users,
        _ => Vec::new(),
    }
}

#[test]
fn a_crowd_enters_moves_and_leaves_in_frames_that_fit() {
    let mut stage = WorldBuilder::default().open();
    let [ann] = stage.settle([ANN]);
    let crowd = newcomers(&mut stage);
    assert_eq!(stage.tick().users, crowd.len() + 1);
    let (lists, users) = ids(&ann.drain().0, added);
    assert_eq!(users.len(), crowd.len());
    assert!(lists > 1);

    let bob = stage.enter(BOB);
    stage.tick();
    let (lists, users) = ids(&bob.drain().0, added);
    assert_eq!(users.len(), crowd.len() + 2);
    assert!(lists > 1);

    for (number, client) in crowd.iter().enumerate() {
        client.link.offer_pose(WORLD, pose(0.1 + number as f32));
    }
    // Those near by at once, everybody within a second.
    let mut users = BTreeSet::new();
    for _ in 0..20 {
        stage.tick();
        let (lists, told) = ids(&bob.drain().0, moved);
        assert_eq!(lists, 1, "one message a tick");
        users.extend(told);
    }
    assert_eq!(users.len(), crowd.len());

    for client in &crowd {
        stage.leave(client);
    }
    assert_eq!(stage.tick().users, 2);
    let (lists, users) = ids(&bob.drain().0, removed);
    assert_eq!(users.len(), crowd.len());
    assert_eq!(lists, 1, "two thousand ids just fit");
}

#[test]
fn many_objects_are_split_too() {
    let many = 3_000;
    let objects = (0..many).map(|number| object(id(10_000 + number), WORLD));
    let mut stage = WorldBuilder::default().with(objects).open();
    let ann = stage.enter(ANN);
    stage.tick();
    let (lists, found) = ids(&ann.drain().0, |message| match message {
        Message::AddObjects(list) => list.objects.iter().map(|object| object.id).collect(),
        _ => Vec::new(),
    });
    assert_eq!(found.len(), many as usize + 3);
    assert!(lists > 1);
}
