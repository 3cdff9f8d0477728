//! Events of objects, told to everybody in their world as they start (docs/spec/model.md §8.2).

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use posbus::{EventStart, Message, Umid};
use serde_json::{Value, json};

use crate::support::{Api, Client, Options, PLAZA, Server, WELCOME, at};

/// The time in so many milliseconds, as browsers write it.
fn after(milliseconds: i64) -> String {
    let time: DateTime<Utc> = Utc::now() + TimeDelta::milliseconds(milliseconds);
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}

fn event(title: &str, start: &str) -> Value {
    json!({"title": title, "start": start, "end": "2100-01-01T00:00:00Z", "hosted_by": "Ada"})
}

async fn plan(api: &Api, object: Umid, events: Value) {
    api.set(object, "events", events).await.ok(202);
}

/// Waits for the start of an event.
async fn starts(client: &mut Client, title: &str) -> EventStart {
    client
        .expect("the start of an event", |event: &EventStart| {
            event.0.get("title").map(String::as_str) == Some(title)
        })
        .await
}

/// The titles of the events that were heard of and not asked for.
fn titles<'a>(heard: impl Iterator<Item = &'a Message>) -> Vec<String> {
    heard
        .filter_map(|message| match message {
            Message::EventStart(event) => event.0.get("title").cloned(),
            _ => None,
        })
        .collect()
}

#[tokio::test]
async fn events_start_for_all_users_in_their_world() {
    let mut server = Server::start(Options::default());
    let owner = Api::owner(&mut server).await;
    let elsewhere = owner.create_world("Elsewhere").await;
    let mut there = Client::connect(&server, &Api::guest(&server).await).await;
    there.enter(elsewhere).await;
    let mut one = Client::guest(&server).await;
    let mut two = Client::guest(&server).await;
    let object = owner.create(WELCOME, "Stage", at(0.0, 0.0, 0.0)).await;

    let start = after(1_500);
    plan(
        &owner,
        object,
        json!({
            "first": event("Concert", &start),
            "second": {"title": "Opening", "start": start, "objectId": WELCOME},
            "past": event("Past", &after(-1_000)),
            "nonsense": {"title": "Nonsense", "start": "soon"},
            "nothing": null,
        }),
    )
    .await;
    plan(&owner, WELCOME, json!({"third": event("Speech", &start)})).await;
    for client in [&mut one, &mut two] {
        let EventStart(concert) = starts(client, "Concert").await;
        let fields: Vec<_> = concert
            .iter()
            .map(|(key, text)| (key.as_str(), text.as_str()))
            .collect();
        let id = object.to_string();
        assert_eq!(
            fields,
            [
                ("objectId", id.as_str()),
                ("eventId", "first"),
                ("title", "Concert"),
                ("start", start.as_str()),
                ("end", "2100-01-01T00:00:00Z"),
            ]
        );
        let EventStart(opening) = starts(client, "Opening").await;
        assert_eq!(opening["objectId"], id, "where it is, not where it says");
        assert_eq!(
            (opening["eventId"].as_str(), opening["end"].as_str()),
            ("second", "")
        );
        let EventStart(speech) = starts(client, "Speech").await;
        assert_eq!(speech["objectId"], WELCOME.to_string());
        assert_eq!(titles(client.settle().await.iter()), Vec::<String>::new());
    }
    assert_eq!(titles(there.settle().await.iter()), Vec::<String>::new());
}

#[tokio::test]
async fn edits_move_events_and_removal_cancels_them() {
    let mut server = Server::start(Options::default());
    let owner = Api::owner(&mut server).await;
    let mut client = Client::guest(&server).await;
    let mut objects = Vec::new();
    for name in ["Moved", "Cleared", "Emptied", "Deleted", "Renamed"] {
        objects.push(owner.create(WELCOME, name, at(0.0, 0.0, 0.0)).await);
    }
    let [moved, cleared, emptied, deleted, renamed] = objects[..] else {
        panic!("five objects");
    };
    let start = after(3_000);
    for (object, title) in [
        (moved, "Too early"),
        (cleared, "Cleared"),
        (emptied, "Emptied"),
        (deleted, "Deleted"),
        (renamed, "Kept"),
    ] {
        plan(&owner, object, json!({"event": event(title, &start)})).await;
    }
    plan(
        &owner,
        moved,
        json!({"event": event("Moved", &after(4_000))}),
    )
    .await;
    owner.unset(cleared, "events").await.ok(200);
    plan(&owner, emptied, json!({})).await;
    owner.delete(&format!("/objects/{deleted}")).await.ok(200);
    let name = json!({"object_name": "Another name"});
    owner
        .patch(&format!("/objects/{renamed}"), name)
        .await
        .ok(200);

    starts(&mut client, "Kept").await;
    let EventStart(event) = starts(&mut client, "Moved").await;
    assert_eq!(event["objectId"], moved.to_string());
    let rest = client.settle().await;
    assert_eq!(titles(rest.iter()), Vec::<String>::new());
}

#[tokio::test]
async fn events_start_one_after_another() {
    let mut server = Server::start(Options::default());
    let owner = Api::owner(&mut server).await;
    let mut client = Client::guest(&server).await;
    let key = |key: &str, value: Value| {
        json!({
            "plugin_id": crate::support::CORE, "attribute_name": "events",
            "sub_attribute_key": key, "sub_attribute_value": value,
        })
    };
    let path = format!("/objects/{PLAZA}/attributes/sub");
    for (id, milliseconds) in [("a", 1_000), ("b", 1_500), ("c", 2_000)] {
        let entry = event(&id.to_uppercase(), &after(milliseconds));
        owner.post(&path, key(id, entry)).await.ok(202);
    }
    let order = [
        client.expect("an event", |_: &EventStart| true).await,
        client.expect("an event", |_: &EventStart| true).await,
        client.expect("an event", |_: &EventStart| true).await,
    ];
    assert_eq!(order.map(|event| event.0["title"].clone()), ["A", "B", "C"]);
}

#[tokio::test]
async fn events_are_planned_anew_when_the_server_starts_and_when_their_world_is_loaded() {
    let mut server = Server::start(Options::default());
    let owner = Api::owner(&mut server).await;
    let start = after(8_000);
    plan(&owner, PLAZA, json!({"kept": event("Kept", &start)})).await;
    server.stop();
    server.start_again();
    let owner = owner.at(&server);
    let mut client = Client::connect(&server, &owner).await;
    // Nobody is in the world, so it is not loaded.
    let start = after(2_000);
    plan(&owner, WELCOME, json!({"later": event("Later", &start)})).await;
    client.enter(WELCOME).await;
    starts(&mut client, "Later").await;
    starts(&mut client, "Kept").await;
}
