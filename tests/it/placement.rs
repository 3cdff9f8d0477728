//! Children that their parent's rules place, as clients see them (docs/spec/model.md §4.4).

use posbus::{AddObjects, Message, ObjectTransform, RemoveObjects, Umid, Vec3};
use serde_json::json;

use crate::support::{Api, CANVAS, CANVAS_CHILD, Client, Options, Server, WELCOME, at, id};

/// Half of what positions are rounded to.
const TOLERANCE: f64 = 0.06;

/// Place of the i-th child of the canvas at (10, 5, -20): on a coil of 7.2 degrees a step, 100
/// wide at first, growing by 50 and rising by 15 a turn.
fn on_helix(i: u8) -> (f64, f64, f64) {
    let (i, step) = (f64::from(i), 7.2_f64);
    let turns = i * step / 360.0;
    let radius = 100.0 + 50.0 * turns;
    let angle = std::f64::consts::FRAC_PI_2 + (i * step).to_radians();
    (
        10.0 + radius * angle.cos(),
        5.0 + 10.0 + 15.0 * turns,
        -20.0 + radius * angle.sin(),
    )
}

fn is_at(place: Vec3, (x, y, z): (f64, f64, f64)) -> bool {
    let near = |a: f32, b: f64| (f64::from(a) - b).abs() < TOLERANCE;
    near(place.x, x) && near(place.y, y) && near(place.z, z)
}

async fn canvas(owner: &Api) -> Umid {
    let canvas = json!({"object_name": "Canvas", "parent_id": WELCOME, "object_type_id": CANVAS,
        "transform": at(10.0, 5.0, -20.0)});
    id(&owner.post("/objects", canvas).await.ok(201), "object_id")
}

/// Waits until the client is told of a new object, and says where.
async fn appears(client: &mut Client, object: Umid) -> Vec3 {
    let list = client
        .expect("the object", |list: &AddObjects| {
            list.objects.iter().any(|new| new.id == object)
        })
        .await;
    list.objects[0].transform.position
}

fn moves(heard: &[Message]) -> Vec<(Umid, Vec3)> {
    let moved = heard.iter().filter_map(|message| match message {
        Message::ObjectTransform(moved) => Some((moved.id, moved.object_transform.position)),
        _ => None,
    });
    moved.collect()
}

#[tokio::test]
async fn children_of_a_canvas_stand_on_a_helix_in_order_of_creation() {
    let mut server = Server::start(Options::default());
    let owner = Api::owner(&mut server).await;
    let canvas = canvas(&owner).await;
    let mut watcher = Client::guest(&server).await;
    let mut children = Vec::new();
    for number in 0..4 {
        let child = owner.create_of(canvas, CANVAS_CHILD, "Child").await;
        let place = appears(&mut watcher, child).await;
        assert!(is_at(place, on_helix(number)), "{number}: {place:?}");
        children.push(child);
        let heard = watcher.settle().await;
        assert_eq!(moves(&heard), [], "who came before stays");
    }
    // A child that goes makes room: those after it move up, and everybody is told.
    owner
        .delete(&format!("/objects/{}", children[1]))
        .await
        .ok(200);
    watcher
        .expect("the removal", |list: &RemoveObjects| {
            list.objects == [children[1]]
        })
        .await;
    for (child, number) in [(children[2], 1), (children[3], 2)] {
        let moved = watcher
            .expect("a move", |moved: &ObjectTransform| moved.id == child)
            .await;
        let place = moved.object_transform.position;
        assert!(is_at(place, on_helix(number)), "{number}: {place:?}");
    }
    let heard = watcher.settle().await;
    assert_eq!(moves(&heard), [], "the first one stays");
    // The places are those of the rules, at every start.
    server.stop();
    server.start_again();
    let late = owner.at(&server);
    let snapshot = Client::connect(&server, &late).await.enter(WELCOME).await;
    for (child, number) in [(children[0], 0), (children[2], 1), (children[3], 2)] {
        let place = snapshot.object(child).expect("is there").transform.position;
        assert!(is_at(place, on_helix(number)), "{number}: {place:?}");
    }
}

#[tokio::test]
async fn on_a_circle_all_make_room_for_each_other() {
    let mut server = Server::start(Options::default());
    let owner = Api::owner(&mut server).await;
    let canvas = canvas(&owner).await;
    let rule = json!({"00000000-0000-0000-0000-000000000000": {"algo": "circular", "options": {"R": 10, "angle": 0}}});
    let options = json!({"options": {"child_placement": rule}});
    let path = format!("/objects/{canvas}/options");
    owner.post(&path, options).await.ok(202);
    let first = owner.create_of(canvas, CANVAS_CHILD, "First").await;
    let second = owner.create_of(canvas, CANVAS_CHILD, "Second").await;
    let mut watcher = Client::guest(&server).await;
    let third = owner.create_of(canvas, CANVAS_CHILD, "Third").await;
    // Three in thirds of a circle, from -90 degrees on; the first one is there already.
    let places = [0.0_f64, 120.0, 240.0].map(|angle| {
        let angle = (angle - 90.0).to_radians();
        (10.0 + 10.0 * angle.cos(), 15.0, -20.0 + 10.0 * angle.sin())
    });
    let moved = watcher
        .expect("a move", |moved: &ObjectTransform| moved.id == second)
        .await;
    assert!(is_at(moved.object_transform.position, places[1]));
    assert!(is_at(appears(&mut watcher, third).await, places[2]));
    let read = owner.get(&format!("/objects/{first}")).await.ok(200);
    let place = &read["transform"]["position"];
    assert!((place["z"].as_f64().expect("a number") - places[0].2).abs() < TOLERANCE);
    // Without rules they stand where they will after the next load.
    let options = json!({"options": {"child_placement": {}}});
    owner.post(&path, options).await.ok(202);
    let effective = format!("{path}?effective=true");
    let rules = owner.get(&effective).await.ok(200)["child_placement"].clone();
    assert!(
        rules.as_object().is_some_and(|rules| !rules.is_empty()),
        "those of the type"
    );
}

/// The live view is what will be loaded: a parent that is let go somewhere else takes those along
/// whom its rules place.
#[tokio::test]
async fn children_follow_a_parent_that_is_let_go() {
    let mut server = Server::start(Options::default());
    let owner = Api::owner(&mut server).await;
    let canvas = canvas(&owner).await;
    let children = [
        owner.create_of(canvas, CANVAS_CHILD, "First").await,
        owner.create_of(canvas, CANVAS_CHILD, "Second").await,
    ];
    let mut editor = Client::join(&server, &owner).await;
    drag(&mut editor, canvas, 110.0).await;
    for (child, number) in [(children[0], 0), (children[1], 1)] {
        let moved = editor
            .expect("a move", |moved: &ObjectTransform| moved.id == child)
            .await;
        let (x, y, z) = on_helix(number);
        let place = moved.object_transform.position;
        assert!(is_at(place, (x + 100.0, y, z)), "{number}: {place:?}");
    }
    // One that is put somewhere else itself leaves its place to the next.
    drag(&mut editor, children[0], -500.0).await;
    let moved = editor
        .expect("a move", |moved: &ObjectTransform| moved.id == children[1])
        .await;
    let (x, y, z) = on_helix(0);
    assert!(is_at(moved.object_transform.position, (x + 100.0, y, z)));
}

/// Locks an object, moves it along the x axis and lets it go.
async fn drag(editor: &mut Client, object: Umid, x: f32) {
    editor.send(posbus::LockObject { id: object }).await;
    let locked = |lock: &posbus::LockObjectResponse| lock.id == object && lock.result == 1;
    editor.expect("the lock", locked).await;
    editor
        .send(ObjectTransform {
            id: object,
            object_transform: at(x, 5.0, -20.0),
        })
        .await;
    editor.send(posbus::UnlockObject { id: object }).await;
}

/// Descendants go with what they stand on, at once: the answer to the deletion comes after.
#[tokio::test]
async fn nothing_is_left_of_a_deleted_tree() {
    let mut server = Server::start(Options::default());
    let owner = Api::owner(&mut server).await;
    let canvas = canvas(&owner).await;
    let child = owner.create_of(canvas, CANVAS_CHILD, "Child").await;
    owner
        .set(child, "texture", json!({"render_hash": "01"}))
        .await
        .ok(202);
    let mut holder = Client::join(&server, &owner).await;
    holder.send(posbus::LockObject { id: child }).await;
    holder
        .expect("the lock", |lock: &posbus::LockObjectResponse| {
            lock.result == 1
        })
        .await;
    owner.delete(&format!("/objects/{canvas}")).await.ok(200);
    owner
        .get(&format!("/objects/{child}"))
        .await
        .refused(404, "object_not_found");
    owner
        .attribute(child, "texture")
        .await
        .refused(404, "object_not_found");
    let new = json!({"object_name": "x", "parent_id": child, "object_type_id": CANVAS_CHILD});
    owner
        .post("/objects", new)
        .await
        .refused(404, "object_not_found");
    // Neither a lock nor a ghost stays.
    holder.settle().await;
    holder.send(posbus::LockObject { id: child }).await;
    let refused = holder
        .expect("an answer", |lock: &posbus::LockObjectResponse| {
            lock.id == child
        })
        .await;
    assert_eq!((refused.result, refused.lock_owner), (0, Umid::nil()));
    // An object that could not be made is not there either.
    let tree = format!("/objects/{WELCOME}/tree?max_depth=1");
    let before = owner.get(&tree).await.ok(200)["total_direct_children"].clone();
    let ghost = json!({"object_name": "Ghost", "parent_id": WELCOME, "object_type_id": CANVAS,
        "asset_3d_id": Umid::now_v7()});
    owner
        .post("/objects", ghost)
        .await
        .refused(400, "invalid_asset_3d_id");
    assert_eq!(
        owner.get(&tree).await.ok(200)["total_direct_children"],
        before
    );
    let heard = holder.settle().await;
    assert!(
        !heard
            .iter()
            .any(|message| matches!(message, Message::AddObjects(_)))
    );
}

/// Taking away what is not there is as good as done.
#[tokio::test]
async fn an_absent_asset_can_be_cleared() {
    let mut server = Server::start(Options::default());
    let owner = Api::owner(&mut server).await;
    let object = owner.create(WELCOME, "Stall", at(0.0, 0.0, 0.0)).await;
    let path = format!("/objects/{object}");
    for _ in 0..2 {
        let edit = json!({"asset_2d_id": "", "asset_3d_id": ""});
        owner.patch(&path, edit).await.ok(200);
    }
    let read = owner.get(&path).await.ok(200);
    assert_eq!(
        (&read["asset_2d_id"], &read["asset_3d_id"]),
        (&json!(""), &json!(""))
    );
}

#[tokio::test]
async fn an_unknown_parent_is_not_found() {
    let mut server = Server::start(Options::default());
    let owner = Api::owner(&mut server).await;
    let guest = Api::guest(&server).await;
    for api in [&owner, &guest] {
        let answer = api.try_create(Umid::now_v7(), "x", at(0.0, 0.0, 0.0)).await;
        answer.refused(404, "object_not_found");
    }
}
