//! Patterns of movement.

use std::{fmt, str::FromStr};

use serde::Serialize;

/// Pattern of the movement of bots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Pattern {
    /// A random walk in an area that grows with the number of bots: about 64 others are within 64 m
    /// of each.
    Walk,
    /// A random walk of all bots in one cell of 64 m.
    Crowd,
    /// A jump to anywhere in the area of a walk with every update.
    Teleport,
    /// They enter, take their place and stand.
    Idle,
    /// Of ten bots six walk, two crowd, one jumps and one stands.
    Mixed,
}

impl Pattern {
    /// All there are.
    pub const ALL: [Self; 5] = [
        Self::Walk,
        Self::Crowd,
        Self::Teleport,
        Self::Idle,
        Self::Mixed,
    ];

    /// Its name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Walk => "walk",
            Self::Crowd => "crowd",
            Self::Teleport => "teleport",
            Self::Idle => "idle",
            Self::Mixed => "mixed",
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// No pattern has this name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not one of walk, crowd, teleport, idle, mixed")]
pub struct UnknownPattern;

impl FromStr for Pattern {
    type Err = UnknownPattern;

    fn from_str(name: &str) -> Result<Self, UnknownPattern> {
        let mut all = Self::ALL.into_iter();
        all.find(|pattern| pattern.name() == name)
            .ok_or(UnknownPattern)
    }
}

#[cfg(test)]
mod tests {
    use super::{Pattern, UnknownPattern};

    #[test]
    fn patterns_are_known_by_name() {
        for pattern in Pattern::ALL {
            assert_eq!(pattern.to_string().parse(), Ok(pattern));
        }
        assert_eq!("run".parse::<Pattern>(), Err(UnknownPattern));
    }
}
