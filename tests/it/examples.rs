//! The examples do what they say.

#[path = "../../examples/bot.rs"]
mod bot;
#[path = "../../examples/custom_system.rs"]
mod custom_system;
#[path = "../../examples/import.rs"]
mod import;
#[path = "../../examples/recorder.rs"]
mod recorder;
#[path = "../../examples/world_in_memory.rs"]
mod world_in_memory;

use std::time::Duration;

use posbus::{Message, UsersTransformList, Vec3};
use serde_json::json;

use crate::support::{Api, Client, Options, Server, WELCOME};

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_walks_in_a_circle() {
    let server = Server::start(Options::default());
    let mut watcher = Client::guest(&server).await;
    let url = server.url().to_owned();
    let walk = tokio::spawn(async move { bot::walk(&url, 5).await.map_err(|e| e.to_string()) });
    let list: UsersTransformList = watcher.expect("steps", |_: &UsersTransformList| true).await;
    let bot = walk.await.expect("no panic").expect("walks");
    let step = list.value.iter().find(|moved| moved.id == bot);
    let Vec3 { x, z, .. } = step.expect("the bot").transform.position;
    assert!((x.hypot(z) - 5.0).abs() < 0.1, "{list:?}");
}

#[test]
fn users_meet_in_a_world_in_memory() {
    assert_eq!(world_in_memory::meet(), Some(Vec3::new(3.0, 0.0, 0.0)));
}

#[tokio::test]
async fn a_recorder_writes_the_frames_of_a_session() {
    let server = Server::start(Options::default());
    let mut recorded = Vec::new();
    let silence = Duration::from_secs(1);
    let record = recorder::record(server.address(), silence, &mut recorded);
    record.await.expect("records");
    let text = String::from_utf8(recorded).expect("text");
    let names = text.lines().map(|line| {
        let (_, digits) = line.split_once(' ').expect("a time and a frame");
        let pairs = digits.as_bytes().chunks(2);
        let bytes = pairs.map(|pair| {
            let pair = std::str::from_utf8(pair).expect("digits");
            u8::from_str_radix(pair, 16).expect("digits")
        });
        let message = posbus::decode(&bytes.collect::<Vec<_>>());
        message.as_ref().map(Message::name).expect("a frame")
    });
    let names: Vec<_> = names.collect();
    for name in ["set_world", "my_transform", "add_objects", "add_users"] {
        assert!(names.contains(&name), "{names:?}");
    }
}

#[tokio::test]
async fn a_custom_system_welcomes_users() {
    assert_eq!(custom_system::enter().await, "Welcome! You are one of 1.");
}

#[tokio::test]
async fn objects_are_imported_and_a_refusal_says_why() {
    let mut server = Server::start(Options::default());
    let owner = Api::owner(&mut server).await;
    let entries = json!([
        {"name": "Chair", "position": {"x": 1, "y": 0, "z": 2}},
        {"name": "Table", "position": {"x": 2, "y": 0, "z": 2}},
    ]);
    let entries: Vec<import::Entry> = serde_json::from_value(entries).expect("entries");
    let world = WELCOME.to_string();
    let ids = import::import(server.url(), &owner.token, &world, &entries).await;
    let ids = ids.expect("imported");
    for (id, name) in ids.iter().zip(["Chair", "Table"]) {
        let id = id.parse().expect("an id");
        let text = owner.attribute(id, "name").await.ok(200);
        assert_eq!(text["name"], name, "{text}");
    }
    let guest = Api::guest(&server).await;
    let refused = import::import(server.url(), &guest.token, &world, &entries).await;
    let refused = refused.expect_err("no admin").to_string();
    assert!(refused.contains("Chair: 403"), "{refused}");
}
