//! The faucet on a runtime that has nothing else.

use frame_support::{
    PalletId, assert_noop, assert_ok, derive_impl, parameter_types,
    traits::{ConstU32, fungible::Inspect},
};
use frame_system::EnsureSigned;
use proptest::prelude::*;
use sp_runtime::{BuildStorage, traits::IdentityLookup};

use crate::{self as pallet_faucet, Error, Event, Pallet};

type Block = frame_system::mocking::MockBlock<Test>;

frame_support::construct_runtime!(
    pub enum Test {
        System: frame_system,
        Balances: pallet_balances,
        Faucet: pallet_faucet,
    }
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
    type Block = Block;
    type AccountData = pallet_balances::AccountData<u64>;
    type Lookup = IdentityLookup<u64>;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
    type AccountStore = System;
}

parameter_types! {
    pub const Drop: u64 = 10;
    pub const Period: u64 = 100;
    pub const AmountPerPeriod: u64 = 55;
    pub const Id: PalletId = PalletId(*b"test/fct");
}

impl pallet_faucet::Config for Test {
    type Currency = Balances;
    type PalletId = Id;
    type Drop = Drop;
    type Period = Period;
    type DropsPerAccount = ConstU32<2>;
    type AmountPerPeriod = AmountPerPeriod;
    type RefillOrigin = EnsureSigned<u64>;
    type WeightInfo = ();
}

/// Somebody with tokens.
const BANK: u64 = 1;

pub(crate) fn empty() -> sp_io::TestExternalities {
    let storage = RuntimeGenesisConfig {
        balances: pallet_balances::GenesisConfig {
            balances: vec![(BANK, 1_000)],
            ..Default::default()
        },
        ..Default::default()
    };
    let mut network = sp_io::TestExternalities::new(storage.build_storage().expect("can be"));
    network.execute_with(|| System::set_block_number(1));
    network
}

/// A pot with so much in it.
fn filled(amount: u64, test: impl FnOnce()) {
    empty().execute_with(|| {
        assert_ok!(Faucet::refill(RuntimeOrigin::signed(BANK), amount));
        test();
        assert_ok!(Pallet::<Test>::check());
    });
}

fn get(who: u64) -> frame_support::dispatch::DispatchResult {
    Faucet::get_tokens(RuntimeOrigin::signed(who))
}

#[test]
fn whoever_asks_gets_a_drop() {
    filled(100, || {
        System::reset_events();
        assert_ok!(get(7));
        assert_eq!(Balances::balance(&7), 10);
        System::assert_last_event(Event::Dropped { who: 7, amount: 10 }.into());
        // Also somebody who cannot ask.
        assert_ok!(Faucet::drop_to(RuntimeOrigin::signed(BANK), 8));
        assert_eq!(Balances::balance(&8), 10);
        assert_eq!(Balances::balance(&Faucet::pot()), 80);
    });
}

#[test]
fn an_account_gets_so_many_drops_in_a_period() {
    filled(500, || {
        assert_ok!(get(7));
        assert_ok!(Faucet::drop_to(RuntimeOrigin::signed(BANK), 7));
        assert_noop!(get(7), Error::<Test>::AccountLimit);
        System::set_block_number(99);
        assert_noop!(get(7), Error::<Test>::AccountLimit);
        System::set_block_number(100);
        assert_ok!(get(7));
        assert_eq!(Balances::balance(&7), 30);
    });
}

#[test]
fn all_accounts_together_get_so_much_in_a_period() {
    filled(500, || {
        for who in 10..15 {
            assert_ok!(get(who));
        }
        assert_noop!(get(15), Error::<Test>::PeriodLimit);
        System::set_block_number(250);
        assert_ok!(get(15));
    });
}

#[test]
fn a_pot_gives_what_it_has_and_stays() {
    filled(15, || {
        assert_ok!(get(7));
        assert_noop!(get(8), Error::<Test>::PotEmpty);
        assert_ok!(Faucet::refill(RuntimeOrigin::signed(BANK), 10));
        assert_ok!(get(8));
    });
}

#[test]
fn nobody_fills_the_pot_with_what_they_do_not_have() {
    empty().execute_with(|| {
        assert!(Faucet::refill(RuntimeOrigin::signed(BANK), 1_000).is_err());
        assert!(Faucet::refill(RuntimeOrigin::signed(2), 1).is_err());
        assert!(Faucet::refill(RuntimeOrigin::root(), 1).is_err());
        assert!(Faucet::get_tokens(RuntimeOrigin::root()).is_err());
        assert_eq!(Balances::balance(&Faucet::pot()), 0);
    });
}

proptest! {
    /// Nothing is made or lost and the limits hold, in whatever order things are called.
    #[test]
    fn nothing_is_made_or_lost(
        calls in proptest::collection::vec((0..4_u8, 2..9_u64, 0..80_u64), 0..200),
    ) {
        empty().execute_with(|| {
            let issued = Balances::total_issuance();
            for (call, who, number) in calls {
                let _ = match call {
                    0 => get(who),
                    1 => Faucet::drop_to(RuntimeOrigin::signed(BANK), who),
                    2 => Faucet::refill(RuntimeOrigin::signed(BANK), number),
                    _ => {
                        System::set_block_number(System::block_number() + number);
                        Ok(())
                    }
                };
                assert_ok!(Pallet::<Test>::check());
                assert_eq!(Balances::total_issuance(), issued);
            }
        });
    }
}
