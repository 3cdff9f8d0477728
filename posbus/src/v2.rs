//! Version 2 of the protocol (docs/protocol.md): users have small handles, positions are quantised,
//! and movements of a tick are sent in groups of bits that anybody can copy from one message to the
//! next. Everything else is version 1.
//!
//! ```
//! use posbus::{TransformNoScale, Vec3, v2};
//!
//! let place = TransformNoScale { position: Vec3::new(1.0, 0.0, -2.5), rotation: Vec3::ZERO };
//! let entry = v2::PoseEntry { handle: 7, pose: v2::QuantizedPose::new(&place) };
//! let mut frame = Vec::new();
//! v2::begin_poses(1234, &mut frame);
//! v2::encode_groups(&[entry], 1, &mut frame);
//! v2::finish_poses(&mut frame);
//!
//! let poses = v2::decode_poses(&frame).unwrap();
//! assert_eq!(poses.tick(), 1234);
//! poses.for_each(|seen| assert_eq!(seen, entry));
//! ```

mod decoder;
mod encoder;
mod layout;
mod message;
mod messages;
mod pose;
mod poses;

pub use crate::table::version_2::{Message, MessageType};
pub use decoder::group_len;
pub use encoder::encode_groups;
pub use message::{decode, decode_from_client};
pub use messages::*;
pub use pose::{PoseEntry, QuantizedPose};
pub use poses::{Poses, PosesView, begin_poses, decode_poses, finish_poses};

/// Units of quantised positions per metre.
pub const UNITS_PER_METRE: f32 = 64.0;
/// Most entries of a group.
pub const MAX_GROUP: usize = 64;
/// Longest datagram in bytes. A message with any single group that [`encode_groups`] makes is not
/// longer.
pub const MAX_DATAGRAM: usize = 1_200;
