//! Rewards: what a unit has earned since the beginning, and what has been settled of it.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{
    sp_runtime::{Rounding, helpers_128bit::multiply_by_rational_with_rounding},
    traits::{
        Get,
        fungible::{Inspect, Mutate},
    },
};
use scale_info::TypeInfo;

use crate::*;

/// A reward of one for a unit.
pub(crate) const SCALE: u128 = 1_000_000_000_000_000_000;

/// Rewards up to some reward of a unit.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct Accrued {
    /// The reward of a unit that was settled last.
    pub of_unit: u128,
    /// Rewards until then that nobody has claimed.
    pub amount: u128,
}

impl Accrued {
    /// Settled for a stake that has not changed since.
    fn settled(self, staked: u128, of_unit: u128) -> Self {
        let since = of_unit.saturating_sub(self.of_unit);
        let amount = self.amount.saturating_add(part(since, staked, SCALE));
        Self { of_unit, amount }
    }

    pub(crate) fn take(&mut self) -> u128 {
        core::mem::take(&mut self.amount)
    }
}

/// `a * b / c`, rounded down: what is left over stays in the pot.
fn part(a: u128, b: u128, c: u128) -> u128 {
    multiply_by_rational_with_rounding(a, b, c, Rounding::Down).unwrap_or_default()
}

impl<T: Config> Pallet<T> {
    /// Makes the reward of a period.
    pub(crate) fn reward(staked: u128) {
        let (amount, pot) = (T::RewardPerPeriod::get(), Self::pot());
        // The pot keeps what an account needs to be one, so that it can pay all it owes.
        let kept = match T::Currency::balance(&pot) {
            0 => T::Currency::minimum_balance(),
            _ => 0,
        };
        let made = amount.saturating_add(kept);
        if T::Currency::mint_into(&pot, made).is_err() {
            // More tokens than there can be: the period goes without a reward.
            return;
        }
        let for_stakers = T::StakersShare::get().mul_floor(amount);
        RewardOfUnit::<T>::mutate(|(stakers, worlds)| {
            *stakers = stakers.saturating_add(part(for_stakers, SCALE, staked));
            *worlds = worlds.saturating_add(part(amount - for_stakers, SCALE, staked));
        });
        Self::deposit_event(Event::RewardsUpdated { amount: made });
    }

    /// Rewards that an account can claim.
    pub fn rewards(who: &T::AccountId) -> u128 {
        let (of_unit, _) = RewardOfUnit::<T>::get();
        let staked = StakedBy::<T>::get(who);
        RewardOf::<T>::get(who).settled(staked, of_unit).amount
    }

    /// Rewards that the owner of a world can claim.
    pub fn world_rewards(world: &WorldOf<T>) -> u128 {
        let (_, of_unit) = RewardOfUnit::<T>::get();
        let staked = StakedIn::<T>::get(world);
        RewardOfWorld::<T>::get(world)
            .settled(staked, of_unit)
            .amount
    }

    /// Before the stakes of an account change.
    pub(crate) fn settle(who: &T::AccountId) {
        let (of_unit, _) = RewardOfUnit::<T>::get();
        let staked = StakedBy::<T>::get(who);
        RewardOf::<T>::mutate(who, |accrued| *accrued = accrued.settled(staked, of_unit));
    }

    /// Before the stakes in a world change.
    pub(crate) fn settle_world(world: &WorldOf<T>) {
        let (_, of_unit) = RewardOfUnit::<T>::get();
        let staked = StakedIn::<T>::get(world);
        RewardOfWorld::<T>::mutate(world, |accrued| *accrued = accrued.settled(staked, of_unit));
    }
}
