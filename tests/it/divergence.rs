//! The world shows what is stored.

use std::collections::BTreeMap;

use posbus::Umid;
use serde_json::json;
use tokio::{
    io::AsyncWriteExt,
    net::TcpStream,
    time::{Instant, sleep_until},
};

use crate::support::{Api, CUSTOM_OBJECT, Client, DEADLINE, Options, Server, at};

/// Requests whose sender does not wait for the answer.
const REQUESTS: usize = 60;
/// Interval of the question whether all of them have been dealt with.
const POLL: std::time::Duration = std::time::Duration::from_millis(50);

/// Names of the objects below a world, as stored.
async fn stored(owner: &Api, world: Umid) -> BTreeMap<Umid, String> {
    let tree = owner.get(&format!("/objects/{world}/tree")).await.ok(200);
    let children = tree["children"].as_object().expect("children");
    let name = |node: &serde_json::Value| node["name"].as_str().unwrap_or_default().to_owned();
    let entry = |(id, node): (&String, _)| (id.parse().expect("an id"), name(node));
    children.iter().map(entry).collect()
}

/// Names of the objects below a world, as a newcomer sees them.
async fn shown(client: &mut Client, world: Umid) -> BTreeMap<Umid, String> {
    let snapshot = client.enter(world).await;
    let objects = snapshot.objects.into_iter();
    let below = objects.filter(|object| object.parent_id == world);
    below.map(|object| (object.id, object.name)).collect()
}

#[tokio::test]
async fn an_edit_whose_sender_leaves_happens_whole_or_not_at_all() {
    let mut server = Server::start(Options::default().unlimited());
    let owner = Api::owner(&mut server).await;
    let world = owner.create_world("Second").await;
    let keep = owner.create(world, "Keep", at(0.0, 0.0, 0.0)).await;
    let mut client = Client::connect(&server, &owner).await;
    client.enter(world).await;
    for number in 0..REQUESTS {
        let object = json!({"object_name": format!("Thing {number}"), "parent_id": world,
                            "object_type_id": CUSTOM_OBJECT});
        let rename = json!({"object_name": format!("Keep {number}")});
        let (method, path, body) = match number % 2 {
            0 => ("POST", "/objects".to_owned(), object.to_string()),
            _ => ("PATCH", format!("/objects/{keep}"), rename.to_string()),
        };
        let request = format!(
            "{method} /api/v4{path} HTTP/1.1\r\nHost: here\r\nAuthorization: Bearer {}\r\nContent-Length: {}\r\n\r\n{body}",
            owner.token,
            body.len(),
        );
        let mut stream = TcpStream::connect(server.address()).await.expect("accepts");
        stream.write_all(request.as_bytes()).await.expect("is open");
        // Some are gone at once, some while the request is being dealt with.
        if number % 3 == 0 {
            owner.get(&format!("/objects/{keep}")).await.ok(200);
        }
    }
    let last = format!("Keep {}", REQUESTS - 1);
    owner
        .patch(&format!("/objects/{keep}"), json!({"object_name": last}))
        .await
        .ok(200);
    let end = Instant::now() + DEADLINE;
    loop {
        let (stored, shown) = (stored(&owner, world).await, shown(&mut client, world).await);
        if stored == shown {
            break;
        }
        assert!(Instant::now() < end, "stored: {stored:?}\nshown: {shown:?}");
        sleep_until(Instant::now() + POLL).await;
    }
    server.kill();
    server.start_again();
    let owner = owner.at(&server);
    let mut client = Client::connect(&server, &owner).await;
    assert_eq!(stored(&owner, world).await, shown(&mut client, world).await);
}
