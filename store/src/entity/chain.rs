//! The mirror of the chain and the harvester's tables (docs/spec/model.md §2.1).

use super::entities;

entities! {
    /// Chains.
    blockchain = "blockchain" {
        key blockchain_id: Uuid, ;
        last_processed_block_number: i64,
        blockchain_name: String,
        rpc_url: String,
        updated_at: DateTime,
    }

    /// Addresses seen on a chain.
    wallet = "wallet" {
        key blockchain_id: Uuid, key wallet_id: Vec<u8>, ;
    }

    /// Contracts followed.
    contract = "contract" {
        key contract_id: Vec<u8>, ;
        name: Option<String>,
    }

    /// Token balances.
    balance = "balance" {
        key wallet_id: Vec<u8>, key contract_id: Vec<u8>, key blockchain_id: Uuid, ;
        balance: Amount,
        last_processed_block_number: i64,
    }

    /// Holders of world tokens; the world need not exist yet.
    nft = "nft" {
        key wallet_id: Vec<u8>, key contract_id: Vec<u8>,
        key blockchain_id: Uuid, key object_id: Uuid, ;
        created_at: Option<DateTime>,
        updated_at: Option<DateTime>,
    }

    /// Stakes in worlds.
    stake = "stake" {
        key blockchain_id: Uuid, key wallet_id: Vec<u8>, key object_id: Uuid, key kind: i32, ;
        amount: Amount,
        last_comment: String,
        updated_at: DateTime,
        created_at: DateTime,
    }

    /// Stakes announced by clients and not yet seen on the chain.
    pending_stake = "pending_stake" {
        key blockchain_id: Uuid, key wallet_id: Vec<u8>,
        key transaction_id: Vec<u8>, key object_id: Uuid, ;
        amount: Amount,
        comment: String,
        kind: i32,
        updated_at: DateTime,
        created_at: DateTime,
    }

    /// Last block of each chain that the harvester has read.
    harvester_blockchain = "harvester_blockchain" {
        key blockchain_id: Uuid, ;
        blockchain_name: String,
        last_processed_block_for_tokens: i64,
        last_processed_block_for_nfts: i64,
        last_processed_block_for_ethers: i64,
        updated_at: DateTime,
    }

    /// Token balances as the harvester knows them.
    harvester_tokens = "harvester_tokens" {
        key blockchain_id: Uuid, key contract_id: Vec<u8>, key wallet_id: Vec<u8>, ;
        balance: Amount,
        updated_at: DateTime,
    }

    /// Token holders as the harvester knows them.
    harvester_nfts = "harvester_nfts" {
        key blockchain_id: Uuid, key contract_id: Vec<u8>,
        key wallet_id: Vec<u8>, key item_id: Amount, ;
        updated_at: DateTime,
    }

    /// Native balances as the harvester knows them.
    harvester_ethers = "harvester_ethers" {
        key blockchain_id: Uuid, key wallet_id: Vec<u8>, ;
        balance: Amount,
        updated_at: DateTime,
    }
}
