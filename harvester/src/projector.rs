//! From facts to values: balances, owners and stakes as they are after a range of blocks, as they
//! were before each block that may be replaced, and what is to be done.

use std::collections::{HashMap, HashSet};

use components::Umid;
use serde::{Deserialize, Serialize};
use store::{
    AppliedBlocks, Cell, CellRow, DeadLetterRow, EffectRow, EffectState, FactRow, UndoRow,
};

use crate::chain::{Account, Fact, FactKind, U256};

/// Consequence of a fact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Effect {
    /// An item changed hands: what it stands for changes its owner.
    Owner {
        /// The contract of the items.
        contract: Vec<u8>,
        /// Id of the item.
        item: U256,
        /// The account that had it; none if it was minted.
        from: Option<Account>,
        /// The account that has it; none if it was burned.
        to: Option<Account>,
    },
    /// Somebody staked in a world: others there hear of it.
    Stake {
        /// The account.
        account: Account,
        /// The world.
        world: Umid,
        /// Kind of token.
        token: u8,
        /// By how much.
        amount: U256,
        /// Time of the block in seconds since 1970, if it is known.
        time: Option<u64>,
        /// The transaction.
        transaction: Vec<u8>,
        /// Place in the block.
        position: u64,
    },
}

/// The cells that facts change.
pub(crate) fn cells_of(facts: &[Fact]) -> Vec<Cell> {
    let mut cells = HashSet::new();
    for fact in facts {
        for change in changes(&fact.kind) {
            cells.insert(change.cell().clone());
        }
    }
    cells.into_iter().collect()
}

/// A change of one cell.
enum Change {
    Add(Cell, U256),
    Take(Cell, U256),
    Set(Cell, Option<Account>),
    /// A value that stays as it first was.
    First(Cell, Vec<u8>),
}

impl Change {
    fn cell(&self) -> &Cell {
        match self {
            Change::Add(cell, _)
            | Change::Take(cell, _)
            | Change::Set(cell, _)
            | Change::First(cell, _) => cell,
        }
    }
}

fn changes(kind: &FactKind) -> Vec<Change> {
    let stake = |account: &Account, world: &Umid, token: &u8| Cell::Stake {
        account: account.clone(),
        world: *world,
        token: *token,
    };
    match kind {
        FactKind::FungibleTransfer {
            contract,
            from,
            to,
            amount,
        } => {
            let cell = |account: &Account| Cell::Balance {
                contract: contract.clone(),
                account: account.clone(),
            };
            let from = from.iter().map(|from| Change::Take(cell(from), *amount));
            let to = to.iter().map(|to| Change::Add(cell(to), *amount));
            from.chain(to).collect()
        }
        FactKind::ItemTransfer {
            contract, item, to, ..
        } => {
            let cell = Cell::Owner {
                contract: contract.clone(),
                item: item.to_be_bytes(),
            };
            vec![Change::Set(cell, to.clone())]
        }
        FactKind::Staked {
            account,
            world,
            token,
            amount,
        } => vec![Change::Add(stake(account, world, token), *amount)],
        FactKind::Unstaked {
            account,
            world,
            token,
            amount,
        } => vec![Change::Take(stake(account, world, token), *amount)],
        FactKind::Restaked {
            account,
            from,
            to,
            token,
            amount,
        } => vec![
            Change::Take(stake(account, from, token), *amount),
            Change::Add(stake(account, to, token), *amount),
        ],
        FactKind::ContractAnnounced { contract, surface } => {
            let cell = Cell::Announced {
                contract: contract.clone(),
            };
            vec![Change::First(cell, surface.clone().into_bytes())]
        }
        // Kept as they were seen, and nothing follows from them.
        FactKind::UnstakedClaimed { .. }
        | FactKind::RewardsClaimed { .. }
        | FactKind::WorldRewardsClaimed { .. }
        | FactKind::RewardsUpdated { .. }
        | FactKind::NodeChanged { .. }
        | FactKind::WorldMapped { .. }
        | FactKind::Vested { .. }
        | FactKind::FaucetDrop { .. }
        | FactKind::ContractChanged { .. }
        | FactKind::Unreadable { .. } => Vec::new(),
    }
}

fn effect(fact: &Fact) -> Option<(String, Effect)> {
    let place = || format!("{}:{}", hex::encode(&fact.transaction), fact.position);
    match &fact.kind {
        FactKind::ItemTransfer {
            contract,
            item,
            from,
            to,
        } => {
            let key = format!("owner:{}:{item}:{}", hex::encode(contract), place());
            let effect = Effect::Owner {
                contract: contract.clone(),
                item: *item,
                from: from.clone(),
                to: to.clone(),
            };
            Some((key, effect))
        }
        FactKind::Staked {
            account,
            world,
            token,
            amount,
        } => {
            let effect = Effect::Stake {
                account: account.clone(),
                world: *world,
                token: *token,
                amount: *amount,
                time: fact.time,
                transaction: fact.transaction.clone(),
                position: fact.position,
            };
            Some((format!("stake:{}", place()), effect))
        }
        _ => None,
    }
}

/// Adds what follows from the facts of a range, which are in order, to what is stored of it.
/// `present` are the values before the range. With `undo`, values before each block are kept.
pub(crate) fn project(
    range: &mut AppliedBlocks,
    facts: Vec<Fact>,
    present: Vec<CellRow>,
    undo: bool,
) {
    let mut cells: HashMap<Cell, CellRow> = present
        .into_iter()
        .map(|row| (row.cell.clone(), row))
        .collect();
    let mut changed = HashSet::new();
    let mut kept = HashSet::new();
    for fact in facts {
        let changes = changes(&fact.kind);
        if let Err((raw, reason)) = check(&changes, &cells, &fact) {
            range.dead.push(DeadLetterRow {
                number: fact.number,
                position: fact.position,
                raw,
                reason,
            });
            continue;
        }
        for change in &changes {
            let cell = change.cell();
            let row = cells.entry(cell.clone()).or_insert_with(|| CellRow {
                cell: cell.clone(),
                value: None,
                number: 0,
            });
            if matches!(change, Change::First(..)) && row.value.is_some() {
                continue;
            }
            if undo && kept.insert((fact.number, cell.clone())) {
                range.undo.push(UndoRow {
                    number: fact.number,
                    before: row.clone(),
                });
            }
            row.value = after(change, row);
            row.number = fact.number;
            changed.insert(cell.clone());
        }
        if let Some((key, effect)) = effect(&fact) {
            range.effects.push(EffectRow {
                key,
                number: fact.number,
                position: fact.position,
                block: fact.block.to_vec(),
                effect: serde_json::to_value(effect).unwrap_or_default(),
                state: EffectState::Pending,
                attempts: 0,
                error: None,
            });
        }
        range.facts.push(FactRow {
            number: fact.number,
            position: fact.position,
            block: fact.block.to_vec(),
            transaction: fact.transaction,
            fact: serde_json::to_value(&fact.kind).unwrap_or_default(),
        });
    }
    let changed = cells
        .into_values()
        .filter(|row| changed.contains(&row.cell));
    range.cells = changed.collect();
    // Always in the same order, so that statements of two chains cannot wait for each other.
    range.cells.sort_by(|a, b| a.cell.cmp(&b.cell));
}

/// Refuses a fact that cannot have happened to the values as they are.
fn check(
    changes: &[Change],
    cells: &HashMap<Cell, CellRow>,
    fact: &Fact,
) -> Result<(), (Vec<u8>, String)> {
    if let FactKind::Unreadable { raw, reason } = &fact.kind {
        return Err((raw.clone(), reason.clone()));
    }
    let dead = |reason: &str| {
        let raw = serde_json::to_vec(&fact.kind).unwrap_or_default();
        Err((raw, reason.to_owned()))
    };
    // One account on both sides gains what it loses.
    let mut taken: HashMap<&Cell, U256> = HashMap::new();
    for change in changes {
        match change {
            Change::Take(cell, amount) => {
                let has = number(cells.get(cell));
                let Some(rest) = has.checked_sub(*amount) else {
                    return dead("more is taken than there is");
                };
                taken.insert(cell, rest);
            }
            Change::Add(cell, amount) => {
                let has = taken.get(cell).copied();
                let has = has.unwrap_or_else(|| number(cells.get(cell)));
                if has.checked_add(*amount).is_none() {
                    return dead("the sum has more than 256 bits");
                }
            }
            Change::Set(..) | Change::First(..) => {}
        }
    }
    Ok(())
}

/// The value after a change that was checked. Nothing is stored of what is zero.
fn after(change: &Change, row: &CellRow) -> Option<Vec<u8>> {
    let value = match change {
        Change::Add(_, amount) => number(Some(row)).wrapping_add(*amount),
        Change::Take(_, amount) => number(Some(row)).wrapping_sub(*amount),
        Change::Set(_, account) => return account.clone(),
        Change::First(_, value) => return Some(value.clone()),
    };
    (!value.is_zero()).then(|| value.to_be_bytes::<32>().to_vec())
}

fn number(row: Option<&CellRow>) -> U256 {
    let bytes = row.and_then(|row| row.value.as_deref());
    let number = bytes.and_then(U256::try_from_be_slice);
    number.unwrap_or_default()
}
