//! Where the frames of a tick get their memory: a few buffers that take turns, each used again once nobody holds a frame
//! from it any more.

use bytes::{Bytes, BytesMut};

/// How many ticks a writer may hold frames before their buffer has to be replaced.
const TURNS: usize = 4;

/// Memory for frames.
#[derive(Default)]
pub(crate) struct Arena {
    buffers: [BytesMut; TURNS],
    turn: usize,
    /// Bytes of this tick.
    used: usize,
    /// The most bytes that a tick took so far.
    peak: usize,
}

impl Arena {
    /// Starts a tick.
    pub(crate) fn begin(&mut self) {
        if self.used == 0 {
            return;
        }
        self.peak = self.peak.max(self.used);
        self.used = 0;
        self.turn = (self.turn + 1) % TURNS;
        let (peak, buffer) = (self.peak, &mut self.buffers[self.turn]);
        if buffer.capacity() < peak && !buffer.try_reclaim(peak) {
            *buffer = BytesMut::with_capacity(peak);
        }
    }

    /// A frame with this content.
    pub(crate) fn frame(&mut self, content: &[u8]) -> Bytes {
        self.used += content.len();
        let buffer = &mut self.buffers[self.turn];
        buffer.extend_from_slice(content);
        buffer.split().freeze()
    }
}
