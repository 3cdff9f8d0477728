//! The PosBus real-time protocol: typed messages, the frame around them and their byte and JSON
//! forms (docs/spec/posbus.md §2, §3, §4). No sockets, files or clocks and no knowledge of worlds,
//! so that servers, clients and tools share it.
//!
//! ```
//! use posbus::{Message, Signal, SignalType};
//!
//! let message = Message::from(Signal { value: SignalType::LEAVE_WORLD });
//! let frame = message.encode();
//! assert_eq!(frame, [0x4d, 0x96, 0xc1, 0xad, 0x05, 0xb2, 0x69, 0x3e, 0x52]);
//! assert_eq!(posbus::decode(&frame), Ok(message));
//! ```

mod any_map;
mod enums;
mod error;
pub mod filter;
mod frame;
mod gotiny;
mod json;
mod list;
mod macros;
mod messages;
mod space;
mod table;
pub mod v2;
mod wire;

pub use any_map::{StringAnyMap, normalize_numbers};
pub use enums::{Asset3dType, NotificationType, SignalType, Trigger};
pub use error::{DecodeError, EntryTooLong, JsonError};
pub use frame::{
    ClientState, FRAME_OVERHEAD, MAX_CLIENT_FRAME, MAX_HANDSHAKE_FRAME, MAX_SERVER_FRAME,
    MIN_FRAME, decode, decode_from_client,
};
pub use list::{ListFrames, MAX_LIST_ENTRIES, list_frame};
pub use messages::*;
pub use space::{Transform, TransformNoScale, Vec3};
pub use table::{
    Direction,
    version_1::{Message, MessageType},
};

/// Identity of a user, object, world, plugin or activity: a UUID; the nil UUID means "none"
/// (docs/spec/posbus.md §3.2).
pub type Umid = uuid::Uuid;
