//! Token amounts: integers as large as an uint256.

use std::str::FromStr;

use bigdecimal::num_bigint::{BigInt, Sign};
use sea_orm::{
    ColIdx, DbErr, QueryResult, TryFromU64, TryGetError, TryGetable,
    entity::prelude::BigDecimal,
    sea_query::{ArrayType, ColumnType, Nullable, Value, ValueType, ValueTypeErr},
};

/// A whole number of a token's smallest unit: `numeric(78,0)` on PostgreSQL, decimal text on SQLite
/// (whose own numbers would round it).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Amount(BigDecimal);

impl Amount {
    /// Nothing.
    pub fn zero() -> Self {
        Amount(BigDecimal::from(0))
    }

    /// An amount of at most 32 bytes, the most significant first.
    pub fn from_be_bytes(bytes: &[u8]) -> Option<Self> {
        const MAX_BYTES: usize = 32;
        let number = BigInt::from_bytes_be(Sign::Plus, bytes);
        (bytes.len() <= MAX_BYTES).then(|| Amount(BigDecimal::from(number)))
    }

    /// Whether this is nothing.
    pub fn is_zero(&self) -> bool {
        *self == Self::zero()
    }
}

impl From<u32> for Amount {
    fn from(number: u32) -> Self {
        Amount(BigDecimal::from(number))
    }
}

impl std::ops::AddAssign<&Amount> for Amount {
    fn add_assign(&mut self, other: &Amount) {
        self.0 += &other.0;
    }
}

impl std::fmt::Display for Amount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.with_scale(0).to_plain_string())
    }
}

/// Not a whole decimal number of at most 78 digits.
#[derive(thiserror::Error, Debug, PartialEq, Eq)]
#[error("not a whole decimal number of at most 78 digits")]
pub struct NotAnAmount;

impl FromStr for Amount {
    type Err = NotAnAmount;

    /// Accepts digits only: no sign, no fraction, no exponent that would ask for a gigabyte of
    /// zeros.
    fn from_str(text: &str) -> Result<Self, NotAnAmount> {
        const MAX_DIGITS: usize = 78;
        if text.is_empty() || text.len() > MAX_DIGITS || !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(NotAnAmount);
        }
        BigDecimal::from_str(text)
            .map(Amount)
            .map_err(|_| NotAnAmount)
    }
}

impl From<Amount> for Value {
    fn from(amount: Amount) -> Self {
        Value::BigDecimal(Some(Box::new(amount.0.with_scale(0))))
    }
}

impl Nullable for Amount {
    fn null() -> Value {
        Value::BigDecimal(None)
    }
}

impl ValueType for Amount {
    fn try_from(value: Value) -> Result<Self, ValueTypeErr> {
        match value {
            Value::BigDecimal(Some(number)) => Ok(Amount(*number)),
            _ => Err(ValueTypeErr),
        }
    }

    fn type_name() -> String {
        "Amount".to_owned()
    }

    fn array_type() -> ArrayType {
        ArrayType::BigDecimal
    }

    fn column_type() -> ColumnType {
        ColumnType::Decimal(Some((78, 0)))
    }
}

impl TryGetable for Amount {
    fn try_get_by<I: ColIdx>(row: &QueryResult, index: I) -> Result<Self, TryGetError> {
        if row.try_as_sqlite_row().is_some() {
            let text = String::try_get_by(row, index)?;
            return text.parse().map_err(|_| {
                TryGetError::DbErr(DbErr::Type(format!("{text:?} is not an amount")))
            });
        }
        BigDecimal::try_get_by(row, index).map(Amount)
    }
}

impl TryFromU64 for Amount {
    fn try_from_u64(number: u64) -> Result<Self, DbErr> {
        Ok(Amount(BigDecimal::from(number)))
    }
}
