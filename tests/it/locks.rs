//! Edit locks: the table of docs/spec/posbus.md §5.5, and dragging.

use posbus::{
    LockObject, LockObjectResponse, Message, ObjectTransform, RemoveUsers, Transform, Umid,
    UnlockObject, Vec3,
};
use serde_json::json;

use crate::support::{Api, Client, Options, PLAZA, Server, WELCOME, at};

/// Two admins and somebody who is none, in the welcome world.
struct Scene {
    server: Server,
    owner: Api,
    admin: Client,
    second: Client,
    guest: Client,
}

impl Scene {
    async fn new() -> Scene {
        let mut server = Server::start(Options::default());
        let owner = Api::owner(&mut server).await;
        let second = Api::user(&server, 2).await;
        let member = json!({"role": "admin", "user_id": second.user});
        owner
            .post(&format!("/objects/{WELCOME}/members"), member)
            .await
            .ok(200);
        Scene {
            admin: Client::join(&server, &owner).await,
            second: Client::join(&server, &second).await,
            guest: Client::guest(&server).await,
            owner,
            server,
        }
    }

    /// Everybody, one after the other.
    fn everybody(&mut self) -> [&mut Client; 3] {
        [&mut self.admin, &mut self.second, &mut self.guest]
    }

    /// Checks that everybody heard this about an object, and nothing else about locks.
    async fn all_hear(&mut self, response: LockObjectResponse) {
        for client in self.everybody() {
            assert_eq!(answers(client, 1).await, [response]);
        }
    }

    /// Checks that nobody hears anything more about locks or transforms.
    async fn silence(&mut self) {
        for client in self.everybody() {
            client.settle().await;
        }
        for client in self.everybody() {
            let told = client.settle().await;
            let heard = told.iter().find(|message| {
                matches!(
                    message,
                    Message::LockObjectResponse(_) | Message::ObjectTransform(_)
                )
            });
            assert_eq!(heard, None);
        }
    }
}

/// The next answers about locks.
async fn answers(client: &mut Client, number: usize) -> Vec<LockObjectResponse> {
    let mut found = Vec::new();
    while found.len() < number {
        found.push(
            client
                .expect("an answer about a lock", |_: &LockObjectResponse| true)
                .await,
        );
    }
    found
}

fn response(id: Umid, result: u32, lock_owner: Umid) -> LockObjectResponse {
    LockObjectResponse {
        id,
        result,
        lock_owner,
    }
}

async fn drag(client: &mut Client, id: Umid, object_transform: Transform) {
    client
        .send(ObjectTransform {
            id,
            object_transform,
        })
        .await;
}

#[tokio::test]
async fn every_lock_request_is_answered_by_the_lock_table() {
    let mut scene = Scene::new().await;
    let admin = scene.admin.user;
    let nobody = Umid::nil();

    // Lock, was free: the world hears it.
    scene.admin.send(LockObject { id: PLAZA }).await;
    scene.all_hear(response(PLAZA, 1, admin)).await;
    // Lock, held: the sender hears by whom, be it the holder, another admin or somebody without
    // rights.
    for client in scene.everybody() {
        client.send(LockObject { id: PLAZA }).await;
        assert_eq!(answers(client, 1).await, [response(PLAZA, 0, admin)]);
    }
    // Unlock by somebody else.
    for client in [&mut scene.second, &mut scene.guest] {
        client.send(UnlockObject { id: PLAZA }).await;
        assert_eq!(answers(client, 1).await, [response(PLAZA, 0, admin)]);
    }
    scene.silence().await;
    // Unlock by the holder: the world hears it.
    scene.admin.send(UnlockObject { id: PLAZA }).await;
    scene.all_hear(response(PLAZA, 1, nobody)).await;
    // Unlock of what nobody holds.
    scene.admin.send(UnlockObject { id: PLAZA }).await;
    assert_eq!(
        answers(&mut scene.admin, 1).await,
        [response(PLAZA, 0, nobody)]
    );
    // Lock by somebody without rights, and of what is not in this world: refused, but answered
    // (w38).
    scene.guest.send(LockObject { id: PLAZA }).await;
    assert_eq!(
        answers(&mut scene.guest, 1).await,
        [response(PLAZA, 0, nobody)]
    );
    let elsewhere = Umid::now_v7();
    scene.admin.send(LockObject { id: elsewhere }).await;
    assert_eq!(
        answers(&mut scene.admin, 1).await,
        [response(elsewhere, 0, nobody)]
    );
    scene.silence().await;
}

#[tokio::test]
async fn an_admin_locks_drags_and_unlocks_and_all_see_it() {
    let mut scene = Scene::new().await;
    let admin = scene.admin.user;
    scene.admin.send(LockObject { id: PLAZA }).await;
    scene.all_hear(response(PLAZA, 1, admin)).await;
    for step in 1..=3 {
        let to = Transform {
            position: Vec3::new(step as f32, 2.5, -3.0),
            rotation: Vec3::new(0.0, 0.5, 0.0),
            scale: Vec3::new(1.0, 2.0, 3.0),
        };
        drag(&mut scene.admin, PLAZA, to).await;
        for client in scene.everybody() {
            client
                .expect("the drag", |moved: &ObjectTransform| {
                    moved.id == PLAZA && moved.object_transform == to
                })
                .await;
        }
    }
    let seen = scene.owner.get(&format!("/objects/{PLAZA}")).await.ok(200);
    assert_eq!(seen["transform"]["position"]["x"], 3.0, "{seen}");
    // The last move and the unlock in one breath.
    let last = at(4.0, 4.0, 4.0);
    drag(&mut scene.admin, PLAZA, last).await;
    scene.admin.send(UnlockObject { id: PLAZA }).await;
    for client in scene.everybody() {
        let about: Vec<_> = {
            client
                .expect("the unlock", |lock: &LockObjectResponse| {
                    *lock == response(PLAZA, 1, Umid::nil())
                })
                .await;
            client.heard().cloned().collect()
        };
        let told = about.iter().any(|message| match message {
            Message::ObjectTransform(moved) => moved.object_transform == last,
            _ => false,
        });
        assert!(told, "the last move is told before the unlock: {about:?}");
    }
    // A user who enters later finds it there.
    let mut late = Client::connect(&scene.server, &Api::guest(&scene.server).await).await;
    let snapshot = late.enter(WELCOME).await;
    assert_eq!(
        snapshot.object(PLAZA).map(|plaza| plaza.transform),
        Some(last)
    );
}

#[tokio::test]
async fn without_the_lock_nothing_moves() {
    let mut scene = Scene::new().await;
    let admin = scene.admin.user;
    let before = scene.owner.get(&format!("/objects/{PLAZA}")).await.ok(200);
    let to = at(1.0, 2.0, 3.0);
    for client in scene.everybody() {
        drag(client, PLAZA, to).await;
    }
    scene.silence().await;
    scene.admin.send(LockObject { id: PLAZA }).await;
    scene.all_hear(response(PLAZA, 1, admin)).await;
    for client in [&mut scene.second, &mut scene.guest] {
        drag(client, PLAZA, to).await;
    }
    drag(&mut scene.admin, PLAZA, at(f32::NAN, 0.0, 0.0)).await;
    scene.silence().await;
    let after = scene.owner.get(&format!("/objects/{PLAZA}")).await.ok(200);
    assert_eq!(before, after);
}

#[tokio::test]
async fn leaving_releases_all_locks() {
    let mut scene = Scene::new().await;
    let admin = scene.admin.user;
    let other = scene
        .owner
        .create(WELCOME, "Other", at(0.0, 0.0, 0.0))
        .await;
    for id in [PLAZA, other] {
        scene.admin.send(LockObject { id }).await;
        scene.all_hear(response(id, 1, admin)).await;
    }
    scene.admin.leave().await;
    for client in [&mut scene.second, &mut scene.guest] {
        let mut released = answers(client, 2).await;
        released.sort_by_key(|lock| lock.id);
        let mut expected = [
            response(PLAZA, 0, Umid::nil()),
            response(other, 0, Umid::nil()),
        ];
        expected.sort_by_key(|lock| lock.id);
        assert_eq!(released, expected);
        client
            .expect("the leave", |list: &RemoveUsers| {
                list.users.contains(&admin)
            })
            .await;
    }
    // Cut off is as good as leaving.
    let second = scene.second.user;
    scene.second.send(LockObject { id: PLAZA }).await;
    assert_eq!(
        answers(&mut scene.guest, 1).await,
        [response(PLAZA, 1, second)]
    );
    drop(scene.second);
    assert_eq!(
        answers(&mut scene.guest, 1).await,
        [response(PLAZA, 0, Umid::nil())]
    );
}

#[tokio::test]
async fn losing_the_right_loses_the_lock() {
    let mut scene = Scene::new().await;
    let second = scene.second.user;
    scene.second.send(LockObject { id: PLAZA }).await;
    scene.all_hear(response(PLAZA, 1, second)).await;
    let member = format!("/objects/{WELCOME}/members/{second}");
    scene.owner.delete(&member).await.ok(200);
    scene.all_hear(response(PLAZA, 0, Umid::nil())).await;
    drag(&mut scene.second, PLAZA, at(1.0, 1.0, 1.0)).await;
    scene.second.send(LockObject { id: PLAZA }).await;
    assert_eq!(
        answers(&mut scene.second, 1).await,
        [response(PLAZA, 0, Umid::nil())]
    );
    scene.silence().await;
}

/// The object goes while somebody holds it.
#[tokio::test]
async fn deleted_objects_are_unlocked() {
    let mut scene = Scene::new().await;
    let object = scene
        .owner
        .create(WELCOME, "Short-lived", at(0.0, 0.0, 0.0))
        .await;
    scene.admin.send(LockObject { id: object }).await;
    scene.all_hear(response(object, 1, scene.admin.user)).await;
    scene
        .owner
        .delete(&format!("/objects/{object}"))
        .await
        .ok(200);
    drag(&mut scene.admin, object, at(1.0, 1.0, 1.0)).await;
    scene.admin.send(UnlockObject { id: object }).await;
    assert_eq!(
        answers(&mut scene.admin, 1).await,
        [response(object, 0, Umid::nil())]
    );
    scene.admin.leave().await;
    let told = scene.guest.settle().await;
    let locks = told
        .iter()
        .filter(|message| matches!(message, Message::LockObjectResponse(_)));
    assert_eq!(locks.count(), 0, "{told:?}");
}
