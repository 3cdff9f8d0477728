//! Receivers of a change of an attribute: the matrix of docs/spec/posbus.md §5.6 with its new
//! rules, over real sockets. Each is told once, whichever scopes name them, and only if they may
//! read it (W21).

use std::collections::HashMap;

use posbus::{AttributeValueChanged, Message, Umid};
use serde_json::{Value, json};

use crate::support::{Api, CORE, Client, Options, PLAZA, Server, WELCOME, Whose, node_id};

/// Somebody who listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Ear {
    /// Has attributes.
    Ann,
    /// Ann has attributes about him.
    Bob,
    /// A guest in the same world.
    Eve,
    /// Owner of the node, in the same world.
    Admin,
    /// A guest in another world.
    Zoe,
}
use Ear::{Admin, Ann, Bob, Eve, Zoe};

struct Scene {
    _server: Server,
    apis: HashMap<Ear, Api>,
    clients: HashMap<Ear, Client>,
    node: Umid,
}

impl Scene {
    /// Bob is in the world of the others, or in Zoe's.
    async fn set(bob_elsewhere: bool) -> Scene {
        let mut server = Server::start(Options::default().unlimited());
        let admin = Api::owner(&mut server).await;
        let elsewhere = admin.create_world("Elsewhere").await;
        let node = node_id(&admin).await;
        let mut apis = HashMap::from([(Admin, admin)]);
        for ear in [Ann, Bob, Eve, Zoe] {
            apis.insert(ear, Api::guest(&server).await);
        }
        let mut clients = HashMap::new();
        for (ear, api) in &apis {
            let mut client = Client::connect(&server, api).await;
            let away = *ear == Zoe || (*ear == Bob && bob_elsewhere);
            client.enter(if away { elsewhere } else { WELCOME }).await;
            clients.insert(*ear, client);
        }
        let mut scene = Scene {
            _server: server,
            apis,
            clients,
            node,
        };
        scene.hear().await;
        scene
    }

    fn user(&self, ear: Ear) -> Umid {
        self.apis[&ear].user
    }

    /// Attribute changes that everybody was told since they were last asked.
    async fn hear(&mut self) -> Vec<(Ear, AttributeValueChanged)> {
        let mut heard = Vec::new();
        for (ear, client) in &mut self.clients {
            let messages = client.settle().await.into_iter();
            heard.extend(messages.filter_map(|message| match message {
                Message::AttributeValueChanged(change) => Some((*ear, change)),
                _ => None,
            }));
        }
        heard.sort_by_key(|(ear, _)| *ear);
        heard
    }

    fn whose(&self, kind: Kind) -> (Whose, Umid) {
        let (ann, bob) = (self.user(Ann), self.user(Bob));
        match kind {
            Kind::World => (Whose::Object(WELCOME), WELCOME),
            Kind::Object => (Whose::Object(PLAZA), PLAZA),
            Kind::ObjectUser => (Whose::ObjectUser(PLAZA, ann), PLAZA),
            Kind::NodeUser => (Whose::ObjectUser(self.node, ann), self.node),
            Kind::Node => (Whose::Node, self.node),
            Kind::NodeObject => (Whose::Object(self.node), self.node),
            Kind::User => (Whose::User(ann), ann),
            Kind::UserUser => (Whose::UserUser(ann, bob), bob),
        }
    }

    /// Writers: Ann of what is hers, the admin of the rest.
    fn writer(&self, kind: Kind) -> Api {
        let writer = match kind {
            Kind::ObjectUser | Kind::NodeUser | Kind::User | Kind::UserUser => Ann,
            Kind::World | Kind::Object | Kind::Node | Kind::NodeObject => Admin,
        };
        self.apis[&writer].clone()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    World,
    /// One that is no world.
    Object,
    /// Ann's in that object.
    ObjectUser,
    /// Ann's in the node.
    NodeUser,
    /// Of the node, which is in no world.
    Node,
    NodeObject,
    /// Ann's.
    User,
    /// Ann's about Bob.
    UserUser,
}

const HERE: &[Ear] = &[Ann, Bob, Eve, Admin];

/// Kind, attribute, who is told. The scopes are those of the seed: `shaders` world, `soundtrack`
/// object, `vote` user and object, `skybox_ai` user, where only admins and its owner may read;
/// `emoji` none.
const MATRIX: &[(Kind, &str, &[Ear])] = &[
    (Kind::World, "emoji", &[]),
    (Kind::World, "shaders", HERE),
    (Kind::World, "soundtrack", HERE),
    (Kind::World, "vote", HERE),
    (Kind::World, "skybox_ai", &[]),
    (Kind::Object, "shaders", HERE),
    (Kind::Object, "soundtrack", HERE),
    (Kind::Object, "vote", HERE),
    (Kind::Object, "skybox_ai", &[]),
    (Kind::ObjectUser, "emoji", &[]),
    (Kind::ObjectUser, "shaders", HERE),
    (Kind::ObjectUser, "VoiceChatUser", HERE),
    (Kind::ObjectUser, "vote", HERE),
    (Kind::ObjectUser, "skybox_ai", &[Ann]),
    (Kind::NodeUser, "shaders", &[]),
    (Kind::NodeUser, "soundtrack", &[]),
    (Kind::NodeUser, "vote", &[Ann]),
    (Kind::NodeUser, "skybox_ai", &[Ann]),
    (Kind::Node, "shaders", &[]),
    (Kind::Node, "vote", &[]),
    (Kind::NodeObject, "shaders", &[]),
    (Kind::NodeObject, "vote", &[]),
    (Kind::User, "emoji", &[]),
    (Kind::User, "shaders", HERE),
    (Kind::User, "soundtrack", &[]),
    (Kind::User, "vote", &[Ann]),
    (Kind::User, "skybox_ai", &[Ann]),
    (Kind::UserUser, "emoji", &[]),
    (Kind::UserUser, "shaders", HERE),
    (Kind::UserUser, "soundtrack", &[]),
    (Kind::UserUser, "vote", &[Ann, Bob]),
    (Kind::UserUser, "skybox_ai", &[Ann]),
];

/// F1: scope `object` and `user` reach those whom they name on any object, not on worlds alone.
#[tokio::test]
async fn a_change_is_sent_once_to_its_audience() {
    let mut scene = Scene::set(false).await;
    for (kind, attribute, expected) in MATRIX {
        let row = format!("{attribute} of {kind:?}");
        let (whose, target) = scene.whose(*kind);
        let writer = scene.writer(*kind);
        let written = match kind {
            Kind::Node => writer.write_of(whose, attribute, json!({"n": 1})).await,
            _ => writer.write_key(whose, attribute, "n", json!(1)).await,
        };
        assert_eq!(written.status, 202, "{row}: {written:?}");
        let change = |change_type: &str, value: Value| AttributeValueChanged {
            plugin_id: CORE.parse().expect("an id"),
            attribute_name: (*attribute).to_owned(),
            change_type: change_type.to_owned(),
            value: value.as_object().cloned(),
            target_id: target,
        };
        let told = |change: AttributeValueChanged| {
            let mut ears: Vec<Ear> = expected.to_vec();
            ears.sort_unstable();
            let all = ears.into_iter().map(move |ear| (ear, change.clone()));
            all.collect::<Vec<_>>()
        };
        let changed = change(AttributeValueChanged::CHANGED, json!({"n": 1.0}));
        assert_eq!(scene.hear().await, told(changed), "{row}");
        if *kind == Kind::UserUser {
            continue;
        }
        // Gone is told with no value, and once.
        writer.remove_of(whose, attribute).await.ok(200);
        let removed = change(AttributeValueChanged::REMOVED, Value::Null);
        assert_eq!(scene.hear().await, told(removed), "{row} removed");
        writer.remove_of(whose, attribute).await.ok(200);
        assert_eq!(scene.hear().await, [], "{row}: there was none");
    }
}

/// P7: who is told goes by where the users are, not by which worlds there are.
#[tokio::test]
async fn changes_reach_users_in_different_worlds() {
    let mut scene = Scene::set(true).await;
    for (kind, attribute, expected) in [
        (Kind::User, "shaders", &[Ann, Eve, Admin] as &[Ear]),
        (Kind::User, "vote", &[Ann]),
        (Kind::UserUser, "shaders", &[Ann, Eve, Admin]),
        (Kind::UserUser, "vote", &[Ann, Bob]),
        (Kind::UserUser, "skybox_ai", &[Ann]),
    ] {
        let (whose, target) = scene.whose(kind);
        let writer = scene.writer(kind);
        writer
            .write_key(whose, attribute, "n", json!(1))
            .await
            .ok(202);
        let heard = scene.hear().await;
        let ears: Vec<Ear> = heard.iter().map(|(ear, _)| *ear).collect();
        assert_eq!(ears, expected, "{attribute} of {kind:?}");
        assert!(heard.iter().all(|(_, change)| change.target_id == target));
    }
    // Ann goes where Zoe is; so does what is told of her.
    let (whose, _) = scene.whose(Kind::User);
    let elsewhere: Umid = {
        let worlds = scene.apis[&Admin].get("/worlds").await.ok(200);
        let mut worlds = worlds.as_array().expect("a list").iter();
        let other = worlds.find(|world| world["name"] == "Elsewhere");
        let id = other.expect("was created")["id"].as_str();
        id.and_then(|id| id.parse().ok()).expect("an id")
    };
    let ann = scene.clients.get_mut(&Ann).expect("is connected");
    ann.enter(elsewhere).await;
    scene.hear().await;
    let written = scene.apis[&Ann].write_key(whose, "shaders", "n", json!(2));
    written.await.ok(202);
    let ears: Vec<Ear> = scene.hear().await.into_iter().map(|(ear, _)| ear).collect();
    assert_eq!(ears, [Ann, Bob, Zoe]);
}

/// R3: nobody hears an old value after a new one.
#[tokio::test]
async fn changes_are_sent_in_the_order_in_which_they_are_stored() {
    const WRITES: u64 = 30;
    let mut scene = Scene::set(false).await;
    let ann = scene.apis[&Ann].clone();
    let admin = scene.apis[&Admin].clone();
    for whose in [
        Whose::Object(PLAZA),
        Whose::ObjectUser(PLAZA, ann.user),
        Whose::User(ann.user),
    ] {
        // Two write at once, each its own key with rising numbers.
        let write = async |api: &Api, key: &str| {
            for number in 1..=WRITES {
                api.write_key(whose, "shaders", key, json!(number))
                    .await
                    .ok(202);
            }
        };
        let second = if matches!(whose, Whose::Object(_)) {
            &admin
        } else {
            &ann
        };
        tokio::join!(write(second, "a"), write(second, "b"));
        let stored = second.read_of(whose, "shaders").await.ok(200);
        assert_eq!(stored, json!({"a": WRITES, "b": WRITES}));
        let mut states: HashMap<Ear, Vec<(u64, u64)>> = HashMap::new();
        for (ear, change) in scene.hear().await {
            let value = change.value.expect("a value");
            let number = |key: &str| value.get(key).and_then(Value::as_f64).unwrap_or(0.0) as u64;
            states
                .entry(ear)
                .or_default()
                .push((number("a"), number("b")));
        }
        assert_eq!(states.len(), HERE.len(), "{whose:?}");
        for (ear, states) in states {
            assert_eq!(states.len() as u64, 2 * WRITES, "{whose:?} {ear:?}");
            let in_order = states.is_sorted_by(|one, next| one.0 <= next.0 && one.1 <= next.1);
            assert!(in_order, "{whose:?} {ear:?}: {states:?}");
        }
    }
}
