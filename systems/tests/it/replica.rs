//! A replica that is fed another world's snapshot and frames, as bytes, shows its own sessions the
//! users, objects and attributes that the world shows its sessions.

use std::{collections::BTreeMap, sync::Arc};

use components::{Catalogue, Profile, Transform, TransformNoScale, Umid, Vec3};
use posbus::{
    AddObjects, AddUsers, AttributeValueChanged, LockObjectResponse, Message, ObjectData,
    ObjectDefinition, ObjectTransform, RemoveObjects, RemoveUsers, UserData, UsersTransformList,
    v2::{self, QuantizedPose},
};
use rand::{Rng, SeedableRng, rngs::SmallRng};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use systems::{
    AttributeChange, ClientAction, Dialect, Effect, FrameGap, InterestOptions, Replica,
    SessionLink, WorldOptions,
};
use testkit::world::*;

/// Ticks of a run.
const TICKS: usize = 1_000;
/// Ticks after which the slowest ring has been told of everything.
const CALM: usize = 150;

/// A value that has travelled between two processes.
fn sent<T: Serialize + DeserializeOwned>(value: &T) -> T {
    let bytes = serde_json::to_vec(value).expect("serialises");
    serde_json::from_slice(&bytes).expect("comes back")
}

/// One user as a client sees it; the position as precisely as version 2 has it.
#[derive(Clone, Debug, PartialEq)]
struct SeenUser {
    name: String,
    avatar: String,
    is_guest: bool,
    place: QuantizedPose,
}

/// One object as a client sees it: its last definition, with place and slots.
#[derive(Clone, Debug, PartialEq)]
struct SeenObject {
    definition: ObjectDefinition,
    transform: Transform,
    slots: BTreeMap<(String, String), Value>,
    holder: Option<Umid>,
}

/// All that a client knows, built from its frames alone.
#[derive(Clone, Debug, Default, PartialEq)]
struct Picture {
    world: Option<Message>,
    users: BTreeMap<Umid, SeenUser>,
    objects: BTreeMap<Umid, SeenObject>,
    attributes: BTreeMap<(Umid, Umid, String), Value>,
    /// Notices, greetings and whatever else is shown once, in order.
    passing: Vec<Message>,
}

impl SeenUser {
    fn entry(&self) -> (&str, &str, bool) {
        (&self.name, &self.avatar, self.is_guest)
    }
}

impl Picture {
    fn without_users(&self) -> impl PartialEq + '_ {
        let Self {
            world,
            objects,
            attributes,
            passing,
            users: _,
        } = self;
        (world, objects, attributes, passing)
    }
}

#[derive(Default)]
struct Viewer {
    picture: Picture,
    handles: BTreeMap<u32, Umid>,
}

impl Viewer {
    fn read(&mut self, link: &Arc<SessionLink>) {
        for batch in drain(link) {
            for frame in batch.frames.iter().chain(&batch.datagrams) {
                match link.dialect() {
                    Dialect::V1 => {
                        self.apply(posbus::decode(frame).expect("a frame of version 1"));
                    }
                    _ => self.apply_v2(v2::decode(frame).expect("a frame of version 2")),
                }
            }
        }
    }

    fn apply_v2(&mut self, message: v2::Message) {
        match message {
            v2::Message::V1(message) => self.apply(message),
            v2::Message::UserHandles(list) => {
                let bound = list.users.iter().map(|user| (user.handle, user.id));
                self.handles.extend(bound);
            }
            v2::Message::Poses(list) => {
                for entry in list.entries {
                    let user = self.handles.get(&entry.handle);
                    if let Some(seen) = user.and_then(|user| self.picture.users.get_mut(user)) {
                        seen.place = entry.pose;
                    }
                }
            }
            v2::Message::ObjectPoses(list) => {
                for object in list.objects {
                    self.move_object(object.id, object.transform);
                }
            }
            other => panic!("{other:?} from a world"),
        }
    }

    fn move_object(&mut self, object: Umid, transform: Transform) {
        // A snapshot is newer than the events of its tick: some are about objects that are gone.
        if let Some(seen) = self.picture.objects.get_mut(&object) {
            seen.transform = transform;
        }
    }

    fn apply(&mut self, message: Message) {
        let picture = &mut self.picture;
        match message {
            Message::SetWorld(_) => picture.world = Some(message),
            // The own place: the entry of AddUsers says the same.
            Message::MyTransform(_) => {}
            Message::AddUsers(AddUsers { users }) => {
                for user in users {
                    picture.users.insert(user.id, seen_user(user));
                }
            }
            Message::RemoveUsers(RemoveUsers { users }) => {
                for user in users {
                    picture.users.remove(&user);
                    self.handles.retain(|_, bound| *bound != user);
                }
            }
            Message::UsersTransformList(UsersTransformList { value }) => {
                for entry in value {
                    let seen = picture.users.get_mut(&entry.id);
                    seen.expect("a known user moves").place = QuantizedPose::new(&entry.transform);
                }
            }
            Message::AddObjects(AddObjects { objects }) => {
                for definition in objects {
                    let transform = definition.transform;
                    picture
                        .objects
                        .entry(definition.id)
                        .and_modify(|seen| {
                            seen.transform = transform;
                            seen.definition = definition.clone();
                        })
                        .or_insert_with(|| SeenObject {
                            definition,
                            transform,
                            slots: BTreeMap::new(),
                            holder: None,
                        });
                }
            }
            Message::RemoveObjects(RemoveObjects { objects }) => {
                for object in objects {
                    picture.objects.remove(&object);
                }
            }
            Message::ObjectTransform(ObjectTransform {
                id,
                object_transform,
            }) => self.move_object(id, object_transform),
            Message::ObjectData(ObjectData { id, entries }) => {
                let Some(seen) = picture.objects.get_mut(&id) else {
                    return;
                };
                for (slot_type, names) in entries {
                    for (name, value) in names.unwrap_or_default() {
                        seen.slots.insert((slot_type.clone(), name), value);
                    }
                }
            }
            Message::LockObjectResponse(LockObjectResponse { id, lock_owner, .. }) => {
                let holder = (!lock_owner.is_nil()).then_some(lock_owner);
                if let Some(seen) = picture.objects.get_mut(&id) {
                    seen.holder = holder;
                }
            }
            Message::AttributeValueChanged(AttributeValueChanged {
                plugin_id,
                attribute_name,
                value,
                target_id,
                ..
            }) => {
                let key = (target_id, plugin_id, attribute_name);
                let value = value.map_or(Value::Null, Value::Object);
                picture.attributes.insert(key, value);
            }
            other => picture.passing.push(other),
        }
    }
}

fn seen_user(user: UserData) -> SeenUser {
    SeenUser {
        name: user.name,
        avatar: user.avatar,
        is_guest: user.is_guest,
        place: QuantizedPose::new(&user.transform),
    }
}

/// A user with a session in the world and one in the replica.
struct Inhabitant {
    here: Client,
    there: Arc<SessionLink>,
    seen_here: Viewer,
    seen_there: Viewer,
    place: Vec3,
}

/// A world, its replica, and who is in them.
struct Pair {
    stage: MemoryWorld,
    replica: Replica,
    inhabitants: BTreeMap<Umid, Inhabitant>,
    random: SmallRng,
    next_user: u128,
    objects: Vec<Umid>,
    /// Parent of each object that an edit created.
    parents: BTreeMap<Umid, Umid>,
    next_object: u128,
    next_connection: u128,
    options: WorldOptions,
}

impl Pair {
    fn new(seed: u64, interest: InterestOptions) -> Self {
        let options = WorldOptions {
            interest,
            pose_budget: 1 << 30,
            ..WorldOptions::default()
        };
        let scene = WorldBuilder {
            options: options.clone(),
            ..WorldBuilder::default()
        };
        let mut stage = scene.open();
        // The world has a past before anybody follows it.
        let first = stage.settle([OWNER, OPERATOR]);
        stage.leave(&first[1]);
        for _ in 0..3 {
            stage.tick();
        }
        let catalogue = Arc::new(Catalogue::default());
        let snapshot = sent(&stage.world.snapshot());
        let mut pair = Self {
            replica: Replica::new(snapshot, options.clone(), catalogue),
            stage,
            inhabitants: BTreeMap::new(),
            random: SmallRng::seed_from_u64(seed),
            next_user: 1_000,
            objects: vec![LAMP, SHADE],
            parents: BTreeMap::new(),
            next_object: 5_000,
            next_connection: 1,
            options,
        };
        first[0].drain();
        pair.stage.leave(&first[0]);
        pair.enter(OWNER);
        pair
    }

    /// Lets a user enter, or enter again by another session.
    fn enter(&mut self, user: Umid) {
        let number = self.next_connection;
        self.next_connection += 1;
        let dialects = [Dialect::V1, Dialect::V2, Dialect::V2Datagrams];
        let dialect = dialects[(number % 3) as usize];
        let here = self.stage.connect(user, id(90_000 + number), dialect);
        self.stage.enter_again(&here, None);
        let there = SessionLink::new(self.options.queues, dialect);
        self.replica.attach(user, Arc::clone(&there));
        let place = self.inhabitants.get(&user).map(|known| known.place);
        let inhabitant = Inhabitant {
            here,
            there,
            seen_here: Viewer::default(),
            seen_there: Viewer::default(),
            place: place.unwrap_or(Vec3::ZERO),
        };
        self.inhabitants.insert(user, inhabitant);
    }

    fn any_user(&mut self) -> Umid {
        let index = self.random.random_range(0..self.inhabitants.len());
        *self
            .inhabitants
            .keys()
            .nth(index)
            .expect("somebody is here")
    }

    fn any_object(&mut self) -> Umid {
        self.objects[self.random.random_range(0..self.objects.len())]
    }

    fn come_and_go(&mut self) {
        if self.inhabitants.len() < 40 && self.random.random_range(0..8) == 0 {
            self.enter(id(self.next_user));
            self.next_user += 1;
        }
        if self.random.random_range(0..15) == 0 {
            let user = self.any_user();
            if user != OWNER {
                let gone = self.inhabitants.remove(&user).expect("somebody is here");
                self.stage.leave(&gone.here);
            }
        }
        if self.random.random_range(0..60) == 0 {
            let user = self.any_user();
            self.enter(user);
        }
    }

    fn walk(&mut self) {
        for inhabitant in self.inhabitants.values_mut() {
            if self.random.random_range(0..3) == 0 {
                inhabitant.place.x += self.random.random_range(-9.0..9.0);
                inhabitant.place.z += self.random.random_range(-9.0..9.0);
                let pose = TransformNoScale {
                    position: inhabitant.place,
                    rotation: Vec3::new(0.0, self.random.random_range(0.0..6.0), 0.0),
                };
                inhabitant.here.link.offer_pose(WORLD, pose);
            }
        }
    }

    fn change(&self, name: &str, value: Value, options: Value, removed: bool) -> AttributeChange {
        AttributeChange {
            attribute: core(name),
            value: (!removed).then(|| map(value)),
            options: Some(map(options)),
            removed,
        }
    }

    fn edit(&mut self) {
        let object = self.any_object();
        let number = self.random.random_range(0..1_000);
        match self.random.random_range(0..14) {
            0 => {
                let parent = self.any_object();
                let created = id(self.next_object);
                self.next_object += 1;
                self.stage
                    .authority
                    .write()
                    .set_object(created, parent, OWNER);
                let state = systems_object(created, parent, number);
                self.stage.effect(Effect::Object(Box::new(state)));
                self.objects.push(created);
                self.parents.insert(created, parent);
            }
            1 if self.objects.len() > 4 && object != LAMP && object != SHADE => {
                // An object without children: nobody stands on it.
                let removed = vec![object];
                if !self.parents.values().any(|parent| *parent == object) {
                    self.stage.authority.write().remove_object(object);
                    let root = object;
                    self.stage.effect(Effect::RemoveObjects { root, removed });
                    self.objects.retain(|known| *known != object);
                    self.parents.remove(&object);
                }
            }
            2 => {
                let name = json!({ "name": format!("thing {number}") });
                self.stage
                    .effect(object_attribute(object, "name", name, json!({})));
            }
            3 => {
                let options = json!({"posbus_auto": {"scope": ["world"]}});
                let removed = number % 5 == 0;
                let change = self.change("state", json!({ "n": number }), options, removed);
                self.stage
                    .effect(Effect::ObjectAttribute { object, change });
            }
            4 => {
                let options = json!({"render_auto": {
                    "slot_type": "texture", "slot_name": "face", "content_type": "image"
                }});
                let removed = number % 4 == 0;
                let value = json!({"render_hash": format!("{number:032x}")});
                let change = self.change("picture", value, options, removed);
                self.stage
                    .effect(Effect::ObjectAttribute { object, change });
            }
            5 => {
                let user = self.any_user();
                let options = json!({"posbus_auto": {"scope": ["world"]}});
                let change = self.change("mood", json!({ "n": number }), options, false);
                self.stage.effect(Effect::UserAttribute { user, change });
            }
            6 => {
                let user = self.any_user();
                self.stage.effect(Effect::Profile(Profile {
                    user,
                    name: format!("renamed {number}"),
                    avatar: format!("{number:032x}"),
                    is_guest: number % 2 == 0,
                }));
            }
            7 | 8 => self.act(OWNER, ClientAction::Lock(object)),
            9 | 10 => {
                let place = transform(number as f32);
                for object in self.objects.clone() {
                    self.act(OWNER, ClientAction::MoveObject(object, place));
                }
            }
            11 => self.act(OWNER, ClientAction::Unlock(object)),
            12 => {
                let (sender, receiver) = (self.any_user(), self.any_user());
                let message = format!("hello {number}");
                self.act(sender, ClientAction::HighFive { receiver, message });
            }
            _ => {
                let transform = transform(-(number as f32));
                self.stage
                    .effect(Effect::ObjectTransform { object, transform });
            }
        }
    }

    fn act(&self, user: Umid, action: ClientAction) {
        self.stage.act(&self.inhabitants[&user].here, action);
    }

    /// Runs a tick of the world, sends its frame to the replica, lets all sessions read.
    fn tick(&mut self) {
        self.stage.tick();
        let frame = sent(&self.stage.world.frame());
        self.replica.apply(frame).expect("frames without a gap");
        for inhabitant in self.inhabitants.values_mut() {
            inhabitant.seen_here.read(&inhabitant.here.link);
            inhabitant.seen_there.read(&inhabitant.there);
        }
    }

    /// Compares the two sessions of some users, a different one of `step` in each tick, with each
    /// other and with the world.
    fn compare(&self, tick: usize, step: usize, with_places: bool) {
        let snapshot = self.stage.world.snapshot();
        let places: BTreeMap<Umid, QuantizedPose> = snapshot
            .users
            .iter()
            .map(|user| (user.profile.user, QuantizedPose::new(&user.transform)))
            .collect();
        let compared = self.inhabitants.iter().skip(tick % step).step_by(step);
        for (user, inhabitant) in compared {
            let here = &inhabitant.seen_here.picture;
            let there = &inhabitant.seen_there.picture;
            for (other, place) in &places {
                let (here, there) = (here.users.get(other), there.users.get(other));
                let (Some(here), Some(there)) = (here, there) else {
                    panic!("tick {tick}: user {user} does not see {other}");
                };
                assert_eq!(here.entry(), there.entry(), "tick {tick}, user {user}");
                if with_places {
                    assert_eq!(here.place, *place, "tick {tick}, {user} sees {other}");
                    assert_eq!(there.place, *place, "tick {tick}, {user} sees {other}");
                }
            }
            assert_eq!(here.users.len(), places.len(), "tick {tick}, user {user}");
            assert_eq!(there.users.len(), places.len(), "tick {tick}, user {user}");
            for record in &snapshot.objects {
                let object = record.definition.id;
                let seen = here.objects.get(&object).map(|seen| seen.transform);
                assert_eq!(
                    seen,
                    Some(record.definition.transform),
                    "tick {tick}, {user}"
                );
            }
            assert!(
                here.without_users() == there.without_users(),
                "tick {tick}, user {user}"
            );
        }
    }

    fn run(&mut self, with_places: bool) {
        for tick in 0..TICKS {
            self.come_and_go();
            self.walk();
            self.edit();
            self.tick();
            self.compare(tick, 8, with_places);
        }
        for _ in 0..CALM {
            self.tick();
        }
        self.compare(TICKS + CALM, 1, true);
        assert_eq!(self.stage.world.snapshot(), self.replica.snapshot());
        let seen = &self.inhabitants[&OWNER].seen_there.picture;
        assert!(seen.users.len() > 10, "users: {}", seen.users.len());
        assert!(seen.objects.len() > 10, "objects: {}", seen.objects.len());
        assert!(!seen.attributes.is_empty(), "attributes were changed");
    }
}

/// An object that was created by an edit.
fn systems_object(created: Umid, parent: Umid, number: i32) -> components::ObjectState {
    let mut state = object(created, parent);
    state.transform = Some(transform(number as f32));
    let name = json!({ "name": format!("new {number}") });
    state.attributes.push(attribute("name", name));
    state
}

/// Everybody is near everybody: both worlds show each move in the tick in which it happens.
fn small_world(seed: u64) {
    Pair::new(seed, InterestOptions::default()).run(true);
}

/// Far users are told in rounds that depend on handles, which each world assigns by itself: places
/// agree once all stand still.
fn wide_world(seed: u64) {
    let interest = InterestOptions {
        cell: 16.0,
        all_near: 2,
        ..InterestOptions::default()
    };
    Pair::new(seed, interest).run(false);
}

#[test]
fn a_replica_shows_the_same_world_seed_1() {
    small_world(1);
    wide_world(1);
}

#[test]
fn a_replica_shows_the_same_world_seed_2() {
    small_world(2);
    wide_world(2);
}

#[test]
fn a_replica_shows_the_same_world_seed_3() {
    small_world(3);
    wide_world(3);
}

#[test]
fn a_gap_between_frames_is_refused_and_changes_nothing() {
    let mut stage = WorldBuilder::default().open();
    stage.settle([ANN]);
    let mut replica = Replica::new(
        sent(&stage.world.snapshot()),
        WorldOptions::default(),
        Arc::default(),
    );
    let before = replica.snapshot();
    stage.tick();
    stage.tick();
    let frame = sent(&stage.world.frame());
    let gap = FrameGap {
        expected: 2,
        found: 3,
    };
    assert_eq!(replica.apply(frame), Err(gap));
    assert_eq!(replica.snapshot(), before);
}
