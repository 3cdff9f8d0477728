//! Somebody who stops reading (docs/spec/posbus.md §6; docs/regressions.md W12, C19).

use posbus::{RemoveUsers, UsersTransformList};
use serde_json::json;

use crate::support::{Api, Client, Options, Server, WELCOME};

/// Size of one value: below what one frame holds.
const VALUE: usize = 28_000;
/// Changes at most. What the operating system buffers for a connection is far below their size.
const CHANGES: usize = 1_500;
/// Changes between two looks at who is there.
const BATCH: usize = 50;

#[tokio::test]
async fn a_client_that_does_not_read_slows_nobody_and_is_closed() {
    let mut server = Server::start(Options::default().unlimited().without_grace());
    let owner = Api::owner(&mut server).await;
    let mut one = Client::guest(&server).await;
    let mut two = Client::guest(&server).await;
    // From here on nobody reads this one.
    let slow = Client::guest(&server).await;
    let gone = |list: &RemoveUsers| list.users.contains(&slow.user);

    let value = "x".repeat(VALUE);
    let mut sent = 0;
    while !two
        .heard()
        .any(|message| matches!(message, posbus::Message::RemoveUsers(list) if gone(list)))
    {
        assert!(
            sent < CHANGES,
            "somebody who reads nothing is kept for ever"
        );
        for number in sent..sent + BATCH {
            let shaders = json!({"number": number, "code": value});
            owner.set(WELCOME, "shaders", shaders).await.ok(202);
        }
        sent += BATCH;
        // Those who read go on undisturbed.
        let x = sent as f32;
        one.move_to(x, 0.0, 0.0).await;
        two.expect("a move", |list: &UsersTransformList| {
            list.value
                .iter()
                .any(|entry| entry.id == one.user && entry.transform.position.x == x)
        })
        .await;
        one.settle().await;
    }
    two.expect("the leave", gone).await;
    let metrics = owner.root("/metrics").await;
    let metrics = String::from_utf8_lossy(&metrics.bytes);
    let cause = |cause: &str| {
        metrics.contains(&format!("odyssey_disconnects_total{{cause=\"{cause}\"}} 1"))
    };
    assert!(cause("slow_reader") || cause("write_timeout"), "{metrics}");
}
