//! One sea-orm entity per table; tables and columns are those of docs/spec/model.md §2.1.
//!
//! Times of the reference's tables have no zone and are UTC; tables of our own carry the zone.
//! Relations between entities are left out: everything is loaded with one query per table and
//! joined in memory.
// The columns are documented by the specification, and the derive adds public items of its own.
#![allow(missing_docs)]

mod amount;
mod attributes;
mod chain;
mod core;
mod harvest;
mod media;

pub use self::core::{
    activity, ai_job, asset_2d, asset_3d, asset_3d_user, attribute_type, auth_challenge, dock_wish,
    object, object_activity, object_type, plugin, user, user_activity, user_membership,
    user_object, user_type, user_wallet,
};
pub use amount::Amount;
pub use attributes::{
    node_attribute, object_attribute, object_user_attribute, user_attribute, user_user_attribute,
};
pub use chain::{
    balance, blockchain, contract, harvester_blockchain, harvester_ethers, harvester_nfts,
    harvester_tokens, nft, pending_stake, stake, wallet,
};
pub use harvest::{
    archived_world, chain_block, chain_cell, chain_dead_letter, chain_fact, chain_order,
    chain_outbox, chain_undo, followed_chain,
};
pub use media::{media_alias, media_blob, media_block, media_owner, media_variant};

/// Declares entities as `module = "table" { columns }`; a column marked `key` is part of the
/// primary key.
macro_rules! entities {
    ($($(#[$doc:meta])* $module:ident = $table:literal {
        $(key $key:ident: $key_type:ty,)* ; $($(#[$attr:meta])* $column:ident: $type:ty,)*
    })*) => {$(
        $(#[$doc])*
        pub mod $module {
            use sea_orm::entity::prelude::*;
            #[allow(unused_imports)]
            use crate::entity::Amount;

            #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
            #[sea_orm(table_name = $table)]
            pub struct Model {
                $(#[sea_orm(primary_key, auto_increment = false)] pub $key: $key_type,)*
                $($(#[$attr])* pub $column: $type,)*
            }

            #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
            pub enum Relation {}

            impl ActiveModelBehavior for ActiveModel {}
        }
    )*};
}
pub(crate) use entities;
