//! The mirror of the chain and the harvester's own tables (docs/spec/model.md §2.1).

use crate::table::{
    Column, NULL,
    OnDelete::{Cascade, NoAction},
    REQUIRED, Reference, Table, Type,
};

const WALLET_ID: Column = ("wallet_id", Type::Bytes, REQUIRED);
const CONTRACT_ID: Column = ("contract_id", Type::Bytes, REQUIRED);
const BLOCKCHAIN_ID: Column = ("blockchain_id", Type::Uuid, REQUIRED);
const OBJECT_ID: Column = ("object_id", Type::Uuid, REQUIRED);
const BALANCE_COLUMN: Column = ("balance", Type::Amount, REQUIRED);
const AMOUNT: Column = ("amount", Type::Amount, REQUIRED);
const KIND: Column = ("kind", Type::Int, REQUIRED);
const CREATED: Column = ("created_at", Type::Time, REQUIRED);
const UPDATED: Column = ("updated_at", Type::Time, REQUIRED);
const OF_CHAIN: Reference = (
    &["blockchain_id"],
    "blockchain",
    &["blockchain_id"],
    Cascade,
);
const OF_WALLET: Reference = (
    &["blockchain_id", "wallet_id"],
    "wallet",
    &["blockchain_id", "wallet_id"],
    Cascade,
);
const OF_HARVESTED_CHAIN: Reference = (
    &["blockchain_id"],
    "harvester_blockchain",
    &["blockchain_id"],
    Cascade,
);

pub(crate) const BLOCKCHAIN: Table = Table {
    name: "blockchain",
    columns: &[
        BLOCKCHAIN_ID,
        ("last_processed_block_number", Type::Long, REQUIRED),
        ("blockchain_name", Type::Text, REQUIRED),
        ("rpc_url", Type::Text, REQUIRED),
        UPDATED,
    ],
    primary_key: &["blockchain_id"],
    references: &[],
    unique: &[],
    indexes: &[],
};

pub(crate) const WALLET: Table = Table {
    name: "wallet",
    columns: &[WALLET_ID, BLOCKCHAIN_ID],
    primary_key: &["blockchain_id", "wallet_id"],
    references: &[OF_CHAIN],
    unique: &[],
    indexes: &[],
};

pub(crate) const CONTRACT: Table = Table {
    name: "contract",
    columns: &[CONTRACT_ID, ("name", Type::Name, NULL)],
    primary_key: &["contract_id"],
    references: &[],
    unique: &[],
    indexes: &[],
};

pub(crate) const BALANCE: Table = Table {
    name: "balance",
    columns: &[
        WALLET_ID,
        CONTRACT_ID,
        BLOCKCHAIN_ID,
        BALANCE_COLUMN,
        ("last_processed_block_number", Type::Long, REQUIRED),
    ],
    primary_key: &["wallet_id", "contract_id", "blockchain_id"],
    references: &[
        OF_CHAIN,
        (&["contract_id"], "contract", &["contract_id"], Cascade),
        (
            &["blockchain_id", "wallet_id"],
            "wallet",
            &["blockchain_id", "wallet_id"],
            NoAction,
        ),
    ],
    unique: &[],
    indexes: &[],
};

/// `object_id` may name a world that does not exist yet.
pub(crate) const NFT: Table = Table {
    name: "nft",
    columns: &[
        WALLET_ID,
        BLOCKCHAIN_ID,
        OBJECT_ID,
        CONTRACT_ID,
        ("created_at", Type::Time, NULL),
        ("updated_at", Type::Time, NULL),
    ],
    primary_key: &["wallet_id", "contract_id", "blockchain_id", "object_id"],
    references: &[OF_CHAIN],
    unique: &[],
    indexes: &[],
};

pub(crate) const STAKE: Table = Table {
    name: "stake",
    columns: &[
        WALLET_ID,
        BLOCKCHAIN_ID,
        OBJECT_ID,
        AMOUNT,
        ("last_comment", Type::Text, REQUIRED),
        UPDATED,
        CREATED,
        KIND,
    ],
    primary_key: &["blockchain_id", "wallet_id", "object_id", "kind"],
    references: &[OF_WALLET],
    unique: &[],
    indexes: &[&["object_id"]],
};

pub(crate) const PENDING_STAKE: Table = Table {
    name: "pending_stake",
    columns: &[
        ("transaction_id", Type::Bytes, REQUIRED),
        OBJECT_ID,
        WALLET_ID,
        BLOCKCHAIN_ID,
        AMOUNT,
        ("comment", Type::Text, REQUIRED),
        KIND,
        UPDATED,
        CREATED,
    ],
    primary_key: &["blockchain_id", "wallet_id", "transaction_id", "object_id"],
    references: &[
        (&["object_id"], "object", &["object_id"], Cascade),
        OF_WALLET,
    ],
    unique: &[],
    indexes: &[&["object_id"]],
};

pub(crate) const HARVESTER_BLOCKCHAIN: Table = Table {
    name: "harvester_blockchain",
    columns: &[
        BLOCKCHAIN_ID,
        ("blockchain_name", Type::Text, REQUIRED),
        (
            "last_processed_block_for_tokens",
            Type::LongOrZero,
            REQUIRED,
        ),
        ("last_processed_block_for_nfts", Type::LongOrZero, REQUIRED),
        (
            "last_processed_block_for_ethers",
            Type::LongOrZero,
            REQUIRED,
        ),
        UPDATED,
    ],
    primary_key: &["blockchain_id"],
    references: &[],
    unique: &[],
    indexes: &[],
};

pub(crate) const HARVESTER_TOKENS: Table = Table {
    name: "harvester_tokens",
    columns: &[
        WALLET_ID,
        CONTRACT_ID,
        BLOCKCHAIN_ID,
        BALANCE_COLUMN,
        UPDATED,
    ],
    primary_key: &["blockchain_id", "contract_id", "wallet_id"],
    references: &[OF_HARVESTED_CHAIN],
    unique: &[],
    indexes: &[],
};

pub(crate) const HARVESTER_NFTS: Table = Table {
    name: "harvester_nfts",
    columns: &[
        WALLET_ID,
        CONTRACT_ID,
        BLOCKCHAIN_ID,
        ("item_id", Type::Amount, REQUIRED),
        UPDATED,
    ],
    primary_key: &["blockchain_id", "contract_id", "wallet_id", "item_id"],
    references: &[OF_HARVESTED_CHAIN],
    unique: &[],
    indexes: &[],
};

pub(crate) const HARVESTER_ETHERS: Table = Table {
    name: "harvester_ethers",
    columns: &[WALLET_ID, BLOCKCHAIN_ID, BALANCE_COLUMN, UPDATED],
    primary_key: &["blockchain_id", "wallet_id"],
    references: &[OF_HARVESTED_CHAIN],
    unique: &[],
    indexes: &[],
};
