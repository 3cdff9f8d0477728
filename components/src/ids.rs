//! Ids that every node shares (docs/spec/model.md §6): plugins, types, system accounts.

use uuid::{Uuid, uuid};

use crate::AttributeId;

/// The system plugin, namespace of the core attributes.
pub const CORE_PLUGIN: Uuid = uuid!("f0f0f0f0-0f0f-4ff0-af0f-f0f0f0f0f0f0");
/// The plugin that owns the `wallet` attribute.
pub const WALLET_PLUGIN: Uuid = uuid!("86dc3ae7-9f3d-42cb-85a3-a71abc3c3cb8");
/// The plugin of canvases and the contributions to them.
pub const CANVAS_PLUGIN: Uuid = uuid!("c782385b-f518-4078-9988-24f356a37c72");
/// The object type of the node object.
pub const NODE_TYPE: Uuid = uuid!("00000000-0000-0000-0000-000000000001");
/// The object type of worlds.
pub const WORLD_TYPE: Uuid = uuid!("a41ee21e-6c56-41b3-81a9-1c86578b6b3c");
/// The object type of ordinary user-placed objects.
pub const CUSTOM_OBJECT_TYPE: Uuid = uuid!("4ed3a5bb-53f8-4511-941b-07902982c31c");
/// The object type of objects that a visitor may claim and customise.
pub const CLAIMABLE_TYPE: Uuid = uuid!("4ed3a5bb-53f8-4511-941b-079029111111");
/// The object type of canvases, below which every user may put a contribution.
pub const CANVAS_TYPE: Uuid = uuid!("590028c4-2f9d-4c7e-abc3-791774fbe4c5");
/// The system user: owns the node and the library of basic shapes; nobody can log in as it.
pub const SYSTEM_USER: Uuid = uuid!("00000000-0000-0000-0000-000000000003");
/// The user type of accounts with a wallet.
pub const NORMAL_USER_TYPE: Uuid = uuid!("00000000-0000-0000-0000-000000000006");
/// The user type of guests.
pub const GUEST_USER_TYPE: Uuid = uuid!("76802331-37b3-44fa-9010-35008b0cbaec");
/// The category of object types whose objects cannot be deleted.
pub const WORLDS_CATEGORY: &str = "Worlds";

/// A core attribute's id.
pub fn core(name: &str) -> AttributeId {
    AttributeId {
        plugin: CORE_PLUGIN,
        name: name.to_owned(),
    }
}
