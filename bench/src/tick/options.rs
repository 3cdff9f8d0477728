//! Request for a bench.

use std::{fmt, str::FromStr};

use serde::{Serialize, Serializer};
use systems::Dialect;

use crate::trajectories::Pattern;

/// Options of the tick bench.
#[derive(Clone, Debug, Serialize)]
pub struct TickOptions {
    /// Sizes of the worlds in users. Default 100 to 20,000 in steps of about three, the range of
    /// the scaling exponent included.
    pub users: Vec<u32>,
    /// Each of them with so many objects. Default 0, 1,000 and 100,000: objects that nobody moves
    /// should cost nothing.
    pub objects: Vec<u32>,
    /// Ticks that are measured. Default 400, 20 s of a world's time.
    pub ticks: u32,
    /// Ticks before, in which buffers grow to what they need. Default 100, enough for the slowest
    /// rate of interest.
    pub warm_up: u32,
    /// Seed of all paths. Default 1.
    pub seed: u64,
    /// Movement of people, 10 times a second for those who move. Default walk.
    pub pattern: Pattern,
    /// People who leave, and others who enter in their place, per second. Default 0.
    pub joins: u32,
    /// Dialects of the sessions. Default both, half and half.
    pub protocol: Protocol,
}

impl Default for TickOptions {
    fn default() -> Self {
        Self {
            users: vec![100, 300, 1_000, 3_000, 5_000, 10_000, 20_000],
            objects: vec![0, 1_000, 100_000],
            ticks: 400,
            warm_up: 100,
            seed: 1,
            pattern: Pattern::Walk,
            joins: 0,
            protocol: Protocol::Mixed,
        }
    }
}

impl TickOptions {
    /// Small worlds and few ticks: whether it works, in seconds. Its figures mean little.
    pub fn quick() -> Self {
        Self {
            users: vec![100, 300, 1_000],
            objects: vec![0, 1_000],
            ticks: 60,
            warm_up: 40,
            ..Self::default()
        }
    }
}

/// Dialects of sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// Version 1.
    V1,
    /// Version 2.
    V2,
    /// Every other session version 1, the rest version 2: each mover is encoded twice.
    Mixed,
}

impl Protocol {
    /// Dialect of the session of a person.
    pub(crate) fn dialect(self, person: u32) -> Dialect {
        match self {
            Self::V1 => Dialect::V1,
            Self::V2 => Dialect::V2,
            Self::Mixed if person.is_multiple_of(2) => Dialect::V1,
            Self::Mixed => Dialect::V2,
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V1 => "1",
            Self::V2 => "2",
            Self::Mixed => "mixed",
        })
    }
}

impl Serialize for Protocol {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// No protocol has this name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not one of 1, 2, mixed")]
pub struct UnknownProtocol;

impl FromStr for Protocol {
    type Err = UnknownProtocol;

    fn from_str(name: &str) -> Result<Self, UnknownProtocol> {
        match name {
            "1" => Ok(Self::V1),
            "2" => Ok(Self::V2),
            "mixed" => Ok(Self::Mixed),
            _ => Err(UnknownProtocol),
        }
    }
}
