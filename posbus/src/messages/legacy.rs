//! Registered messages that nobody sends today. They exist so that every type id has a codec.

use serde::{Deserialize, Serialize};

use crate::{
    Trigger, Umid,
    error::DecodeError,
    gotiny, json,
    wire::{Reader, Wire, wire_struct},
};

/// Anything, by topic. The JSON names are capitalised.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct GenericMessage {
    /// Subject of the message.
    #[serde(rename = "Topic")]
    pub topic: String,
    /// JSON text; base64 in JSON.
    #[serde(rename = "Data", with = "json::base64_bytes")]
    pub data: Vec<u8>,
}
wire_struct!(GenericMessage, topic, data);

/// A user did something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct UserAction {
    /// Kind of the action.
    pub value: Trigger,
}
wire_struct!(UserAction, value);

/// Effects to show.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TriggerVisualEffects {
    /// The effects.
    #[serde(serialize_with = "json::null_if_empty")]
    pub effects: Vec<VisualEffect>,
}
wire_struct!(TriggerVisualEffects, effects);

/// One effect.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct VisualEffect {
    /// Its name.
    pub name: String,
}
wire_struct!(VisualEffect, name);

/// A stake that the chain has not confirmed yet.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AddPendingStake {
    /// The transaction.
    pub transaction_id: Umid,
    /// The world staked to.
    pub odyssey_id: Umid,
    /// User who stakes.
    pub wallet: PbEthAddress,
    /// Amount in the token's base unit.
    pub amount: PbUint256,
    /// A few words.
    pub comment: String,
    /// 0 = MOM, 1 = DAD.
    pub kind: i64,
}
wire_struct!(
    AddPendingStake,
    transaction_id,
    odyssey_id,
    wallet,
    amount,
    comment,
    kind
);

/// An Ethereum address: 20 raw bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PbEthAddress(pub [u8; 20]);

impl Wire for PbEthAddress {
    const MIN: usize = 20;

    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0);
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        reader.array().map(Self)
    }
}

/// A 256-bit unsigned integer, least significant limb first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PbUint256(pub [u64; 4]);

impl Wire for PbUint256 {
    const MIN: usize = 4;

    fn put(&self, out: &mut Vec<u8>) {
        for limb in self.0 {
            gotiny::put_u64(limb, out);
        }
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut limbs = [0; 4];
        for limb in &mut limbs {
            *limb = gotiny::take_u64(reader)?;
        }
        Ok(Self(limbs))
    }
}
