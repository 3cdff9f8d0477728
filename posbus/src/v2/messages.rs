//! The messages of version 2 except `Poses`, one struct each, with their fields in wire order
//! (docs/protocol.md).

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::MessageType;
use crate::{
    Transform, Umid, Vec3,
    error::DecodeError,
    frame::{self, FRAME_OVERHEAD, MAX_SERVER_FRAME},
    wire::{Reader, Wire, put_length, put_u64, wire_struct},
};

/// First message of a server to a client that requests version 2: the properties of the session.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Welcome {
    /// 2.
    pub protocol_version: i64,
    /// Ticks per second of every world of this server.
    pub tick_rate: u32,
    /// Tick of the world that the session is back in; 0 if it is in none.
    pub tick: u64,
    /// Longest message in bytes that a client may send.
    pub max_frame: u32,
    /// Above this, sustained, a client is slowed down; 0: no limit.
    pub messages_per_second: u32,
    /// Radius in metres within which users are sent in every tick in which they move, unless it is
    /// crowded there.
    pub near_metres: u32,
    /// Every movement reaches everybody in the world within this many milliseconds.
    pub slowest_ms: u32,
    /// Grace of a detached session, in milliseconds.
    pub hold_ms: u32,
    /// The session.
    pub session_id: Umid,
    /// Secret; as `session_id` of the next `HandShake` it brings this session back.
    pub resume_token: Umid,
    /// True if the session was detached and has resumed.
    pub resumed: bool,
    /// The world it is back in, nil if in none.
    pub world: Umid,
}
wire_struct!(
    Welcome,
    protocol_version,
    tick_rate,
    tick,
    max_frame,
    messages_per_second,
    near_metres,
    slowest_ms,
    hold_ms,
    session_id,
    resume_token,
    resumed,
    world
);

/// Binds handles to users (docs/protocol.md, *Handles*).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct UserHandles {
    /// The tick of the world.
    pub tick: u64,
    /// Handles of users, by id.
    pub users: Vec<HandleEntry>,
}
wire_struct!(UserHandles, tick, users);

/// A user and their handle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct HandleEntry {
    /// The handle.
    pub handle: u32,
    /// The user.
    pub id: Umid,
}
wire_struct!(HandleEntry, handle, id);

/// Most bytes of a [`HandleEntry`]: a varint of 32 bits and an id.
const MAX_HANDLE_ENTRY: usize = 5 + 16;
/// Most bytes of what stands before the entries: a tick, and a count of less than 2^13.
const MAX_HANDLES_PREFIX: usize = 10 + 2;
/// Entries of a frame that is as long as clients accept, whatever the handles.
const MAX_HANDLES: usize =
    (MAX_SERVER_FRAME - FRAME_OVERHEAD - MAX_HANDLES_PREFIX) / MAX_HANDLE_ENTRY;

impl UserHandles {
    /// Frames of at most [`MAX_SERVER_FRAME`] bytes that bind all of `users`, none if there are
    /// none. They share one buffer.
    pub fn frames(tick: u64, users: &[HandleEntry]) -> Vec<Bytes> {
        let parts = users.chunks(MAX_HANDLES);
        let fixed = parts.len() * (FRAME_OVERHEAD + MAX_HANDLES_PREFIX);
        let mut buffer = Vec::with_capacity(fixed + users.len() * MAX_HANDLE_ENTRY);
        let mut ends = Vec::with_capacity(parts.len());
        for users in parts {
            frame::enclose(MessageType::UserHandles.id(), &mut buffer, |out| {
                put_u64(tick, out);
                put_length(users.len(), out);
                users.iter().for_each(|user| user.put(out));
            });
            ends.push(buffer.len());
        }
        let mut buffer = Bytes::from(buffer);
        let mut start = 0;
        let cut = |end| buffer.split_to(end - std::mem::replace(&mut start, end));
        ends.into_iter().map(cut).collect()
    }
}

/// Transforms of dragged objects in full precision (docs/protocol.md, *ObjectPoses*).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ObjectPoses {
    /// The tick of the world.
    pub tick: u64,
    /// The objects.
    pub objects: Vec<ObjectPose>,
}

/// Transform of one object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ObjectPose {
    /// The object.
    pub id: Umid,
    /// Position, rotation and scale.
    pub transform: Transform,
}

impl ObjectPose {
    /// Bytes of an entry.
    pub const SIZE: usize = 52;

    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.id.as_bytes());
        put_floats(&self.transform.position, out);
        put_floats(&self.transform.rotation, out);
        put_floats(&self.transform.scale, out);
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            id: Umid::take(reader)?,
            transform: Transform {
                position: take_floats(reader)?,
                rotation: take_floats(reader)?,
                scale: take_floats(reader)?,
            },
        })
    }
}

impl Wire for ObjectPoses {
    const MIN: usize = 1;

    fn put(&self, out: &mut Vec<u8>) {
        put_u64(self.tick, out);
        self.objects.iter().for_each(|object| object.put(out));
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let tick = reader.u64()?;
        let mut objects = Vec::with_capacity(reader.remaining() / ObjectPose::SIZE);
        while reader.remaining() > 0 {
            objects.push(ObjectPose::take(reader)?);
        }
        Ok(Self { tick, objects })
    }
}

/// The client's own movement (docs/protocol.md, *MyPose*).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MyPose {
    /// Counts the messages of a session from 1.
    pub sequence: u32,
    /// Absolute world position.
    pub position: Vec3,
    /// Euler angles in radians.
    pub rotation: Vec3,
}

impl Wire for MyPose {
    const MIN: usize = 28;

    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.sequence.to_le_bytes());
        put_floats(&self.position, out);
        put_floats(&self.rotation, out);
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            sequence: u32::from_le_bytes(reader.array()?),
            position: take_floats(reader)?,
            rotation: take_floats(reader)?,
        })
    }
}

/// Twelve bytes, unlike the floats of version 1.
fn put_floats(Vec3 { x, y, z }: &Vec3, out: &mut Vec<u8>) {
    for value in [x, y, z] {
        out.extend_from_slice(&value.to_le_bytes());
    }
}

fn take_floats(reader: &mut Reader<'_>) -> Result<Vec3, DecodeError> {
    let mut float = || reader.array().map(f32::from_le_bytes);
    let floats = Vec3::new(float()?, float()?, float()?);
    if floats.is_finite() {
        Ok(floats)
    } else {
        Err(DecodeError::NotFinite)
    }
}
