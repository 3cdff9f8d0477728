//! Effects of what was seen: once each, by key, and taken back if their block is lost.
//!
//! ```text
//! seen ─► pending ─► running ─► done
//!            │          │         │       block lost
//!            ▼          │         ▼
//!         deleted       │     retracting
//!                       ▼         ▼
//!                    undoing ◄────┘  ─► deleted
//! seen again:        pending       done
//! ```
//!
//! An effect is claimed before it is carried out (running, undoing), so that a block that is lost
//! or seen again meanwhile is noticed.

use chrono::{DateTime, Utc};
use components::Umid;
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, DatabaseTransaction, EntityTrait, JsonValue, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait, OnConflict, SimpleExpr},
};

use super::{insert_all, long};
use crate::{
    Result, Store, StoreError,
    entity::{chain_dead_letter, chain_outbox},
};

/// Progress of an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EffectState {
    /// It is to happen.
    Pending,
    /// It is happening.
    Running,
    /// It has happened.
    Done,
    /// It has happened, and its block was lost.
    Retracting,
    /// It is being taken back.
    Undoing,
    /// It failed too often.
    Dead,
}

impl EffectState {
    const ALL: [(EffectState, &str); 6] = [
        (EffectState::Pending, "pending"),
        (EffectState::Running, "running"),
        (EffectState::Done, "done"),
        (EffectState::Retracting, "retracting"),
        (EffectState::Undoing, "undoing"),
        (EffectState::Dead, "dead"),
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        let found = Self::ALL.iter().find(|(state, _)| *state == self);
        found.map_or("", |(_, name)| *name)
    }
}

/// An effect.
#[derive(Clone, Debug, PartialEq)]
pub struct EffectRow {
    /// The same whenever the same thing is seen again.
    pub key: String,
    /// Number of the block.
    pub number: u64,
    /// Place in the block.
    pub position: u64,
    /// Hash of the block.
    pub block: Vec<u8>,
    /// The effect.
    pub effect: JsonValue,
    /// Its progress.
    pub state: EffectState,
    /// Attempts so far.
    pub attempts: u32,
    /// The last fault.
    pub error: Option<String>,
}

/// Adds effects. One that was to be taken back, because its block was lost, is seen again and
/// stays.
pub(super) async fn insert(
    transaction: &DatabaseTransaction,
    chain: Umid,
    effects: &[EffectRow],
) -> Result<()> {
    let rows = effects.iter().map(|row| chain_outbox::Model {
        chain_id: chain,
        key: row.key.clone(),
        number: long(row.number),
        position: long(row.position),
        block: row.block.clone(),
        effect: row.effect.clone(),
        state: EffectState::Pending.name().to_owned(),
        attempts: 0,
        error: None,
        due: Utc::now(),
    });
    let mut seen_again =
        OnConflict::columns([chain_outbox::Column::ChainId, chain_outbox::Column::Key]);
    seen_again
        .update_columns([
            chain_outbox::Column::Number,
            chain_outbox::Column::Position,
            chain_outbox::Column::Block,
        ])
        .value(chain_outbox::Column::State, seen_again_state());
    insert_all(transaction, rows.collect(), Some(seen_again)).await
}

/// State of an effect that is known and seen again.
fn seen_again_state() -> SimpleExpr {
    let state = || Expr::col((chain_outbox::Entity, chain_outbox::Column::State));
    let name = |state: EffectState| Expr::val(state.name());
    Expr::case(
        state().eq(EffectState::Retracting.name()),
        name(EffectState::Done),
    )
    .case(
        state().eq(EffectState::Undoing.name()),
        name(EffectState::Pending),
    )
    .finally(state())
    .into()
}

/// Drops effects of lost blocks that have not happened, and has the others taken back.
pub(super) async fn retract(
    transaction: &DatabaseTransaction,
    chain: Umid,
    after: i64,
) -> Result<()> {
    let lost = chain_outbox::Column::ChainId
        .eq(chain)
        .and(chain_outbox::Column::Number.gt(after));
    take_back(transaction, lost).await
}

/// Drops those of some effects that nobody has begun, and has the others taken back.
pub(super) async fn take_back(transaction: &DatabaseTransaction, which: Expr) -> Result<()> {
    let of = |states: &[EffectState]| {
        let states = states.iter().map(|state| state.name());
        which.clone().and(chain_outbox::Column::State.is_in(states))
    };
    chain_outbox::Entity::delete_many()
        .filter(of(&[EffectState::Pending]))
        .filter(chain_outbox::Column::Attempts.eq(0))
        .exec(transaction)
        .await?;
    // One that has begun may have happened, or a part of it: if it is seen again, it is performed
    // again.
    let begun = [
        EffectState::Pending,
        EffectState::Running,
        EffectState::Dead,
    ];
    for (states, to) in [
        (&begun[..], EffectState::Undoing),
        (&[EffectState::Done], EffectState::Retracting),
    ] {
        chain_outbox::Entity::update_many()
            .set(chain_outbox::ActiveModel {
                state: Set(to.name().to_owned()),
                attempts: Set(0),
                due: Set(Utc::now()),
                ..Default::default()
            })
            .filter(of(states))
            .exec(transaction)
            .await?;
    }
    Ok(())
}

/// The row of an effect as it was read, if it has not changed since.
fn unchanged(chain: Umid, effect: &EffectRow) -> Expr {
    chain_outbox::Column::ChainId
        .eq(chain)
        .and(chain_outbox::Column::Key.eq(effect.key.as_str()))
        .and(chain_outbox::Column::Block.eq(effect.block.clone()))
        .and(chain_outbox::Column::State.eq(effect.state.name()))
}

/// Numbers of what waits and what was put aside.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChainCounts {
    /// Effects by their progress, all of them.
    pub effects: Vec<(EffectState, u64)>,
    /// Facts that made no sense.
    pub dead_letters: u64,
}

impl Store {
    /// Numbers of effects and dead letters of a chain.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn chain_counts(&self, chain: Umid) -> Result<ChainCounts> {
        let rows: Vec<(String, i64)> = chain_outbox::Entity::find()
            .select_only()
            .column(chain_outbox::Column::State)
            .column_as(chain_outbox::Column::Key.count(), "count")
            .filter(chain_outbox::Column::ChainId.eq(chain))
            .group_by(chain_outbox::Column::State)
            .into_tuple()
            .all(self.read())
            .await?;
        let count = |state: EffectState| {
            let found = rows.iter().find(|(name, _)| name == state.name());
            (state, found.map_or(0, |(_, count)| count.unsigned_abs()))
        };
        let dead_letters = chain_dead_letter::Entity::find()
            .filter(chain_dead_letter::Column::ChainId.eq(chain))
            .count(self.read())
            .await?;
        Ok(ChainCounts {
            effects: EffectState::ALL.map(|(state, _)| count(state)).to_vec(),
            dead_letters,
        })
    }

    /// Effects that are due, in the order of the chain: those to be taken back, newest first,
    /// before those to happen in blocks up to `until`.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn due_effects(&self, chain: Umid, until: u64, limit: u64) -> Result<Vec<EffectRow>> {
        let now = Utc::now();
        let due = |states: &[EffectState]| {
            let states = states.iter().map(|state| state.name());
            chain_outbox::Entity::find()
                .filter(chain_outbox::Column::ChainId.eq(chain))
                .filter(chain_outbox::Column::State.is_in(states))
                .filter(chain_outbox::Column::Due.lte(now))
        };
        let mut rows = due(&[EffectState::Retracting, EffectState::Undoing])
            .order_by_desc(chain_outbox::Column::Number)
            .order_by_desc(chain_outbox::Column::Position)
            .limit(limit)
            .all(self.read())
            .await?;
        if rows.is_empty() {
            rows = due(&[EffectState::Pending])
                .filter(chain_outbox::Column::Number.lte(long(until)))
                .order_by_asc(chain_outbox::Column::Number)
                .order_by_asc(chain_outbox::Column::Position)
                .order_by_asc(chain_outbox::Column::Key)
                .limit(limit)
                .all(self.read())
                .await?;
        }
        rows.into_iter().map(EffectRow::try_from).collect()
    }

    /// Effects that were given up, oldest first.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn dead_effects(&self, chain: Umid, limit: u64) -> Result<Vec<EffectRow>> {
        let rows = chain_outbox::Entity::find()
            .filter(chain_outbox::Column::ChainId.eq(chain))
            .filter(chain_outbox::Column::State.eq(EffectState::Dead.name()))
            .order_by_asc(chain_outbox::Column::Number)
            .order_by_asc(chain_outbox::Column::Position)
            .limit(limit)
            .all(self.read())
            .await?;
        rows.into_iter().map(EffectRow::try_from).collect()
    }

    /// Makes effects due again that were given up; how many.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn retry_dead_effects(&self, chain: Umid) -> Result<u64> {
        let transaction = self.begin().await?;
        let retried = chain_outbox::Entity::update_many()
            .set(chain_outbox::ActiveModel {
                state: Set(EffectState::Pending.name().to_owned()),
                attempts: Set(0),
                due: Set(Utc::now()),
                ..Default::default()
            })
            .filter(chain_outbox::Column::ChainId.eq(chain))
            .filter(chain_outbox::Column::State.eq(EffectState::Dead.name()))
            .exec(&transaction)
            .await?;
        self.commit(transaction).await?;
        Ok(retried.rows_affected)
    }

    /// Begins to carry out an effect, or to take it back; `None` if it has changed since it was
    /// read.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn claim_effect(&self, chain: Umid, effect: EffectRow) -> Result<Option<EffectRow>> {
        let state = match effect.state {
            EffectState::Retracting | EffectState::Undoing => EffectState::Undoing,
            _ => EffectState::Running,
        };
        let claimed = self.turn_effect(chain, &effect, state).await?;
        Ok(claimed.then_some(EffectRow { state, ..effect }))
    }

    /// Notes that a claimed effect has happened, or that it has been taken back. If its block was
    /// lost or seen again meanwhile, it stays as that left it.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn finish_effect(&self, chain: Umid, effect: &EffectRow) -> Result<()> {
        if effect.state != EffectState::Undoing {
            self.turn_effect(chain, effect, EffectState::Done).await?;
            return Ok(());
        }
        let transaction = self.begin().await?;
        chain_outbox::Entity::delete_many()
            .filter(unchanged(chain, effect))
            .exec(&transaction)
            .await?;
        self.commit(transaction).await
    }

    /// Makes effects due again that were claimed when the program ended.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn release_effects(&self, chain: Umid) -> Result<()> {
        let transaction = self.begin().await?;
        // One that was being taken back stays so: perhaps it has been, and then has to be performed
        // if its block is seen again. One that was being performed perhaps has been, too, which is
        // an attempt.
        chain_outbox::Entity::update_many()
            .set(chain_outbox::ActiveModel {
                state: Set(EffectState::Pending.name().to_owned()),
                ..Default::default()
            })
            .col_expr(
                chain_outbox::Column::Attempts,
                Expr::col(chain_outbox::Column::Attempts).add(1),
            )
            .filter(chain_outbox::Column::ChainId.eq(chain))
            .filter(chain_outbox::Column::State.eq(EffectState::Running.name()))
            .exec(&transaction)
            .await?;
        self.commit(transaction).await
    }

    async fn turn_effect(&self, chain: Umid, effect: &EffectRow, to: EffectState) -> Result<bool> {
        let transaction = self.begin().await?;
        let turned = chain_outbox::Entity::update_many()
            .set(chain_outbox::ActiveModel {
                state: Set(to.name().to_owned()),
                ..Default::default()
            })
            .filter(unchanged(chain, effect))
            .exec(&transaction)
            .await?;
        self.commit(transaction).await?;
        Ok(turned.rows_affected == 1)
    }

    /// Notes that a claimed effect failed, and when it is tried again; never, if there is no such
    /// time.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn fail_effect(
        &self,
        chain: Umid,
        effect: &EffectRow,
        error: &str,
        again: Option<DateTime<Utc>>,
    ) -> Result<()> {
        let state = match (again, effect.state) {
            (None, _) => EffectState::Dead,
            (_, EffectState::Undoing) => EffectState::Undoing,
            _ => EffectState::Pending,
        };
        let transaction = self.begin().await?;
        chain_outbox::Entity::update_many()
            .set(chain_outbox::ActiveModel {
                state: Set(state.name().to_owned()),
                attempts: Set(i32::try_from(effect.attempts + 1).unwrap_or(i32::MAX)),
                error: Set(Some(error.to_owned())),
                due: Set(again.unwrap_or_else(Utc::now)),
                ..Default::default()
            })
            .filter(unchanged(chain, effect))
            .exec(&transaction)
            .await?;
        self.commit(transaction).await
    }
}

impl TryFrom<chain_outbox::Model> for EffectRow {
    type Error = StoreError;

    fn try_from(row: chain_outbox::Model) -> Result<Self> {
        let state = EffectState::ALL.iter().find(|(_, name)| *name == row.state);
        let (state, _) = state.ok_or_else(|| StoreError::Invalid(row.state.clone()))?;
        Ok(Self {
            key: row.key,
            number: row.number.unsigned_abs(),
            position: row.position.unsigned_abs(),
            block: row.block,
            effect: row.effect,
            state: *state,
            attempts: row.attempts.unsigned_abs(),
            error: row.error,
        })
    }
}
