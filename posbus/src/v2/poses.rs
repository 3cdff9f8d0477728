//! The `Poses` message: the frame around groups (docs/protocol.md, *Poses*).

use serde::{Deserialize, Serialize, Serializer, ser::SerializeStruct};

use super::{
    MessageType,
    decoder::Group,
    encoder::encode_groups,
    pose::{PoseEntry, QuantizedPose},
};
use crate::{
    TransformNoScale,
    error::DecodeError,
    frame,
    wire::{Reader, Wire, put_u64},
};

/// The type of `Poses`.
const ID: u32 = MessageType::Poses.id();

/// Appends the head of a `Poses` frame: type and tick. Groups of
/// [`encode_groups`](super::encode_groups), one at least, and [`finish_poses`] follow.
pub fn begin_poses(tick: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(&ID.to_le_bytes());
    put_u64(tick, out);
}

/// Appends the footer of a `Poses` frame.
pub fn finish_poses(out: &mut Vec<u8>) {
    out.extend_from_slice(&(!ID).to_le_bytes());
}

/// Places of users at the end of a tick, read to the end. [`decode_poses`] reads a frame without
/// taking memory.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, from = "PosesObject")]
pub struct Poses {
    /// The tick whose end the entries show.
    pub tick: u64,
    /// The entries in the order of the message; encoded in this order, with stride 1. Without an
    /// entry the message becomes a frame that everybody refuses.
    pub entries: Vec<PoseEntry>,
}

impl Wire for Poses {
    const MIN: usize = 1;

    fn put(&self, out: &mut Vec<u8>) {
        put_u64(self.tick, out);
        encode_groups(&self.entries, 1, out);
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let poses = PosesView::new(reader.take_rest())?;
        let mut entries = Vec::with_capacity(poses.len());
        poses.for_each(|entry| entries.push(entry));
        let tick = poses.tick();
        Ok(Self { tick, entries })
    }
}

/// The body of a `Poses` frame that was found valid.
#[derive(Clone, Copy, Debug)]
pub struct PosesView<'a> {
    tick: u64,
    groups: &'a [u8],
    len: usize,
}

/// Checks a `Poses` frame. Takes no memory.
///
/// Handles that come twice are not refused: of two entries with the same handle and tick the second
/// one counts for nothing (docs/protocol.md, *Who is in it*).
///
/// # Errors
/// Bytes that are not exactly one well-formed `Poses` are refused; [`DecodeError::UnknownType`] if
/// it is another message.
pub fn decode_poses(frame: &[u8]) -> Result<PosesView<'_>, DecodeError> {
    match frame::open(frame)? {
        (ID, body) => PosesView::new(body),
        (id, _) => Err(DecodeError::UnknownType(id)),
    }
}

impl<'a> PosesView<'a> {
    /// Checks the body of a frame.
    fn new(body: &'a [u8]) -> Result<Self, DecodeError> {
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

    /// Number of entries, one at least.
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

impl Serialize for Poses {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("Poses", 2)?;
        object.serialize_field("tick", &self.tick)?;
        object.serialize_field("entries", &EntryObjects(&self.entries))?;
        object.end()
    }
}

/// Entries in JSON: the numbers that travel beside the metres and radians they mean.
struct EntryObjects<'a>(&'a [PoseEntry]);

#[derive(Serialize)]
struct EntryObject {
    handle: u32,
    pose: QuantizedPose,
    transform: TransformNoScale,
}

impl Serialize for EntryObjects<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|PoseEntry { handle, pose }| EntryObject {
            handle: *handle,
            pose: *pose,
            transform: pose.transform(),
        }))
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PosesObject {
    tick: u64,
    entries: Vec<ParsedEntry>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ParsedEntry {
    handle: u32,
    pose: Option<QuantizedPose>,
    transform: TransformNoScale,
}

impl From<ParsedEntry> for PoseEntry {
    fn from(entry: ParsedEntry) -> Self {
        let ParsedEntry {
            handle,
            pose,
            transform,
        } = entry;
        let pose = pose.unwrap_or_else(|| QuantizedPose::new(&transform));
        Self { handle, pose }
    }
}

impl From<PosesObject> for Poses {
    fn from(PosesObject { tick, entries }: PosesObject) -> Self {
        let entries = entries.into_iter().map(PoseEntry::from).collect();
        Self { tick, entries }
    }
}
