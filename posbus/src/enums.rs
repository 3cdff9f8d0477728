//! Enumerations that travel as integers (docs/spec/posbus.md §4.3). Open newtypes: a value without
//! a name survives decoding and encoding.

use serde::{Deserialize, Serialize};

use crate::{
    error::DecodeError,
    wire::{Reader, Wire, put_u32},
};

macro_rules! open_enum {
    (
        $(#[$doc:meta])*
        $name:ident { $($(#[$value_doc:meta])* $value:ident = $number:literal,)* }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u32);

        impl $name {
            $($(#[$value_doc])* pub const $value: Self = Self($number);)*
        }

        impl Wire for $name {
            const MIN: usize = 1;

            fn put(&self, out: &mut Vec<u8>) {
                put_u32(self.0, out);
            }

            fn take(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
                reader.u32().map(Self)
            }
        }
    };
}

open_enum! {
    /// Content of a [`Signal`](crate::Signal).
    SignalType {
        /// Uninitialised.
        NONE = 0,
        /// The same user entered this world from another connection.
        DUAL_CONNECTION = 1,
        /// Deprecated.
        READY = 2,
        /// The token was refused.
        INVALID_TOKEN = 3,
        /// Deprecated: SetWorld took its place.
        SPAWN = 4,
        /// From a client: leave the current world, keep the connection.
        LEAVE_WORLD = 5,
        /// Deprecated.
        CONNECTION_FAILED = 6,
        /// Client library to application only: the handshake was written.
        CONNECTED = 7,
        /// Client library to application only: the connection ended.
        CONNECTION_CLOSED = 8,
        /// The target of a TeleportRequest does not exist.
        WORLD_DOES_NOT_EXIST = 9,
    }
}

open_enum! {
    /// Subject of a [`Notification`](crate::Notification).
    NotificationType {
        /// Uninitialised.
        NONE = 0,
        /// Somebody said wow.
        WOW = 1,
        /// Somebody gave a high five.
        HIGH_FIVE = 2,
        /// Stage mode accepted.
        STAGE_MODE_ACCEPT = 10,
        /// Invitation to stage mode.
        STAGE_MODE_INVITATION = 11,
        /// Stage mode set.
        STAGE_MODE_SET = 12,
        /// Somebody joined the stage.
        STAGE_MODE_STAGE_JOIN = 13,
        /// Somebody asks for the stage.
        STAGE_MODE_STAGE_REQUEST = 14,
        /// The stage was declined.
        STAGE_MODE_STAGE_DECLINED = 15,
        /// A gathering starts.
        GATHERING_START = 20,
        /// Plain text: the only one the reference server ever sends.
        TEXT_MESSAGE = 500,
        /// Relayed text.
        RELAY = 501,
        /// Anything.
        GENERIC = 999,
        /// Anything old.
        LEGACY = 1000,
    }
}

open_enum! {
    /// Kind of a [`UserAction`](crate::UserAction).
    Trigger {
        /// Uninitialised.
        NONE = 0,
        /// Wow.
        WOW = 1,
        /// High five.
        HIGH_FIVE = 2,
        /// Entered an object.
        ENTERED_OBJECT = 3,
        /// Left an object.
        LEFT_OBJECT = 4,
        /// Staked.
        STAKE = 5,
    }
}

/// Way of loading a 3D asset: one signed byte on the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Asset3dType(pub i8);

impl Asset3dType {
    /// Legacy addressable asset.
    pub const ADDRESSABLE: Self = Self(0);
    /// glTF or glb model.
    pub const MODEL: Self = Self(1);
    /// Basic shape that takes a colour and a texture.
    pub const BASIC_SHAPE: Self = Self(2);
}

impl Wire for Asset3dType {
    const MIN: usize = 1;

    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0.to_le_bytes());
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        reader.byte().map(|byte| Self(i8::from_le_bytes([byte])))
    }
}
