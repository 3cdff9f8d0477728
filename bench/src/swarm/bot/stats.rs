//! Counters of a bot.

use super::Loss;
use crate::swarm::known::{Final, Sampled};

/// Outcome of a bot.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outcome {
    /// Whether it was in the world.
    pub(crate) entered: bool,
    /// Whether it was one that stops reading.
    pub(crate) stalled: bool,
    /// Why it was not there to the end.
    pub(crate) loss: Option<Loss>,
    pub(crate) stats: BotStats,
    pub(crate) end: Final,
}

/// Counters of a bot: faults all the time, everything else during the measurement.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct BotStats {
    /// Updates sent.
    pub(crate) sent: u64,
    /// Updates not sent because it was too late for them.
    pub(crate) skipped: u64,
    /// Updates of others seen that were sent during the measurement.
    pub(crate) seen: u64,
    /// Frames received.
    pub(crate) frames: u64,
    /// Their bytes.
    pub(crate) bytes: u64,
    /// Positions received, own and repeated ones included.
    pub(crate) entries: u64,
    /// Bytes of the frames that brought them.
    pub(crate) entry_bytes: u64,
    pub(crate) sampled: Sampled,
    /// Older positions after newer ones.
    pub(crate) older: u64,
    /// The same over a transport that may do so.
    pub(crate) late: u64,
    /// Older ticks after newer ones.
    pub(crate) ticks_back: u64,
    /// Handles that belong to somebody else.
    pub(crate) handles: u64,
    /// Positions that nobody sent.
    pub(crate) wrong: u64,
    /// Others said to be gone who are there.
    pub(crate) removed: u64,
    /// Others said to be gone, or to be new, who cut their connection and came back in time.
    pub(crate) blinks: u64,
    /// Frames that could not be decoded.
    pub(crate) undecodable: u64,
    /// Times that it cut its connection.
    pub(crate) cuts: u64,
    /// Times that it came back.
    pub(crate) returns: u64,
    /// Of these, times that the server took it for somebody new.
    pub(crate) strangers: u64,
}

impl BotStats {
    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            sent: self.sent + other.sent,
            skipped: self.skipped + other.skipped,
            seen: self.seen + other.seen,
            frames: self.frames + other.frames,
            bytes: self.bytes + other.bytes,
            entries: self.entries + other.entries,
            entry_bytes: self.entry_bytes + other.entry_bytes,
            sampled: Sampled {
                looked_at: self.sampled.looked_at + other.sampled.looked_at,
                fresh: self.sampled.fresh + other.sampled.fresh,
            },
            older: self.older + other.older,
            late: self.late + other.late,
            ticks_back: self.ticks_back + other.ticks_back,
            handles: self.handles + other.handles,
            wrong: self.wrong + other.wrong,
            removed: self.removed + other.removed,
            blinks: self.blinks + other.blinks,
            undecodable: self.undecodable + other.undecodable,
            cuts: self.cuts + other.cuts,
            returns: self.returns + other.returns,
            strangers: self.strangers + other.strangers,
        }
    }
}
