//! Long lists, split into frames that clients accept (docs/spec/posbus.md §1.1).

use bytes::{Bytes, BytesMut};

use crate::{
    MessageType,
    error::EntryTooLong,
    frame::{FRAME_OVERHEAD, MAX_SERVER_FRAME},
    wire::put_length,
};

/// Most bytes a count takes: entries have 16 bytes at least, so a frame holds fewer than 8192.
const MAX_COUNT: usize = 2;
/// Room for the entries of a list in a frame, in bytes.
pub const MAX_LIST_ENTRIES: usize = MAX_SERVER_FRAME - FRAME_OVERHEAD - MAX_COUNT;

/// Appends a frame of a list message to `out`: `count` entries that were encoded before, of
/// [`MAX_LIST_ENTRIES`] bytes at most.
pub fn list_frame(message_type: MessageType, count: usize, entries: &[u8], out: &mut Vec<u8>) {
    let id = message_type.id();
    out.extend_from_slice(&id.to_le_bytes());
    put_length(count, out);
    out.extend_from_slice(entries);
    out.extend_from_slice(&(!id).to_le_bytes());
}

/// Collects the entries of a list message (AddUsers, RemoveUsers, UsersTransformList, AddObjects,
/// RemoveObjects) and gives frames of at most [`MAX_SERVER_FRAME`] bytes. When it is kept between
/// ticks it takes no memory once the frames of earlier ticks were dropped.
#[derive(Debug)]
pub struct ListFrames {
    message_type: MessageType,
    /// Bytes of entries from which on a frame is full.
    room: usize,
    /// Entries of the frame that is being filled.
    entries: Vec<u8>,
    /// Number of entries.
    count: usize,
    /// The same, encoded; here to reuse its memory.
    count_bytes: Vec<u8>,
    /// Buffer that complete frames are cut from.
    buffer: BytesMut,
    /// Complete frames.
    frames: Vec<Bytes>,
    /// Bytes of the complete frames.
    size: usize,
    /// The largest `size` so far: reserved at once, as a buffer can only be reused when none of its
    /// frames is left.
    peak: usize,
}

impl ListFrames {
    /// An empty list of a message type whose whole body is one list.
    pub fn new(message_type: MessageType) -> Self {
        Self::of_size(message_type, MAX_SERVER_FRAME)
    }

    /// As [`Self::new`], with frames of about `size` bytes at most; only an entry that is larger by
    /// itself makes a larger one.
    pub fn of_size(message_type: MessageType, size: usize) -> Self {
        let room = size.saturating_sub(FRAME_OVERHEAD + MAX_COUNT);
        Self {
            message_type,
            room: room.min(MAX_LIST_ENTRIES),
            entries: Vec::new(),
            count: 0,
            count_bytes: Vec::new(),
            buffer: BytesMut::new(),
            frames: Vec::new(),
            size: 0,
            peak: 0,
        }
    }

    /// Adds one entry; `encode` appends its body, for instance
    /// [`UserTransform::encode_body`](crate::UserTransform::encode_body).
    ///
    /// # Errors
    /// If the entry does not fit a frame on its own. It is left out, the list stays usable.
    pub fn push(&mut self, encode: impl FnOnce(&mut Vec<u8>)) -> Result<(), EntryTooLong> {
        let start = self.entries.len();
        encode(&mut self.entries);
        let size = self.entries.len().saturating_sub(start);
        if size > MAX_LIST_ENTRIES {
            self.entries.truncate(start);
            return Err(EntryTooLong { size });
        }
        if start > 0 && start + size > self.room {
            self.close_frame(start);
        }
        self.count += 1;
        Ok(())
    }

    /// Adds one entry that was encoded before.
    ///
    /// # Errors
    /// As [`Self::push`].
    pub fn push_bytes(&mut self, entry: &[u8]) -> Result<(), EntryTooLong> {
        self.push(|out| out.extend_from_slice(entry))
    }

    /// True if there is nothing to send.
    pub fn is_empty(&self) -> bool {
        self.count == 0 && self.frames.is_empty()
    }

    /// Gives the frames, none for an empty list, and starts over.
    pub fn finish(&mut self) -> Vec<Bytes> {
        let mut frames = Vec::new();
        self.finish_into(&mut frames);
        frames
    }

    /// Appends the frames to `frames`, none for an empty list, and starts over.
    pub fn finish_into(&mut self, frames: &mut Vec<Bytes>) {
        if self.count > 0 {
            self.close_frame(self.entries.len());
        }
        frames.append(&mut self.frames);
        self.size = 0;
    }

    /// Makes a frame of the first `end` bytes of the entries; the rest opens the next frame.
    fn close_frame(&mut self, end: usize) {
        let id = self.message_type.id();
        self.count_bytes.clear();
        put_length(self.count, &mut self.count_bytes);
        let (closed, _) = self.entries.split_at(end);
        let size = FRAME_OVERHEAD + self.count_bytes.len() + closed.len();
        self.buffer
            .reserve(size.max(self.peak.saturating_sub(self.size)));
        self.size += size;
        self.peak = self.peak.max(self.size);
        self.buffer.extend_from_slice(&id.to_le_bytes());
        self.buffer.extend_from_slice(&self.count_bytes);
        self.buffer.extend_from_slice(closed);
        self.buffer.extend_from_slice(&(!id).to_le_bytes());
        self.frames.push(self.buffer.split().freeze());
        self.entries.drain(..end);
        self.count = 0;
    }
}
