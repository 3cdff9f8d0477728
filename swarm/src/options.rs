//! What a run is asked to do.

use std::{fmt, str::FromStr, time::Duration};

use posbus::Umid;
use serde::{Serialize, Serializer};

/// The world that an empty data directory gets.
pub const WELCOME_WORLD: Umid = Umid::from_u128(0x0000_0000_0000_8000_8000_0000_0000_0001);

/// How to run a swarm.
#[derive(Clone, Debug, Serialize)]
pub struct Options {
    /// Base URL of the server. Default `http://127.0.0.1:4000`, where a server listens unless told otherwise.
    pub url: String,
    /// The world that all bots enter. Default the welcome world, which every new server has.
    pub world: Umid,
    /// How many bots. Default 100: enough to see something on any machine.
    pub users: u32,
    /// Updates per second that a moving bot sends. Default 10, what a good client sends.
    pub rate: f64,
    /// How they move. Default walk.
    pub pattern: Pattern,
    /// How long is measured, once everybody is there. Default 30 s.
    #[serde(rename = "seconds", serialize_with = "seconds")]
    pub window: Duration,
    /// Bots that enter per second. Default 100.
    pub ramp: f64,
    /// Per cent of the bots that stop reading when the measurement begins, and go on sending. Default 0.
    pub stalled: f64,
    /// What all paths derive from: the same seed, the same paths. Default 1.
    pub seed: u64,
    /// The server's process on this machine, to see what it uses. Default none.
    pub server_pid: Option<u32>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            url: "http://127.0.0.1:4000".to_owned(),
            world: WELCOME_WORLD,
            users: 100,
            rate: 10.0,
            pattern: Pattern::Walk,
            window: Duration::from_secs(30),
            ramp: 100.0,
            stalled: 0.0,
            seed: 1,
            server_pid: None,
        }
    }
}

fn seconds<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(duration.as_secs_f64())
}

impl Options {
    /// Whether this bot is one of those that stop reading; they are spread evenly.
    pub(crate) fn stalls(&self, bot: u32) -> bool {
        let stalled_before = |bots: u32| (f64::from(bots) * self.stalled / 100.0).floor();
        stalled_before(bot.saturating_add(1)) > stalled_before(bot)
    }

    /// The time between two updates of a bot.
    pub(crate) fn period(&self) -> Duration {
        Duration::from_secs_f64(1.0 / self.rate.clamp(0.01, 1_000.0))
    }
}

/// How bots move.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Pattern {
    /// A random walk in an area that grows with the number of bots: about 64 others are within 64 m of each.
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
    const ALL: [Self; 5] = [
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
    use super::{Options, Pattern, UnknownPattern};

    #[test]
    fn patterns_are_known_by_name() {
        for pattern in Pattern::ALL {
            assert_eq!(pattern.to_string().parse(), Ok(pattern));
        }
        assert_eq!("run".parse::<Pattern>(), Err(UnknownPattern));
    }

    #[test]
    fn stalled_bots_are_as_many_as_asked_for() {
        for (stalled, expected) in [(0.0, 0), (2.0, 4), (2.5, 5), (100.0, 200)] {
            let options = Options {
                stalled,
                ..Options::default()
            };
            let count = (0..200).filter(|bot| options.stalls(*bot)).count();
            assert_eq!(count, expected);
        }
    }
}
