//! Objects that a visitor claims and customises (docs/spec/model.md §4.7).

use chrono::{SecondsFormat, Utc};
use components::{AttributeId, JsonMap, Reason, Umid, ids};
use serde_json::json;
use store::StoreError;
use systems::{AttributeChange, Effect};

use crate::{Caller, Node, NodeError, Result, attributes::values::check_value};

/// Longest title in characters.
const MAX_TITLE: usize = 256;
/// Longest text in characters.
const MAX_TEXT: usize = 8192;
/// Longest picture, a media hash or an absolute URL, in characters: it is sent to everybody in the
/// world.
const MAX_IMAGE: usize = 512;

/// Content that a visitor puts on a claimed object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Customisation {
    /// Its title.
    pub title: String,
    /// Its text.
    pub text: String,
    /// Media hash of its picture.
    pub image_hash: String,
}

impl Node {
    /// Makes the caller admin of a claimable object and shows what it puts there. Who has claimed
    /// an object may do so again, to put something else there. Guests may claim like everybody.
    ///
    /// # Errors
    /// `ObjectNotFound`, `Forbidden` if the object is not claimable or another user is admin of
    /// it, `InvalidRequestBody` for texts that are too long.
    pub async fn claim_object(
        &self,
        caller: Caller,
        object: Umid,
        customisation: &Customisation,
    ) -> Result<()> {
        let value = customisation.value(caller.user)?;
        let world = self.world_of_claimable(object)?;
        let change = async {
            let attribute = attribute();
            let claim = self
                .store()
                .claim_object(object, caller.user, &attribute, &value);
            let record = match claim.await {
                Err(StoreError::ObjectClaimed | StoreError::Dangling(_)) => {
                    return Err(Reason::Forbidden.into());
                }
                record => record?,
            };
            self.directory().set_admin(object, caller.user, true);
            let change = AttributeChange {
                attribute,
                value: record.value,
                options: record.options,
                removed: false,
            };
            Ok(((), effects(object, Some(change))))
        };
        self.worlds().change(world, change).await
    }

    /// Gives a claimed object back: takes the caller's role and removes what the caller put there.
    ///
    /// # Errors
    /// `ObjectNotFound`, `Forbidden` unless the caller is admin of this very object.
    pub async fn unclaim_object(&self, caller: Caller, object: Umid) -> Result<()> {
        let world = self.world_of_claimable(object)?;
        let change = async {
            let attribute = attribute();
            let unclaim = self.store().unclaim_object(object, caller.user, &attribute);
            let removed = match unclaim.await {
                Err(StoreError::ObjectNotClaimed) => return Err(Reason::Forbidden.into()),
                removed => removed?,
            };
            self.directory().set_admin(object, caller.user, false);
            let change = removed.then_some(AttributeChange {
                attribute,
                value: None,
                options: None,
                removed: true,
            });
            Ok(((), effects(object, change)))
        };
        self.worlds().change(world, change).await
    }

    fn world_of_claimable(&self, object: Umid) -> Result<Umid> {
        if !self.directory().knows(object) {
            return Err(Reason::ObjectNotFound.into());
        }
        if self.directory().object_type(object) != Some(ids::CLAIMABLE_TYPE) {
            return Err(Reason::Forbidden.into());
        }
        self.world_below_node(object)
    }
}

impl Customisation {
    fn value(&self, claimed_by: Umid) -> Result<JsonMap> {
        for (text, longest) in [
            (&self.title, MAX_TITLE),
            (&self.text, MAX_TEXT),
            (&self.image_hash, MAX_IMAGE),
        ] {
            if text.is_empty() || text.chars().count() > longest {
                return Err(NodeError::invalid(
                    Reason::InvalidRequestBody,
                    "title, text and image_hash are required, and of moderate length",
                ));
            }
        }
        let value = json!({
            "title": self.title,
            "text": self.text,
            "image_hash": self.image_hash,
            "claimed_by": claimed_by,
            "created_at": Utc::now().to_rfc3339_opts(SecondsFormat::Secs, true),
        });
        let value = value.as_object().cloned().unwrap_or_default();
        check_value(&attribute(), &value)?;
        Ok(value)
    }
}

/// Attribute of the customisation.
fn attribute() -> AttributeId {
    ids::core("user_customisable_data")
}

fn effects(object: Umid, change: Option<AttributeChange>) -> Vec<Effect> {
    let change = change.map(|change| Effect::ObjectAttribute { object, change });
    [Effect::RolesChanged].into_iter().chain(change).collect()
}
