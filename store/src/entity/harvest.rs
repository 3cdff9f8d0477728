//! The harvester's own tables.

use super::entities;

entities! {
    /// Transactions of our own.
    chain_order = "chain_order" {
        key chain_id: Uuid, key key: String, ;
        number: i64,
        to_account: Vec<u8>,
        data: Vec<u8>,
        state: String,
        nonce: Option<i64>,
        hashes: Json,
        raw: Option<Vec<u8>>,
        fee: Option<String>,
        error: Option<String>,
        created_at: DateTimeUtc,
        sent_at: Option<DateTimeUtc>,
    }

    /// Worlds that are kept and not shown.
    archived_world = "archived_world" {
        key object_id: Uuid, ;
        archived_at: DateTimeUtc,
    }

    /// Chains that are followed.
    followed_chain = "chain" {
        key chain_id: Uuid, ;
        name: String,
        identity: Vec<u8>,
        applied_number: i64,
        applied_hash: Vec<u8>,
        finalized_number: i64,
        finalized_hash: Vec<u8>,
        updated_at: DateTimeUtc,
        sources: Option<String>,
        shadow_of: Option<Uuid>,
    }

    /// Applied blocks that may still be replaced.
    chain_block = "chain_block" {
        key chain_id: Uuid, key number: i64, ;
        hash: Vec<u8>,
        parent: Vec<u8>,
    }

    /// Derived values.
    chain_cell = "chain_cell" {
        key chain_id: Uuid, key kind: i32, key cell: Vec<u8>, ;
        value: Vec<u8>,
        number: i64,
    }

    /// Values before a block.
    chain_undo = "chain_undo" {
        key chain_id: Uuid, key number: i64, key kind: i32, key cell: Vec<u8>, ;
        value: Option<Vec<u8>>,
        value_number: i64,
    }

    /// Everything that was seen.
    chain_fact = "chain_fact" {
        key chain_id: Uuid, key number: i64, key position: i64, ;
        block: Vec<u8>,
        transaction: Vec<u8>,
        fact: Json,
    }

    /// Effects that are to happen or to be taken back.
    chain_outbox = "chain_outbox" {
        key chain_id: Uuid, key key: String, ;
        number: i64,
        position: i64,
        block: Vec<u8>,
        effect: Json,
        state: String,
        attempts: i32,
        error: Option<String>,
        due: DateTimeUtc,
    }

    /// Facts that made no sense.
    chain_dead_letter = "chain_dead_letter" {
        key chain_id: Uuid, key number: i64, key position: i64, ;
        raw: Vec<u8>,
        reason: String,
        seen_at: DateTimeUtc,
    }
}
