//! Weights of the calls: reads and writes of the database as they are counted, and time of
//! computation as it is estimated; nothing of it is measured.

use frame_support::{traits::Get, weights::Weight};

/// Weights of the calls.
pub trait WeightInfo {
    /// Of `get_tokens` and `drop_to`.
    fn drop() -> Weight;
    /// Of `refill`.
    fn refill() -> Weight;
}

/// Weights with the costs of a runtime's database.
pub struct DatabaseWeight<T>(core::marker::PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for DatabaseWeight<T> {
    /// Accounts of pot and receiver, drops of the receiver, sum of the period.
    fn drop() -> Weight {
        Weight::from_parts(60_000_000, 3_600).saturating_add(T::DbWeight::get().reads_writes(4, 4))
    }

    /// Accounts of the giver and the pot.
    fn refill() -> Weight {
        Weight::from_parts(45_000_000, 3_600).saturating_add(T::DbWeight::get().reads_writes(2, 2))
    }
}

impl WeightInfo for () {
    fn drop() -> Weight {
        Weight::from_parts(60_000_000, 3_600)
    }

    fn refill() -> Weight {
        Weight::from_parts(45_000_000, 3_600)
    }
}
