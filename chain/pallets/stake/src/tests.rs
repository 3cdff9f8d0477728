//! Stakes on a runtime with items, and nothing else.

mod laws;
mod rewards;

use frame_support::{
    PalletId, assert_noop, assert_ok, derive_impl, parameter_types,
    traits::{ConstU32, OnInitialize, fungible::Inspect},
};
use frame_system::{EnsureRoot, EnsureSigned};
use sp_runtime::{BuildStorage, Perbill, TokenError, traits::IdentityLookup};

use crate::{self as pallet_stake, Error, Event, Pallet, StakedBy, StakedIn, Stakes};

type Block = frame_system::mocking::MockBlock<Test>;

frame_support::construct_runtime!(
    pub enum Test {
        System: frame_system,
        Balances: pallet_balances,
        Uniques: pallet_uniques,
        Stake: pallet_stake,
    }
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
    type Block = Block;
    type AccountData = pallet_balances::AccountData<u128>;
    type Lookup = IdentityLookup<u64>;
}

parameter_types! {
    pub const ExistentialDeposit: u128 = 10;
    pub const Id: PalletId = PalletId(*b"test/stk");
    pub const MinimumStake: u128 = 100;
    pub const UnbondingTime: u64 = 20;
    pub const RewardPeriod: u64 = 10;
    pub const RewardPerPeriod: u128 = 1_000;
    pub const StakersShare: Perbill = Perbill::from_percent(60);
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
    type AccountStore = System;
    type Balance = u128;
    type ExistentialDeposit = ExistentialDeposit;
}

impl pallet_uniques::Config for Test {
    type RuntimeEvent = RuntimeEvent;
    type CollectionId = u32;
    type ItemId = u32;
    type Currency = Balances;
    type CreateOrigin = frame_support::traits::AsEnsureOriginWithArg<EnsureSigned<u64>>;
    type ForceOrigin = EnsureRoot<u64>;
    type Locker = ();
    type CollectionDeposit = ();
    type ItemDeposit = ();
    type MetadataDepositBase = ();
    type AttributeDepositBase = ();
    type DepositPerByte = ();
    type StringLimit = ConstU32<50>;
    type KeyLimit = ConstU32<50>;
    type ValueLimit = ConstU32<50>;
    type WeightInfo = ();
}

impl pallet_stake::Config for Test {
    type Currency = Balances;
    type RuntimeHoldReason = RuntimeHoldReason;
    type CollectionId = u32;
    type ItemId = u32;
    type Items = Uniques;
    type PalletId = Id;
    type MinimumStake = MinimumStake;
    type UnbondingTime = UnbondingTime;
    type MaxUnbonding = ConstU32<3>;
    type RewardPeriod = RewardPeriod;
    type RewardPerPeriod = RewardPerPeriod;
    type StakersShare = StakersShare;
    type WeightInfo = ();
}

/// Accounts with 10,000 tokens each; the first owns the worlds.
const ANN: u64 = 1;
const BOB: u64 = 2;
const CID: u64 = 3;
/// Worlds, and one that nobody has.
const ONE: (u32, u32) = (0, 1);
const TWO: (u32, u32) = (0, 2);
const NONE: (u32, u32) = (0, 9);

pub(crate) fn empty() -> sp_io::TestExternalities {
    let storage = RuntimeGenesisConfig {
        balances: pallet_balances::GenesisConfig {
            balances: [ANN, BOB, CID].map(|who| (who, 10_000)).to_vec(),
            ..Default::default()
        },
        ..Default::default()
    };
    let mut network = sp_io::TestExternalities::new(storage.build_storage().expect("can be"));
    network.execute_with(|| {
        System::set_block_number(1);
        assert_ok!(Uniques::create(RuntimeOrigin::signed(ANN), 0, ANN));
        for (collection, item) in [ONE, TWO] {
            let ann = RuntimeOrigin::signed(ANN);
            assert_ok!(Uniques::mint(ann, collection, item, ANN));
        }
    });
    network
}

fn on_network(test: impl FnOnce()) {
    empty().execute_with(|| {
        test();
        assert_ok!(Pallet::<Test>::check());
    });
}

/// Goes on to a block, with all that happens on the way.
fn until(block: u64) {
    while System::block_number() < block {
        System::set_block_number(System::block_number() + 1);
        Stake::on_initialize(System::block_number());
    }
}

type Done = frame_support::dispatch::DispatchResult;

fn stake(who: u64, world: (u32, u32), amount: u128) -> Done {
    Stake::stake(RuntimeOrigin::signed(who), world.0, world.1, amount)
}

fn unstake(who: u64, world: (u32, u32), amount: Option<u128>) -> Done {
    Stake::unstake(RuntimeOrigin::signed(who), world.0, world.1, amount)
}

fn restake(who: u64, from: (u32, u32), to: (u32, u32), amount: Option<u128>) -> Done {
    Stake::restake(RuntimeOrigin::signed(who), from, to, amount)
}

fn withdraw(who: u64) -> Done {
    let done = Stake::withdraw(RuntimeOrigin::signed(who));
    done.map(|_| ()).map_err(|error| error.error)
}

#[test]
fn what_is_staked_is_on_hold() {
    on_network(|| {
        assert_ok!(stake(BOB, ONE, 1_000));
        assert_ok!(stake(BOB, ONE, 500));
        assert_ok!(stake(CID, ONE, 100));
        assert_eq!(Balances::balance(&BOB), 8_500);
        assert_eq!(Stakes::<Test>::get(BOB, ONE), 1_500);
        assert_eq!(StakedBy::<Test>::get(BOB), 1_500);
        assert_eq!(StakedIn::<Test>::get(ONE), 1_600);
        let event = Event::Staked {
            who: CID,
            collection: 0,
            item: 1,
            amount: 100,
            total: 100,
        };
        System::assert_last_event(event.into());
    });
}

#[test]
fn stakes_are_of_somebody_in_some_world_and_of_some_size() {
    on_network(|| {
        assert_noop!(stake(BOB, NONE, 1_000), Error::<Test>::NoSuchWorld);
        assert_noop!(stake(BOB, ONE, 99), Error::<Test>::TooLittle);
        assert_noop!(stake(BOB, ONE, 0), Error::<Test>::TooLittle);
        assert_noop!(stake(BOB, ONE, 10_001), TokenError::FundsUnavailable);
        assert_noop!(stake(BOB, ONE, u128::MAX), TokenError::FundsUnavailable);
        assert!(Stake::stake(RuntimeOrigin::root(), 0, 1, 1_000).is_err());
    });
}

#[test]
fn what_is_unstaked_becomes_free_after_a_while() {
    on_network(|| {
        assert_ok!(stake(BOB, ONE, 1_000));
        assert_noop!(unstake(BOB, ONE, Some(901)), Error::<Test>::TooLittle);
        assert_noop!(unstake(BOB, ONE, Some(1_001)), Error::<Test>::NotStaked);
        assert_noop!(unstake(BOB, TWO, None), Error::<Test>::NotStaked);
        assert_noop!(unstake(CID, ONE, None), Error::<Test>::NotStaked);
        assert_ok!(unstake(BOB, ONE, Some(400)));
        assert_eq!(Balances::balance(&BOB), 9_000);
        assert_noop!(withdraw(BOB), Error::<Test>::Nothing);
        until(20);
        assert_noop!(withdraw(BOB), Error::<Test>::Nothing);
        assert_ok!(unstake(BOB, ONE, None));
        until(21);
        assert_ok!(withdraw(BOB));
        assert_eq!(Balances::balance(&BOB), 9_400);
        assert_noop!(withdraw(BOB), Error::<Test>::Nothing);
        until(40);
        assert_ok!(withdraw(BOB));
        assert_eq!(Balances::balance(&BOB), 10_000);
    });
}

#[test]
fn not_too_much_becomes_free_at_different_times() {
    on_network(|| {
        assert_ok!(stake(BOB, ONE, 5_000));
        for block in 2..5 {
            until(block);
            assert_ok!(unstake(BOB, ONE, Some(10)));
            // At the same time as the one before.
            assert_ok!(unstake(BOB, ONE, Some(10)));
        }
        until(5);
        assert_noop!(unstake(BOB, ONE, Some(10)), Error::<Test>::TooManyUnbonding);
        until(22);
        assert_ok!(withdraw(BOB));
        assert_eq!(Balances::balance(&BOB), 5_020);
        assert_ok!(unstake(BOB, ONE, Some(10)));
    });
}

#[test]
fn a_stake_moves_to_another_world_without_being_free() {
    on_network(|| {
        assert_ok!(stake(BOB, ONE, 1_000));
        assert_noop!(restake(BOB, ONE, ONE, None), Error::<Test>::SameWorld);
        assert_noop!(restake(BOB, ONE, NONE, None), Error::<Test>::NoSuchWorld);
        assert_noop!(restake(BOB, ONE, TWO, Some(99)), Error::<Test>::TooLittle);
        assert_noop!(restake(BOB, TWO, ONE, None), Error::<Test>::NotStaked);
        assert_ok!(restake(BOB, ONE, TWO, Some(300)));
        assert_eq!(Stakes::<Test>::get(BOB, ONE), 700);
        assert_eq!(Stakes::<Test>::get(BOB, TWO), 300);
        assert_eq!(StakedBy::<Test>::get(BOB), 1_000);
        assert_eq!(Balances::balance(&BOB), 9_000);
        assert_ok!(restake(BOB, ONE, TWO, None));
        let event = Event::Restaked {
            who: BOB,
            from: ONE,
            to: TWO,
            amount: 700,
            total_from: 0,
            total_to: 1_000,
        };
        System::assert_last_event(event.into());
    });
}

#[test]
fn a_world_that_was_burned_can_be_left() {
    on_network(|| {
        assert_ok!(stake(BOB, ONE, 1_000));
        assert_ok!(Uniques::burn(RuntimeOrigin::signed(ANN), 0, 1, None));
        assert_noop!(stake(BOB, ONE, 100), Error::<Test>::NoSuchWorld);
        assert_ok!(restake(BOB, ONE, TWO, Some(500)));
        assert_ok!(unstake(BOB, ONE, None));
    });
}

#[test]
fn the_largest_stakes_are_told() {
    on_network(|| {
        for (who, amount) in [(ANN, 200), (BOB, 900), (CID, 200)] {
            assert_ok!(stake(who, ONE, amount));
        }
        let top = |limit| Stake::top_stakers(ONE, limit);
        assert_eq!(top(9), [(BOB, 900), (ANN, 200), (CID, 200)]);
        assert_eq!(top(1), [(BOB, 900)]);
        assert!(Stake::top_stakers(TWO, 9).is_empty());
    });
}
