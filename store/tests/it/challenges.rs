//! Login challenges work once, for their wallet, for a while (spec model §12.1 S9).

use chrono::{TimeDelta, Utc};
use sea_orm::{EntityTrait, PaginatorTrait};

use crate::fixture::{Fixture, on_both};

on_both!(
    a_challenge_is_taken_once,
    a_challenge_expires,
    expired_challenges_are_forgotten,
    two_takers_race_for_one
);

const WALLET: &str = "0xAbCdEf0123456789aBcDeF0123456789AbCdEf01";

async fn a_challenge_is_taken_once(fixture: Fixture) {
    let store = fixture.store;
    let expires = Utc::now() + TimeDelta::minutes(5);
    store.put_challenge(WALLET, "old", expires).await.unwrap();
    store
        .put_challenge(WALLET, "sign this", expires)
        .await
        .unwrap();
    let other = store
        .take_challenge("0x0000000000000000000000000000000000000000", Utc::now())
        .await
        .unwrap();
    assert_eq!(other, None);
    let taken = store
        .take_challenge(&WALLET.to_uppercase(), Utc::now())
        .await
        .unwrap();
    assert_eq!(
        taken.as_deref(),
        Some("sign this"),
        "the newest, whatever the case of the wallet"
    );
    assert_eq!(
        store.take_challenge(WALLET, Utc::now()).await.unwrap(),
        None
    );
}

async fn a_challenge_expires(fixture: Fixture) {
    let store = fixture.store;
    let expires = Utc::now() + TimeDelta::minutes(5);
    store
        .put_challenge(WALLET, "sign this", expires)
        .await
        .unwrap();
    assert_eq!(store.take_challenge(WALLET, expires).await.unwrap(), None);
    let later = store.take_challenge(WALLET, Utc::now()).await.unwrap();
    assert_eq!(later, None, "taking it used it up, whatever its age");
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
        tokio::spawn(async move { store.take_challenge(WALLET, Utc::now()).await.unwrap() })
    });
    let mut winners = 0;
    for taker in takers.collect::<Vec<_>>() {
        winners += usize::from(taker.await.unwrap().is_some());
    }
    assert_eq!(winners, 1);
}
