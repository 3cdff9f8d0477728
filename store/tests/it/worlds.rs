//! Worlds as lists show them, with names, owners and stakes (docs/spec/rest.md §1).

use chrono::{NaiveDateTime, TimeDelta, Utc};
use components::{AttributeTarget, Umid, ids};
use sea_orm::{DatabaseConnection, EntityTrait, IntoActiveModel};
use serde_json::json;
use store::{
    PendingStake, Referent, StakerRow, StoreError,
    entity::{Amount, pending_stake, stake},
};
use uuid::{Uuid, uuid};

use crate::fixture::{Fixture, TYPES, core, map, on_both};

on_both!(
    worlds_come_with_names_and_owners,
    stakes_add_up,
    pending_stakes_wait_for_the_chain
);

const CHAIN: Umid = uuid!("ccccaaaa-1111-2222-3333-222222222222");

async fn worlds_come_with_names_and_owners(fixture: Fixture) {
    let store = &fixture.store;
    let owner = fixture.user().await;
    let nameless = fixture
        .user_of(ids::NORMAL_USER_TYPE, json!({ "name": null }), None)
        .await;
    let (first, second) = (fixture.world(owner).await, fixture.world(nameless).await);
    fixture.object(owner, first).await;
    for (name, value) in [
        ("name", json!({ "name": "Odyssey#1" })),
        ("description", json!({ "description": "a place" })),
        (
            "website_link",
            json!({ "website_link": "https://example.org" }),
        ),
        ("world_avatar", json!({ "render_hash": "ab12" })),
    ] {
        store
            .set_attribute(AttributeTarget::Object(first), &core(name), &map(value))
            .await
            .unwrap();
    }
    let oldest = store.worlds(false, 10).await.unwrap();
    assert_eq!(
        oldest.iter().map(|w| w.id).collect::<Vec<_>>(),
        [first, second]
    );
    let row = &oldest[0];
    assert_eq!((row.owner, row.owner_name.as_deref()), (owner, Some("Ada")));
    assert_eq!(row.name.as_deref(), Some("Odyssey#1"));
    assert_eq!(row.description.as_deref(), Some("a place"));
    assert_eq!(row.website_link.as_deref(), Some("https://example.org"));
    assert_eq!(row.avatar_hash.as_deref(), Some("ab12"));
    assert_eq!(row.stake_total, None);
    let bare = &oldest[1];
    assert_eq!(
        (&bare.owner_name, &bare.name, &bare.description),
        (&None, &None, &None)
    );

    assert_eq!(
        store.worlds(true, 1).await.unwrap(),
        std::slice::from_ref(bare)
    );
    assert_eq!(
        store.worlds_of_user(owner, 10).await.unwrap(),
        std::slice::from_ref(row)
    );
    assert_eq!(store.world(second).await.unwrap().as_ref(), Some(bare));
    for no_world in [fixture.node, Uuid::now_v7()] {
        assert_eq!(store.world(no_world).await.unwrap(), None);
    }
}

async fn stakes_add_up(fixture: Fixture) {
    let store = &fixture.store;
    let profile = json!({ "name": "Ada", "avatar_hash": "ab12" });
    let ada = fixture
        .user_of(ids::NORMAL_USER_TYPE, profile, Some(&hex(1).to_uppercase()))
        .await;
    store.attach_wallet(ada, &hex(2), TYPES).await.unwrap();
    let bob = fixture
        .user_of(ids::NORMAL_USER_TYPE, json!({}), Some(&hex(3)))
        .await;
    let idle = fixture
        .user_of(ids::NORMAL_USER_TYPE, json!({}), Some(&hex(5)))
        .await;
    let world = fixture.world(ada).await;
    let raw = fixture.raw().await;
    let max = "9".repeat(77);
    let time = Utc::now().naive_utc();
    for (wallet, kind, amount, comment, age) in [
        (1, 0, "1", "oldest", 9),
        (1, 1, "2", "", 1),
        (2, 0, "3", "newest", 2),
        (3, 0, max.as_str(), "older", 5),
        (4, 0, "10", "of nobody", 6),
        (5, 0, "0", "", 7),
    ] {
        // The wallet table is filled through a pending stake, as a client would.
        store.pending_stake(&pending(world, wallet)).await.unwrap();
        insert_stake(
            &raw,
            world,
            wallet,
            kind,
            amount,
            comment,
            time - TimeDelta::minutes(age),
        )
        .await;
    }
    let row = store.world(world).await.unwrap().unwrap();
    assert_eq!(
        row.stake_total,
        Some(format!("1{}15", "0".repeat(75))),
        "exact beyond 64 and 128 bits"
    );
    let staker = |user, name: &str, stake: &str, avatar: Option<&str>| StakerRow {
        user,
        name: name.to_owned(),
        stake: stake.to_owned(),
        avatar_hash: avatar.map(str::to_owned),
    };
    let stakers = store.world_stakers(world).await.unwrap();
    assert_eq!(
        stakers,
        [
            staker(bob, "", &max, None),
            staker(ada, "Ada", "6", Some("ab12"))
        ]
    );
    assert!(stakers.iter().all(|row| row.user != idle));
    assert_eq!(
        store.last_staking_comment(world).await.unwrap().as_deref(),
        Some("newest")
    );
    assert_eq!(
        store.last_staking_comment(fixture.node).await.unwrap(),
        None
    );
}

async fn pending_stakes_wait_for_the_chain(fixture: Fixture) {
    let store = &fixture.store;
    let world = fixture.world(fixture.user().await).await;
    let announced = pending(world, 1);
    store.pending_stake(&announced).await.unwrap();
    let corrected = PendingStake {
        comment: "better".to_owned(),
        ..announced.clone()
    };
    store.pending_stake(&corrected).await.unwrap();
    let rows = pending_stake::Entity::find()
        .all(&fixture.raw().await)
        .await
        .unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(
        (rows[0].comment.as_str(), rows[0].blockchain_id),
        ("better", CHAIN)
    );
    assert_eq!(rows[0].amount.to_string(), announced.amount);

    let nowhere = PendingStake {
        world: Uuid::now_v7(),
        ..announced.clone()
    };
    assert!(matches!(
        store.pending_stake(&nowhere).await,
        Err(StoreError::Dangling(Referent::World))
    ));
    for amount in ["", "-1", "1.5", "1e9", "0x10", &"9".repeat(79)] {
        let odd = PendingStake {
            amount: amount.to_owned(),
            ..announced.clone()
        };
        assert!(
            matches!(store.pending_stake(&odd).await, Err(StoreError::Invalid(_))),
            "{amount:?}"
        );
    }
}

fn hex(wallet: u8) -> String {
    format!("0x{:0>40}", format!("{:x}", u32::from(wallet) + 0xa0))
}

fn bytes(wallet: u8) -> Vec<u8> {
    let mut bytes = vec![0; 20];
    bytes[19] = 0xa0 + wallet;
    bytes
}

fn pending(world: Umid, wallet: u8) -> PendingStake {
    PendingStake {
        transaction_id: vec![7; 32],
        world,
        wallet: bytes(wallet),
        amount: "115792089237316195423570985008687907853269984665640564039457584007913129639935"
            .to_owned(),
        comment: "hello".to_owned(),
        kind: 0,
    }
}

async fn insert_stake(
    raw: &DatabaseConnection,
    world: Umid,
    wallet: u8,
    kind: i32,
    amount: &str,
    comment: &str,
    time: NaiveDateTime,
) {
    let row = stake::Model {
        blockchain_id: CHAIN,
        wallet_id: bytes(wallet),
        object_id: world,
        kind,
        amount: amount.parse::<Amount>().unwrap(),
        last_comment: comment.to_owned(),
        updated_at: time,
        created_at: time,
    };
    stake::Entity::insert(row.into_active_model())
        .exec_without_returning(raw)
        .await
        .unwrap();
}
