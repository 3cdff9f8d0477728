//! Following a chain: gaps, replaced blocks, rewinds, bad answers (docs/spec/chains.md §4).

use std::{sync::Arc, time::Duration};

use components::Umid;
use harvester::{
    AdapterError, FollowError, Follower, FollowerOptions, reconcile,
    scripted::{Fault, ScriptedChain},
    shadow_of,
};
use store::{CellRow, NewChain, Store};
use testkit::Database;
use tokio_util::sync::CancellationToken;

use crate::support::{
    CHAIN, account, balance, cells, empty, follower, hand_over, options, owner, setting,
    transaction, transfer,
};

fn new_chain(id: Umid, identity: &[u8]) -> NewChain {
    NewChain {
        id,
        name: "scripted".to_owned(),
        identity: identity.to_vec(),
        sources: String::new(),
        shadow_of: None,
    }
}

#[tokio::test]
async fn rows_follow_the_chain_and_what_happened_is_there_once() {
    let (_database, store, chain, mut follower) = setting().await;
    chain.mine(vec![(transaction(1), transfer(None, Some(1), 100))]);
    chain.mine(vec![
        (transaction(2), transfer(Some(1), Some(2), 30)),
        (transaction(3), hand_over(5, None, Some(1))),
    ]);
    follower.sync().await.expect("follows");
    assert_eq!(
        (balance(&store, 1).await, balance(&store, 2).await),
        (70, 30)
    );
    assert_eq!(owner(&store, 5).await, Some(account(1)));
    assert_eq!(follower.applied().map(|block| block.number), Some(2));
    follower.sync().await.expect("nothing is new");
    assert_eq!(balance(&store, 1).await, 70);
    // Somebody who sends to himself has what he had.
    chain.mine(vec![(transaction(4), transfer(Some(1), Some(1), 70))]);
    follower.sync().await.expect("follows");
    assert_eq!(balance(&store, 1).await, 70);
}

#[tokio::test]
async fn replaced_blocks_leave_nothing_behind_whatever_the_new_ones_look_like() {
    // As many new blocks as old ones, fewer, and more.
    for new in [3, 1, 6] {
        let (_database, store, chain, mut follower) = setting().await;
        chain.mine(vec![(transaction(1), transfer(None, Some(1), 100))]);
        for number in 0..3 {
            chain.mine(vec![
                (transaction(10 + number), transfer(Some(1), Some(2), 10)),
                (transaction(20 + number), hand_over(number, None, Some(2))),
            ]);
        }
        follower.sync().await.expect("follows");
        assert_eq!(balance(&store, 2).await, 30);
        assert_eq!(chain.rewind(3), 3);
        for number in 0..new {
            chain.mine(vec![(
                transaction(30 + number),
                transfer(Some(1), Some(3), 1),
            )]);
        }
        follower.sync().await.expect("follows");
        assert_eq!(balance(&store, 1).await, 100 - new);
        assert_eq!(
            (balance(&store, 2).await, balance(&store, 3).await),
            (0, new)
        );
        assert_eq!(owner(&store, 0).await, None);
    }
}

#[tokio::test]
async fn a_rewind_without_a_word_is_noticed_and_an_endpoint_behind_is_no_rewind() {
    let database = Database::sqlite();
    let store = empty(&database).await;
    let chain = ScriptedChain::new(CHAIN);
    for number in 1..=5 {
        chain.mine(vec![(transaction(number), transfer(None, Some(1), 1))]);
    }
    let patient = FollowerOptions {
        patience: Duration::from_secs(3600),
        ..options()
    };
    let adapter = Arc::new(chain.clone());
    let opened = Follower::open(adapter.clone(), store.clone(), patient).await;
    let mut follower = opened.expect("opens");
    follower.sync().await.expect("follows");
    // The second request is the one for the newest block.
    chain.fail([Fault::Lag(3), Fault::Lag(3)]);
    follower.sync().await.expect("it is only behind");
    assert_eq!(balance(&store, 1).await, 5);
    chain.rewind(3);
    follower.sync().await.expect("not believed yet");
    assert_eq!(balance(&store, 1).await, 5);
    let opened = Follower::open(adapter, store.clone(), options()).await;
    opened.expect("opens").sync().await.expect("follows");
    assert_eq!(balance(&store, 1).await, 2);
}

#[tokio::test]
async fn final_blocks_that_are_replaced_stop_the_chain_and_change_nothing() {
    let (_database, store, chain, mut follower) = setting().await;
    for number in 1..=6 {
        chain.mine(vec![(transaction(number), transfer(None, Some(1), 1))]);
    }
    follower.sync().await.expect("follows");
    chain.finalize(1);
    follower.sync().await.expect("follows");
    assert_eq!(follower.finalized().map(|block| block.number), Some(5));
    chain.violate_finality(4);
    for number in 10..=16 {
        chain.mine(vec![(transaction(number), transfer(None, Some(2), 1))]);
    }
    let error = follower.sync().await.expect_err("finality was violated");
    assert!(matches!(error, FollowError::FinalityViolated(5)), "{error}");
    assert!(error.is_final());
    assert_eq!((balance(&store, 1).await, balance(&store, 2).await), (6, 0));
}

#[tokio::test]
async fn bad_answers_cost_another_request_and_nothing_else() {
    let (_database, store, chain, mut follower) = setting().await;
    for number in 1..=40 {
        chain.mine(vec![
            (transaction(number), transfer(None, Some(1), number)),
            (transaction(number), transfer(Some(1), Some(2), number)),
        ]);
    }
    chain.finalize(10);
    for fault in [
        Fault::Lie,
        Fault::Drop,
        Fault::TooMany,
        Fault::Lag(20),
        Fault::TooLarge,
        Fault::Shuffle,
    ] {
        for nth in 0..8 {
            // So many good answers, then a bad one.
            let mut faults = vec![Fault::Lag(0); nth];
            faults.insert(0, fault);
            chain.fail(faults);
            match follower.sync().await {
                Ok(()) => {}
                Err(FollowError::Adapter(error)) => {
                    assert!(!matches!(error, AdapterError::Fatal(_)), "{error}");
                }
                Err(error) => panic!("{fault:?}: {error}"),
            }
        }
    }
    chain.recover();
    follower.sync().await.expect("follows");
    assert_eq!(
        (balance(&store, 1).await, balance(&store, 2).await),
        (0, 820)
    );
}

#[tokio::test]
async fn another_chain_under_the_same_name_is_refused() {
    let database = Database::sqlite();
    let store = empty(&database).await;
    let chain = ScriptedChain::new(CHAIN);
    follower(&chain, &store).await;
    store
        .open_chain(&new_chain(Umid::from_u128(8), b"one"))
        .await
        .expect("opens");
    let another = Arc::new(ScriptedChain::new(CHAIN));
    let opened = Follower::open(another, store.clone(), options()).await;
    assert!(opened.is_ok(), "the same identity");
    let renamed = store
        .open_chain(&new_chain(CHAIN, b"something else"))
        .await
        .expect("is known");
    assert_eq!(renamed.identity, CHAIN.as_bytes(), "the first one stays");
    let other = Umid::from_u128(9);
    let opened = store.open_chain(&new_chain(other, b"something else")).await;
    opened.expect("opens");
    let adapter = Arc::new(ScriptedChain::new(other));
    let refused = Follower::open(adapter, store, options()).await;
    assert!(matches!(refused, Err(FollowError::AnotherChain)));
}

#[tokio::test]
async fn facts_that_cannot_be_are_put_aside_and_the_rest_goes_on() {
    let (_database, store, chain, mut follower) = setting().await;
    chain.mine(vec![
        (transaction(1), transfer(Some(1), Some(2), 5)),
        (
            transaction(2),
            harvester::FactKind::Unreadable {
                raw: vec![1, 2, 3],
                reason: "too short".to_owned(),
            },
        ),
        (transaction(3), transfer(None, Some(2), 5)),
    ]);
    follower.sync().await.expect("follows");
    assert_eq!((balance(&store, 1).await, balance(&store, 2).await), (0, 5));
    let dead = store.dead_letters(CHAIN, 10).await.expect("reads");
    let reasons: Vec<&str> = dead.iter().map(|dead| dead.reason.as_str()).collect();
    assert_eq!(reasons, ["more is taken than there is", "too short"]);
    assert_eq!(dead[1].raw, [1, 2, 3]);
}

#[tokio::test]
async fn a_running_follower_hears_of_blocks_and_stops_when_told() {
    let (_database, store, chain, follower) = setting().await;
    let stop = CancellationToken::new();
    let mut progress = follower.progress();
    let running = tokio::spawn(follower.run(stop.clone()));
    for number in 1..=20 {
        chain.fail([Fault::Drop]);
        chain.mine(vec![(transaction(number), transfer(None, Some(1), 1))]);
        let reached = progress.wait_for(|progress| progress.applied == Some(number));
        reached.await.expect("it goes on");
    }
    stop.cancel();
    running.await.expect("no panic").expect("stops");
    assert_eq!(balance(&store, 1).await, 20);
}

#[tokio::test]
async fn rows_that_are_made_anew_take_the_place_of_the_others() {
    let (_database, store, chain, mut at) = setting().await;
    chain.mine(vec![
        (transaction(1), transfer(None, Some(1), 100)),
        (transaction(2), hand_over(5, None, Some(1))),
    ]);
    chain.mine(vec![(transaction(3), transfer(Some(1), Some(2), 30))]);
    at.sync().await.expect("follows");
    let before = cells(&store).await;
    let effects = store.due_effects(CHAIN, 9, 9).await.expect("reads");

    let shadow = async || {
        let adapter = Arc::new(chain.clone());
        let opened = Follower::open_shadow(adapter, store.clone(), options()).await;
        opened.expect("opens")
    };
    let mut beside = shadow().await;
    beside.sync().await.expect("follows");
    assert_eq!(cells(&store).await, before, "nobody sees them");
    chain.mine(vec![(transaction(4), transfer(Some(1), Some(3), 5))]);
    at.sync().await.expect("the others go on");
    store
        .adopt_shadow(CHAIN, shadow_of(CHAIN))
        .await
        .expect("adopts");
    assert_eq!(balance(&store, 3).await, 0, "one block back");
    // A follower of before notices, and another goes on from there.
    chain.mine(vec![(transaction(5), transfer(Some(1), Some(3), 5))]);
    at.sync().await.expect_err("the rows are others");
    let mut at = follower(&chain, &store).await;
    at.sync().await.expect("goes on");
    assert_eq!(balance(&store, 3).await, 10);
    assert_eq!(balance(&store, 1).await, 60);
    let again = store.due_effects(CHAIN, 9, 9).await.expect("reads");
    assert_eq!(again, effects, "known effects stay as they are");
    assert_eq!(store.chain(shadow_of(CHAIN)).await.expect("reads"), None);
    // Rows that were begun with other sources are of no use.
    let mut beside = shadow().await;
    beside.sync().await.expect("follows");
    store.ask_for_reindex(shadow_of(CHAIN)).await.expect("asks");
    assert_eq!(shadow().await.applied(), None);
}

#[tokio::test]
async fn rows_that_differ_from_the_chain_are_put_right_and_all_are_made_anew() {
    let (_database, store, chain, mut at) = setting().await;
    for number in 1..6 {
        chain.mine(vec![(
            transaction(number),
            transfer(None, Some(number as u8), 10 * number),
        )]);
    }
    chain.finalize(0);
    at.sync().await.expect("follows");
    assert_eq!(reconcile(&chain, &store, 100).await.expect("reads"), 0);
    assert!(sources(&store).await.is_some());

    let cell = cells(&store).await.swap_remove(0);
    let wrong = CellRow {
        value: Some(vec![7; 32]),
        ..cell.clone()
    };
    assert!(
        store
            .repair_cell(CHAIN, &cell, &wrong)
            .await
            .expect("writes")
    );
    assert!(
        !store
            .repair_cell(CHAIN, &cell, &wrong)
            .await
            .expect("has changed")
    );
    assert_eq!(reconcile(&chain, &store, 100).await.expect("reads"), 1);
    assert!(cells(&store).await.contains(&cell));
    assert_eq!(sources(&store).await, None, "all are asked for");
}

async fn sources(store: &Store) -> Option<String> {
    let row = store.chain(CHAIN).await.expect("reads");
    row.expect("is followed").sources
}
