//! Frames and JSON objects of either version.

use serde_json::Value;

use super::{Message, MessageType};
use crate::{
    error::{DecodeError, JsonError},
    frame::{self, ClientState},
    json,
    wire::Reader,
};

/// Decodes a frame of any type of either version: for clients and tools.
///
/// # Errors
/// Bytes that are not exactly one well-formed message are refused. Memory taken is bounded by a
/// multiple of the frame's length: the 64 entries of a group that says no more than that they all
/// stand in one place are 200 times as long in memory.
pub fn decode(frame: &[u8]) -> Result<Message, DecodeError> {
    let (id, body) = frame::open(frame)?;
    match MessageType::from_id(id) {
        Some(message_type) => decode_body(message_type, body),
        None => crate::decode(frame).map(Message::V1),
    }
}

/// Decodes a frame as a server does: only what a client in this state may send, of the length it
/// may have, as [`crate::decode_from_client`] and [`super::MyPose`] of an established one.
///
/// # Errors
/// As [`decode`]; also [`DecodeError::TooLong`], and [`DecodeError::NotAllowed`] or
/// [`DecodeError::NotAllowedV2`] without a look at the body.
pub fn decode_from_client(frame: &[u8], state: ClientState) -> Result<Message, DecodeError> {
    let limit = state.max_frame();
    if frame.len() > limit {
        return Err(DecodeError::TooLong { limit });
    }
    let (id, body) = frame::open(frame)?;
    match MessageType::from_id(id) {
        Some(message_type)
            if state == ClientState::Established && message_type.direction().from_client() =>
        {
            decode_body(message_type, body)
        }
        Some(message_type) => Err(DecodeError::NotAllowedV2 { message_type }),
        None => crate::decode_from_client(frame, state).map(Message::V1),
    }
}

fn decode_body(message_type: MessageType, body: &[u8]) -> Result<Message, DecodeError> {
    let mut reader = Reader::new(body);
    let message = Message::take_body(message_type, &mut reader)?;
    reader.finish(message)
}

impl Message {
    /// Builds a message from its JavaScript name and object. Missing and null fields mean zero
    /// values, unknown ones are ignored. An entry of `poses` has a `handle` and either a `pose` in
    /// whole numbers or a `transform` that is quantised.
    ///
    /// # Errors
    /// If the name is unknown or the object does not have the shape of the message.
    pub fn from_json(name: &str, object: Value) -> Result<Self, JsonError> {
        match MessageType::from_name(name) {
            Some(message_type) => Self::from_object(message_type, json::zero_all_nulls(object)?),
            None => crate::Message::from_json(name, object).map(Self::V1),
        }
    }
}
