//! The rules of the platform's own network: $MOM as the native token, worlds as items, assets, and
//! stakes in worlds.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod apis;
mod config;
pub mod genesis;

use alloc::{borrow::Cow, vec::Vec};

use sp_runtime::{
    MultiAddress, MultiSignature, generic,
    traits::{BlakeTwo256, IdentifyAccount, Verify},
};
use sp_version::RuntimeVersion;

pub use apis::RuntimeApi;
pub use config::EXISTENTIAL_DEPOSIT;

/// One $MOM in its smallest unit.
pub const MOM: u128 = 1_000_000_000_000;
/// Time of a block in milliseconds.
pub const SLOT: u64 = 6_000;
/// Blocks of a minute.
pub const MINUTES: BlockNumber = 60_000 / SLOT as BlockNumber;
/// Blocks of a day.
pub const DAYS: BlockNumber = MINUTES * 60 * 24;

/// A signature of a transaction.
pub type Signature = MultiSignature;
/// Public key of an account.
pub type AccountPublic = <Signature as Verify>::Signer;
/// An account.
pub type AccountId = <AccountPublic as IdentifyAccount>::AccountId;
/// An amount in the smallest unit.
pub type Balance = u128;
/// Number of an account's transactions.
pub type Nonce = u32;
/// A hash.
pub type Hash = sp_core::H256;
/// Number of a block.
pub type BlockNumber = u32;
/// Receiver of a call.
pub type Address = MultiAddress<AccountId, ()>;
/// Head of a block.
pub type Header = generic::Header<BlockNumber, BlakeTwo256>;
/// A block.
pub type Block = generic::Block<Header, UncheckedExtrinsic>;
/// Parts of a transaction beside the call.
pub type TxExtension = (
    frame_system::CheckNonZeroSender<Runtime>,
    frame_system::CheckSpecVersion<Runtime>,
    frame_system::CheckTxVersion<Runtime>,
    frame_system::CheckGenesis<Runtime>,
    frame_system::CheckEra<Runtime>,
    frame_system::CheckNonce<Runtime>,
    frame_system::CheckWeight<Runtime>,
    pallet_transaction_payment::ChargeTransactionPayment<Runtime>,
);
/// A transaction.
pub type UncheckedExtrinsic =
    generic::UncheckedExtrinsic<Address, RuntimeCall, Signature, TxExtension>;
/// Carries blocks out.
pub(crate) type Executive = frame_executive::Executive<
    Runtime,
    Block,
    frame_system::ChainContext<Runtime>,
    Runtime,
    AllPalletsWithSystem,
>;

/// Version of the rules.
pub const VERSION: RuntimeVersion = RuntimeVersion {
    spec_name: Cow::Borrowed("odyssey"),
    impl_name: Cow::Borrowed("odyssey"),
    authoring_version: 1,
    spec_version: 1,
    impl_version: 1,
    apis: apis::RUNTIME_API_VERSIONS,
    transaction_version: 1,
    system_version: 1,
};

frame_support::construct_runtime!(
    pub enum Runtime {
        System: frame_system = 0,
        Timestamp: pallet_timestamp = 1,
        Aura: pallet_aura = 2,
        Grandpa: pallet_grandpa = 3,
        Balances: pallet_balances = 10,
        TransactionPayment: pallet_transaction_payment = 11,
        Assets: pallet_assets = 50,
        Uniques: pallet_uniques = 51,
        Nfts: pallet_nfts = 52,
        Stake: pallet_stake = 60,
        Faucet: pallet_faucet = 61,
        Sudo: pallet_sudo = 255,
    }
);
