//! Signatures, to be filled in.
#![allow(unused_variables, missing_docs, clippy::todo, clippy::unused_async)]
use crate::*;
use chrono::{DateTime, Utc};
use components::{AttributeId, JsonMap, Transform, Umid};

impl Store {
    pub async fn seed(&self, seed: &Seed) -> Result<Seeded> {
        todo!()
    }
    pub async fn load_directory(&self) -> Result<DirectoryRows> {
        todo!()
    }
    pub async fn load_world(&self, world: Umid) -> Result<Option<Vec<ObjectRecord>>> {
        todo!()
    }
    pub async fn object(&self, id: Umid) -> Result<Option<ObjectRecord>> {
        todo!()
    }
    pub async fn subtree(&self, root: Umid, max_depth: u32) -> Result<Vec<TreeRow>> {
        todo!()
    }
    pub async fn insert_objects(&self, objects: &[NewObjectRow]) -> Result<DateTime<Utc>> {
        todo!()
    }
    pub async fn update_object(&self, id: Umid, patch: &ObjectPatch) -> Result<()> {
        todo!()
    }
    pub async fn delete_object(&self, id: Umid) -> Result<Vec<Umid>> {
        todo!()
    }
    pub async fn worlds(&self, newest_first: bool, limit: u32) -> Result<Vec<WorldRow>> {
        todo!()
    }
    pub async fn worlds_of_user(&self, owner: Umid) -> Result<Vec<WorldRow>> {
        todo!()
    }
    pub async fn world(&self, id: Umid) -> Result<Option<WorldRow>> {
        todo!()
    }
    pub async fn world_stakers(&self, world: Umid) -> Result<Vec<StakerRow>> {
        todo!()
    }
    pub async fn last_staking_comment(&self, world: Umid) -> Result<Option<String>> {
        todo!()
    }
    pub async fn attribute(
        &self,
        target: AttributeTarget,
        id: &AttributeId,
    ) -> Result<Option<AttributeRecord>> {
        todo!()
    }
    pub async fn set_attribute(
        &self,
        target: AttributeTarget,
        id: &AttributeId,
        value: &JsonMap,
    ) -> Result<AttributeRecord> {
        todo!()
    }
    pub async fn set_attribute_options(
        &self,
        target: AttributeTarget,
        id: &AttributeId,
        options: Option<&JsonMap>,
    ) -> Result<()> {
        todo!()
    }
    pub async fn set_sub_attribute(
        &self,
        target: AttributeTarget,
        id: &AttributeId,
        key: &str,
        value: &serde_json::Value,
    ) -> Result<AttributeRecord> {
        todo!()
    }
    pub async fn remove_sub_attribute(
        &self,
        target: AttributeTarget,
        id: &AttributeId,
        key: &str,
    ) -> Result<Option<AttributeRecord>> {
        todo!()
    }
    pub async fn remove_attribute(
        &self,
        target: AttributeTarget,
        id: &AttributeId,
    ) -> Result<bool> {
        todo!()
    }
    pub async fn members(&self, object: Umid) -> Result<Vec<MemberRow>> {
        todo!()
    }
    pub async fn set_member(&self, object: Umid, user: Umid, role: &str) -> Result<()> {
        todo!()
    }
    pub async fn remove_member(&self, object: Umid, user: Umid) -> Result<bool> {
        todo!()
    }
    pub async fn user(&self, id: Umid) -> Result<Option<UserRow>> {
        todo!()
    }
    pub async fn users_by_ids(&self, ids: &[Umid]) -> Result<Vec<UserRow>> {
        todo!()
    }
    pub async fn latest_users(
        &self,
        user_type: Umid,
        newest_first: bool,
        limit: u32,
    ) -> Result<Vec<UserRow>> {
        todo!()
    }
    pub async fn user_name_taken(&self, name: &str) -> Result<bool> {
        todo!()
    }
    pub async fn insert_user(&self, user: &NewUser) -> Result<UserRow> {
        todo!()
    }
    pub async fn user_by_wallet(&self, wallet: &str) -> Result<Option<Umid>> {
        todo!()
    }
    pub async fn attach_wallet(&self, user: Umid, wallet: &str) -> Result<Vec<String>> {
        todo!()
    }
    pub async fn detach_wallet(&self, user: Umid, wallet: &str) -> Result<Vec<String>> {
        todo!()
    }
    pub async fn update_profile(&self, user: Umid, changes: &JsonMap) -> Result<UserRow> {
        todo!()
    }
    pub async fn touch_users(&self, seen: &[(Umid, DateTime<Utc>)]) -> Result<()> {
        todo!()
    }
    pub async fn expired_guests(
        &self,
        guest_type: Umid,
        not_seen_since: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<Umid>> {
        todo!()
    }
    pub async fn delete_guest(&self, user: Umid, heir: Umid) -> Result<Vec<Umid>> {
        todo!()
    }
    pub async fn put_challenge(
        &self,
        wallet: &str,
        text: &str,
        expires: DateTime<Utc>,
    ) -> Result<()> {
        todo!()
    }
    pub async fn take_challenge(&self, wallet: &str, now: DateTime<Utc>) -> Result<Option<String>> {
        todo!()
    }
    pub async fn save_object_transforms(&self, transforms: &[(Umid, Transform)]) -> Result<()> {
        todo!()
    }
    pub async fn save_last_positions(&self, positions: &[LastPosition]) -> Result<()> {
        todo!()
    }
    pub async fn pending_stake(&self, stake: &PendingStake) -> Result<()> {
        todo!()
    }
}
