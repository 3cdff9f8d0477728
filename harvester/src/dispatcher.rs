//! Carries effects out: in the order of the chain, each once, and back again if their block is
//! lost.

use std::{sync::Arc, time::Duration};

use chrono::Utc;
use components::Umid;
use store::{EffectRow, EffectState, Store, StoreError};

/// Effects that are looked at together.
const BATCH: u64 = 100;
/// Attempts before an effect is given up.
const MAX_ATTEMPTS: u32 = 12;
/// First and longest time between two attempts.
const PAUSE: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(300));

/// An effect failed.
#[derive(thiserror::Error, Debug, Clone, PartialEq, Eq)]
pub enum EffectError {
    /// Trying again may succeed.
    #[error("{0}")]
    Transient(String),
    /// It never will.
    #[error("{0}")]
    Hopeless(String),
}

/// Receiver of effects. Both are called again when it is not known whether they have
/// happened, so each has to be the same as once.
#[async_trait::async_trait]
pub trait Effects: Send + Sync + 'static {
    /// Makes it so.
    ///
    /// # Errors
    /// Whatever keeps it from happening.
    async fn perform(&self, effect: &EffectRow) -> Result<(), EffectError>;

    /// Takes it back: its block was lost.
    ///
    /// # Errors
    /// Whatever keeps it from happening.
    async fn retract(&self, effect: &EffectRow) -> Result<(), EffectError>;
}

/// Carries the effects of one chain out.
pub struct Dispatcher {
    store: Store,
    chain: Umid,
    effects: Arc<dyn Effects>,
}

impl Dispatcher {
    /// Begins where the last one ended, however it did.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn open(
        store: Store,
        chain: Umid,
        effects: Arc<dyn Effects>,
    ) -> Result<Self, StoreError> {
        store.release_effects(chain).await?;
        Ok(Self {
            store,
            chain,
            effects,
        })
    }

    /// Carries out what is due in blocks up to one; answers how many effects that were. One that
    /// fails is tried again later and keeps no other waiting.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn dispatch(&self, until: u64) -> Result<usize, StoreError> {
        let mut number = 0;
        loop {
            let due = self.store.due_effects(self.chain, until, BATCH).await?;
            if due.is_empty() {
                return Ok(number);
            }
            for effect in due {
                let Some(claimed) = self.store.claim_effect(self.chain, effect).await? else {
                    continue;
                };
                number += 1;
                let done = match claimed.state {
                    EffectState::Undoing => self.effects.retract(&claimed).await,
                    _ => self.effects.perform(&claimed).await,
                };
                match done {
                    Ok(()) => self.store.finish_effect(self.chain, &claimed).await?,
                    Err(error) => self.fail(&claimed, &error).await?,
                }
            }
        }
    }

    async fn fail(&self, effect: &EffectRow, error: &EffectError) -> Result<(), StoreError> {
        let hopeless = matches!(error, EffectError::Hopeless(_));
        let again = (!hopeless && effect.attempts + 1 < MAX_ATTEMPTS).then(|| {
            let pause = PAUSE.0.saturating_mul(1 << effect.attempts.min(20));
            Utc::now() + pause.min(PAUSE.1)
        });
        tracing::warn!(key = effect.key, %error, given_up = again.is_none(), "an effect failed");
        let error = error.to_string();
        self.store
            .fail_effect(self.chain, effect, &error, again)
            .await
    }
}
