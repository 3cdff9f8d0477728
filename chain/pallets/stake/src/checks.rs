//! Laws that hold after every block.

#![cfg(any(feature = "try-runtime", test))]

use alloc::collections::BTreeMap;

use frame_support::{
    ensure,
    sp_runtime::TryRuntimeError,
    traits::fungible::{Inspect, InspectHold},
};

use crate::*;

impl<T: Config> Pallet<T> {
    /// Stakes have the sums that are kept of them, everything that is staked or becomes free is on
    /// hold, and the pot has what it owes.
    ///
    /// # Errors
    /// The law that is broken.
    pub fn check() -> Result<(), TryRuntimeError> {
        let mut by = BTreeMap::<T::AccountId, u128>::new();
        let mut within = BTreeMap::<WorldOf<T>, u128>::new();
        let mut all = 0_u128;
        for (who, world, amount) in Stakes::<T>::iter() {
            ensure!(amount > 0, "a stake of nothing is kept");
            ensure!(
                Stakers::<T>::get(world, &who) == amount,
                "a stake is not the same by world"
            );
            *by.entry(who).or_default() += amount;
            *within.entry(world).or_default() += amount;
            all += amount;
        }
        ensure!(
            Stakers::<T>::iter().count() == Stakes::<T>::iter().count(),
            "there are other stakes by world"
        );
        ensure!(by == StakedBy::<T>::iter().collect(), "sums by account");
        ensure!(within == StakedIn::<T>::iter().collect(), "sums by world");
        ensure!(all == Staked::<T>::get(), "sum of all");

        for (who, unbonding) in UnbondingOf::<T>::iter() {
            let amount: u128 = unbonding.iter().map(|part| part.amount).sum();
            ensure!(
                unbonding.is_sorted_by_key(|part| part.at),
                "what becomes free is not in order"
            );
            *by.entry(who).or_default() += amount;
        }
        for (who, amount) in by {
            let held = T::Currency::balance_on_hold(&HoldReason::Stake.into(), &who);
            ensure!(held == amount, "what is on hold is not what is staked");
        }

        let accounts = RewardOf::<T>::iter_keys().map(|who| Self::rewards(&who));
        let worlds = RewardOfWorld::<T>::iter_keys().map(|world| Self::world_rewards(&world));
        let owed: u128 = accounts.chain(worlds).sum();
        let pot = T::Currency::balance(&Self::pot());
        ensure!(
            owed == 0 || pot >= owed + T::Currency::minimum_balance(),
            "the pot owes more than it has"
        );
        Ok(())
    }
}
