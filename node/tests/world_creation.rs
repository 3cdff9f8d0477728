//! Worlds for the holders of tokens, on a complete node with a real database (docs/spec/model.md
//! §4.6, §8.6).

use components::{Reason, Umid, ids};
use node::{NodeError, NodeOptions};
use store::NewUser;
use testkit::{Database, start_node};

#[tokio::test]
async fn a_world_that_is_asked_for_twice_at_once_is_made_once() {
    let database = Database::sqlite();
    let node = start_node(&database, [], NodeOptions::default()).await;
    let store = database.open().await;
    let user = NewUser {
        id: Umid::now_v7(),
        user_type: ids::NORMAL_USER_TYPE,
        profile: Default::default(),
        wallet: None,
    };
    let owner = store.insert_user(&user).await.expect("inserted").id;

    let world = Umid::from_u128(10);
    let made = tokio::join!(
        node.create_world(owner, world, "Odyssey#10"),
        node.create_world(owner, world, "Odyssey#10"),
        node.create_world(owner, world, "Odyssey#10"),
    );
    let made = [made.0, made.1, made.2].map(|made| made.expect("made or known"));
    assert_eq!(made.iter().filter(|made| **made).count(), 1, "{made:?}");
    assert!(node.directory().is_world(world));
    assert!(node.directory().is_admin(owner, world));

    // Of an owner who is not there nothing is made, in memory neither.
    let ghost = Umid::from_u128(11);
    let refused = node.create_world(Umid::now_v7(), ghost, "Odyssey#11").await;
    assert!(
        matches!(refused, Err(NodeError::Refused(Reason::Conflict))),
        "{refused:?}"
    );
    assert!(!node.directory().knows(ghost));
    let refused = node.create_world(owner, ghost, "two\nlines").await;
    assert!(
        matches!(
            refused,
            Err(NodeError::Invalid(Reason::InvalidRequestBody, _))
        ),
        "{refused:?}"
    );
}
