//! Stakes in worlds. A world is an item of a collection; whoever believes in it stakes tokens,
//! which stay on hold in their account.
//!
//! Every period a fixed amount is made and put into a pot. A part of it is for those who stake, by
//! what each has staked, the rest for the worlds, by what is staked in each, and goes to the owner
//! of the item who claims it. Both parts are kept as one number for all, the reward of one unit
//! since the beginning, so that a period costs the same however many stake.
//!
//! Unstaked tokens stay on hold for a while before they can be withdrawn; those that are moved to
//! another world are staked all the time.

#![cfg_attr(not(feature = "std"), no_std)]

pub use pallet::*;
pub use weights::WeightInfo;

mod checks;
mod rewards;
#[cfg(test)]
mod tests;
pub mod weights;

extern crate alloc;

use alloc::vec::Vec;

sp_api::decl_runtime_apis! {
    /// Questions about stakes that take more than one entry of the storage.
    pub trait StakeApi<AccountId, Item>
    where
        AccountId: codec::Codec,
        Item: codec::Codec,
    {
        /// Those who have staked most in a world, and how much; not more than `limit`.
        fn top_stakers(world: Item, limit: u32) -> Vec<(AccountId, u128)>;
        /// Rewards that an account can claim for its stakes.
        fn rewards(who: AccountId) -> u128;
        /// Rewards that the owner of a world can claim.
        fn world_rewards(world: Item) -> u128;
    }
}

#[frame_support::pallet]
pub mod pallet {
    use frame_support::{
        PalletId,
        pallet_prelude::*,
        sp_runtime::{Perbill, traits::AccountIdConversion},
        traits::{
            fungible::{Inspect, InspectHold, Mutate, MutateHold},
            tokens::{Precision, Preservation, nonfungibles},
        },
    };
    use frame_system::pallet_prelude::*;

    use super::*;
    use crate::rewards::Accrued;

    /// A world: collection and item.
    pub type WorldOf<T> = (<T as Config>::CollectionId, <T as Config>::ItemId);

    /// Tokens that can be withdrawn from a block on.
    #[derive(
        Clone,
        Copy,
        Debug,
        PartialEq,
        Eq,
        Encode,
        Decode,
        DecodeWithMemTracking,
        MaxEncodedLen,
        TypeInfo,
    )]
    pub struct Unbonding<BlockNumber> {
        /// The block.
        pub at: BlockNumber,
        /// The amount.
        pub amount: u128,
    }

    #[pallet::pallet]
    pub struct Pallet<T>(_);

    #[pallet::config]
    pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
        /// The tokens.
        type Currency: Inspect<Self::AccountId, Balance = u128>
            + Mutate<Self::AccountId>
            + InspectHold<Self::AccountId>
            + MutateHold<Self::AccountId, Reason = Self::RuntimeHoldReason>;
        /// Reasons for which tokens are on hold.
        type RuntimeHoldReason: From<HoldReason>;
        /// Id of a collection.
        type CollectionId: Parameter + MaxEncodedLen + Copy + Ord;
        /// Id of an item in its collection.
        type ItemId: Parameter + MaxEncodedLen + Copy + Ord;
        /// The items.
        type Items: nonfungibles::Inspect<
                Self::AccountId,
                CollectionId = Self::CollectionId,
                ItemId = Self::ItemId,
            >;
        /// The pot's account is made of it.
        #[pallet::constant]
        type PalletId: Get<PalletId>;
        /// Least stake of an account in a world.
        #[pallet::constant]
        type MinimumStake: Get<u128>;
        /// Blocks until what is unstaked can be withdrawn.
        #[pallet::constant]
        type UnbondingTime: Get<BlockNumberFor<Self>>;
        /// Times at which something of an account becomes free, at most.
        #[pallet::constant]
        type MaxUnbonding: Get<u32>;
        /// Blocks from one reward to the next.
        #[pallet::constant]
        type RewardPeriod: Get<BlockNumberFor<Self>>;
        /// Amount that is made in a period in which anybody has staked.
        #[pallet::constant]
        type RewardPerPeriod: Get<u128>;
        /// The part of it that is for those who stake; the rest is for the owners of worlds.
        #[pallet::constant]
        type StakersShare: Get<Perbill>;
        /// Weights of the calls.
        type WeightInfo: WeightInfo;
    }

    /// Reason for which tokens are on hold.
    #[pallet::composite_enum]
    pub enum HoldReason {
        /// They are staked, or were until lately.
        Stake,
    }

    /// Stakes by account and world.
    #[pallet::storage]
    pub type Stakes<T: Config> = StorageDoubleMap<
        _,
        Blake2_128Concat,
        T::AccountId,
        Blake2_128Concat,
        WorldOf<T>,
        u128,
        ValueQuery,
    >;

    /// The same by world and account.
    #[pallet::storage]
    pub type Stakers<T: Config> = StorageDoubleMap<
        _,
        Blake2_128Concat,
        WorldOf<T>,
        Blake2_128Concat,
        T::AccountId,
        u128,
        ValueQuery,
    >;

    /// Sum of the stakes of an account.
    #[pallet::storage]
    pub type StakedBy<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, u128, ValueQuery>;

    /// Sum of the stakes in a world.
    #[pallet::storage]
    pub type StakedIn<T: Config> = StorageMap<_, Blake2_128Concat, WorldOf<T>, u128, ValueQuery>;

    /// Sum of all stakes.
    #[pallet::storage]
    pub type Staked<T: Config> = StorageValue<_, u128, ValueQuery>;

    /// Tokens that become free, the earliest first.
    #[pallet::storage]
    pub type UnbondingOf<T: Config> = StorageMap<
        _,
        Blake2_128Concat,
        T::AccountId,
        BoundedVec<Unbonding<BlockNumberFor<T>>, T::MaxUnbonding>,
        ValueQuery,
    >;

    /// Rewards of one unit since the beginning, times 10^18: for those who stake, and for worlds.
    #[pallet::storage]
    pub type RewardOfUnit<T: Config> = StorageValue<_, (u128, u128), ValueQuery>;

    /// Rewards of accounts that stake or have staked.
    #[pallet::storage]
    pub type RewardOf<T: Config> =
        StorageMap<_, Blake2_128Concat, T::AccountId, Accrued, ValueQuery>;

    /// Rewards of worlds in which anybody stakes or has staked.
    #[pallet::storage]
    pub type RewardOfWorld<T: Config> =
        StorageMap<_, Blake2_128Concat, WorldOf<T>, Accrued, ValueQuery>;

    #[pallet::event]
    #[pallet::generate_deposit(pub(super) fn deposit_event)]
    pub enum Event<T: Config> {
        /// Tokens were staked.
        Staked {
            /// By this account.
            who: T::AccountId,
            /// In the world that is an item of this collection,
            collection: T::CollectionId,
            /// this one.
            item: T::ItemId,
            /// The amount that was added.
            amount: u128,
            /// The account's stake in this world now.
            total: u128,
        },
        /// Tokens were unstaked.
        Unstaked {
            /// By this account.
            who: T::AccountId,
            /// Collection of the world.
            collection: T::CollectionId,
            /// Its item.
            item: T::ItemId,
            /// The amount that was taken.
            amount: u128,
            /// The account's stake in this world now.
            total: u128,
        },
        /// Staked tokens were moved to another world.
        Restaked {
            /// By this account.
            who: T::AccountId,
            /// From this world.
            from: WorldOf<T>,
            /// To this one.
            to: WorldOf<T>,
            /// The amount.
            amount: u128,
            /// The account's stake in the first world now.
            total_from: u128,
            /// The account's stake in the second world now.
            total_to: u128,
        },
        /// Unstaked tokens are free.
        Withdrawn {
            /// The account.
            who: T::AccountId,
            /// The amount.
            amount: u128,
        },
        /// Somebody claimed the rewards of their stakes.
        RewardsClaimed {
            /// The account.
            who: T::AccountId,
            /// The amount.
            amount: u128,
        },
        /// The owner of a world claimed its rewards.
        WorldRewardsClaimed {
            /// The owner.
            who: T::AccountId,
            /// Collection of the world.
            collection: T::CollectionId,
            /// Its item.
            item: T::ItemId,
            /// The amount.
            amount: u128,
        },
        /// A period has ended.
        RewardsUpdated {
            /// The amount that was made.
            amount: u128,
        },
    }

    #[pallet::error]
    pub enum Error<T> {
        /// There is no such item.
        NoSuchWorld,
        /// The caller has no stake of that size in that world.
        NotStaked,
        /// A stake in a world is nothing, or the least there is at least.
        TooLittle,
        /// The sums would be too large.
        TooMuch,
        /// A stake is moved to another world, not to the same.
        SameWorld,
        /// Too much becomes free at different times; withdraw what is free.
        TooManyUnbonding,
        /// There is nothing to withdraw or to claim yet.
        Nothing,
        /// Only the owner of a world claims its rewards.
        NotOwner,
    }

    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// Stakes tokens in a world.
        #[pallet::call_index(0)]
        #[pallet::weight(T::WeightInfo::stake())]
        pub fn stake(
            origin: OriginFor<T>,
            collection: T::CollectionId,
            item: T::ItemId,
            #[pallet::compact] amount: u128,
        ) -> DispatchResult {
            let who = ensure_signed(origin)?;
            let world = (collection, item);
            Self::ensure_exists(&world)?;
            T::Currency::hold(&HoldReason::Stake.into(), &who, amount)?;
            let total = Self::add(&who, world, amount)?;
            Self::deposit_event(Event::Staked {
                who,
                collection,
                item,
                amount,
                total,
            });
            Ok(())
        }

        /// Takes tokens out of a world, all of them without an amount. They are free after a
        /// while.
        #[pallet::call_index(1)]
        #[pallet::weight(T::WeightInfo::unstake())]
        pub fn unstake(
            origin: OriginFor<T>,
            collection: T::CollectionId,
            item: T::ItemId,
            amount: Option<u128>,
        ) -> DispatchResult {
            let who = ensure_signed(origin)?;
            let world = (collection, item);
            let amount = amount.unwrap_or_else(|| Stakes::<T>::get(&who, world));
            let total = Self::take(&who, world, amount)?;
            let at = frame_system::Pallet::<T>::block_number() + T::UnbondingTime::get();
            UnbondingOf::<T>::try_mutate(&who, |unbonding| match unbonding.last_mut() {
                Some(last) if last.at == at => {
                    let sum = last.amount.checked_add(amount);
                    last.amount = sum.ok_or(Error::<T>::TooMuch)?;
                    Ok(())
                }
                _ => unbonding
                    .try_push(Unbonding { at, amount })
                    .map_err(|_| Error::<T>::TooManyUnbonding),
            })?;
            Self::deposit_event(Event::Unstaked {
                who,
                collection,
                item,
                amount,
                total,
            });
            Ok(())
        }

        /// Moves staked tokens to another world, all of them without an amount.
        #[pallet::call_index(2)]
        #[pallet::weight(T::WeightInfo::restake())]
        pub fn restake(
            origin: OriginFor<T>,
            from: WorldOf<T>,
            to: WorldOf<T>,
            amount: Option<u128>,
        ) -> DispatchResult {
            let who = ensure_signed(origin)?;
            ensure!(from != to, Error::<T>::SameWorld);
            Self::ensure_exists(&to)?;
            let amount = amount.unwrap_or_else(|| Stakes::<T>::get(&who, from));
            let total_from = Self::take(&who, from, amount)?;
            let total_to = Self::add(&who, to, amount)?;
            Self::deposit_event(Event::Restaked {
                who,
                from,
                to,
                amount,
                total_from,
                total_to,
            });
            Ok(())
        }

        /// Takes what was unstaked and is free by now off hold.
        #[pallet::call_index(3)]
        #[pallet::weight(T::WeightInfo::withdraw(T::MaxUnbonding::get()))]
        pub fn withdraw(origin: OriginFor<T>) -> DispatchResultWithPostInfo {
            let who = ensure_signed(origin)?;
            let now = frame_system::Pallet::<T>::block_number();
            let mut unbonding = UnbondingOf::<T>::get(&who);
            let all = unbonding.len() as u32;
            let due = unbonding.iter().filter(|part| part.at <= now);
            let amount: u128 = due.map(|part| part.amount).sum();
            ensure!(amount > 0, Error::<T>::Nothing);
            unbonding.retain(|part| part.at > now);
            match unbonding.is_empty() {
                true => UnbondingOf::<T>::remove(&who),
                false => UnbondingOf::<T>::insert(&who, unbonding),
            }
            T::Currency::release(&HoldReason::Stake.into(), &who, amount, Precision::Exact)?;
            Self::deposit_event(Event::Withdrawn { who, amount });
            Ok(Some(T::WeightInfo::withdraw(all)).into())
        }

        /// Claims the rewards of one's stakes.
        #[pallet::call_index(4)]
        #[pallet::weight(T::WeightInfo::get_rewards())]
        pub fn get_rewards(origin: OriginFor<T>) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::settle(&who);
            let amount = RewardOf::<T>::mutate(&who, Accrued::take);
            Self::pay(&who, amount)?;
            Self::deposit_event(Event::RewardsClaimed { who, amount });
            Ok(())
        }

        /// Claims the rewards of a world that one owns.
        #[pallet::call_index(5)]
        #[pallet::weight(T::WeightInfo::get_world_rewards())]
        pub fn get_world_rewards(
            origin: OriginFor<T>,
            collection: T::CollectionId,
            item: T::ItemId,
        ) -> DispatchResult {
            let who = ensure_signed(origin)?;
            let owner = <T::Items as nonfungibles::Inspect<_>>::owner(&collection, &item);
            ensure!(owner.as_ref() == Some(&who), Error::<T>::NotOwner);
            let world = (collection, item);
            Self::settle_world(&world);
            let amount = RewardOfWorld::<T>::mutate(world, Accrued::take);
            Self::pay(&who, amount)?;
            Self::deposit_event(Event::WorldRewardsClaimed {
                who,
                collection,
                item,
                amount,
            });
            Ok(())
        }
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        fn on_initialize(now: BlockNumberFor<T>) -> Weight {
            use frame_support::sp_runtime::traits::Zero;

            let staked = Staked::<T>::get();
            if !(now % T::RewardPeriod::get()).is_zero() || staked == 0 {
                return T::DbWeight::get().reads(1);
            }
            Self::reward(staked);
            T::WeightInfo::reward()
        }

        fn integrity_test() {
            use frame_support::sp_runtime::traits::Zero;

            assert!(!T::RewardPeriod::get().is_zero(), "a period has a block");
            assert!(T::MinimumStake::get() > 0, "nothing is no stake");
            assert!(T::MaxUnbonding::get() > 0, "what is staked can be unstaked");
        }

        #[cfg(feature = "try-runtime")]
        fn try_state(
            _: BlockNumberFor<T>,
        ) -> Result<(), frame_support::sp_runtime::TryRuntimeError> {
            Self::check()
        }
    }

    impl<T: Config> Pallet<T> {
        /// The account that rewards are paid from.
        pub fn pot() -> T::AccountId {
            T::PalletId::get().into_account_truncating()
        }

        /// Those who have staked most in a world, and how much. For questions from outside: it
        /// reads all stakes in the world.
        pub fn top_stakers(world: WorldOf<T>, limit: u32) -> Vec<(T::AccountId, u128)> {
            let mut stakers: Vec<_> = Stakers::<T>::iter_prefix(world).collect();
            stakers.sort_by(|(a, first), (b, second)| second.cmp(first).then_with(|| a.cmp(b)));
            stakers.truncate(limit as usize);
            stakers
        }

        fn ensure_exists(world: &WorldOf<T>) -> DispatchResult {
            let owner = <T::Items as nonfungibles::Inspect<_>>::owner(&world.0, &world.1);
            ensure!(owner.is_some(), Error::<T>::NoSuchWorld);
            Ok(())
        }

        /// Adds to a stake; the stake after it.
        fn add(who: &T::AccountId, world: WorldOf<T>, amount: u128) -> Result<u128, Error<T>> {
            let total = Stakes::<T>::get(who, world).checked_add(amount);
            let total = total.ok_or(Error::<T>::TooMuch)?;
            ensure!(total >= T::MinimumStake::get(), Error::<T>::TooLittle);
            Self::change(who, world, total, |sum| sum.checked_add(amount))?;
            Ok(total)
        }

        /// Takes from a stake; the stake after it.
        fn take(who: &T::AccountId, world: WorldOf<T>, amount: u128) -> Result<u128, Error<T>> {
            ensure!(amount > 0, Error::<T>::NotStaked);
            let total = Stakes::<T>::get(who, world).checked_sub(amount);
            let total = total.ok_or(Error::<T>::NotStaked)?;
            let is_enough = total == 0 || total >= T::MinimumStake::get();
            ensure!(is_enough, Error::<T>::TooLittle);
            Self::change(who, world, total, |sum| sum.checked_sub(amount))?;
            Ok(total)
        }

        /// Sets a stake, and the sums with it. Rewards until now are for the stakes until now.
        fn change(
            who: &T::AccountId,
            world: WorldOf<T>,
            total: u128,
            change: impl Fn(u128) -> Option<u128>,
        ) -> Result<(), Error<T>> {
            Self::settle(who);
            Self::settle_world(&world);
            let change = |sum: u128| change(sum).ok_or(Error::<T>::TooMuch);
            let of_all = change(Staked::<T>::get())?;
            let by = change(StakedBy::<T>::get(who))?;
            let within = change(StakedIn::<T>::get(world))?;
            Staked::<T>::put(of_all);
            match by {
                0 => StakedBy::<T>::remove(who),
                by => StakedBy::<T>::insert(who, by),
            }
            match within {
                0 => StakedIn::<T>::remove(world),
                within => StakedIn::<T>::insert(world, within),
            }
            match total {
                0 => {
                    Stakes::<T>::remove(who, world);
                    Stakers::<T>::remove(world, who);
                }
                total => {
                    Stakes::<T>::insert(who, world, total);
                    Stakers::<T>::insert(world, who, total);
                }
            }
            Ok(())
        }

        fn pay(who: &T::AccountId, amount: u128) -> DispatchResult {
            ensure!(amount > 0, Error::<T>::Nothing);
            T::Currency::transfer(&Self::pot(), who, amount, Preservation::Preserve)?;
            Ok(())
        }
    }
}
