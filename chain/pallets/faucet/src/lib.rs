//! Tokens for the asking, so that newcomers can try the network.
//!
//! A pot, an account of its own, gives a fixed amount to whoever asks, or to somebody they name:
//! an account without tokens cannot send a transaction. An account gets so many drops in a period,
//! and all accounts together so much. Whoever may, fills the pot.

#![cfg_attr(not(feature = "std"), no_std)]

pub use pallet::*;
pub use weights::WeightInfo;

#[cfg(test)]
mod tests;
pub mod weights;

#[frame_support::pallet]
pub mod pallet {
    use frame_support::{
        PalletId,
        pallet_prelude::*,
        sp_runtime::traits::{AccountIdConversion, CheckedAdd, Zero},
        traits::{
            fungible::{Inspect, Mutate},
            tokens::Preservation,
        },
    };
    use frame_system::pallet_prelude::*;

    use crate::WeightInfo;

    /// Amounts in the smallest unit.
    pub type BalanceOf<T> =
        <<T as Config>::Currency as Inspect<<T as frame_system::Config>::AccountId>>::Balance;

    /// Something that is counted anew in each period.
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
    pub struct InPeriod<BlockNumber, Count> {
        /// The period that it was counted in last.
        pub period: BlockNumber,
        /// The count of that period.
        pub count: Count,
    }

    impl<BlockNumber: PartialEq, Count: Default> InPeriod<BlockNumber, Count> {
        /// The count of a period.
        fn of(self, period: BlockNumber) -> Count {
            match self.period == period {
                true => self.count,
                false => Count::default(),
            }
        }
    }

    #[pallet::pallet]
    pub struct Pallet<T>(_);

    #[pallet::config]
    pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
        /// The tokens.
        type Currency: Inspect<Self::AccountId> + Mutate<Self::AccountId>;
        /// The pot's account is made of it.
        #[pallet::constant]
        type PalletId: Get<PalletId>;
        /// Amount of a drop.
        #[pallet::constant]
        type Drop: Get<BalanceOf<Self>>;
        /// Blocks of a period; one at least.
        #[pallet::constant]
        type Period: Get<BlockNumberFor<Self>>;
        /// Drops of an account in a period, at most.
        #[pallet::constant]
        type DropsPerAccount: Get<u32>;
        /// Amount for all accounts together in a period, at most.
        #[pallet::constant]
        type AmountPerPeriod: Get<BalanceOf<Self>>;
        /// Accounts that may fill the pot, each from its own tokens.
        type RefillOrigin: EnsureOrigin<Self::RuntimeOrigin, Success = Self::AccountId>;
        /// Weights of the calls.
        type WeightInfo: WeightInfo;
    }

    /// Drops of accounts, in the last period in which each got one.
    #[pallet::storage]
    pub type DropsOf<T: Config> =
        StorageMap<_, Blake2_128Concat, T::AccountId, InPeriod<BlockNumberFor<T>, u32>, ValueQuery>;

    /// Amount that all accounts got in the last period in which any did.
    #[pallet::storage]
    pub type SpentIn<T: Config> =
        StorageValue<_, InPeriod<BlockNumberFor<T>, BalanceOf<T>>, ValueQuery>;

    #[pallet::event]
    #[pallet::generate_deposit(pub(super) fn deposit_event)]
    pub enum Event<T: Config> {
        /// An account got tokens.
        Dropped {
            /// The account.
            who: T::AccountId,
            /// The amount.
            amount: BalanceOf<T>,
        },
        /// The pot was filled.
        Refilled {
            /// From whose account.
            from: T::AccountId,
            /// The amount.
            amount: BalanceOf<T>,
        },
    }

    #[pallet::error]
    pub enum Error<T> {
        /// The account has had what it gets in this period.
        AccountLimit,
        /// All that is given in this period was given.
        PeriodLimit,
        /// There is not enough in the pot.
        PotEmpty,
    }

    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// Gives a drop to the caller.
        #[pallet::call_index(0)]
        #[pallet::weight(T::WeightInfo::drop())]
        pub fn get_tokens(origin: OriginFor<T>) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::give(who)
        }

        /// Gives a drop to somebody whom the caller names; it counts as theirs.
        #[pallet::call_index(1)]
        #[pallet::weight(T::WeightInfo::drop())]
        pub fn drop_to(origin: OriginFor<T>, who: T::AccountId) -> DispatchResult {
            ensure_signed(origin)?;
            Self::give(who)
        }

        /// Fills the pot from the account of the origin, which stays alive.
        #[pallet::call_index(2)]
        #[pallet::weight(T::WeightInfo::refill())]
        pub fn refill(
            origin: OriginFor<T>,
            #[pallet::compact] amount: BalanceOf<T>,
        ) -> DispatchResult {
            let from = T::RefillOrigin::ensure_origin(origin)?;
            let pot = Self::pot();
            T::Currency::transfer(&from, &pot, amount, Preservation::Preserve)?;
            Self::deposit_event(Event::Refilled { from, amount });
            Ok(())
        }
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        fn integrity_test() {
            assert!(!T::Period::get().is_zero(), "a period has a block");
            assert!(
                T::Drop::get() >= T::Currency::minimum_balance(),
                "a drop keeps an account alive"
            );
        }

        #[cfg(feature = "try-runtime")]
        fn try_state(
            _: BlockNumberFor<T>,
        ) -> Result<(), frame_support::sp_runtime::TryRuntimeError> {
            Self::check()
        }
    }

    impl<T: Config> Pallet<T> {
        /// The account that gives.
        pub fn pot() -> T::AccountId {
            T::PalletId::get().into_account_truncating()
        }

        /// The present period.
        fn period() -> BlockNumberFor<T> {
            frame_system::Pallet::<T>::block_number() / T::Period::get()
        }

        fn give(who: T::AccountId) -> DispatchResult {
            let (period, amount) = (Self::period(), T::Drop::get());
            let drops = DropsOf::<T>::get(&who).of(period);
            ensure!(drops < T::DropsPerAccount::get(), Error::<T>::AccountLimit);
            let spent = SpentIn::<T>::get().of(period).checked_add(&amount);
            let spent = spent.filter(|sum| *sum <= T::AmountPerPeriod::get());
            let spent = spent.ok_or(Error::<T>::PeriodLimit)?;

            T::Currency::transfer(&Self::pot(), &who, amount, Preservation::Preserve)
                .map_err(|_| Error::<T>::PotEmpty)?;
            let count = drops + 1;
            DropsOf::<T>::insert(&who, InPeriod { period, count });
            let count = spent;
            SpentIn::<T>::put(InPeriod { period, count });
            Self::deposit_event(Event::Dropped { who, amount });
            Ok(())
        }

        /// The drops of the present period are what was spent in it, and within the limits.
        #[cfg(any(feature = "try-runtime", test))]
        pub fn check() -> Result<(), frame_support::sp_runtime::TryRuntimeError> {
            let spent = SpentIn::<T>::get();
            let mut sum = BalanceOf::<T>::zero();
            for drops in DropsOf::<T>::iter_values() {
                ensure!(
                    drops.count <= T::DropsPerAccount::get(),
                    "an account got more than its limit"
                );
                if drops.period == spent.period {
                    for _ in 0..drops.count {
                        let more = sum.checked_add(&T::Drop::get());
                        sum = more.ok_or("the drops have no sum")?;
                    }
                }
            }
            ensure!(sum == spent.count, "drops and what was spent differ");
            ensure!(
                spent.count <= T::AmountPerPeriod::get(),
                "all accounts got more than their limit"
            );
            Ok(())
        }
    }
}
