//! Login challenges work once, for their wallet, for a while (docs/regressions.md S9).

use chrono::{TimeDelta, Utc};
use sea_orm::{EntityTrait, PaginatorTrait};

use crate::fixture::{Fixture, on_both};

on_both!(
    a_challenge_is_spent_once,
    a_challenge_expires,
    many_challenges_leave_the_newest,
    expired_challenges_are_forgotten,
    two_takers_race_for_one
);

const WALLET: &str = "0xAbCdEf0123456789aBcDeF0123456789AbCdEf01";

async fn a_challenge_is_spent_once(fixture: Fixture) {
    let store = fixture.store;
    let expires = Utc::now() + TimeDelta::minutes(5);
    store.put_challenge(WALLET, "old", expires).await.unwrap();
    let later = expires + TimeDelta::seconds(1);
    store
        .put_challenge(WALLET, "sign this", later)
        .await
        .unwrap();
    let other = "0x0000000000000000000000000000000000000000";
    assert!(
        store
            .challenges(other, Utc::now())
            .await
            .unwrap()
            .is_empty()
    );
    let upper = WALLET.to_uppercase();
    let kept = store.challenges(&upper, Utc::now()).await.unwrap();
    assert_eq!(
        kept,
        ["old", "sign this"],
        "each login has its own, whatever the case of the wallet"
    );
    assert!(!store.spend_challenge(other, "old").await.unwrap());
    assert!(store.spend_challenge(&upper, "sign this").await.unwrap());
    assert!(!store.spend_challenge(WALLET, "sign this").await.unwrap());
    assert_eq!(store.challenges(WALLET, Utc::now()).await.unwrap(), ["old"]);
}

async fn a_challenge_expires(fixture: Fixture) {
    let store = fixture.store;
    let expires = Utc::now() + TimeDelta::minutes(5);
    store
        .put_challenge(WALLET, "sign this", expires)
        .await
        .unwrap();
    assert!(store.challenges(WALLET, expires).await.unwrap().is_empty());
}

/// Anybody may ask for challenges of any wallet.
async fn many_challenges_leave_the_newest(fixture: Fixture) {
    let store = fixture.store;
    let start = Utc::now() + TimeDelta::minutes(5);
    for number in 0..40 {
        let expires = start + TimeDelta::milliseconds(number);
        store
            .put_challenge(WALLET, &format!("text {number:02}"), expires)
            .await
            .unwrap();
    }
    let kept = store.challenges(WALLET, Utc::now()).await.unwrap();
    assert_eq!(kept.len(), 16);
    assert_eq!(kept.last().map(String::as_str), Some("text 39"));
}

async fn expired_challenges_are_forgotten(fixture: Fixture) {
    let store = &fixture.store;
    for n in 0..5 {
        store
            .put_challenge(
                &format!("wallet {n}"),
                "text",
                Utc::now() - TimeDelta::seconds(1),
            )
            .await
            .unwrap();
    }
    store
        .put_challenge(WALLET, "text", Utc::now() + TimeDelta::minutes(5))
        .await
        .unwrap();
    let kept = store::entity::auth_challenge::Entity::find()
        .count(&fixture.raw().await)
        .await
        .unwrap();
    assert_eq!(kept, 1);
}

async fn two_takers_race_for_one(fixture: Fixture) {
    let store = fixture.store;
    store
        .put_challenge(WALLET, "sign this", Utc::now() + TimeDelta::minutes(5))
        .await
        .unwrap();
    let takers = (0..8).map(|_| {
        let store = store.clone();
        tokio::spawn(async move { store.spend_challenge(WALLET, "sign this").await.unwrap() })
    });
    let mut winners = 0;
    for taker in takers.collect::<Vec<_>>() {
        winners += usize::from(taker.await.unwrap());
    }
    assert_eq!(winners, 1);
}
