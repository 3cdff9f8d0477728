//! Errors of bytes and JSON from outside.

use crate::{MessageType, v2};

/// Reason for refusing a frame (docs/spec/posbus.md §2). A refused frame has no effect; the
/// connection may go on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// Shorter than the shortest message there is, 9 bytes.
    #[error("frame is too short")]
    TooShort,
    /// Longer than this side of the connection may send.
    #[error("frame is longer than {limit} bytes")]
    TooLong {
        /// The limit in bytes.
        limit: usize,
    },
    /// The last four bytes are not the complement of the first four.
    #[error("footer does not match header")]
    FooterMismatch,
    /// No message has this type id.
    #[error("unknown message type {0:#010x}")]
    UnknownType(u32),
    /// The type exists but may not come from this side, or not yet. Its body was not looked at.
    #[error("{} is not allowed here", .message_type.name())]
    NotAllowed {
        /// The type of the refused message.
        message_type: MessageType,
    },
    /// The same of a type of version 2.
    #[error("{} is not allowed here", .message_type.name())]
    NotAllowedV2 {
        /// The type of the refused message.
        message_type: v2::MessageType,
    },
    /// The body ends inside a value.
    #[error("body ends inside a value")]
    UnexpectedEnd,
    /// The body goes on after the last field.
    #[error("{0} bytes left after the last field")]
    TrailingBytes(usize),
    /// A length or count is negative or promises more than the body holds.
    #[error("length out of bounds")]
    LengthOutOfBounds,
    /// A variable-length integer does not fit its type.
    #[error("varint overflow")]
    VarintOverflow,
    /// A bool byte other than 0 or 1.
    #[error("bool byte {0:#04x}")]
    InvalidBool(u8),
    /// A presence byte other than 0 or 1.
    #[error("presence byte {0:#04x}")]
    InvalidPointer(u8),
    /// A string is not UTF-8.
    #[error("string is not UTF-8")]
    InvalidUtf8,
    /// NaN or an infinity where JSON-speaking clients need a number.
    #[error("number is not finite")]
    NotFinite,
    /// A dynamic value names a type outside the table of docs/spec/posbus.md §3.3.
    #[error("unknown type name in a dynamic value")]
    TypeName,
    /// A dynamic value is nested too deep.
    #[error("dynamic value is nested too deep")]
    TooDeep,
    /// A dynamic value has more elements than a frame of this size may unfold to.
    #[error("dynamic value has too many elements")]
    TooManyValues,
    /// A group of poses whose header has reserved bits or an unused rotation mode
    /// (docs/protocol.md, *Poses*).
    #[error("group header {0:#010x}")]
    GroupHeader(u32),
    /// A group of poses with a stride that is not worth saying.
    #[error("group stride {0}")]
    GroupStride(u32),
    /// Bits behind the last entry of a group of poses are not 0.
    #[error("bits left after the last entry of a group")]
    GroupPadding,
    /// The handle of a user has more than 32 bits.
    #[error("handle out of bounds")]
    HandleOutOfBounds,
    /// A coordinate of a pose is beyond ±2^29 units.
    #[error("position out of bounds")]
    PositionOutOfBounds,
}

/// One list entry that cannot be sent, as it fills more than a frame on its own
/// (docs/spec/posbus.md §1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("list entry of {size} bytes does not fit a frame")]
pub struct EntryTooLong {
    /// Encoded size of the entry in bytes.
    pub size: usize,
}

/// Reason why JSON is no message (docs/spec/posbus.md §3.4).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JsonError {
    /// No message has this name.
    #[error("unknown message name")]
    UnknownName,
    /// Something else stands where the object of the message belongs.
    #[error("not an object")]
    NotAnObject,
    /// The object does not have the shape of the message.
    #[error("{0}")]
    Shape(#[from] serde_json::Error),
    /// A dynamic value is nested deeper than any receiver accepts.
    #[error("dynamic value is nested too deep")]
    TooDeep,
}
