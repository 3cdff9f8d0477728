//! Laws that hold whatever is called.

use proptest::prelude::*;

use super::*;

#[derive(Clone, Copy, Debug)]
enum Call {
    Stake(u64, u32, u128),
    Unstake(u64, u32, Option<u128>),
    Restake(u64, u32, u32, Option<u128>),
    Withdraw(u64),
    GetRewards(u64),
    GetWorldRewards(u64, u32),
    Transfer(u32, u64),
    Burn(u32),
    Wait(u64),
}

fn calls() -> impl Strategy<Value = Call> {
    let who = ANN..=CID;
    let item = 0..4_u32;
    // Around the least stake and around all that an account has.
    let amount = prop_oneof![0..300_u128, 9_000..11_000_u128, Just(u128::MAX)];
    let some = proptest::option::of(amount.clone());
    prop_oneof![
        4 => (who.clone(), item.clone(), amount).prop_map(|(a, b, c)| Call::Stake(a, b, c)),
        3 => (who.clone(), item.clone(), some.clone()).prop_map(|(a, b, c)| Call::Unstake(a, b, c)),
        2 => (who.clone(), item.clone(), item.clone(), some)
            .prop_map(|(a, b, c, d)| Call::Restake(a, b, c, d)),
        1 => who.clone().prop_map(Call::Withdraw),
        1 => who.clone().prop_map(Call::GetRewards),
        1 => (who.clone(), item.clone()).prop_map(|(a, b)| Call::GetWorldRewards(a, b)),
        1 => (item.clone(), who).prop_map(|(a, b)| Call::Transfer(a, b)),
        1 => item.prop_map(Call::Burn),
        3 => (0..25_u64).prop_map(Call::Wait),
    ]
}

fn perform(call: Call) -> Done {
    let signed = RuntimeOrigin::signed;
    match call {
        Call::Stake(who, item, amount) => stake(who, (0, item), amount),
        Call::Unstake(who, item, amount) => unstake(who, (0, item), amount),
        Call::Restake(who, from, to, amount) => restake(who, (0, from), (0, to), amount),
        Call::Withdraw(who) => withdraw(who),
        Call::GetRewards(who) => Stake::get_rewards(signed(who)),
        Call::GetWorldRewards(who, item) => Stake::get_world_rewards(signed(who), 0, item),
        Call::Transfer(item, to) => {
            let owner = Uniques::owner(0, item).unwrap_or(ANN);
            Uniques::transfer(signed(owner), 0, item, to)
        }
        Call::Burn(item) => {
            let owner = Uniques::owner(0, item).unwrap_or(ANN);
            Uniques::burn(signed(owner), 0, item, None)
        }
        Call::Wait(blocks) => {
            until(System::block_number() + blocks);
            Ok(())
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Sums are those of the stakes, what is staked is on hold, the pot has what it owes, and
    /// nothing is made but rewards.
    #[test]
    fn sums_are_conserved_whatever_is_called(calls in proptest::collection::vec(calls(), 0..120)) {
        empty().execute_with(|| {
            let begun = Balances::total_issuance();
            let mut made = 0;
            for call in calls {
                System::reset_events();
                // As a block does: what fails leaves nothing behind.
                let done = frame_support::storage::with_storage_layer(|| perform(call));
                let failed = done.is_err();
                let is_wait = matches!(call, Call::Wait(_));
                for record in System::events() {
                    if let RuntimeEvent::Stake(Event::RewardsUpdated { amount }) = record.event {
                        made += amount;
                    }
                }
                assert!(!(failed && is_wait));
                assert_ok!(Pallet::<Test>::check());
                assert_eq!(Balances::total_issuance(), begun + made, "{call:?}");
            }
        });
    }

    /// When all have left and claimed, everybody has what they had and the rewards, and the pot
    /// only what was rounded.
    #[test]
    fn everything_can_be_taken_out_again(
        stakes in proptest::collection::vec((ANN..=CID, 1..3_u32, 100..3_000_u128), 1..20),
        blocks in 0..200_u64,
    ) {
        empty().execute_with(|| {
            for (who, item, amount) in &stakes {
                let _ = stake(*who, (0, *item), *amount);
                until(System::block_number() + blocks / stakes.len() as u64);
            }
            for who in [ANN, BOB, CID] {
                for world in [ONE, TWO] {
                    let _ = unstake(who, world, None);
                }
            }
            until(System::block_number() + UnbondingTime::get());
            for who in [ANN, BOB, CID] {
                let _ = withdraw(who);
                let _ = Stake::get_rewards(RuntimeOrigin::signed(who));
            }
            for world in [ONE, TWO] {
                let ann = RuntimeOrigin::signed(ANN);
                let _ = Stake::get_world_rewards(ann, world.0, world.1);
            }
            assert_ok!(Pallet::<Test>::check());
            assert_eq!(crate::Staked::<Test>::get(), 0);
            let all: u128 = [ANN, BOB, CID].iter().map(Balances::balance).sum();
            let left = Balances::balance(&Stake::pot());
            assert_eq!(all + left, Balances::total_issuance());
            // At most one unit a staker, a world and a period, and what keeps the pot an account.
            assert!(left <= 10 + 5 * 40, "{left}");
        });
    }
}
