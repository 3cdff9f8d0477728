//! The chain may do anything, and the program die at any moment: the rows are those of a fresh
//! index, and every effect has happened once. `ODYSSEY_SCENARIOS` sets how many are played.

use std::{collections::BTreeSet, env, future::Future, pin::pin, sync::Arc, task::Poll};

use components::Umid;
use harvester::{
    Dispatcher, FactKind, Follower, U256,
    scripted::{Fault, ScriptedChain},
};
use store::Store;
use testkit::{Database, PostgresServer};

use crate::{
    effects::Recorder,
    support::{
        ACCOUNTS, CHAIN, ITEMS, account, cells, empty, follower, hand_over, transaction, transfer,
    },
};

/// Numbers that are the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }
}

#[tokio::test]
async fn whatever_a_chain_does_the_rows_are_those_of_a_fresh_index_in_sqlite() {
    let scenarios =
        env::var("ODYSSEY_SCENARIOS").map_or(60, |number| number.parse().expect("a number"));
    for seed in 0..scenarios {
        play(seed, &Database::sqlite()).await;
    }
}

#[tokio::test]
async fn whatever_a_chain_does_the_rows_are_those_of_a_fresh_index_in_postgresql() {
    let scenarios =
        env::var("ODYSSEY_SCENARIOS").map_or(20, |number| number.parse().expect("a number"));
    let server = PostgresServer::start();
    for seed in 0..scenarios {
        let database = Database::on(&server, &format!("scenario_{seed}"));
        play(1_000_000 + seed, &database).await;
    }
}

async fn play(seed: u64, database: &Database) {
    let mut dice = Dice(seed);
    let chain = ScriptedChain::new(CHAIN);
    let store = empty(database).await;
    let recorder = Arc::new(Recorder::default());
    let mut at = follower(&chain, &store).await;
    let mut number = 0;
    for _ in 0..20 + dice.roll(20) {
        match dice.roll(10) {
            0..=3 => {
                for _ in 0..=dice.roll(5) {
                    mine(&chain, &mut dice, &mut number);
                }
            }
            4 | 5 => {
                // A reorganisation: as many blocks, fewer or more.
                let lost = chain.rewind(1 + dice.roll(64) as usize) as u64;
                for _ in 0..dice.roll(lost + 3) {
                    mine(&chain, &mut dice, &mut number);
                }
            }
            6 => chain.finalize(dice.roll(12) as usize),
            7 => {
                let faults = [
                    Fault::Drop,
                    Fault::Lie,
                    Fault::Shuffle,
                    Fault::TooLarge,
                    Fault::TooMany,
                    Fault::Lag(0),
                    Fault::Lag(0),
                ];
                let number = dice.roll(12);
                chain.fail((0..number).map(|_| faults[dice.roll(7) as usize]));
            }
            8 => {
                // The program dies at some moment of its work, and starts again.
                let polls = dice.roll(60);
                die(at.sync(), polls).await;
                die(dispatch(&store, &recorder, &at), polls).await;
                chain.recover();
                drop(at);
                at = follower(&chain, &store).await;
            }
            _ => {
                let _ = at.sync().await;
                dispatch(&store, &recorder, &at).await;
            }
        }
    }
    chain.recover();
    at.sync()
        .await
        .unwrap_or_else(|error| panic!("scenario {seed}: {error}"));
    dispatch(&store, &recorder, &at).await;

    let fresh = Database::sqlite();
    let fresh_store = empty(&fresh).await;
    let mut again = follower(&chain, &fresh_store).await;
    again.sync().await.expect("follows");
    assert_eq!(
        cells(&store).await,
        cells(&fresh_store).await,
        "scenario {seed}"
    );
    let shown = async |store: &Store| {
        let mut shown = Vec::new();
        for number in 0..ACCOUNTS {
            let wallets = [account(number)];
            let due = store.worlds_due(Umid::nil(), &wallets, 100);
            shown.push(due.await.expect("reads"));
        }
        shown
    };
    assert_eq!(
        shown(&store).await,
        shown(&fresh_store).await,
        "scenario {seed}"
    );
    // Each effect of the chain as it is, once; none of what it was.
    let expected: BTreeSet<String> = fresh_store
        .due_effects(CHAIN, u64::MAX, u64::from(u32::MAX))
        .await
        .expect("reads")
        .into_iter()
        .map(|effect| effect.key)
        .collect();
    let done: BTreeSet<String> = recorder.keys().into_iter().collect();
    assert_eq!(done, expected, "scenario {seed}");
}

/// Polls a future so often, then drops it.
async fn die<F: Future>(future: F, polls: u64) {
    let mut future = pin!(future);
    let mut left = polls;
    std::future::poll_fn(|context| {
        left = left.saturating_sub(1);
        match (future.as_mut().poll(context), left) {
            (Poll::Pending, 1..) => Poll::Pending,
            _ => Poll::Ready(()),
        }
    })
    .await;
}

async fn dispatch(store: &Store, recorder: &Arc<Recorder>, at: &Follower) {
    let effects = Arc::clone(recorder) as _;
    let dispatcher = Dispatcher::open(store.clone(), CHAIN, effects)
        .await
        .expect("opens");
    let until = at.applied().map_or(0, |block| block.number);
    dispatcher.dispatch(until).await.expect("works");
}

/// Mines a block with things that can happen to the chain as it is.
fn mine(chain: &ScriptedChain, dice: &mut Dice, number: &mut u64) {
    let mut facts: Vec<FactKind> = chain
        .facts_now()
        .into_iter()
        .map(|fact| fact.kind)
        .collect();
    let mut mined = Vec::new();
    for _ in 0..dice.roll(4) {
        let who = dice.roll(u64::from(ACCOUNTS)) as u8;
        let whom = dice.roll(u64::from(ACCOUNTS)) as u8;
        let item = dice.roll(ITEMS);
        let world = Umid::from_u128(u128::from(item));
        let kind = match dice.roll(6) {
            0 | 1 => transfer(None, Some(who), 1 + dice.roll(100)),
            2 => transfer(Some(who), Some(whom), dice.roll(1 + balance(&facts, who))),
            3 => transfer(Some(who), None, dice.roll(1 + balance(&facts, who))),
            4 => match holder(&facts, item) {
                None => hand_over(item, None, Some(who)),
                Some(holder) if dice.roll(4) == 0 => hand_over(item, Some(holder), None),
                Some(holder) => hand_over(item, Some(holder), Some(whom)),
            },
            _ => FactKind::Staked {
                account: account(who),
                world,
                token: 0,
                amount: U256::from(1 + dice.roll(10)),
            },
        };
        *number += 1;
        facts.push(kind.clone());
        mined.push((transaction(*number), kind));
    }
    chain.mine(mined);
}

fn balance(facts: &[FactKind], of: u8) -> u64 {
    let of = Some(account(of));
    let mut balance = 0;
    for fact in facts {
        if let FactKind::FungibleTransfer {
            from, to, amount, ..
        } = fact
        {
            let amount: u64 = amount.to();
            balance += if *to == of { amount } else { 0 };
            balance -= if *from == of { amount } else { 0 };
        }
    }
    balance
}

fn holder(facts: &[FactKind], of: u64) -> Option<u8> {
    let mut holder = None;
    for fact in facts {
        if let FactKind::ItemTransfer { item, to, .. } = fact
            && *item == U256::from(of)
        {
            holder = to.as_ref().map(|to| to[0]);
        }
    }
    holder
}
