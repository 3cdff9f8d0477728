//! Operations of an admin on a world as a whole: describing it, and calling everybody in it
//! (docs/spec/posbus.md §5.8).

use components::{Reason, Umid, ids};
use systems::{AttributeChange, Effect};

use crate::{Caller, Node, NodeError, Result, attributes::values::check_name};

/// Longest description of a world in characters.
const MAX_DESCRIPTION: usize = 4096;
/// Longest link in characters.
const MAX_LINK: usize = 2048;

/// Changes of the texts of a world; `None` leaves one as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorldTexts {
    /// Display name.
    pub name: Option<String>,
    /// Description.
    pub description: Option<String>,
    /// Web site.
    pub website_link: Option<String>,
}

impl Node {
    /// Changes name, description and link of a world: the attributes of those names, all or none.
    ///
    /// # Errors
    /// `WorldNotFound`, `NotAdmin`, `InvalidRequestBody` for texts that are too long,
    /// a name that is none, or control characters.
    pub async fn describe_world(
        &self,
        caller: Caller,
        world: Umid,
        texts: WorldTexts,
    ) -> Result<()> {
        texts.check()?;
        self.require_world_admin(caller, world)?;
        let texts = texts.attributes();
        if texts.is_empty() {
            return Ok(());
        }
        let change = async {
            self.require_world_admin(caller, world)?;
            let records = self.store().set_texts(world, &texts).await?;
            let effects = records.into_iter().map(|record| Effect::ObjectAttribute {
                object: world,
                change: AttributeChange {
                    attribute: record.id,
                    value: record.value,
                    options: record.options,
                    removed: false,
                },
            });
            Ok(((), effects.collect()))
        };
        self.worlds().change(world, change).await
    }

    /// Asks everybody in a world to fly to the caller, who has to be in it.
    ///
    /// # Errors
    /// `WorldNotFound`, `NotAdmin`, `ProfileNotFound` if the caller is not there.
    pub async fn call_everybody(&self, caller: Caller, world: Umid) -> Result<()> {
        self.require_world_admin(caller, world)?;
        let pilot = caller.user;
        if self.worlds().user_pose(world, pilot).await.is_none() {
            return Err(Reason::ProfileNotFound.into());
        }
        let call = async { Ok(((), vec![Effect::FlyToMe { pilot }])) };
        self.worlds().change(world, call).await
    }

    /// Refuses everybody who is not an indirect admin of the world.
    ///
    /// # Errors
    /// `WorldNotFound`, `NotAdmin`.
    pub fn require_world_admin(&self, caller: Caller, world: Umid) -> Result<()> {
        if !self.directory().is_world(world) {
            return Err(Reason::WorldNotFound.into());
        }
        self.require_admin(caller, world)
    }
}

impl WorldTexts {
    fn check(&self) -> Result<()> {
        if let Some(name) = &self.name {
            check_name(name)?;
        }
        for (text, longest) in [
            (&self.description, MAX_DESCRIPTION),
            (&self.website_link, MAX_LINK),
        ] {
            let Some(text) = text else { continue };
            let strange = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
            if text.chars().count() > longest || text.chars().any(strange) {
                return Err(NodeError::invalid(
                    Reason::InvalidRequestBody,
                    format!("at most {longest} characters, and no control characters"),
                ));
            }
        }
        Ok(())
    }

    /// Attribute, key and text of what is to change. The key has the name of the attribute.
    fn attributes(self) -> Vec<(components::AttributeId, &'static str, String)> {
        let texts = [
            ("name", self.name),
            ("description", self.description),
            ("website_link", self.website_link),
        ];
        let given = texts.into_iter();
        given
            .filter_map(|(key, text)| Some((ids::core(key), key, text?)))
            .collect()
    }
}
