//! The frame around a body (docs/spec/posbus.md §2): `type u32 LE | body | !type u32 LE`, one per
//! WebSocket message.

use crate::{Message, MessageType, error::DecodeError, wire::Reader};

/// Longest frame a server accepts from an established client, in bytes (docs/spec/posbus.md §1.1).
pub const MAX_CLIENT_FRAME: usize = 1024;
/// Longest first frame a server accepts, in bytes: ample for a JWT (docs/spec/posbus.md §1.1).
pub const MAX_HANDSHAKE_FRAME: usize = 16 * 1024;
/// Longest frame a client accepts, in bytes; above it the client drops the connection
/// (docs/spec/posbus.md §1.1).
pub const MAX_SERVER_FRAME: usize = 32_768;
/// Header and footer together, in bytes.
pub const FRAME_OVERHEAD: usize = 8;
/// Shortest frame that can be a message: no body is empty.
pub const MIN_FRAME: usize = FRAME_OVERHEAD + 1;

/// Progress of a client's handshake. It decides which messages the client may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientState {
    /// Nothing received yet: only a HandShake is allowed.
    Handshaking,
    /// The handshake was accepted: everything clients send, and what a server reads and ignores.
    Established,
}

impl ClientState {
    /// Longest frame in bytes in this state.
    pub const fn max_frame(self) -> usize {
        match self {
            Self::Handshaking => MAX_HANDSHAKE_FRAME,
            Self::Established => MAX_CLIENT_FRAME,
        }
    }

    /// True if a client in this state may send the type. Server-only and nested types never, a
    /// second HandShake may come and is to be ignored (docs/spec/posbus.md §4.1;
    /// docs/regressions.md W3, W4).
    pub const fn allows(self, message_type: MessageType) -> bool {
        match self {
            Self::Handshaking => matches!(message_type, MessageType::HandShake),
            Self::Established => message_type.direction().from_client(),
        }
    }
}

/// A frame that `encode` appends.
pub(crate) fn owned(encode: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut out = Vec::with_capacity(64);
    encode(&mut out);
    out
}

/// Appends a frame of a type around the body that `encode` appends.
pub(crate) fn enclose(id: u32, out: &mut Vec<u8>, encode: impl FnOnce(&mut Vec<u8>)) {
    out.extend_from_slice(&id.to_le_bytes());
    encode(out);
    out.extend_from_slice(&(!id).to_le_bytes());
}

/// Decodes a frame of any type: for clients and tools.
///
/// # Errors
/// Bytes that are not exactly one well-formed message are refused (docs/spec/posbus.md §2). Memory
/// taken is bounded by a small multiple of the frame's length, whatever it claims.
pub fn decode(frame: &[u8]) -> Result<Message, DecodeError> {
    let (id, body) = open(frame)?;
    decode_body(message_type(id)?, body)
}

/// Decodes a frame as a server does: only what a client in this state may send, of the length it
/// may have.
///
/// # Errors
/// As [`decode`]; also [`DecodeError::TooLong`], and [`DecodeError::NotAllowed`] without a look at
/// the body.
pub fn decode_from_client(frame: &[u8], state: ClientState) -> Result<Message, DecodeError> {
    let limit = state.max_frame();
    if frame.len() > limit {
        return Err(DecodeError::TooLong { limit });
    }
    let (id, body) = open(frame)?;
    let message_type = message_type(id)?;
    if !state.allows(message_type) {
        return Err(DecodeError::NotAllowed { message_type });
    }
    decode_body(message_type, body)
}

/// Checks header and footer and gives the id of the type and the body.
pub(crate) fn open(frame: &[u8]) -> Result<(u32, &[u8]), DecodeError> {
    if frame.len() < MIN_FRAME {
        return Err(DecodeError::TooShort);
    }
    let (header, rest) = frame
        .split_first_chunk::<4>()
        .ok_or(DecodeError::TooShort)?;
    let (body, footer) = rest.split_last_chunk::<4>().ok_or(DecodeError::TooShort)?;
    let id = u32::from_le_bytes(*header);
    if id != !u32::from_le_bytes(*footer) {
        return Err(DecodeError::FooterMismatch);
    }
    Ok((id, body))
}

fn message_type(id: u32) -> Result<MessageType, DecodeError> {
    MessageType::from_id(id).ok_or(DecodeError::UnknownType(id))
}

fn decode_body(message_type: MessageType, body: &[u8]) -> Result<Message, DecodeError> {
    let mut reader = Reader::new(body);
    let message = Message::take_body(message_type, &mut reader)?;
    reader.finish(message)
}
