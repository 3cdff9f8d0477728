//! High fives (docs/spec/posbus.md §5.8).

use posbus::{HighFive, Message, Notification, NotificationType, Umid};

use crate::support::{Client, Options, Server};

fn five(sender: Umid, receiver: Umid, message: &str) -> HighFive {
    HighFive {
        sender_id: sender,
        receiver_id: receiver,
        message: message.to_owned(),
    }
}

fn high_fives(messages: &[Message]) -> usize {
    messages
        .iter()
        .filter(|message| matches!(message, Message::HighFive(_)))
        .count()
}

#[tokio::test]
async fn a_high_five_reaches_both_users_with_its_true_sender() {
    let server = Server::start(Options::default());
    let mut giver = Client::guest(&server).await;
    let mut taker = Client::guest(&server).await;
    let mut third = Client::guest(&server).await;

    // Claims to be somebody else.
    giver
        .send(five(third.user, taker.user, "High five, Zoë! ✋"))
        .await;
    let told = five(giver.user, taker.user, "High five, Zoë! ✋");
    for client in [&mut giver, &mut taker] {
        let heard: HighFive = client.expect("the high five", |_| true).await;
        assert_eq!(heard, told);
    }
    taker.settle().await;
    assert_eq!(
        high_fives(&third.settle().await),
        0,
        "it is nobody else's business"
    );
}

#[tokio::test]
async fn a_greeting_to_an_absent_user_is_not_found() {
    let server = Server::start(Options::default().without_grace());
    let mut giver = Client::guest(&server).await;
    let mut taker = Client::guest(&server).await;
    taker.leave().await;
    giver
        .expect("the leave", |list: &posbus::RemoveUsers| {
            list.users.contains(&taker.user)
        })
        .await;
    for absent in [taker.user, Umid::now_v7(), Umid::nil()] {
        giver.send(five(giver.user, absent, "anybody there?")).await;
        let refusal: Notification = giver.expect("the refusal", |_| true).await;
        assert_eq!(refusal.notify_type, NotificationType::TEXT_MESSAGE);
        assert_eq!(refusal.value, "Target user not found");
    }
    giver.send(five(giver.user, giver.user, "me")).await;
    assert_eq!(high_fives(&giver.settle().await), 0);
}

#[tokio::test]
async fn high_five_texts_are_bounded_and_rate_limited() {
    let server = Server::start(Options::default());
    let mut giver = Client::guest(&server).await;
    let mut taker = Client::guest(&server).await;
    giver
        .send(five(giver.user, taker.user, &"x".repeat(900)))
        .await;
    giver
        .expect("a refusal", |note: &Notification| {
            note.value != "Target user not found"
        })
        .await;
    assert_eq!(high_fives(&taker.settle().await), 0);
}
