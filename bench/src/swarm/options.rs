//! Request for a run.

use std::{fmt, str::FromStr, time::Duration};

use posbus::Umid;
use serde::{Serialize, Serializer};

use crate::{swarm::sent::Stamp, trajectories::Pattern};

/// The world that an empty data directory gets.
pub const WELCOME_WORLD: Umid = Umid::from_u128(0x0000_0000_0000_8000_8000_0000_0000_0001);

/// Options of a swarm.
#[derive(Clone, Debug, Serialize)]
pub struct Options {
    /// Base URL of the server. Default `http://127.0.0.1:4000`, where a server listens unless told
    /// otherwise.
    pub url: String,
    /// The world that all bots enter. Default the welcome world, which every new server has.
    pub world: Umid,
    /// Number of bots. Default 100: enough to see something on any machine.
    pub users: u32,
    /// Updates per second that a moving bot sends. Default 10, what a good client sends.
    pub rate: f64,
    /// Version of the protocol that they ask for, 1 or 2. Default 1.
    pub protocol: u32,
    /// Transport of the bots. Default WebSocket.
    pub transport: Transport,
    /// Movement of the bots. Default walk.
    pub pattern: Pattern,
    /// Length of the measurement, once everybody is there. Default 30 s.
    #[serde(rename = "seconds", serialize_with = "seconds")]
    pub window: Duration,
    /// Bots that enter per second; 0 is all at once. Default 100.
    pub ramp: f64,
    /// Per cent of the bots that stop reading when the measurement begins, and go on sending.
    /// Default 0.
    pub stalled: f64,
    /// Per cent of the bots that cut their connection after half of the measurement, without a
    /// word, and come back 5 s later (after a quarter of a short measurement). Default 0.
    pub dropped: f64,
    /// Threads that bots share. Default as many as there are cores, at most 2: more would take the
    /// server's.
    pub threads: usize,
    /// Seed of all paths: the same seed, the same paths. Default 1.
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
            protocol: 1,
            transport: Transport::WebSocket,
            pattern: Pattern::Walk,
            window: Duration::from_secs(30),
            ramp: 100.0,
            stalled: 0.0,
            dropped: 0.0,
            threads: std::thread::available_parallelism().map_or(1, |cores| cores.get().min(2)),
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
        falls_to(bot, self.stalled)
    }

    /// Whether this bot is one of those that cut their connection; none of those that stall.
    pub(crate) fn drops(&self, bot: u32) -> bool {
        falls_to(
            self.users.saturating_sub(bot.saturating_add(1)),
            self.dropped,
        ) && !self.stalls(bot)
    }

    /// The time between two updates of a bot, in units of 10 µs.
    pub(crate) fn period(&self) -> u32 {
        (f64::from(Stamp::PER_SECOND) / self.rate.clamp(0.01, 1_000.0)).round() as u32
    }
}

/// Whether a bot is in a share of all that is spread evenly.
fn falls_to(bot: u32, percent: f64) -> bool {
    let before = |bots: u32| (f64::from(bots) * percent / 100.0).floor();
    before(bot.saturating_add(1)) > before(bot)
}

/// Transport of bots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    /// WebSocket over TCP.
    #[serde(rename = "ws")]
    WebSocket,
    /// WebTransport over HTTP/3.
    WebTransport,
    /// QUIC itself.
    Quic,
}

impl Transport {
    const ALL: [Self; 3] = [Self::WebSocket, Self::WebTransport, Self::Quic];

    /// Its name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::WebSocket => "ws",
            Self::WebTransport => "webtransport",
            Self::Quic => "quic",
        }
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// No transport has this name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not one of ws, webtransport, quic")]
pub struct UnknownTransport;

impl FromStr for Transport {
    type Err = UnknownTransport;

    fn from_str(name: &str) -> Result<Self, UnknownTransport> {
        let mut all = Self::ALL.into_iter();
        all.find(|transport| transport.name() == name)
            .ok_or(UnknownTransport)
    }
}

#[cfg(test)]
mod tests {
    use super::{Options, Transport, UnknownTransport};

    #[test]
    fn transports_are_known_by_name() {
        for transport in Transport::ALL {
            assert_eq!(transport.to_string().parse(), Ok(transport));
        }
        assert_eq!("tcp".parse::<Transport>(), Err(UnknownTransport));
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
            let mixed = Options {
                users: 200,
                dropped: 10.0,
                ..options
            };
            let both = (0..200).filter(|bot| mixed.stalls(*bot) && mixed.drops(*bot));
            assert_eq!(both.count(), 0);
        }
    }
}
