//! Moving, and seeing others move (docs/spec/posbus.md §6).

use posbus::{AddUsers, Message, MyTransform, Umid, UsersTransformList, Vec3};

use crate::support::{Client, Options, Server};

/// Waits until a client sees a user at a place.
async fn sees(client: &mut Client, user: Umid, place: Vec3) {
    let there = |list: &UsersTransformList| {
        list.value
            .iter()
            .any(|entry| entry.id == user && entry.transform.position == place)
    };
    client.expect("the user at the new place", there).await;
}

#[tokio::test]
async fn two_guests_see_each_other_move() {
    let server = Server::start(Options::default());
    let mut one = Client::guest(&server).await;
    let mut two = Client::guest(&server).await;
    one.expect("the other one", |list: &AddUsers| {
        list.users.iter().any(|user| user.id == two.user)
    })
    .await;
    for step in 1..=5 {
        let x = step as f32;
        one.move_to(x, 1.5, -0.1).await;
        sees(&mut two, one.user, Vec3::new(x, 1.5, -0.1)).await;
        two.move_to(-x, 2.0, 3.0).await;
        sees(&mut one, two.user, Vec3::new(-x, 2.0, 3.0)).await;
    }
    let turned = MyTransform {
        position: Vec3::new(1.0, 2.0, 3.0),
        rotation: Vec3::new(0.0, 3.1, 0.5),
    };
    one.send(turned).await;
    let looks = |list: &UsersTransformList| {
        list.value
            .iter()
            .any(|entry| entry.id == one.user && entry.transform.rotation == turned.rotation)
    };
    two.expect("the turn", looks).await;
}

#[tokio::test]
async fn the_last_of_many_moves_counts() {
    let server = Server::start(Options::default());
    let mut one = Client::guest(&server).await;
    let mut two = Client::guest(&server).await;
    for step in 0..100 {
        one.move_to(step as f32, 0.0, 0.0).await;
    }
    one.settle().await;
    sees(&mut two, one.user, Vec3::new(99.0, 0.0, 0.0)).await;
    one.settle().await;
    let later: Vec<_> = two
        .settle()
        .await
        .into_iter()
        .filter_map(|message| match message {
            Message::UsersTransformList(list) => {
                list.value.into_iter().find(|entry| entry.id == one.user)
            }
            _ => None,
        })
        .collect();
    let back = later
        .iter()
        .find(|entry| entry.transform.position.x != 99.0);
    assert_eq!(back, None, "nobody jumps back to where they were before");
}

/// A raw client that sends what JSON cannot say would blind all others.
#[tokio::test]
async fn non_finite_positions_reach_nobody() {
    let server = Server::start(Options::default());
    let mut one = Client::guest(&server).await;
    let mut two = Client::guest(&server).await;
    for wrong in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        one.move_to(wrong, 0.0, 0.0).await;
        one.send(MyTransform {
            position: Vec3::ZERO,
            rotation: Vec3::new(0.0, wrong, 0.0),
        })
        .await;
    }
    one.move_to(7.0, 7.0, 7.0).await;
    // The client decodes every frame and accepts finite numbers only.
    sees(&mut two, one.user, Vec3::new(7.0, 7.0, 7.0)).await;
    let settled = two.settle().await;
    assert!(
        !settled
            .iter()
            .any(|message| matches!(message, Message::RemoveUsers(_))),
        "{settled:?}"
    );
}
