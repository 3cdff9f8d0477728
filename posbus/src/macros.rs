//! Macros that expand [`table`](crate::table), the same for each version of the protocol.

/// Makes, for each version, the enums `MessageType` and `Message`, and gives each struct its
/// frame.
macro_rules! messages {
    (
        $(#[$doc_1:meta])* version_1 { $($version_1:tt)+ }
        $(#[$doc_2:meta])* version_2 { $($version_2:tt)+ }
    ) => {
        $(#[$doc_1])*
        pub(crate) mod version_1 {
            use crate::messages::*;

            $crate::macros::message_types! { $($version_1)+ }
            $crate::macros::message_enum! {
                /// Any message of version 1. It serialises as the bare JSON object that
                /// JavaScript sees.
                Message {}
                $($version_1)+
            }

            impl Message {
                /// The type of the message.
                pub const fn message_type(&self) -> MessageType {
                    $crate::macros::message_type_of! { self, $($version_1)+ }
                }
            }
        }

        $(#[$doc_2])*
        pub(crate) mod version_2 {
            use crate::v2::*;

            $crate::macros::message_types! { $($version_2)+ }
            $crate::macros::message_enum! {
                /// Any message that travels in a session of version 2. It serialises as its bare
                /// JSON object.
                Message {
                    /// A message of version 1.
                    V1(crate::Message)
                }
                $($version_2)+
            }
        }
    };
}

/// The registry of one version.
macro_rules! message_types {
    ($($variant:ident = $id:literal, $name:literal, $direction:ident;)+) => {
        /// The type of a message of this version: the header of its frame.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u32)]
        pub enum MessageType {
            $(
                #[doc = concat!("[`", stringify!($variant), "`]")]
                $variant = $id,
            )+
        }

        impl MessageType {
            /// All types of this version, in the order of the table.
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$variant),+];

            /// The type with this id.
            pub const fn from_id(id: u32) -> Option<Self> {
                match id {
                    $($id => Some(Self::$variant),)+
                    _ => None,
                }
            }

            /// The type with this JavaScript name.
            pub fn from_name(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$variant),)+
                    _ => None,
                }
            }

            /// The id in the frame header.
            pub const fn id(self) -> u32 {
                self as u32
            }

            /// The name JavaScript clients use, such as `my_transform`.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }

            /// The side that sends it.
            pub const fn direction(self) -> $crate::Direction {
                match self {
                    $(Self::$variant => $crate::Direction::$direction,)+
                }
            }
        }
    };
}

/// The type of a message whose enum holds no other version.
macro_rules! message_type_of {
    ($message:ident, $($variant:ident = $id:literal, $name:literal, $direction:ident;)+) => {
        match $message {
            $(Message::$variant(_) => MessageType::$variant,)+
        }
    };
}

/// The enum of one version's messages. The variant in braces, if there is one, holds the
/// messages of the version below.
macro_rules! message_enum {
    (
        $(#[$doc:meta])*
        $Message:ident { $($(#[$lower_doc:meta])* $lower:ident($Lower:ty))? }
        $($variant:ident = $id:literal, $name:literal, $direction:ident;)+
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq)]
        pub enum $Message {
            $($(#[$lower_doc])* $lower($Lower),)?
            $(
                #[doc = concat!("[`", stringify!($variant), "`]")]
                $variant($variant),
            )+
        }

        impl $Message {
            /// The id in the frame header.
            pub const fn type_id(&self) -> u32 {
                match self {
                    $(Self::$lower(message) => message.type_id(),)?
                    $(Self::$variant(_) => MessageType::$variant.id(),)+
                }
            }

            /// The name JavaScript clients use, such as `my_transform`.
            pub const fn name(&self) -> &'static str {
                match self {
                    $(Self::$lower(message) => message.name(),)?
                    $(Self::$variant(_) => MessageType::$variant.name(),)+
                }
            }

            /// Appends the bare body, without a frame.
            pub fn encode_body(&self, out: &mut Vec<u8>) {
                match self {
                    $(Self::$lower(message) => message.encode_body(out),)?
                    $(Self::$variant(message) => message.encode_body(out),)+
                }
            }

            /// The message as a frame of its own.
            pub fn encode(&self) -> Vec<u8> {
                $crate::frame::owned(|out| self.encode_into(out))
            }

            /// Appends the message as a frame.
            pub fn encode_into(&self, out: &mut Vec<u8>) {
                $crate::frame::enclose(self.type_id(), out, |out| self.encode_body(out));
            }

            /// Reads the body of a type of this version.
            pub(crate) fn take_body(
                message_type: MessageType,
                reader: &mut $crate::wire::Reader<'_>,
            ) -> Result<Self, $crate::DecodeError> {
                match message_type {
                    $(MessageType::$variant => {
                        $crate::wire::Wire::take(reader).map(Self::$variant)
                    })+
                }
            }

            /// Reads the JSON object of a type of this version.
            pub(crate) fn from_object(
                message_type: MessageType,
                object: serde_json::Value,
            ) -> Result<Self, $crate::JsonError> {
                match message_type {
                    $(MessageType::$variant => {
                        Ok(Self::$variant(serde_json::from_value(object)?))
                    })+
                }
            }
        }

        impl serde::Serialize for $Message {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self {
                    $(Self::$lower(message) => message.serialize(serializer),)?
                    $(Self::$variant(message) => message.serialize(serializer),)+
                }
            }
        }

        $(
            impl From<$Lower> for $Message {
                fn from(message: $Lower) -> Self {
                    Self::$lower(message)
                }
            }
        )?

        $(
            impl From<$variant> for $Message {
                fn from(message: $variant) -> Self {
                    Self::$variant(message)
                }
            }

            impl $variant {
                /// Appends the bare body, without a frame.
                pub fn encode_body(&self, out: &mut Vec<u8>) {
                    $crate::wire::Wire::put(self, out);
                }

                /// The message as a frame of its own.
                pub fn encode(&self) -> Vec<u8> {
                    $crate::frame::owned(|out| self.encode_into(out))
                }

                /// Appends the message as a frame.
                pub fn encode_into(&self, out: &mut Vec<u8>) {
                    let id = MessageType::$variant.id();
                    $crate::frame::enclose(id, out, |out| self.encode_body(out));
                }
            }
        )+

        #[cfg(test)]
        mod tests {
            use super::*;

            /// A list divides the bytes left by the minimum of its elements: too large a value
            /// would refuse legal counts, too small a one would allocate too much.
            #[test]
            fn minimum_sizes_are_those_of_zero_values() {
                fn check<T: $crate::wire::Wire + Default>() {
                    let mut out = Vec::new();
                    T::default().put(&mut out);
                    assert_eq!(out.len(), T::MIN, "{}", std::any::type_name::<T>());
                }
                $(check::<$variant>();)+
            }
        }
    };
}

pub(crate) use message_enum;
pub(crate) use message_type_of;
pub(crate) use message_types;
pub(crate) use messages;
