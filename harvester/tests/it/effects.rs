//! Effects: each once, and taken back when their block is lost (docs/spec/chains.md §5).

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use harvester::{Dispatcher, Effect, EffectError, Effects};
use store::{EffectRow, Store};

use crate::support::{CHAIN, account, hand_over, setting, transaction};

/// Effects that have happened and were not taken back, by key. To happen again changes nothing.
#[derive(Default)]
pub(crate) struct Recorder {
    done: Mutex<BTreeSet<String>>,
    /// So many attempts fail from now on.
    failures: Mutex<u32>,
    hopeless: Mutex<Option<String>>,
}

impl Recorder {
    fn change(&self, effect: &EffectRow, happens: bool) -> Result<(), EffectError> {
        let mut failures = self.failures.lock().expect("no panic");
        if *failures > 0 {
            *failures -= 1;
            return Err(EffectError::Transient("not now".to_owned()));
        }
        let hopeless = self.hopeless.lock().expect("no panic");
        if hopeless
            .as_ref()
            .is_some_and(|key| effect.key.contains(key))
        {
            return Err(EffectError::Hopeless("no".to_owned()));
        }
        let mut done = self.done.lock().expect("no panic");
        match happens {
            true => done.insert(effect.key.clone()),
            false => done.remove(&effect.key),
        };
        Ok(())
    }

    pub(crate) fn keys(&self) -> Vec<String> {
        let done = self.done.lock().expect("no panic");
        done.iter().cloned().collect()
    }
}

#[async_trait::async_trait]
impl Effects for Recorder {
    async fn perform(&self, effect: &EffectRow) -> Result<(), EffectError> {
        self.change(effect, true)
    }

    async fn retract(&self, effect: &EffectRow) -> Result<(), EffectError> {
        self.change(effect, false)
    }
}

async fn dispatcher(store: &Store, recorder: &Arc<Recorder>) -> Dispatcher {
    let effects: Arc<dyn Effects> = Arc::clone(recorder) as _;
    let opened = Dispatcher::open(store.clone(), CHAIN, effects).await;
    opened.expect("opens")
}

#[tokio::test]
async fn effects_wait_for_their_block_and_are_taken_back_with_it() {
    let (_database, store, chain, mut follower) = setting().await;
    let recorder = Arc::new(Recorder::default());
    let dispatcher = dispatcher(&store, &recorder).await;
    chain.mine(vec![(transaction(1), hand_over(1, None, Some(1)))]);
    chain.mine(vec![(transaction(2), hand_over(2, None, Some(1)))]);
    follower.sync().await.expect("follows");
    assert_eq!(
        dispatcher.dispatch(1).await.expect("works"),
        1,
        "the second is too new"
    );
    assert_eq!(recorder.keys().len(), 1);
    assert_eq!(dispatcher.dispatch(2).await.expect("works"), 1);
    assert_eq!(dispatcher.dispatch(2).await.expect("works"), 0, "each once");

    // The second block is replaced by one with the same transaction, then by one without.
    chain.rewind(1);
    chain.mine(vec![(transaction(2), hand_over(2, None, Some(1)))]);
    follower.sync().await.expect("follows");
    dispatcher.dispatch(9).await.expect("works");
    assert_eq!(recorder.keys().len(), 2);
    chain.rewind(1);
    chain.mine(Vec::new());
    follower.sync().await.expect("follows");
    dispatcher.dispatch(9).await.expect("works");
    assert_eq!(recorder.keys().len(), 1);
    let effect = store.due_effects(CHAIN, 9, 9).await.expect("reads");
    assert!(effect.is_empty(), "{effect:?}");
}

#[tokio::test]
async fn an_effect_that_fails_is_tried_again_and_keeps_nobody_waiting() {
    let (_database, store, chain, mut follower) = setting().await;
    let recorder = Arc::new(Recorder::default());
    *recorder.hopeless.lock().expect("no panic") = Some(":1:".to_owned());
    *recorder.failures.lock().expect("no panic") = 1;
    let dispatcher = dispatcher(&store, &recorder).await;
    chain.mine(
        (0..5)
            .map(|item| (transaction(item), hand_over(item, None, Some(1))))
            .collect(),
    );
    follower.sync().await.expect("follows");
    dispatcher.dispatch(1).await.expect("works");
    assert_eq!(recorder.keys().len(), 3, "one waits, one is given up");
    while recorder.keys().len() < 4 {
        tokio::task::yield_now().await;
        dispatcher.dispatch(1).await.expect("works");
    }
    let dead = store.dead_effects(CHAIN, 9).await.expect("reads");
    assert_eq!(dead.len(), 1);
    assert!(dead[0].key.contains(":1:"));
}

#[tokio::test]
async fn effects_say_what_is_to_be_done() {
    let (_database, store, chain, mut follower) = setting().await;
    chain.mine(vec![(transaction(1), hand_over(3, Some(1), None))]);
    follower.sync().await.expect("follows");
    let due = store.due_effects(CHAIN, 1, 9).await.expect("reads");
    let effect: Effect = serde_json::from_value(due[0].effect.clone()).expect("an effect");
    let Effect::Owner { from, to, item, .. } = effect else {
        panic!("{effect:?}");
    };
    assert_eq!((from, to, item.to::<u64>()), (Some(account(1)), None, 3));
}
