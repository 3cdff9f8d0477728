//! Memory for the frames of a tick. Each frame has a buffer of its own, so that sessions with
//! different frames do not share a reference count. The buffers of a few ticks alternate, each
//! reused once no session holds its frame.

use bytes::{Bytes, BytesMut};

/// Ticks for which a writer may hold a frame before its buffer has to be replaced.
const GENERATIONS: usize = 4;

/// Memory for frames.
#[derive(Default)]
pub(crate) struct FramePool {
    buffers: [Vec<BytesMut>; GENERATIONS],
    generation: usize,
    /// Number of buffers used in this tick.
    used: usize,
    /// Number of frames made so far.
    pub(super) made: u64,
}

impl FramePool {
    /// Starts a tick.
    pub(crate) fn begin(&mut self) {
        if self.used > 0 {
            self.generation = (self.generation + 1) % GENERATIONS;
            self.used = 0;
        }
    }

    /// A frame with this content.
    pub(crate) fn frame(&mut self, content: &[u8]) -> Bytes {
        let buffers = &mut self.buffers[self.generation];
        if self.used == buffers.len() {
            buffers.push(BytesMut::new());
        }
        let buffer = &mut buffers[self.used];
        self.used += 1;
        self.made += 1;
        if buffer.capacity() < content.len() && !buffer.try_reclaim(content.len()) {
            // With room to spare: the same frame is a little longer another time.
            *buffer = BytesMut::with_capacity(content.len().next_power_of_two());
        }
        buffer.extend_from_slice(content);
        buffer.split().freeze()
    }
}
