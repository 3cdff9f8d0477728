//! Effects of what happens on a chain: worlds change hands, stakes are told, tokens are ordered.

use std::sync::Arc;

use components::Umid;
use harvester::{Effect, EffectError, Effects, U256};
use node::{Node, NodeError, StakeNews};
use store::{EffectRow, Store};

use crate::config::chains::Chain;

/// Ids of items that stand for worlds have these bits (docs/spec/model.md §1).
const WORLD: u128 = 0x8000_8000_0000_0000_0000;

/// Effects on worlds.
pub(super) struct WorldEffects {
    pub(super) chain: Chain,
    pub(super) store: Store,
    pub(super) node: Arc<Node>,
}

impl WorldEffects {
    /// Orders tokens for whom a world is minted for, or takes that back.
    async fn order(
        &self,
        row: &EffectRow,
        effect: &Effect,
        happens: bool,
    ) -> Result<(), EffectError> {
        let Effect::Owner {
            item,
            from: None,
            to: Some(to),
            ..
        } = effect
        else {
            return Ok(());
        };
        let Some(call) = self
            .chain
            .grant(to, row.number)
            .filter(|_| world(*item).is_some())
        else {
            return Ok(());
        };
        // One for each world, whoever reads the chain how often.
        let (chain, key) = (self.chain.id(), format!("grant:{item}"));
        let ordered = match happens {
            true => {
                let order = self
                    .store
                    .place_order(chain, &key, row.number, &call.to, &call.data);
                order.await
            }
            false => self.store.cancel_order(chain, &key).await,
        };
        ordered.map_err(|error| EffectError::Transient(error.to_string()))
    }

    async fn change(&self, row: &EffectRow, happens: bool) -> Result<(), EffectError> {
        let effect: Effect = serde_json::from_value(row.effect.clone())
            .map_err(|error| EffectError::Hopeless(error.to_string()))?;
        self.order(row, &effect, happens).await?;
        let (node, chain) = (Arc::clone(&self.node), self.chain.id());
        // A task of its own: it goes on to its end when following is begun again meanwhile.
        let changed = tokio::spawn(async move {
            match effect {
                // The rows say who has it now, whether this happens or is taken back.
                Effect::Owner { item, .. } => match world(item) {
                    Some(world) => node.settle_world(world).await,
                    None => Ok(()),
                },
                Effect::Stake {
                    account,
                    world,
                    token,
                    amount,
                    time,
                    transaction,
                    position,
                } => {
                    let time = time.and_then(|time| i64::try_from(time).ok());
                    let news = StakeNews {
                        chain,
                        wallet: account,
                        world,
                        kind: token,
                        amount: amount.to_string(),
                        time: time.and_then(|time| chrono::DateTime::from_timestamp(time, 0)),
                        transaction,
                        position,
                    };
                    match happens {
                        true => node.tell_stake(&news).await,
                        false => node.untell_stake(&news).await,
                    }
                }
            }
        });
        // Obstacles may go: a template is mended, the database comes back.
        match changed.await {
            Ok(changed) => {
                changed.map_err(|error: NodeError| EffectError::Transient(error.to_string()))
            }
            Err(error) => Err(EffectError::Transient(error.to_string())),
        }
    }
}

#[async_trait::async_trait]
impl Effects for WorldEffects {
    async fn perform(&self, effect: &EffectRow) -> Result<(), EffectError> {
        self.change(effect, true).await
    }

    async fn retract(&self, effect: &EffectRow) -> Result<(), EffectError> {
        self.change(effect, false).await
    }
}

/// The world that an item stands for, if it does.
fn world(item: U256) -> Option<Umid> {
    let number = u128::try_from(item).ok()?;
    (number & WORLD == WORLD).then(|| Umid::from_u128(number))
}
