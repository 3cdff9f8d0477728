//! A message of either version, as bytes and as JSON.

use super::{
    encoder::encode_groups,
    messages::{MyPose, ObjectPoses, UserHandles, Welcome},
    pose::{PoseEntry, QuantizedPose},
    poses::{Poses, begin_poses, finish_poses},
    registry::MessageType,
};
use crate::{
    TransformNoScale,
    error::{DecodeError, JsonError},
    frame::{self, ClientState},
    json,
    wire::{Reader, Wire},
};
use serde::{Deserialize, Serialize, Serializer, ser::SerializeStruct};
use serde_json::Value;

/// Any message that travels in a session of version 2. Serialises as its bare JSON object.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    /// One of version 1.
    V1(crate::Message),
    /// A [`Welcome`].
    Welcome(Welcome),
    /// A [`UserHandles`].
    UserHandles(UserHandles),
    /// A [`Poses`], read to its end. Without reading it to memory: [`decode_poses`](super::decode_poses).
    Poses {
        /// The tick whose end the entries show.
        tick: u64,
        /// In the order of the message; encoded in this order, with stride 1.
        entries: Vec<PoseEntry>,
    },
    /// An [`ObjectPoses`].
    ObjectPoses(ObjectPoses),
    /// A [`MyPose`].
    MyPose(MyPose),
}

/// Decodes a frame of any type of either version: for clients and tools.
///
/// # Errors
/// Whatever is not exactly one well-formed message is refused. Memory taken is bounded by a multiple of the frame's length: the
/// 64 entries of a group that says no more than that they all stand in one place are 200 times as long in memory.
pub fn decode(frame: &[u8]) -> Result<Message, DecodeError> {
    let (id, body) = frame::open(frame)?;
    match MessageType::from_id(id) {
        Some(message_type) => decode_body(message_type, body),
        None => crate::decode(frame).map(Message::V1),
    }
}

/// Decodes a frame as a server does: only what a client in this state may send, of the length it may have, as
/// [`crate::decode_from_client`] and [`MyPose`] of an established one.
///
/// # Errors
/// As [`decode`]; also [`DecodeError::TooLong`], and [`DecodeError::NotAllowed`] or [`DecodeError::NotAllowedV2`] without a look
/// at the body.
pub fn decode_from_client(frame: &[u8], state: ClientState) -> Result<Message, DecodeError> {
    let limit = state.max_frame();
    if frame.len() > limit {
        return Err(DecodeError::TooLong { limit });
    }
    let (id, body) = frame::open(frame)?;
    match MessageType::from_id(id) {
        Some(message_type) if state == ClientState::Established && message_type.from_client() => {
            decode_body(message_type, body)
        }
        Some(message_type) => Err(DecodeError::NotAllowedV2 { message_type }),
        None => crate::decode_from_client(frame, state).map(Message::V1),
    }
}

fn decode_body(message_type: MessageType, body: &[u8]) -> Result<Message, DecodeError> {
    let mut reader = Reader::new(body);
    let message = match message_type {
        MessageType::Welcome => Message::Welcome(Welcome::take(&mut reader)?),
        MessageType::UserHandles => Message::UserHandles(UserHandles::take(&mut reader)?),
        MessageType::ObjectPoses => Message::ObjectPoses(ObjectPoses::take(&mut reader)?),
        MessageType::MyPose => Message::MyPose(MyPose::take(&mut reader)?),
        MessageType::Poses => return Poses::new(body).map(|poses| poses.into()),
    };
    match reader.remaining() {
        0 => Ok(message),
        left => Err(DecodeError::TrailingBytes(left)),
    }
}

impl Message {
    /// The name JavaScript clients use, such as `my_pose`.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::V1(message) => message.name(),
            Self::Welcome(_) => MessageType::Welcome.name(),
            Self::UserHandles(_) => MessageType::UserHandles.name(),
            Self::Poses { .. } => MessageType::Poses.name(),
            Self::ObjectPoses(_) => MessageType::ObjectPoses.name(),
            Self::MyPose(_) => MessageType::MyPose.name(),
        }
    }

    /// The message as a frame of its own.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(64);
        self.encode_into(&mut out);
        out
    }

    /// Appends the message as a frame. `Poses` without an entry become a frame that everybody refuses.
    pub fn encode_into(&self, out: &mut Vec<u8>) {
        match self {
            Self::V1(message) => message.encode_into(out),
            Self::Welcome(message) => message.encode_into(out),
            Self::UserHandles(message) => message.encode_into(out),
            Self::Poses { tick, entries } => {
                begin_poses(*tick, out);
                encode_groups(entries, 1, out);
                finish_poses(out);
            }
            Self::ObjectPoses(message) => message.encode_into(out),
            Self::MyPose(message) => message.encode_into(out),
        }
    }

    /// Builds a message from its JavaScript name and object. Missing and null fields mean zero values, unknown ones are ignored.
    /// An entry of `poses` has a `handle` and either a `pose` in whole numbers or a `transform` that is quantised.
    ///
    /// # Errors
    /// If the name is unknown or the object does not have the shape of the message.
    pub fn from_json(name: &str, object: Value) -> Result<Self, JsonError> {
        let Some(message_type) = MessageType::from_name(name) else {
            return crate::Message::from_json(name, object).map(Self::V1);
        };
        let object = json::zero_all_nulls(object)?;
        Ok(match message_type {
            MessageType::Welcome => Self::Welcome(serde_json::from_value(object)?),
            MessageType::UserHandles => Self::UserHandles(serde_json::from_value(object)?),
            MessageType::ObjectPoses => Self::ObjectPoses(serde_json::from_value(object)?),
            MessageType::MyPose => Self::MyPose(serde_json::from_value(object)?),
            MessageType::Poses => {
                let ParsedPoses { tick, entries } = serde_json::from_value(object)?;
                let entries = entries.into_iter().map(PoseEntry::from).collect();
                Self::Poses { tick, entries }
            }
        })
    }
}

impl From<crate::Message> for Message {
    fn from(message: crate::Message) -> Self {
        Self::V1(message)
    }
}

impl From<Poses<'_>> for Message {
    fn from(poses: Poses<'_>) -> Self {
        let mut entries = Vec::with_capacity(poses.len());
        poses.for_each(|entry| entries.push(entry));
        let tick = poses.tick();
        Self::Poses { tick, entries }
    }
}

impl Serialize for Message {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::V1(message) => message.serialize(serializer),
            Self::Welcome(message) => message.serialize(serializer),
            Self::UserHandles(message) => message.serialize(serializer),
            Self::Poses { tick, entries } => {
                let mut object = serializer.serialize_struct("Poses", 2)?;
                object.serialize_field("tick", tick)?;
                object.serialize_field("entries", &PrintEntries(entries))?;
                object.end()
            }
            Self::ObjectPoses(message) => message.serialize(serializer),
            Self::MyPose(message) => message.serialize(serializer),
        }
    }
}

/// Prints entries both as they travel and as what they mean.
struct PrintEntries<'a>(&'a [PoseEntry]);

#[derive(Serialize)]
struct PrintEntry {
    handle: u32,
    pose: QuantizedPose,
    transform: TransformNoScale,
}

impl Serialize for PrintEntries<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|PoseEntry { handle, pose }| PrintEntry {
            handle: *handle,
            pose: *pose,
            transform: pose.transform(),
        }))
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ParsedPoses {
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
