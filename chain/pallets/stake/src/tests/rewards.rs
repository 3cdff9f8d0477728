//! Rewards.

use super::*;

fn claim(who: u64) -> Done {
    Stake::get_rewards(RuntimeOrigin::signed(who))
}

fn claim_world(who: u64, world: (u32, u32)) -> Done {
    Stake::get_world_rewards(RuntimeOrigin::signed(who), world.0, world.1)
}

#[test]
fn rewards_are_by_stake_and_time() {
    on_network(|| {
        assert_ok!(stake(BOB, ONE, 1_000));
        until(10);
        assert_eq!(Stake::rewards(&BOB), 600);
        // Half a period is none: who is there at its end gets all of it.
        assert_ok!(stake(CID, TWO, 3_000));
        until(20);
        assert_eq!(Stake::rewards(&BOB), 600 + 150);
        assert_eq!(Stake::rewards(&CID), 450);
        assert_eq!(Stake::world_rewards(&ONE), 400 + 100);
        assert_eq!(Stake::world_rewards(&TWO), 300);

        assert_ok!(claim(BOB));
        assert_eq!(Balances::balance(&BOB), 9_750);
        assert_noop!(claim(BOB), Error::<Test>::Nothing);
        assert_eq!(Stake::rewards(&CID), 450);
    });
}

#[test]
fn what_was_earned_is_kept_when_the_stake_goes() {
    on_network(|| {
        assert_ok!(stake(BOB, ONE, 1_000));
        until(10);
        assert_ok!(unstake(BOB, ONE, None));
        until(30);
        assert_eq!(Stake::rewards(&BOB), 600);
        assert_eq!(Stake::world_rewards(&ONE), 400);
        assert_ok!(claim(BOB));
        assert_ok!(claim_world(ANN, ONE));
    });
}

#[test]
fn rewards_of_a_world_are_for_its_owner() {
    on_network(|| {
        assert_ok!(stake(BOB, ONE, 1_000));
        until(10);
        assert_noop!(claim_world(BOB, ONE), Error::<Test>::NotOwner);
        assert_noop!(claim_world(BOB, NONE), Error::<Test>::NotOwner);
        assert_noop!(claim_world(ANN, TWO), Error::<Test>::Nothing);
        assert_ok!(Uniques::transfer(RuntimeOrigin::signed(ANN), 0, 1, CID));
        assert_noop!(claim_world(ANN, ONE), Error::<Test>::NotOwner);
        assert_ok!(claim_world(CID, ONE));
        assert_eq!(Balances::balance(&CID), 10_400);
    });
}

#[test]
fn a_period_in_which_nobody_stakes_makes_nothing() {
    on_network(|| {
        let issued = Balances::total_issuance();
        until(30);
        assert_eq!(Balances::total_issuance(), issued);
        assert_ok!(stake(BOB, ONE, 1_000));
        until(50);
        // Two rewards, and what keeps the pot an account.
        assert_eq!(Balances::total_issuance(), issued + 2_000 + 10);
        assert_ok!(claim(BOB));
        assert_ok!(claim_world(ANN, ONE));
        assert_eq!(Balances::balance(&Stake::pot()), 10);
    });
}
