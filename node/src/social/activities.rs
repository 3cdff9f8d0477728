//! Activities: the news feed of the node and the timelines of objects (docs/spec/model.md §8.1).

use components::{ActivityData, ActivityKind, Reason, Umid};
use posbus::ActivityUpdate;
use store::{ActivityEdit, ActivityRow, Feed, NewActivity, StoreError, WorldLabel};
use systems::Effect;

use crate::{Caller, Node, NodeError, Result};

/// Longest media hash in characters: twice what today's have.
const MAX_HASH: usize = 64;
/// Longest description in characters. Everybody in the world gets it.
const MAX_DESCRIPTION: usize = 2_000;

/// A picture or video to post.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Post {
    /// Type of the activity.
    pub kind: ActivityKind,
    /// Media hash.
    pub hash: String,
    /// Text.
    pub description: Option<String>,
}

/// An activity as it is shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Activity {
    /// The event, and the user who did it.
    pub row: ActivityRow,
    /// The world it happened in.
    pub world: WorldLabel,
}

/// A part of a list of activities, newest first.
#[derive(Clone, Debug, PartialEq)]
pub struct ActivityPage {
    /// The part.
    pub activities: Vec<Activity>,
    /// Number of entries in all.
    pub total: u64,
}

impl Node {
    /// News of all worlds.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn news(&self, start: u64, size: u32) -> Result<ActivityPage> {
        self.activity_page(Feed::News, start, size).await
    }

    /// Posts of users to an object.
    ///
    /// # Errors
    /// `ObjectNotFound`.
    pub async fn timeline(&self, object: Umid, start: u64, size: u32) -> Result<ActivityPage> {
        self.require_object(object)?;
        self.activity_page(Feed::Timeline(object), start, size)
            .await
    }

    /// An activity of an object.
    ///
    /// # Errors
    /// `ObjectNotFound`, `ActivityNotFound`.
    pub async fn activity(&self, object: Umid, id: Umid) -> Result<Activity> {
        let row = self.activity_row(object, id).await?;
        self.labelled(row).await
    }

    /// Posts to the timeline of an object and tells everybody in its world. Admins of the object
    /// may do so, and users with an account who are in the world at that moment.
    ///
    /// # Errors
    /// `ObjectNotFound`, `Forbidden`, `Invalid` for a kind that users do not post
    /// (`invalid_type`), or a hash or description that is none (`invalid_request_body`).
    pub async fn post_activity(
        &self,
        caller: Caller,
        object: Umid,
        post: Post,
    ) -> Result<Activity> {
        check_kind(post.kind)?;
        check_hash(&post.hash)?;
        let description = post.description.filter(|text| !text.is_empty());
        check_description(description.as_deref())?;
        self.require_object(object)?;
        // The node is in no world: nothing happens there.
        let world = self.directory().world_of(object);
        let world = world.ok_or(Reason::Forbidden)?;
        // Before the write lock is taken, because the world's tick answers.
        let pose = self.worlds().user_pose(world, caller.user).await;
        let may_post = || {
            let visits = !caller.is_guest && pose.is_some();
            if visits || self.directory().is_admin(caller.user, object) {
                Ok(())
            } else {
                Err(Reason::Forbidden)
            }
        };
        may_post()?;
        let new = NewActivity {
            id: Umid::now_v7(),
            user: caller.user,
            object,
            kind: post.kind,
            data: ActivityData {
                position: pose.map(|pose| pose.position),
                hash: Some(post.hash),
                description,
                ..ActivityData::default()
            },
            created_at: None,
        };
        let change = async {
            // Rights may have been taken away while this change waited for the write lock.
            may_post()?;
            match self.store().insert_activity(&new).await {
                Err(StoreError::Dangling(_)) => Err(NodeError::from(Reason::ObjectNotFound)),
                result => Ok(result?),
            }?;
            let row = self.activity_row(object, new.id).await?;
            let effect = announcement(&row, ActivityUpdate::NEW);
            Ok((row, vec![effect]))
        };
        let row = self.change_object(object, change).await?;
        self.labelled(row).await
    }

    /// Changes a post of the caller's and tells everybody in the world; empty texts leave the old
    /// ones.
    ///
    /// # Errors
    /// `ObjectNotFound`, `ActivityNotFound`, `Forbidden` for who has not posted
    /// it and for what happened by itself, `Invalid` as for [`Node::post_activity`].
    pub async fn edit_activity(
        &self,
        caller: Caller,
        object: Umid,
        id: Umid,
        edit: ActivityEdit,
    ) -> Result<()> {
        let given = |text: Option<String>| text.filter(|text| !text.is_empty());
        let edit = ActivityEdit {
            kind: edit.kind,
            hash: given(edit.hash),
            description: given(edit.description),
        };
        edit.kind.map_or(Ok(()), check_kind)?;
        edit.hash.as_deref().map_or(Ok(()), check_hash)?;
        check_description(edit.description.as_deref())?;
        self.change_object(object, async {
            let row = self.activity_row(object, id).await?;
            if row.user != caller.user || !row.kind.is_post() {
                return Err(Reason::Forbidden.into());
            }
            let row = self.store().update_activity(object, id, &edit).await?;
            Ok(((), vec![announcement(&row, ActivityUpdate::CHANGED)]))
        })
        .await
    }

    /// Deletes an activity and tells everybody in the world. Who did it may, and admins of the
    /// object.
    ///
    /// # Errors
    /// `ObjectNotFound`, `ActivityNotFound`, `Forbidden`.
    pub async fn delete_activity(&self, caller: Caller, object: Umid, id: Umid) -> Result<()> {
        self.change_object(object, async {
            let row = self.activity_row(object, id).await?;
            if row.user != caller.user && !self.directory().is_admin(caller.user, object) {
                return Err(Reason::Forbidden.into());
            }
            self.store().delete_activity(object, id).await?;
            Ok(((), vec![announcement(&row, ActivityUpdate::REMOVED)]))
        })
        .await
    }

    /// Posts what happened by itself and tells everybody in the world; nothing, if it is there
    /// already.
    pub(crate) async fn post_by_itself(&self, new: &NewActivity) -> Result<()> {
        self.change_object(new.object, async {
            if !self.store().insert_activity(new).await? {
                return Ok(((), Vec::new()));
            }
            let row = self.activity_row(new.object, new.id).await?;
            Ok(((), vec![announcement(&row, ActivityUpdate::NEW)]))
        })
        .await
    }

    /// Removes what happened by itself and turned out not to have; nothing, if it is not there.
    pub(crate) async fn remove_by_itself(&self, object: Umid, id: Umid) -> Result<()> {
        self.change_object(object, async {
            let Some(row) = self.store().activity(object, id).await? else {
                return Ok(((), Vec::new()));
            };
            self.store().delete_activity(object, id).await?;
            Ok(((), vec![announcement(&row, ActivityUpdate::REMOVED)]))
        })
        .await
    }

    async fn activity_row(&self, object: Umid, id: Umid) -> Result<ActivityRow> {
        self.require_object(object)?;
        let row = self.store().activity(object, id).await?;
        row.ok_or(NodeError::Refused(Reason::ActivityNotFound))
    }

    async fn activity_page(&self, feed: Feed, start: u64, size: u32) -> Result<ActivityPage> {
        let (rows, total) = self.store().activities(feed, start, size).await?;
        Ok(ActivityPage {
            activities: self.with_worlds(rows).await?,
            total,
        })
    }

    async fn labelled(&self, row: ActivityRow) -> Result<Activity> {
        let mut labelled = self.with_worlds(vec![row]).await?;
        labelled
            .pop()
            .ok_or(NodeError::Refused(Reason::ActivityNotFound))
    }

    /// Adds how the worlds are shown, with one query for all.
    async fn with_worlds(&self, rows: Vec<ActivityRow>) -> Result<Vec<Activity>> {
        let world = |row: &ActivityRow| self.directory().world_of(row.object).unwrap_or(row.object);
        let mut worlds: Vec<Umid> = rows.iter().map(world).collect();
        worlds.sort_unstable();
        worlds.dedup();
        let labels = self.store().world_labels(&worlds).await?;
        let label = |row: ActivityRow| Activity {
            world: labels.get(&world(&row)).cloned().unwrap_or_default(),
            row,
        };
        Ok(rows.into_iter().map(label).collect())
    }

    pub(crate) fn require_object(&self, object: Umid) -> Result<()> {
        if self.directory().knows(object) {
            Ok(())
        } else {
            Err(Reason::ObjectNotFound.into())
        }
    }
}

fn announcement(row: &ActivityRow, change_type: &str) -> Effect {
    Effect::Activity(Box::new(ActivityUpdate {
        activity_id: row.id,
        change_type: change_type.to_owned(),
        r#type: Some(row.kind.name().to_owned()),
        data: Some(row.data.clone()),
        user_id: row.user,
        object_id: row.object,
    }))
}

fn check_kind(kind: ActivityKind) -> Result<()> {
    if kind.is_post() {
        return Ok(());
    }
    Err(NodeError::invalid(
        Reason::InvalidType,
        "only videos and screenshots can be posted",
    ))
}

/// The form of all media ids (docs/spec/rest.md §1).
fn check_hash(hash: &str) -> Result<()> {
    let is_hash = (1..=MAX_HASH).contains(&hash.len())
        && hash.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if is_hash {
        return Ok(());
    }
    Err(NodeError::invalid(
        Reason::InvalidRequestBody,
        "the hash is not one of a medium",
    ))
}

fn check_description(text: Option<&str>) -> Result<()> {
    let problem = match text {
        Some(text) if text.chars().count() > MAX_DESCRIPTION => "the description is too long",
        Some(text) if text.contains('\0') => "the description has the character NUL",
        _ => return Ok(()),
    };
    Err(NodeError::invalid(Reason::InvalidRequestBody, problem))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_short_and_alphanumeric() {
        for hash in [
            "a",
            "26485e74acb29223ba7a9fa600d36c7f",
            &"F".repeat(MAX_HASH),
        ] {
            assert!(check_hash(hash).is_ok(), "{hash}");
        }
        for hash in [
            "",
            "../secret",
            "a b",
            "ü",
            "a\0",
            &"a".repeat(MAX_HASH + 1),
        ] {
            assert!(check_hash(hash).is_err(), "{hash:?}");
        }
    }

    #[test]
    fn descriptions_are_bounded_texts() {
        for text in [
            None,
            Some("two\nlines 🦀"),
            Some(&"ü".repeat(MAX_DESCRIPTION)),
        ] {
            assert!(check_description(text).is_ok());
        }
        for text in ["a\0b", &"ü".repeat(MAX_DESCRIPTION + 1)] {
            assert!(check_description(Some(text)).is_err());
        }
    }
}
