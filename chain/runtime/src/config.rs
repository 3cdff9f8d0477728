//! Settings of the pallets.

use frame_support::{
    PalletId, derive_impl,
    dispatch::DispatchClass,
    parameter_types,
    traits::{AsEnsureOriginWithArg, ConstBool, ConstU32, ConstU64, ConstU128},
    weights::{
        IdentityFee, Weight,
        constants::{RocksDbWeight, WEIGHT_REF_TIME_PER_SECOND},
    },
};
use frame_system::{EnsureRoot, EnsureSigned, limits};
use pallet_transaction_payment::{ConstFeeMultiplier, FungibleAdapter, Multiplier};
use sp_consensus_aura::sr25519::AuthorityId as AuraId;
use sp_runtime::{
    Perbill,
    traits::{AccountIdLookup, One},
};

use crate::*;

/// The least that an account has.
pub const EXISTENTIAL_DEPOSIT: Balance = MOM / 1_000;
/// Deposits for what is stored for somebody.
const DEPOSIT: Balance = MOM / 100;
/// Authorities at most.
const AUTHORITIES: u32 = 32;

/// Transactions take three quarters of a block, which takes two seconds to carry out.
const NORMAL: Perbill = Perbill::from_percent(75);

parameter_types! {
    pub const Version: sp_version::RuntimeVersion = VERSION;
    pub const SS58Prefix: u8 = 42;
    pub BlockWeights: limits::BlockWeights = limits::BlockWeights::with_sensible_defaults(
        Weight::from_parts(2 * WEIGHT_REF_TIME_PER_SECOND, u64::MAX),
        NORMAL,
    );
    pub BlockLength: limits::BlockLength =
        limits::BlockLength::builder()
            .max_length(5 * 1024 * 1024)
            .modify_max_length_for_class(DispatchClass::Normal, |length| {
                *length = NORMAL.mul_floor(*length);
            })
            .build();
    pub FeeMultiplier: Multiplier = Multiplier::one();
    pub const StakePot: PalletId = PalletId(*b"ody/stak");
    pub const FaucetPot: PalletId = PalletId(*b"ody/fauc");
    pub const UnbondingTime: BlockNumber = DAYS;
    pub const RewardPeriod: BlockNumber = 10 * MINUTES;
    pub const StakersShare: Perbill = Perbill::from_percent(60);
    pub const FaucetPeriod: BlockNumber = DAYS;
    pub NftFeatures: pallet_nfts::PalletFeatures = pallet_nfts::PalletFeatures::all_enabled();
    pub const MaxDeadline: BlockNumber = 30 * DAYS;
}

#[derive_impl(frame_system::config_preludes::SolochainDefaultConfig)]
impl frame_system::Config for Runtime {
    type Block = Block;
    type BlockWeights = BlockWeights;
    type BlockLength = BlockLength;
    type AccountId = AccountId;
    type Nonce = Nonce;
    type Hash = Hash;
    type Lookup = AccountIdLookup<AccountId, ()>;
    type BlockHashCount = ConstU32<2400>;
    type DbWeight = RocksDbWeight;
    type Version = Version;
    type AccountData = pallet_balances::AccountData<Balance>;
    type SS58Prefix = SS58Prefix;
    type MaxConsumers = ConstU32<16>;
}

impl pallet_timestamp::Config for Runtime {
    type Moment = u64;
    type OnTimestampSet = Aura;
    // A simulation makes blocks as fast as it is asked to.
    type MinimumPeriod = ConstU64<0>;
    type WeightInfo = ();
}

impl pallet_aura::Config for Runtime {
    type AuthorityId = AuraId;
    type DisabledValidators = ();
    type MaxAuthorities = ConstU32<AUTHORITIES>;
    // As above.
    type AllowMultipleBlocksPerSlot = ConstBool<true>;
    type SlotDuration = ConstU64<SLOT>;
}

impl pallet_grandpa::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type WeightInfo = ();
    type MaxAuthorities = ConstU32<AUTHORITIES>;
    type MaxNominators = ConstU32<0>;
    type MaxSetIdSessionEntries = ConstU64<0>;
    type KeyOwnerProof = sp_core::Void;
    type EquivocationReportSystem = ();
}

impl pallet_balances::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type RuntimeHoldReason = RuntimeHoldReason;
    type RuntimeFreezeReason = RuntimeFreezeReason;
    type WeightInfo = pallet_balances::weights::SubstrateWeight<Runtime>;
    type Balance = Balance;
    type DustRemoval = ();
    type ExistentialDeposit = ConstU128<EXISTENTIAL_DEPOSIT>;
    type AccountStore = System;
    type ReserveIdentifier = [u8; 8];
    type FreezeIdentifier = RuntimeFreezeReason;
    type MaxLocks = ConstU32<50>;
    type MaxReserves = ConstU32<50>;
    type MaxFreezes = ConstU32<8>;
    type DoneSlashHandler = ();
}

impl pallet_transaction_payment::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type OnChargeTransaction = FungibleAdapter<Balances, ()>;
    type WeightToFee = IdentityFee<Balance>;
    type LengthToFee = IdentityFee<Balance>;
    type FeeMultiplierUpdate = ConstFeeMultiplier<FeeMultiplier>;
    type OperationalFeeMultiplier = frame_support::traits::ConstU8<5>;
    type WeightInfo = pallet_transaction_payment::weights::SubstrateWeight<Runtime>;
}

impl pallet_assets::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type Balance = Balance;
    type RemoveItemsLimit = ConstU32<1000>;
    type AssetId = u32;
    type AssetIdParameter = codec::Compact<u32>;
    type ReserveData = ();
    type Currency = Balances;
    type CreateOrigin = AsEnsureOriginWithArg<EnsureSigned<AccountId>>;
    type ForceOrigin = EnsureRoot<AccountId>;
    type AssetDeposit = ConstU128<MOM>;
    type AssetAccountDeposit = ConstU128<DEPOSIT>;
    type MetadataDepositBase = ConstU128<DEPOSIT>;
    type MetadataDepositPerByte = ConstU128<{ DEPOSIT / 100 }>;
    type ApprovalDeposit = ConstU128<DEPOSIT>;
    type StringLimit = ConstU32<50>;
    type Freezer = ();
    type Holder = ();
    type Extra = ();
    type CallbackHandle = ();
    type AssetIdAllocator = ();
    type WeightInfo = pallet_assets::weights::SubstrateWeight<Runtime>;
}

impl pallet_uniques::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type CollectionId = u32;
    type ItemId = u32;
    type Currency = Balances;
    type CreateOrigin = AsEnsureOriginWithArg<EnsureSigned<AccountId>>;
    type ForceOrigin = EnsureRoot<AccountId>;
    type Locker = ();
    type CollectionDeposit = ConstU128<MOM>;
    type ItemDeposit = ConstU128<DEPOSIT>;
    type MetadataDepositBase = ConstU128<DEPOSIT>;
    type AttributeDepositBase = ConstU128<DEPOSIT>;
    type DepositPerByte = ConstU128<{ DEPOSIT / 100 }>;
    type StringLimit = ConstU32<512>;
    type KeyLimit = ConstU32<64>;
    type ValueLimit = ConstU32<256>;
    type WeightInfo = pallet_uniques::weights::SubstrateWeight<Runtime>;
}

impl pallet_nfts::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type CollectionId = u32;
    type ItemId = u32;
    type Currency = Balances;
    type ForceOrigin = EnsureRoot<AccountId>;
    type CreateOrigin = AsEnsureOriginWithArg<EnsureSigned<AccountId>>;
    type Locker = ();
    type CollectionDeposit = ConstU128<MOM>;
    type ItemDeposit = ConstU128<DEPOSIT>;
    type MetadataDepositBase = ConstU128<DEPOSIT>;
    type AttributeDepositBase = ConstU128<DEPOSIT>;
    type DepositPerByte = ConstU128<{ DEPOSIT / 100 }>;
    type StringLimit = ConstU32<512>;
    type KeyLimit = ConstU32<64>;
    type ValueLimit = ConstU32<256>;
    type ApprovalsLimit = ConstU32<20>;
    type ItemAttributesApprovalsLimit = ConstU32<30>;
    type MaxTips = ConstU32<10>;
    type MaxDeadlineDuration = MaxDeadline;
    type MaxAttributesPerCall = ConstU32<10>;
    type Features = NftFeatures;
    type OffchainSignature = Signature;
    type OffchainPublic = AccountPublic;
    type WeightInfo = pallet_nfts::weights::SubstrateWeight<Runtime>;
    type BlockNumberProvider = System;
}

impl pallet_stake::Config for Runtime {
    type Currency = Balances;
    type RuntimeHoldReason = RuntimeHoldReason;
    type CollectionId = u32;
    type ItemId = u32;
    type Items = Uniques;
    type PalletId = StakePot;
    type MinimumStake = ConstU128<MOM>;
    type UnbondingTime = UnbondingTime;
    type MaxUnbonding = ConstU32<32>;
    type RewardPeriod = RewardPeriod;
    type RewardPerPeriod = ConstU128<{ 100 * MOM }>;
    type StakersShare = StakersShare;
    type WeightInfo = pallet_stake::weights::DatabaseWeight<Runtime>;
}

impl pallet_faucet::Config for Runtime {
    type Currency = Balances;
    type PalletId = FaucetPot;
    type Drop = ConstU128<{ 10 * MOM }>;
    type Period = FaucetPeriod;
    type DropsPerAccount = ConstU32<1>;
    type AmountPerPeriod = ConstU128<{ 10_000 * MOM }>;
    type RefillOrigin = EnsureSigned<AccountId>;
    type WeightInfo = pallet_faucet::weights::DatabaseWeight<Runtime>;
}

impl pallet_sudo::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type RuntimeCall = RuntimeCall;
    type WeightInfo = pallet_sudo::weights::SubstrateWeight<Runtime>;
}
