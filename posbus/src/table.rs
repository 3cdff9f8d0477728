//! The table of messages. The types, names and directions of both versions, the `Message` enums,
//! and the ids and names of the TypeScript client are all made from it.
//!
//! A new message takes a line here, a struct with a [`Wire`](crate::wire::Wire) encoding in
//! `messages/` or `v2/`, a handler and a test.

use crate::macros::messages;

messages! {
    /// Version 1, which every session speaks (docs/spec/posbus.md).
    version_1 {
        HandShake              = 0x7C41_941A, "hand_shake",              FromClient;
        TeleportRequest        = 0x78DA_55D9, "teleport_request",        FromClient;
        Signal                 = 0xADC1_964D, "signal",                  Both;
        SetWorld               = 0xCCDF_2E49, "set_world",               FromServer;
        MyTransform            = 0xF878_C4BF, "my_transform",            Both;
        AddUsers               = 0xF51F_2AFF, "add_users",               FromServer;
        RemoveUsers            = 0xF5A1_4BB0, "remove_users",            FromServer;
        UsersTransformList     = 0x2859_54B8, "users_transform_list",    FromServer;
        AddObjects             = 0x2452_A9C1, "add_objects",             FromServer;
        RemoveObjects          = 0x6BF8_8C24, "remove_objects",          FromServer;
        ObjectTransform        = 0xEA6D_A4B4, "object_transform",        Both;
        ObjectData             = 0xCACE_197C, "object_data",             FromServer;
        LockObject             = 0xA7DE_9F59, "lock_object",             FromClient;
        UnlockObject           = 0xA54E_DEB9, "unlock_object",           FromClient;
        LockObjectResponse     = 0x0924_668C, "lock_object_response",    FromServer;
        AttributeValueChanged  = 0x10DA_CDB7, "attribute_value_changed", FromServer;
        HighFive               = 0x3D50_1432, "high_five",               Both;
        Notification           = 0xC1FB_41D7, "notification",            FromServer;
        FlyToMe                = 0xA6EB_70C6, "fly_to_me",               FromServer;
        ActivityUpdate         = 0xCA57_695D, "activity_update",         FromServer;
        UserStakedToOdyssey    = 0x10DA_CABC, "user_staked_to_odyssey",  FromClient;
        EventStart             = 0xAA85_4D2C, "event_start",             FromServer;
        GenericMessage         = 0xF508_E4A3, "generic_message",         Ignored;
        UserAction             = 0xEF1A_2E75, "user_action",             Ignored;
        TriggerVisualEffects   = 0xD960_89C6, "trigger_visual_effects",  Ignored;
        AddPendingStake        = 0xF020_D682, "add_pending_stake",       Ignored;
        ObjectDefinition       = 0xD742_B52E, "object_definition",       Nested;
        UserData               = 0xF702_EF5F, "user_data",               Nested;
        UserTransform          = 0x3BC9_7EBB, "user_transform",          Nested;
    }

    /// Version 2, which adds these to version 1 (docs/protocol.md).
    version_2 {
        Welcome                = 0x57E1_C03E, "welcome",                 FromServer;
        UserHandles            = 0x4A9D_1E55, "user_handles",            FromServer;
        Poses                  = 0x9053_A2B7, "poses",                   FromServer;
        ObjectPoses            = 0x0B7E_2C91, "object_poses",            FromServer;
        MyPose                 = 0x3F6A_81D4, "my_pose",                 FromClient;
    }
}

/// The side that sends a type of message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Only the server sends it.
    FromServer,
    /// Only clients send it.
    FromClient,
    /// Both send it.
    Both,
    /// Nobody sends it; a server reads it from a client and ignores it.
    Ignored,
    /// It only ever is a part of another message.
    Nested,
}

impl Direction {
    /// True if a server decodes the type when a client sends it.
    pub const fn from_client(self) -> bool {
        matches!(self, Self::FromClient | Self::Both | Self::Ignored)
    }

    /// True if a server sends the type.
    pub const fn from_server(self) -> bool {
        matches!(self, Self::FromServer | Self::Both)
    }
}
