//! The harvester's ledger: which block of a chain is applied, what was derived, and how to take it
//! back. Everything of a range of blocks changes in one transaction (docs/spec/chains.md §3).

mod orders;
mod outbox;
mod shadow;
mod shown;

use chrono::{DateTime, Utc};
use components::Umid;
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::Set,
    ColumnTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, JsonValue, Order, QueryFilter,
    QueryOrder, QuerySelect,
    sea_query::{Expr, OnConflict},
};

use crate::{
    Result, Store, StoreError,
    entity::{chain_block, chain_cell, chain_dead_letter, chain_fact, chain_undo, followed_chain},
};

pub use orders::{OrderRow, SignedOrder};
pub use outbox::{ChainCounts, EffectRow, EffectState};

/// Rows of one statement: SQLite takes 32,766 values.
pub(crate) const BATCH: usize = 1000;

/// Kind of the cells of balances.
const BALANCE: i32 = 0;
/// Kind of the cells of announced contracts.
const ANNOUNCED: i32 = 3;
/// Stands for the chain's own coin where contracts of tokens stand.
const COIN: [u8; 20] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];

/// A block by its number and hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockMark {
    /// Number.
    pub number: u64,
    /// Hash.
    pub hash: Vec<u8>,
}

/// A chain that is followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainRow {
    /// Its id.
    pub id: Umid,
    /// Name for people.
    pub name: String,
    /// Identity of the chain: its id, or the hash of its first block.
    pub identity: Vec<u8>,
    /// The last block whose facts are in the rows.
    pub applied: Option<BlockMark>,
    /// The last applied block that cannot be replaced any more.
    pub finalized: Option<BlockMark>,
    /// Sources of the rows, as the adapter names them; none asks for them to be read anew.
    pub sources: Option<String>,
    /// The chain whose rows these will replace.
    pub shadow_of: Option<Umid>,
    /// When the rows last changed.
    pub updated_at: DateTime<Utc>,
}

/// A chain that begins to be followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewChain {
    /// Its id.
    pub id: Umid,
    /// Name for people.
    pub name: String,
    /// Identity of the chain: its id, or the hash of its first block.
    pub identity: Vec<u8>,
    /// Sources of the rows, as the adapter names them.
    pub sources: String,
    /// The chain whose rows these will replace.
    pub shadow_of: Option<Umid>,
}

/// An applied block that may still be replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockRow {
    /// Number.
    pub number: u64,
    /// Hash.
    pub hash: Vec<u8>,
    /// Hash of the block before.
    pub parent: Vec<u8>,
}

/// Place of a derived value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cell {
    /// Balance of an account in a token: 32 bytes, the most significant first.
    Balance {
        /// The token's contract.
        contract: Vec<u8>,
        /// The account.
        account: Vec<u8>,
    },
    /// The account that holds an item.
    Owner {
        /// The contract of the items.
        contract: Vec<u8>,
        /// Id of the item, 32 bytes.
        item: [u8; 32],
    },
    /// Stake of an account in a world, of one kind of token: 32 bytes.
    Stake {
        /// The account.
        account: Vec<u8>,
        /// The world.
        world: Umid,
        /// Kind of token.
        token: u8,
    },
    /// Kind of a contract that is followed since it was announced, as text.
    Announced {
        /// The contract.
        contract: Vec<u8>,
    },
}

/// A contract that is followed since it was announced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnnouncedContract {
    /// The contract.
    pub contract: Vec<u8>,
    /// Its kind, as the adapter names it.
    pub surface: String,
    /// The block of its announcement.
    pub since: u64,
}

/// A derived value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellRow {
    /// Its place.
    pub cell: Cell,
    /// The value; `None` where there is none, which is not stored.
    pub value: Option<Vec<u8>>,
    /// Block of the last change.
    pub number: u64,
}

/// A value before a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UndoRow {
    /// The block.
    pub number: u64,
    /// The value before it.
    pub before: CellRow,
}

/// Something that was seen on a chain.
#[derive(Clone, Debug, PartialEq)]
pub struct FactRow {
    /// Number of its block.
    pub number: u64,
    /// Place in the block.
    pub position: u64,
    /// Hash of its block.
    pub block: Vec<u8>,
    /// Its transaction.
    pub transaction: Vec<u8>,
    /// The fact.
    pub fact: JsonValue,
}

/// A fact that made no sense.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetterRow {
    /// Number of its block.
    pub number: u64,
    /// Place in the block.
    pub position: u64,
    /// The bytes.
    pub raw: Vec<u8>,
    /// The fault in it.
    pub reason: String,
}

/// A range of blocks with all that follows from it.
#[derive(Clone, Debug, Default)]
pub struct AppliedBlocks {
    /// The block that was applied last before.
    pub after: Option<BlockMark>,
    /// The last block of the range.
    pub to: Option<BlockMark>,
    /// Blocks of the range that may still be replaced.
    pub blocks: Vec<BlockRow>,
    /// Values as they are after the range.
    pub cells: Vec<CellRow>,
    /// Values before each block that may still be replaced.
    pub undo: Vec<UndoRow>,
    /// Facts.
    pub facts: Vec<FactRow>,
    /// Effects of the facts.
    pub effects: Vec<EffectRow>,
    /// Facts that made no sense.
    pub dead: Vec<DeadLetterRow>,
    /// Whether no block of the range can be replaced any more.
    pub is_final: bool,
}

impl Store {
    /// A chain, if it was followed before.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn chain(&self, id: Umid) -> Result<Option<ChainRow>> {
        let row = followed_chain::Entity::find_by_id(id)
            .one(self.read())
            .await?;
        Ok(row.map(ChainRow::from))
    }

    /// All chains that are or were followed, by name.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn chains(&self) -> Result<Vec<ChainRow>> {
        let rows = followed_chain::Entity::find()
            .order_by_asc(followed_chain::Column::Name)
            .order_by_asc(followed_chain::Column::ChainId)
            .all(self.read())
            .await?;
        Ok(rows.into_iter().map(ChainRow::from).collect())
    }

    /// Begins to follow a chain; one that is known stays as it is.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn open_chain(&self, new: &NewChain) -> Result<ChainRow> {
        let transaction = self.begin().await?;
        let row = followed_chain::Model {
            chain_id: new.id,
            name: new.name.clone(),
            identity: new.identity.clone(),
            sources: Some(new.sources.clone()),
            shadow_of: new.shadow_of,
            applied_number: -1,
            applied_hash: Vec::new(),
            finalized_number: -1,
            finalized_hash: Vec::new(),
            updated_at: Utc::now(),
        };
        followed_chain::Entity::insert(row.into_active_model())
            .on_conflict_do_nothing()
            .exec_without_returning(&transaction)
            .await?;
        let row = followed_chain::Entity::find_by_id(new.id)
            .one(&transaction)
            .await?;
        self.commit(transaction).await?;
        row.map(ChainRow::from)
            .ok_or_else(|| StoreError::Invalid("the chain is gone".to_owned()))
    }

    /// Blocks of a chain that may still be replaced, oldest first.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn chain_blocks(&self, chain: Umid) -> Result<Vec<BlockRow>> {
        let rows = chain_block::Entity::find()
            .filter(chain_block::Column::ChainId.eq(chain))
            .order_by_asc(chain_block::Column::Number)
            .all(self.read())
            .await?;
        Ok(rows.into_iter().map(BlockRow::from).collect())
    }

    /// Present values of cells; those without a value are left out.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn chain_cells(&self, chain: Umid, cells: &[Cell]) -> Result<Vec<CellRow>> {
        let mut found = Vec::new();
        let mut keys: Vec<(i32, Vec<u8>)> = cells.iter().map(Cell::key).collect();
        keys.sort_unstable();
        for of_kind in keys.chunk_by(|(a, _), (b, _)| a == b) {
            for batch in of_kind.chunks(BATCH) {
                let kind = batch.first().map_or(0, |(kind, _)| *kind);
                let keys = batch.iter().map(|(_, key)| key.clone());
                let rows = chain_cell::Entity::find()
                    .filter(chain_cell::Column::ChainId.eq(chain))
                    .filter(chain_cell::Column::Kind.eq(kind))
                    .filter(chain_cell::Column::Cell.is_in(keys))
                    .all(self.read())
                    .await?;
                for row in rows {
                    found.push(CellRow::try_from(row)?);
                }
            }
        }
        Ok(found)
    }

    /// Contracts that are followed since they were announced, the earliest first.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn announced_contracts(
        &self,
        chain: Umid,
        limit: usize,
    ) -> Result<Vec<AnnouncedContract>> {
        let rows = chain_cell::Entity::find()
            .filter(chain_cell::Column::ChainId.eq(chain))
            .filter(chain_cell::Column::Kind.eq(ANNOUNCED))
            .order_by_asc(chain_cell::Column::Number)
            .order_by_asc(chain_cell::Column::Cell)
            .limit(limit as u64)
            .all(self.read())
            .await?;
        let announced = rows.into_iter().map(|row| {
            let since = row.number.unsigned_abs();
            let row = CellRow::try_from(row)?;
            let surface = String::from_utf8(row.value.unwrap_or_default()).unwrap_or_default();
            match row.cell {
                Cell::Announced { contract } => Ok(AnnouncedContract {
                    contract,
                    surface,
                    since,
                }),
                _ => Err(StoreError::Invalid("a cell of a chain".to_owned())),
            }
        });
        announced.collect()
    }

    /// Balances that have not changed since a block, at random, but those in the chain's own coin.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn sample_balances(
        &self,
        chain: Umid,
        until: u64,
        limit: u64,
    ) -> Result<Vec<CellRow>> {
        let rows = chain_cell::Entity::find()
            .filter(chain_cell::Column::ChainId.eq(chain))
            .filter(chain_cell::Column::Kind.eq(BALANCE))
            .filter(chain_cell::Column::Number.lte(long(until)))
            .order_by(Expr::cust("RANDOM()"), Order::Asc)
            .limit(limit)
            .all(self.read())
            .await?;
        let rows: Result<Vec<CellRow>> = rows.into_iter().map(CellRow::try_from).collect();
        let mut rows = rows?;
        let is_coin =
            |cell: &Cell| matches!(cell, Cell::Balance { contract, .. } if *contract == COIN);
        rows.retain(|row| !is_coin(&row.cell));
        Ok(rows)
    }

    /// Puts a value that the chain has in the place of one that was derived, unless that has
    /// changed meanwhile; whether it was.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn repair_cell(&self, chain: Umid, wrong: &CellRow, right: &CellRow) -> Result<bool> {
        let transaction = self.begin().await?;
        let (kind, cell) = wrong.cell.key();
        let deleted = chain_cell::Entity::delete_many()
            .filter(chain_cell::Column::ChainId.eq(chain))
            .filter(chain_cell::Column::Kind.eq(kind))
            .filter(chain_cell::Column::Cell.eq(cell))
            .filter(chain_cell::Column::Value.eq(wrong.value.clone().unwrap_or_default()))
            .filter(chain_cell::Column::Number.eq(long(wrong.number)))
            .exec(&transaction)
            .await?;
        if deleted.rows_affected == 0 {
            return Ok(false);
        }
        let cells = std::slice::from_ref(right);
        write_cells(&transaction, chain, cells).await?;
        self.show_cells(&transaction, chain, cells).await?;
        self.commit(transaction).await?;
        Ok(true)
    }

    /// Stores balances in the chain's own coin as they were read at a block. They are no
    /// consequence of facts: who wants newer ones reads them again.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn store_coins(
        &self,
        chain: Umid,
        at: u64,
        balances: Vec<(Vec<u8>, [u8; 32])>,
    ) -> Result<()> {
        let cells = balances.into_iter().map(|(account, value)| CellRow {
            cell: Cell::Balance {
                contract: COIN.to_vec(),
                account,
            },
            value: (value != [0; 32]).then(|| value.to_vec()),
            number: at,
        });
        let mut cells: Vec<CellRow> = cells.collect();
        cells.sort_by(|a, b| a.cell.cmp(&b.cell));
        let transaction = self.begin().await?;
        write_cells(&transaction, chain, &cells).await?;
        self.show_cells(&transaction, chain, &cells).await?;
        self.commit(transaction).await
    }

    /// Shows cells without moving the chain.
    async fn show_cells(
        &self,
        transaction: &DatabaseTransaction,
        chain: Umid,
        cells: &[CellRow],
    ) -> Result<()> {
        let row = followed_chain::Entity::find_by_id(chain)
            .one(transaction)
            .await?;
        match row.map(ChainRow::from).and_then(|row| row.applied) {
            Some(applied) => shown::show(transaction, chain, &applied, cells).await,
            None => Ok(()),
        }
    }

    /// Facts that made no sense, newest first.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn dead_letters(&self, chain: Umid, limit: u64) -> Result<Vec<DeadLetterRow>> {
        let rows = chain_dead_letter::Entity::find()
            .filter(chain_dead_letter::Column::ChainId.eq(chain))
            .order_by_desc(chain_dead_letter::Column::Number)
            .order_by_asc(chain_dead_letter::Column::Position)
            .limit(limit)
            .all(self.read())
            .await?;
        let rows = rows.into_iter().map(|row| DeadLetterRow {
            number: row.number.unsigned_abs(),
            position: row.position.unsigned_abs(),
            raw: row.raw,
            reason: row.reason,
        });
        Ok(rows.collect())
    }

    /// Stores a range of blocks with all that follows from it.
    ///
    /// # Errors
    /// `OutOfOrder` if another block was applied last.
    pub async fn apply_blocks(&self, chain: Umid, range: &AppliedBlocks) -> Result<()> {
        let Some(to) = &range.to else { return Ok(()) };
        let transaction = self.begin().await?;
        self.move_chain(&transaction, chain, range.after.as_ref(), Some(to))
            .await?;
        let blocks = range.blocks.iter().map(|block| chain_block::Model {
            chain_id: chain,
            number: long(block.number),
            hash: block.hash.clone(),
            parent: block.parent.clone(),
        });
        insert_all(&transaction, blocks.collect(), None).await?;
        let undo = range.undo.iter().map(|undo| {
            let (kind, cell) = undo.before.cell.key();
            chain_undo::Model {
                chain_id: chain,
                number: long(undo.number),
                kind,
                cell,
                value: undo.before.value.clone(),
                value_number: long(undo.before.number),
            }
        });
        insert_all(&transaction, undo.collect(), None).await?;
        let facts = range.facts.iter().map(|fact| chain_fact::Model {
            chain_id: chain,
            number: long(fact.number),
            position: long(fact.position),
            block: fact.block.clone(),
            transaction: fact.transaction.clone(),
            fact: fact.fact.clone(),
        });
        insert_all(&transaction, facts.collect(), None).await?;
        let dead = range.dead.iter().map(|dead| chain_dead_letter::Model {
            chain_id: chain,
            number: long(dead.number),
            position: long(dead.position),
            raw: dead.raw.clone(),
            reason: dead.reason.clone(),
            seen_at: Utc::now(),
        });
        insert_all(&transaction, dead.collect(), None).await?;
        write_cells(&transaction, chain, &range.cells).await?;
        outbox::insert(&transaction, chain, &range.effects).await?;
        shown::show(&transaction, chain, to, &range.cells).await?;
        if range.is_final {
            finalize(&transaction, chain, to).await?;
        }
        self.commit(transaction).await
    }

    /// Takes back all blocks after one; their effects are dropped or taken back as well.
    ///
    /// # Errors
    /// `OutOfOrder` if another block was applied last.
    pub async fn revert_blocks(
        &self,
        chain: Umid,
        from: &BlockMark,
        to: Option<&BlockMark>,
    ) -> Result<()> {
        let after = to.map_or(-1, |block| long(block.number));
        let transaction = self.begin().await?;
        self.move_chain(&transaction, chain, Some(from), to).await?;
        // The oldest value of each cell is the one before the first block that is taken back.
        let undo = chain_undo::Entity::find()
            .filter(chain_undo::Column::ChainId.eq(chain))
            .filter(chain_undo::Column::Number.gt(after))
            .order_by_desc(chain_undo::Column::Number)
            .all(&transaction)
            .await?;
        let mut before = std::collections::BTreeMap::new();
        for row in undo {
            let cell = Cell::of_key(row.kind, &row.cell)?;
            before.insert(cell, (row.value, row.value_number.unsigned_abs()));
        }
        let cells = before.into_iter().map(|(cell, (value, number))| CellRow {
            cell,
            value,
            number,
        });
        let cells: Vec<CellRow> = cells.collect();
        write_cells(&transaction, chain, &cells).await?;
        outbox::retract(&transaction, chain, after).await?;
        macro_rules! delete_after {
            ($($table:ident)*) => {$(
                $table::Entity::delete_many()
                    .filter($table::Column::ChainId.eq(chain))
                    .filter($table::Column::Number.gt(after))
                    .exec(&transaction)
                    .await?;
            )*};
        }
        delete_after!(chain_undo chain_block chain_fact chain_dead_letter);
        let shown = to.cloned().unwrap_or(BlockMark {
            number: 0,
            hash: Vec::new(),
        });
        shown::show(&transaction, chain, &shown, &cells).await?;
        self.commit(transaction).await
    }

    /// Notes that blocks up to one cannot be replaced any more, and forgets how to take them back.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn finalize_blocks(&self, chain: Umid, to: &BlockMark) -> Result<()> {
        let transaction = self.begin().await?;
        finalize(&transaction, chain, to).await?;
        self.commit(transaction).await
    }

    /// Moves a chain from the block that was applied last to another.
    async fn move_chain(
        &self,
        transaction: &DatabaseTransaction,
        chain: Umid,
        from: Option<&BlockMark>,
        to: Option<&BlockMark>,
    ) -> Result<()> {
        let at = |mark: Option<&BlockMark>| match mark {
            Some(mark) => (long(mark.number), mark.hash.clone()),
            None => (-1, Vec::new()),
        };
        let ((from_number, from_hash), (number, hash)) = (at(from), at(to));
        let moved = followed_chain::Entity::update_many()
            .set(followed_chain::ActiveModel {
                applied_number: Set(number),
                applied_hash: Set(hash),
                updated_at: Set(Utc::now()),
                ..Default::default()
            })
            .filter(followed_chain::Column::ChainId.eq(chain))
            .filter(followed_chain::Column::AppliedNumber.eq(from_number))
            .filter(followed_chain::Column::AppliedHash.eq(from_hash))
            .exec(transaction)
            .await?;
        match moved.rows_affected {
            1 => Ok(()),
            _ => Err(StoreError::OutOfOrder),
        }
    }
}

async fn finalize(transaction: &DatabaseTransaction, chain: Umid, to: &BlockMark) -> Result<()> {
    let row = followed_chain::ActiveModel {
        chain_id: Set(chain),
        finalized_number: Set(long(to.number)),
        finalized_hash: Set(to.hash.clone()),
        ..Default::default()
    };
    row.update(transaction).await?;
    chain_undo::Entity::delete_many()
        .filter(chain_undo::Column::ChainId.eq(chain))
        .filter(chain_undo::Column::Number.lte(long(to.number)))
        .exec(transaction)
        .await?;
    // The block itself stays: what comes next has to be its child.
    chain_block::Entity::delete_many()
        .filter(chain_block::Column::ChainId.eq(chain))
        .filter(chain_block::Column::Number.lt(long(to.number)))
        .exec(transaction)
        .await?;
    Ok(())
}

/// Writes values; those that are none are deleted.
async fn write_cells(
    transaction: &DatabaseTransaction,
    chain: Umid,
    cells: &[CellRow],
) -> Result<()> {
    let (present, absent): (Vec<&CellRow>, Vec<&CellRow>) =
        cells.iter().partition(|row| row.value.is_some());
    let present = present.into_iter().map(|row| {
        let (kind, cell) = row.cell.key();
        chain_cell::Model {
            chain_id: chain,
            kind,
            cell,
            value: row.value.clone().unwrap_or_default(),
            number: long(row.number),
        }
    });
    let mut replace = OnConflict::columns([
        chain_cell::Column::ChainId,
        chain_cell::Column::Kind,
        chain_cell::Column::Cell,
    ]);
    replace.update_columns([chain_cell::Column::Value, chain_cell::Column::Number]);
    insert_all(transaction, present.collect(), Some(replace)).await?;
    for row in absent {
        let (kind, cell) = row.cell.key();
        chain_cell::Entity::delete_by_id((chain, kind, cell))
            .exec(transaction)
            .await?;
    }
    Ok(())
}

/// Inserts rows, a batch in each statement; `conflict` says what becomes of those that are there.
async fn insert_all<M, A>(
    transaction: &DatabaseTransaction,
    rows: Vec<M>,
    conflict: Option<OnConflict>,
) -> Result<()>
where
    M: IntoActiveModel<A>,
    A: ActiveModelTrait,
{
    let mut rows = rows.into_iter();
    loop {
        let batch = rows.by_ref().take(BATCH).map(M::into_active_model);
        let batch: Vec<A> = batch.collect();
        if batch.is_empty() {
            return Ok(());
        }
        let mut insert = A::Entity::insert_many(batch);
        if let Some(conflict) = &conflict {
            insert = insert.on_conflict(conflict.clone());
        }
        insert.exec_without_returning(transaction).await?;
    }
}

/// Block numbers fit: chains have had fewer than 2^40 blocks.
fn long(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

impl Cell {
    /// Kind and bytes, as they are stored: parts of varying length have their length before them.
    pub(crate) fn key(&self) -> (i32, Vec<u8>) {
        let part = |bytes: &[u8]| {
            let length = u8::try_from(bytes.len()).unwrap_or(u8::MAX);
            [&[length], bytes].concat()
        };
        match self {
            Cell::Balance { contract, account } => {
                (BALANCE, [&part(contract)[..], account].concat())
            }
            Cell::Owner { contract, item } => (1, [&part(contract)[..], item].concat()),
            Cell::Stake {
                account,
                world,
                token,
            } => (
                2,
                [&part(account)[..], world.as_bytes(), &[*token]].concat(),
            ),
            Cell::Announced { contract } => (ANNOUNCED, part(contract)),
        }
    }

    fn of_key(kind: i32, key: &[u8]) -> Result<Cell> {
        let parse = || {
            let (length, rest) = key.split_first()?;
            let (first, rest) = rest.split_at_checked(usize::from(*length))?;
            match kind {
                BALANCE => Some(Cell::Balance {
                    contract: first.to_vec(),
                    account: rest.to_vec(),
                }),
                1 => Some(Cell::Owner {
                    contract: first.to_vec(),
                    item: rest.try_into().ok()?,
                }),
                2 => {
                    let (token, world) = rest.split_last()?;
                    Some(Cell::Stake {
                        account: first.to_vec(),
                        world: Umid::from_slice(world).ok()?,
                        token: *token,
                    })
                }
                ANNOUNCED => Some(Cell::Announced {
                    contract: first.to_vec(),
                }),
                _ => None,
            }
        };
        parse().ok_or_else(|| StoreError::Invalid("a cell of a chain".to_owned()))
    }
}

impl From<followed_chain::Model> for ChainRow {
    fn from(row: followed_chain::Model) -> Self {
        let mark = |number: i64, hash: Vec<u8>| {
            let number = u64::try_from(number).ok()?;
            Some(BlockMark { number, hash })
        };
        Self {
            id: row.chain_id,
            name: row.name,
            identity: row.identity,
            applied: mark(row.applied_number, row.applied_hash),
            finalized: mark(row.finalized_number, row.finalized_hash),
            sources: row.sources,
            shadow_of: row.shadow_of,
            updated_at: row.updated_at,
        }
    }
}

impl From<chain_block::Model> for BlockRow {
    fn from(row: chain_block::Model) -> Self {
        Self {
            number: row.number.unsigned_abs(),
            hash: row.hash,
            parent: row.parent,
        }
    }
}

impl TryFrom<chain_cell::Model> for CellRow {
    type Error = StoreError;

    fn try_from(row: chain_cell::Model) -> Result<Self> {
        Ok(Self {
            cell: Cell::of_key(row.kind, &row.cell)?,
            value: Some(row.value),
            number: row.number.unsigned_abs(),
        })
    }
}
