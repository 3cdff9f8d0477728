//! Where the frames of a tick get their memory. Each frame has a buffer of its own, so that sessions with different frames
//! do not count on the same number when they let go of them, and the buffers of a few ticks take turns, each used again
//! once nobody holds its frame any more.

use bytes::{Bytes, BytesMut};

/// How many ticks a writer may hold a frame before its buffer has to be replaced.
const TURNS: usize = 4;

/// Memory for frames.
#[derive(Default)]
pub(crate) struct FramePool {
    buffers: [Vec<BytesMut>; TURNS],
    turn: usize,
    /// How many buffers are used in this tick.
    used: usize,
}

impl FramePool {
    /// Starts a tick.
    pub(crate) fn begin(&mut self) {
        if self.used > 0 {
            self.turn = (self.turn + 1) % TURNS;
            self.used = 0;
        }
    }

    /// A frame with this content.
    pub(crate) fn frame(&mut self, content: &[u8]) -> Bytes {
        let buffers = &mut self.buffers[self.turn];
        if self.used == buffers.len() {
            buffers.push(BytesMut::new());
        }
        let buffer = &mut buffers[self.used];
        self.used += 1;
        if buffer.capacity() < content.len() && !buffer.try_reclaim(content.len()) {
            // With room to spare: the same frame is a little longer another time.
            *buffer = BytesMut::with_capacity(content.len().next_power_of_two());
        }
        buffer.extend_from_slice(content);
        buffer.split().freeze()
    }
}
