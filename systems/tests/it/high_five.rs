//! High fives (docs/spec/posbus.md §5.8; docs/regressions.md W22).

use posbus::{HighFive, Message, Notification, NotificationType};
use systems::ClientAction;
use testkit::world::*;

fn greet(stage: &MemoryWorld, from: &Client, receiver: components::Umid, message: &str) {
    let message = message.to_owned();
    stage.act(from, ClientAction::HighFive { receiver, message });
}

fn refusal(reason: &str) -> Message {
    Notification {
        notify_type: NotificationType::TEXT_MESSAGE,
        value: reason.to_owned(),
    }
    .into()
}

#[test]
fn both_and_nobody_else_get_it_from_its_true_sender() {
    let mut stage = WorldBuilder::default().open();
    let [ann, bob, eve] = stage.settle([ANN, BOB, EVE]);
    greet(&stage, &ann, BOB, "Hi, Zoë!");
    stage.tick();
    let greeting = Message::from(HighFive {
        sender_id: ANN,
        receiver_id: BOB,
        message: "Hi, Zoë!".to_owned(),
    });
    assert_eq!(ann.read(), std::slice::from_ref(&greeting));
    assert_eq!(bob.read(), [greeting]);
    assert_eq!(eve.read(), []);
}

#[test]
fn refusals_are_told_to_the_sender_alone() {
    let mut stage = WorldBuilder::default().open();
    let [ann, bob] = stage.settle([ANN, BOB]);
    greet(&stage, &ann, EVE, "anybody?");
    greet(&stage, &ann, BOB, &"é".repeat(281));
    greet(&stage, &ann, ANN, "me");
    stage.tick();
    assert_eq!(
        ann.read(),
        [
            refusal("Target user not found"),
            refusal("Message too long")
        ]
    );
    assert_eq!(bob.read(), []);
    greet(&stage, &ann, BOB, &"é".repeat(280));
    stage.tick();
    assert_eq!(bob.read().len(), 1);
}
