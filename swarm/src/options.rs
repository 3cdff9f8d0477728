//! What a run is asked to do.

use std::time::Duration;

use posbus::Umid;
use serde::{Serialize, Serializer};
use walks::Pattern;

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

#[cfg(test)]
mod tests {
    use super::Options;

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
