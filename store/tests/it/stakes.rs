//! Stakes and balances of users, from what the chain mirror holds (docs/spec/model.md §8.4).

use chrono::{DateTime, NaiveDateTime};
use components::{AttributeTarget, Umid, ids};
use sea_orm::{DatabaseConnection, EntityTrait, IntoActiveModel, sea_query::OnConflict};
use serde_json::json;
use store::entity::{balance, blockchain, contract, stake, wallet};
use uuid::{Uuid, uuid};

use crate::fixture::{Fixture, TYPES, core, map, on_both};

on_both!(
    stakes_of_a_user,
    most_stakes_come_first,
    balances_of_all_wallets
);

const CHAIN: Umid = uuid!("ccccaaaa-1111-2222-3333-222222222222");

async fn stakes_of_a_user(fixture: Fixture) {
    let store = &fixture.store;
    let user = named(&fixture, "Ada", 1).await;
    store.attach_wallet(user, &hex(2), TYPES).await.unwrap();
    let bob = named(&fixture, "Bob", 3).await;
    let (first, second) = (fixture.world(bob).await, fixture.world(bob).await);
    for (name, value) in [
        ("name", json!({ "name": "Odyssey#1" })),
        ("world_avatar", json!({ "render_hash": "ab12" })),
    ] {
        let target = AttributeTarget::Object(first);
        store
            .set_attribute(target, &core(name), &map(value))
            .await
            .unwrap();
    }
    let raw = fixture.raw().await;
    let gone = Uuid::now_v7();
    for (age, wallet, world, kind, amount) in [
        (1, 1, first, 0, "1"),
        (2, 1, first, 1, "2"),
        (3, 2, first, 0, "300000000000000000000000000000000000000000"),
        (4, 2, second, 0, "0"),
        (5, 1, gone, 0, "5"),
        (6, 3, second, 0, "6"),
    ] {
        insert_stake(&raw, wallet, world, kind, amount, age).await;
    }
    let stakes = store.stakes_of_user(user, 10).await.unwrap();
    let seen: Vec<_> = stakes
        .iter()
        .map(|stake| (stake.world, stake.kind, stake.amount.as_str()))
        .collect();
    let large = "300000000000000000000000000000000000000000";
    assert_eq!(
        seen,
        [(first, 0, "1"), (first, 1, "2"), (first, 0, large)],
        "newest first, without what is nothing or nowhere"
    );
    assert_eq!(stakes[2].wallet, address(2));
    assert_eq!(stakes[0].world_name.as_deref(), Some("Odyssey#1"));
    assert_eq!(stakes[0].avatar_hash.as_deref(), Some("ab12"));
    assert_eq!(store.stakes_of_user(user, 1).await.unwrap().len(), 1);
    let nobody = store.stakes_of_user(Uuid::now_v7(), 10).await;
    assert_eq!(nobody.unwrap(), []);

    let ids =
        |worlds: Vec<store::WorldRow>| worlds.iter().map(|world| world.id).collect::<Vec<_>>();
    assert_eq!(ids(store.staked_worlds(user, 10).await.unwrap()), [first]);
    assert_eq!(ids(store.staked_worlds(bob, 10).await.unwrap()), [second]);
    let guest = fixture.guest().await;
    assert_eq!(store.staked_worlds(guest, 10).await.unwrap(), []);
}

async fn most_stakes_come_first(fixture: Fixture) {
    let store = &fixture.store;
    assert_eq!(store.top_stakers(10).await.unwrap(), []);
    let ada = named(&fixture, "Ada", 1).await;
    store.attach_wallet(ada, &hex(2), TYPES).await.unwrap();
    let bob = named(&fixture, "Bob", 3).await;
    named(&fixture, "", 4).await;
    let raw = fixture.raw().await;
    // More than eight bits of them, in two wallets.
    for number in 0..300 {
        let wallet = if number % 2 == 0 { 1 } else { 2 };
        insert_stake(&raw, wallet, Uuid::now_v7(), 0, "1", 0).await;
    }
    for number in 0..299 {
        insert_stake(&raw, 3, Uuid::now_v7(), number % 2, "7", 0).await;
        insert_stake(&raw, 5, Uuid::now_v7(), 0, "7", 0).await;
        insert_stake(&raw, 4, Uuid::now_v7(), 0, "7", 0).await;
    }
    for _ in 0..2 {
        insert_stake(&raw, 3, Uuid::now_v7(), 0, "0", 0).await;
    }
    let top = store.top_stakers(10).await.unwrap();
    let seen: Vec<_> = top.iter().map(|row| (row.user, row.stakes)).collect();
    assert_eq!(seen, [(ada, 300), (bob, 299)]);
    assert_eq!(top[0].name, "Ada");
    assert_eq!(store.top_stakers(1).await.unwrap().len(), 1);
}

async fn balances_of_all_wallets(fixture: Fixture) {
    let store = &fixture.store;
    let guest = fixture.guest().await;
    assert_eq!(store.balances_of_user(guest).await.unwrap(), None);
    let ada = named(&fixture, "Ada", 1).await;
    assert_eq!(
        store.balances_of_user(ada).await.unwrap(),
        Some(vec![]),
        "no token is known"
    );
    store.attach_wallet(ada, &hex(2), TYPES).await.unwrap();
    store
        .attach_wallet(ada, &format!("0x{}", "ab".repeat(32)), TYPES)
        .await
        .unwrap();
    let raw = fixture.raw().await;
    let max = "115792089237316195423570985008687907853269984665640564039457584007913129639935";
    for (wallet, token, amount) in [(1, 20, "1"), (2, 21, max), (3, 20, "3")] {
        on_chain(&raw, wallet).await;
        let token = address(token);
        let known = contract::Model {
            contract_id: token.clone(),
            name: None,
        };
        contract::Entity::insert(known.into_active_model())
            .on_conflict(OnConflict::new().do_nothing().to_owned())
            .exec_without_returning(&raw)
            .await
            .unwrap();
        let row = balance::Model {
            wallet_id: address(wallet),
            contract_id: token,
            blockchain_id: CHAIN,
            balance: amount.parse().unwrap(),
            last_processed_block_number: 1,
        };
        balance::Entity::insert(row.into_active_model())
            .exec_without_returning(&raw)
            .await
            .unwrap();
    }
    let rows = store.balances_of_user(ada).await.unwrap().unwrap();
    let seen: Vec<_> = rows
        .iter()
        .map(|row| (row.wallet[19], row.contract[19], row.balance.as_str()))
        .collect();
    assert_eq!(
        seen,
        [(1, 20, "1"), (1, 21, "0"), (2, 20, "0"), (2, 21, max)]
    );
    assert_eq!(rows[0].blockchain_name, "Nova");
}

async fn named(fixture: &Fixture, name: &str, wallet: u8) -> Umid {
    let profile = json!({ "name": name });
    fixture
        .user_of(ids::NORMAL_USER_TYPE, profile, Some(&hex(wallet)))
        .await
}

fn hex(wallet: u8) -> String {
    format!("0x{wallet:0>40x}")
}

fn address(wallet: u8) -> Vec<u8> {
    let mut bytes = vec![0; 20];
    bytes[19] = wallet;
    bytes
}

async fn on_chain(raw: &DatabaseConnection, address: u8) {
    let chain = blockchain::Model {
        blockchain_id: CHAIN,
        last_processed_block_number: 1,
        blockchain_name: "Nova".to_owned(),
        rpc_url: String::new(),
        updated_at: NaiveDateTime::default(),
    };
    blockchain::Entity::insert(chain.into_active_model())
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .exec_without_returning(raw)
        .await
        .unwrap();
    let row = wallet::Model {
        blockchain_id: CHAIN,
        wallet_id: self::address(address),
    };
    wallet::Entity::insert(row.into_active_model())
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .exec_without_returning(raw)
        .await
        .unwrap();
}

async fn insert_stake(
    raw: &DatabaseConnection,
    wallet: u8,
    world: Umid,
    kind: i32,
    amount: &str,
    age: i64,
) {
    on_chain(raw, wallet).await;
    let time = DateTime::from_timestamp(1_000_000 - age, 0)
        .unwrap()
        .naive_utc();
    let row = stake::Model {
        blockchain_id: CHAIN,
        wallet_id: address(wallet),
        object_id: world,
        kind,
        amount: amount.parse().unwrap(),
        last_comment: String::new(),
        updated_at: time,
        created_at: time,
    };
    stake::Entity::insert(row.into_active_model())
        .exec_without_returning(raw)
        .await
        .unwrap();
}
