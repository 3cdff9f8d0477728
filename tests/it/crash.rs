//! `kill -9` at any moment loses nothing that was acknowledged (docs/spec/model.md §9).
//!
//! Several streams of edits run until the program is killed; after the start that follows, all that
//! the API shows has to be what was acknowledged, plus, for each stream, the one edit that was on
//! its way. `ODYSSEY_CRASH_ROUNDS` sets how often.

use std::{
    collections::BTreeMap,
    env,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures_util::future::select_all;
use posbus::Umid;
use reqwest::Method;
use serde_json::{Value, json};
use testkit::PostgresServer;
use tokio::{sync::Notify, time::sleep};

use crate::support::{Api, CORE, CUSTOM_OBJECT, Client, Options, Server};

/// Rounds if nobody says otherwise.
const ROUNDS: usize = 20;
/// Streams of edits, each on objects of its own.
const STREAMS: usize = 3;
/// Objects a stream keeps at most.
const OBJECTS: usize = 6;

#[tokio::test]
async fn no_acknowledged_edit_is_lost_in_sqlite() {
    survive(Options::default().unlimited()).await;
}

#[tokio::test]
async fn no_acknowledged_edit_is_lost_in_postgresql() {
    let database = PostgresServer::start();
    survive(
        Options::default()
            .unlimited()
            .database(&database.database("crash")),
    )
    .await;
}

#[tokio::test]
async fn a_database_that_dies_amid_edits_leaves_memory_as_stored() {
    let mut database = PostgresServer::start();
    let options = Options::default()
        .unlimited()
        .database(&database.database("dies"));
    let mut server = Server::start(options);
    let owner = Api::owner(&mut server).await;
    let mut streams = streams(&owner).await;
    // Somebody is inside, so that the worlds stay loaded.
    let mut inside = Vec::new();
    for stream in &streams {
        let mut client = Client::connect(&server, &Api::guest(&server).await).await;
        client.enter(stream.shelf).await;
        inside.push(client);
    }
    for (round, (goal, delay)) in dice().take(rounds() / 2).enumerate() {
        streams = edit_until(&owner, streams, goal, delay, || database.stop()).await;
        database.restart();
        owner.until_ready().await;
        for stream in &mut streams {
            let problem = format!("round {round}, on its way: {:?}", stream.pending);
            let mut newcomer = Client::connect(&server, &Api::guest(&server).await).await;
            let shown = shown(&mut newcomer, stream.shelf).await;
            let found = read(&owner, stream.shelf).await;
            assert_eq!(shown, found, "{problem}");
            stream.reconcile(found, &problem);
        }
    }
}

/// Knowledge about one object.
#[derive(Clone, Debug, PartialEq)]
struct Thing {
    name: String,
    colour: Option<String>,
}

type Things = BTreeMap<Umid, Thing>;

/// One edit.
#[derive(Clone, Debug)]
enum Edit {
    Create { name: String },
    Rename { id: Umid, name: String },
    Paint { id: Umid, colour: String },
    Unpaint { id: Umid },
    Delete { id: Umid },
}

/// One stream of edits in a world of its own.
#[derive(Clone)]
struct Stream {
    /// The world.
    shelf: Umid,
    things: Things,
    /// Sent and not acknowledged.
    pending: Option<Edit>,
    number: u64,
}

async fn survive(options: Options) {
    let mut server = Server::start(options);
    let mut owner = Api::owner(&mut server).await;
    let mut streams = streams(&owner).await;
    for (round, (goal, delay)) in dice().take(rounds()).enumerate() {
        // One of the worlds is loaded, so that its part of the work is under way, too.
        let mut guest = Client::connect(&server, &Api::guest(&server).await).await;
        guest.enter(streams[0].shelf).await;
        streams = edit_until(&owner, streams, goal, delay, || server.kill()).await;
        drop(guest);
        server.start_again();
        owner = owner.at(&server);
        for stream in &mut streams {
            let found = read(&owner, stream.shelf).await;
            let problem = format!("round {round}, on its way: {:?}", stream.pending);
            stream.reconcile(found, &problem);
        }
    }
    server.stop();
}

/// Number of kills.
fn rounds() -> usize {
    env::var("ODYSSEY_CRASH_ROUNDS").map_or(ROUNDS, |rounds| rounds.parse().expect("a number"))
}

/// The streams at their start.
async fn streams(owner: &Api) -> Vec<Stream> {
    let mut streams = Vec::new();
    for number in 0..STREAMS {
        streams.push(Stream {
            shelf: owner.create_world("Shelf").await,
            things: Things::new(),
            pending: None,
            number: number as u64,
        });
    }
    streams
}

/// After how many edits and how much time something is killed: different in every round, the same
/// in every run.
fn dice() -> impl Iterator<Item = (usize, Duration)> {
    let next = |random: &u64| {
        let random = random.wrapping_mul(6_364_136_223_846_793_005);
        Some(random.wrapping_add(1_442_695_040_888_963_407))
    };
    std::iter::successors(next(&0x0d15_5e75), next).map(|random| {
        let delay = Duration::from_micros((random >> 40) % 5_000);
        (1 + (random >> 33) as usize % 40, delay)
    })
}

/// Runs all streams until so many edits were acknowledged, waits a moment more, kills something,
/// and returns what the streams know.
async fn edit_until(
    owner: &Api,
    streams: Vec<Stream>,
    goal: usize,
    delay: Duration,
    kill: impl FnOnce(),
) -> Vec<Stream> {
    let acknowledged = Arc::new(AtomicUsize::new(0));
    let enough = Arc::new(Notify::new());
    let mut running: Vec<_> = streams
        .into_iter()
        .map(|stream| {
            let (owner, acknowledged, enough) = (
                owner.clone(),
                Arc::clone(&acknowledged),
                Arc::clone(&enough),
            );
            tokio::spawn(async move {
                let count = || {
                    if acknowledged.fetch_add(1, Ordering::Relaxed) + 1 == goal {
                        enough.notify_one();
                    }
                };
                stream.run(&owner, count).await
            })
        })
        .collect();
    tokio::select! {
        () = enough.notified() => {}
        (ended, ..) = select_all(running.iter_mut()) => panic!("a stream ended early: {:?}", ended.err()),
    }
    // Part of the dice: the kill is to hit any phase of an edit. Nothing is waited for here.
    sleep(delay).await;
    kill();
    let mut ended = Vec::new();
    for stream in running {
        ended.push(stream.await.expect("no edit is refused"));
    }
    ended
}

impl Stream {
    /// Edits until the server, or its database, is gone.
    async fn run(mut self, owner: &Api, acknowledged: impl Fn()) -> Stream {
        loop {
            let edit = self.choose();
            self.pending = Some(edit.clone());
            let request = edit.request(owner, self.shelf);
            let Ok(answer) = owner.try_send(request).await else {
                return self;
            };
            if answer.status == 503 {
                return self;
            }
            let body = match &edit {
                Edit::Create { .. } => answer.ok(201),
                Edit::Paint { .. } => answer.ok(202),
                _ => answer.ok(200),
            };
            let id = body["object_id"].as_str().and_then(|id| id.parse().ok());
            self.things = edit
                .applied(&self.things, id)
                .expect("applies to what is there");
            self.pending = None;
            acknowledged();
        }
    }

    /// The next edit: always the same ones in the same order, of every kind.
    fn choose(&mut self) -> Edit {
        self.number += STREAMS as u64;
        let number = self.number;
        let name = format!("Thing {number}");
        let place = number as usize % self.things.len().max(1);
        let Some(id) = self.things.keys().nth(place).copied() else {
            return Edit::Create { name };
        };
        match number / STREAMS as u64 % 7 {
            0 | 3 if self.things.len() < OBJECTS => Edit::Create { name },
            0 | 6 => Edit::Delete { id },
            1 => Edit::Rename { id, name },
            5 => Edit::Unpaint { id },
            _ => Edit::Paint {
                id,
                colour: format!("#{:06x}", number % 0x0100_0000),
            },
        }
    }

    /// Compares what was found with what is known, and goes on from there.
    fn reconcile(&mut self, found: Things, problem: &str) {
        let with_pending = self.pending.take().and_then(|edit| {
            let new = found
                .keys()
                .find(|id| !self.things.contains_key(id))
                .copied();
            edit.applied(&self.things, new)
        });
        if found != self.things {
            let expected = with_pending.unwrap_or_else(|| self.things.clone());
            assert_eq!(found, expected, "{problem}");
        }
        self.things = found;
    }
}

impl Edit {
    fn request(&self, owner: &Api, shelf: Umid) -> reqwest::RequestBuilder {
        let colour = |id: &Umid| {
            format!("/objects/{id}/attributes?plugin_id={CORE}&attribute_name=object_color")
        };
        match self {
            Edit::Create { name } => owner.request(Method::POST, "/objects").json(
                &json!({"object_name": name, "parent_id": shelf, "object_type_id": CUSTOM_OBJECT}),
            ),
            Edit::Rename { id, name } => owner
                .request(Method::PATCH, &format!("/objects/{id}"))
                .json(&json!({"object_name": name})),
            Edit::Paint { id, colour } => owner
                .request(Method::POST, &format!("/objects/{id}/attributes"))
                .json(&json!({"plugin_id": CORE, "attribute_name": "object_color",
                              "attribute_value": {"value": colour}})),
            Edit::Unpaint { id } => owner.request(Method::DELETE, &colour(id)),
            Edit::Delete { id } => owner.request(Method::DELETE, &format!("/objects/{id}")),
        }
    }

    /// Change that it makes; `new` is the id of what it created. None if it cannot have happened
    /// like that.
    fn applied(&self, things: &Things, new: Option<Umid>) -> Option<Things> {
        let mut things = things.clone();
        match self.clone() {
            Edit::Create { name } => {
                things.insert(new?, Thing { name, colour: None });
            }
            Edit::Rename { id, name } => things.get_mut(&id)?.name = name,
            Edit::Paint { id, colour } => things.get_mut(&id)?.colour = Some(colour),
            Edit::Unpaint { id } => things.get_mut(&id)?.colour = None,
            Edit::Delete { id } => {
                things.remove(&id)?;
            }
        }
        Some(things)
    }
}

/// All that is in a world.
async fn read(owner: &Api, shelf: Umid) -> Things {
    let tree = owner.get(&format!("/objects/{shelf}/tree")).await.ok(200);
    let mut things = Things::new();
    for (id, node) in tree["children"].as_object().expect("children") {
        let id: Umid = id.parse().expect("an id");
        let answer = owner.attribute(id, "object_color").await;
        let colour = match answer.status {
            404 => None,
            _ => answer.ok(200)["value"].as_str().map(str::to_owned),
        };
        let name = node["name"].as_str().unwrap_or_default().to_owned();
        let stored = owner.attribute(id, "name").await.ok(200);
        assert_eq!(stored["name"], json!(name), "one name everywhere");
        assert_eq!(
            owner.get(&format!("/objects/{id}")).await.ok(200)["parent_id"],
            json!(shelf)
        );
        assert_eq!(node["children"], Value::Object(Default::default()));
        things.insert(id, Thing { name, colour });
    }
    things
}

/// All that is in a world, as a newcomer sees it.
async fn shown(client: &mut Client, shelf: Umid) -> Things {
    let snapshot = client.enter(shelf).await;
    let colour = |id| {
        let value = snapshot.slot(id, "string", "object_color")?;
        value.as_str().map(str::to_owned)
    };
    let objects = snapshot.objects.iter();
    let below = objects.filter(|object| object.parent_id == shelf);
    below
        .map(|object| {
            let name = object.name.clone();
            let colour = colour(object.id);
            (object.id, Thing { name, colour })
        })
        .collect()
}
