//! Messages about interaction between users, and news of activities and events.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::{
    NotificationType, Umid, Vec3,
    error::DecodeError,
    json,
    wire::{Reader, Wire, wire_struct},
};

/// A high five from one user to another.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct HighFive {
    /// Giver of the high five. A server overwrites the value that a client claims.
    pub sender_id: Umid,
    /// Receiver of the high five.
    pub receiver_id: Umid,
    /// A few words.
    pub message: String,
}
wire_struct!(HighFive, sender_id, receiver_id, message);

/// A notice to one user.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Notification {
    /// Subject of the notification.
    pub notify_type: NotificationType,
    /// Its text.
    pub value: String,
}
wire_struct!(Notification, notify_type, value);

/// A world admin asks everybody to come.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FlyToMe {
    /// User to fly to.
    pub pilot: Umid,
    /// Their name.
    pub pilot_name: String,
    /// The world.
    pub object_id: Umid,
}
wire_struct!(FlyToMe, pilot, pilot_name, object_id);

/// Something happened on a timeline.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ActivityUpdate {
    /// The activity.
    pub activity_id: Umid,
    /// [`Self::NEW`], [`Self::CHANGED`] or [`Self::REMOVED`].
    pub change_type: String,
    /// `video`, `screenshot`, `world_created`, `stake` or `unstake`.
    pub r#type: Option<String>,
    /// Details of the activity.
    pub data: Option<ActivityData>,
    /// User who did it.
    pub user_id: Umid,
    /// The object it happened in.
    pub object_id: Umid,
}
wire_struct!(
    ActivityUpdate,
    activity_id,
    change_type,
    r#type,
    data,
    user_id,
    object_id
);

impl ActivityUpdate {
    /// Change type: created.
    pub const NEW: &'static str = "new";
    /// Change type: edited.
    pub const CHANGED: &'static str = "changed";
    /// Change type: deleted.
    pub const REMOVED: &'static str = "removed";
}

/// Details of an activity, each optional.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ActivityData {
    /// Position of the activity.
    pub position: Option<Vec3>,
    /// Text of the post.
    pub description: Option<String>,
    /// Media hash.
    pub hash: Option<String>,
    /// `MOM` or `DAD`.
    pub token_symbol: Option<String>,
    /// Decimal amount in the token's base unit.
    pub token_amount: Option<String>,
    /// Transaction hash, `0x` hex.
    pub bc_tx_hash: Option<String>,
    /// Index of the log entry, decimal.
    pub bc_log_index: Option<String>,
}
wire_struct!(
    ActivityData,
    position,
    description,
    hash,
    token_symbol,
    token_amount,
    bc_tx_hash,
    bc_log_index
);

/// A calendar event starts. The body is the bare map; its keys: `objectId`, `eventId`, `title`,
/// `start`, `end`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventStart(
    /// The keys and values, in order.
    #[serde(serialize_with = "json::null_if_empty_map")]
    pub IndexMap<String, String>,
);

impl Wire for EventStart {
    const MIN: usize = 1;

    fn put(&self, out: &mut Vec<u8>) {
        self.0.put(out);
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Wire::take(reader).map(Self)
    }
}

/// A client submitted a stake transaction.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct UserStakedToOdyssey {
    /// `0x` hex.
    pub transaction_hash: String,
    /// `0x` hex.
    pub wallet: String,
    /// The world staked to.
    pub object_id: Umid,
    /// Decimal integer in the token's base unit.
    pub amount: String,
    /// A few words.
    pub comment: String,
    /// 0 = MOM, 1 = DAD.
    pub kind: i64,
}
wire_struct!(
    UserStakedToOdyssey,
    transaction_hash,
    wallet,
    object_id,
    amount,
    comment,
    kind
);
