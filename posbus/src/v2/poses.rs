//! The `Poses` message: the frame around groups (docs/protocol.md, *Poses*).

use super::{decoder::Group, pose::PoseEntry, registry::MessageType};
use crate::{
    error::DecodeError,
    frame,
    wire::{Reader, put_u64},
};

/// The type of `Poses`.
const ID: u32 = MessageType::Poses.id();

/// Appends the head of a `Poses` frame: type and tick. Groups of [`encode_groups`](super::encode_groups), one at least, and
/// [`finish_poses`] follow.
pub fn begin_poses(tick: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(&ID.to_le_bytes());
    put_u64(tick, out);
}

/// Appends the footer of a `Poses` frame.
pub fn finish_poses(out: &mut Vec<u8>) {
    out.extend_from_slice(&(!ID).to_le_bytes());
}

/// A `Poses` frame that was found valid.
#[derive(Clone, Copy, Debug)]
pub struct Poses<'a> {
    tick: u64,
    groups: &'a [u8],
    len: usize,
}

/// Checks a `Poses` frame. Takes no memory.
///
/// That no handle comes twice is not checked: of two entries with the same handle and tick the second one counts for nothing
/// (docs/protocol.md, *Who is in it*).
///
/// # Errors
/// Whatever is not exactly one well-formed `Poses` is refused; [`DecodeError::UnknownType`] if it is another message.
pub fn decode_poses(frame: &[u8]) -> Result<Poses<'_>, DecodeError> {
    match frame::open(frame)? {
        (ID, body) => Poses::new(body),
        (id, _) => Err(DecodeError::UnknownType(id)),
    }
}

impl<'a> Poses<'a> {
    /// Checks the body of a frame.
    pub(super) fn new(body: &'a [u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(body);
        let tick = reader.u64()?;
        let groups = reader.rest();
        let mut len = 0;
        while len == 0 || reader.remaining() > 0 {
            let group = Group::take(&mut reader)?;
            group.validate()?;
            len += group.count();
        }
        Ok(Self { tick, groups, len })
    }

    /// The tick whose end the entries show.
    pub const fn tick(&self) -> u64 {
        self.tick
    }

    /// How many entries there are, one at least.
    #[expect(clippy::len_without_is_empty, reason = "it never is")]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Gives every entry, in the order of the message.
    pub fn for_each(&self, mut each: impl FnMut(PoseEntry)) {
        let mut reader = Reader::new(self.groups);
        while let Ok(group) = Group::take(&mut reader) {
            group.for_each(&mut each);
        }
    }
}
