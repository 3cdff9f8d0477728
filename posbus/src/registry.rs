//! The table of message types (docs/spec/posbus.md §4.1).

/// Who uses a message type on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Usage {
    /// Only the server sends it.
    Server,
    /// Only clients send it.
    Client,
    /// Both send it.
    Both,
    /// Registered, sent by nobody; a server reads it from a client and ignores it.
    Unused,
    /// Registered, but only ever part of another message.
    Nested,
}

impl Usage {
    /// Whether a server decodes it when a client sends it.
    pub const fn from_client(self) -> bool {
        matches!(self, Self::Client | Self::Both | Self::Unused)
    }
}

macro_rules! message_types {
    ($($(#[$doc:meta])* $variant:ident = $id:literal, $name:literal, $usage:ident;)+) => {
        /// The type of a message: what the frame header says.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u32)]
        pub enum MessageType {
            $($(#[$doc])* $variant = $id,)+
        }

        impl MessageType {
            /// All 29, in the order of the specification.
            pub const ALL: [Self; 29] = [$(Self::$variant,)+];

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

            /// Who sends it.
            pub const fn usage(self) -> Usage {
                match self {
                    $(Self::$variant => Usage::$usage,)+
                }
            }
        }
    };
}

message_types! {
    /// [`HandShake`](crate::HandShake)
    HandShake = 0x7C41941A, "hand_shake", Client;
    /// [`TeleportRequest`](crate::TeleportRequest)
    TeleportRequest = 0x78DA55D9, "teleport_request", Client;
    /// [`Signal`](crate::Signal)
    Signal = 0xADC1964D, "signal", Both;
    /// [`SetWorld`](crate::SetWorld)
    SetWorld = 0xCCDF2E49, "set_world", Server;
    /// [`MyTransform`](crate::MyTransform)
    MyTransform = 0xF878C4BF, "my_transform", Both;
    /// [`AddUsers`](crate::AddUsers)
    AddUsers = 0xF51F2AFF, "add_users", Server;
    /// [`RemoveUsers`](crate::RemoveUsers)
    RemoveUsers = 0xF5A14BB0, "remove_users", Server;
    /// [`UsersTransformList`](crate::UsersTransformList)
    UsersTransformList = 0x285954B8, "users_transform_list", Server;
    /// [`AddObjects`](crate::AddObjects)
    AddObjects = 0x2452A9C1, "add_objects", Server;
    /// [`RemoveObjects`](crate::RemoveObjects)
    RemoveObjects = 0x6BF88C24, "remove_objects", Server;
    /// [`ObjectTransform`](crate::ObjectTransform)
    ObjectTransform = 0xEA6DA4B4, "object_transform", Both;
    /// [`ObjectData`](crate::ObjectData)
    ObjectData = 0xCACE197C, "object_data", Server;
    /// [`LockObject`](crate::LockObject)
    LockObject = 0xA7DE9F59, "lock_object", Client;
    /// [`UnlockObject`](crate::UnlockObject)
    UnlockObject = 0xA54EDEB9, "unlock_object", Client;
    /// [`LockObjectResponse`](crate::LockObjectResponse)
    LockObjectResponse = 0x0924668C, "lock_object_response", Server;
    /// [`AttributeValueChanged`](crate::AttributeValueChanged)
    AttributeValueChanged = 0x10DACDB7, "attribute_value_changed", Server;
    /// [`HighFive`](crate::HighFive)
    HighFive = 0x3D501432, "high_five", Both;
    /// [`Notification`](crate::Notification)
    Notification = 0xC1FB41D7, "notification", Server;
    /// [`FlyToMe`](crate::FlyToMe)
    FlyToMe = 0xA6EB70C6, "fly_to_me", Server;
    /// [`ActivityUpdate`](crate::ActivityUpdate)
    ActivityUpdate = 0xCA57695D, "activity_update", Server;
    /// [`UserStakedToOdyssey`](crate::UserStakedToOdyssey)
    UserStakedToOdyssey = 0x10DACABC, "user_staked_to_odyssey", Client;
    /// [`EventStart`](crate::EventStart)
    EventStart = 0xAA854D2C, "event_start", Server;
    /// [`GenericMessage`](crate::GenericMessage)
    GenericMessage = 0xF508E4A3, "generic_message", Unused;
    /// [`UserAction`](crate::UserAction)
    UserAction = 0xEF1A2E75, "user_action", Unused;
    /// [`TriggerVisualEffects`](crate::TriggerVisualEffects)
    TriggerVisualEffects = 0xD96089C6, "trigger_visual_effects", Unused;
    /// [`AddPendingStake`](crate::AddPendingStake)
    AddPendingStake = 0xF020D682, "add_pending_stake", Unused;
    /// [`ObjectDefinition`](crate::ObjectDefinition)
    ObjectDefinition = 0xD742B52E, "object_definition", Nested;
    /// [`UserData`](crate::UserData)
    UserData = 0xF702EF5F, "user_data", Nested;
    /// [`UserTransform`](crate::UserTransform)
    UserTransform = 0x3BC97EBB, "user_transform", Nested;
}
