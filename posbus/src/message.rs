//! A message of any type.

use crate::{
    error::{DecodeError, JsonError},
    json,
    messages::*,
    registry::MessageType,
    wire::{Reader, Wire},
};
use serde::{Serialize, Serializer};
use serde_json::Value;

macro_rules! messages {
    ($($variant:ident)+) => {
        /// Any message. Serialises as the bare JSON object that JavaScript sees
        /// (docs/spec/posbus.md §3.4).
        #[derive(Clone, Debug, PartialEq)]
        pub enum Message {
            $(
                #[doc = concat!("A [`", stringify!($variant), "`](crate::", stringify!($variant), ").")]
                $variant($variant),
            )+
        }

        impl Message {
            /// Which message it is.
            pub const fn message_type(&self) -> MessageType {
                match self {
                    $(Self::$variant(_) => MessageType::$variant,)+
                }
            }

            /// Appends the bare body, without a frame (docs/spec/posbus.md §3).
            pub fn encode_body(&self, out: &mut Vec<u8>) {
                match self {
                    $(Self::$variant(message) => message.put(out),)+
                }
            }

            /// Reads a body of the given type.
            pub(crate) fn take_body(message_type: MessageType, reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
                match message_type {
                    $(MessageType::$variant => Wire::take(reader).map(Self::$variant),)+
                }
            }

            /// Builds a message from its JavaScript name and object. Missing and null fields mean zero values, unknown
            /// ones are ignored (docs/spec/posbus.md §3.4). A whole number is an `int` as a value
            /// of a map and a `float64` in a list, as in the reference's recordings; written with a
            /// fraction (`1.0`) it is a `float64` everywhere.
            ///
            /// # Errors
            /// If the name is unknown or the object does not have the shape of the message.
            pub fn from_json(name: &str, object: Value) -> Result<Self, JsonError> {
                let message_type = MessageType::from_name(name).ok_or(JsonError::UnknownName)?;
                let object = json::zero_nulls(message_type, object)?;
                match message_type {
                    $(MessageType::$variant => Ok(Self::$variant(serde_json::from_value(object)?)),)+
                }
            }
        }

        impl Serialize for Message {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self {
                    $(Self::$variant(message) => message.serialize(serializer),)+
                }
            }
        }

        $(
            impl From<$variant> for Message {
                fn from(message: $variant) -> Self {
                    Self::$variant(message)
                }
            }
        )+
    };
}

messages! {
    HandShake TeleportRequest Signal SetWorld MyTransform AddUsers RemoveUsers UsersTransformList AddObjects
    RemoveObjects ObjectTransform ObjectData LockObject UnlockObject LockObjectResponse AttributeValueChanged
    HighFive Notification FlyToMe ActivityUpdate UserStakedToOdyssey EventStart GenericMessage UserAction
    TriggerVisualEffects AddPendingStake ObjectDefinition UserData UserTransform
}

impl Message {
    /// The name JavaScript clients use, such as `my_transform`.
    pub const fn name(&self) -> &'static str {
        self.message_type().name()
    }

    /// The id in the frame header.
    pub const fn type_id(&self) -> u32 {
        self.message_type().id()
    }
}
