//! Weights of the calls: reads and writes of the database as they are counted, and time of
//! computation as it is estimated; nothing of it is measured.

use frame_support::{traits::Get, weights::Weight};

/// Weights of the calls.
pub trait WeightInfo {
    /// Of `stake`.
    fn stake() -> Weight;
    /// Of `unstake`.
    fn unstake() -> Weight;
    /// Of `restake`.
    fn restake() -> Weight;
    /// Of `withdraw`, with so many parts that become free.
    fn withdraw(parts: u32) -> Weight;
    /// Of `get_rewards`.
    fn get_rewards() -> Weight;
    /// Of `get_world_rewards`.
    fn get_world_rewards() -> Weight;
    /// Of the reward of a period.
    fn reward() -> Weight;
}

/// Weights with the costs of a runtime's database.
pub struct DatabaseWeight<T>(core::marker::PhantomData<T>);

fn computed(microseconds: u64) -> Weight {
    Weight::from_parts(microseconds * 1_000_000, 4_000)
}

impl<T: frame_system::Config> WeightInfo for DatabaseWeight<T> {
    /// The item, account and holds; stake, its mirror, three sums, two rewards, the unit's.
    fn stake() -> Weight {
        computed(90).saturating_add(T::DbWeight::get().reads_writes(11, 9))
    }

    /// As `stake`, without item and account, with what becomes free.
    fn unstake() -> Weight {
        computed(80).saturating_add(T::DbWeight::get().reads_writes(9, 8))
    }

    /// As `stake` twice, with the sums of the account and of all once.
    fn restake() -> Weight {
        computed(130).saturating_add(T::DbWeight::get().reads_writes(13, 11))
    }

    fn withdraw(parts: u32) -> Weight {
        computed(60)
            .saturating_add(Weight::from_parts(100_000, 0).saturating_mul(u64::from(parts)))
            .saturating_add(T::DbWeight::get().reads_writes(3, 3))
    }

    /// Reward, sum and unit; accounts of pot and receiver.
    fn get_rewards() -> Weight {
        computed(70).saturating_add(T::DbWeight::get().reads_writes(5, 3))
    }

    /// As `get_rewards`, with the item.
    fn get_world_rewards() -> Weight {
        computed(75).saturating_add(T::DbWeight::get().reads_writes(6, 3))
    }

    /// The sum of all, the unit's reward, the account of the pot.
    fn reward() -> Weight {
        computed(40).saturating_add(T::DbWeight::get().reads_writes(3, 2))
    }
}

impl WeightInfo for () {
    fn stake() -> Weight {
        computed(90)
    }

    fn unstake() -> Weight {
        computed(80)
    }

    fn restake() -> Weight {
        computed(130)
    }

    fn withdraw(_: u32) -> Weight {
        computed(60)
    }

    fn get_rewards() -> Weight {
        computed(70)
    }

    fn get_world_rewards() -> Weight {
        computed(75)
    }

    fn reward() -> Weight {
        computed(40)
    }
}
