//! Pictures of texts that attributes of objects ask for (`render_auto` with content `text`).
//!
//! The write of the attribute does not wait: the picture is made afterwards, and its name is put
//! into the value under `auto_render_hash`, which fills the slot and tells everybody in the world.

use std::sync::Arc;

use components::{AttributeId, AttributeTarget, ContentType, Umid};
use media::{Frame, Kind, Urgency};
use serde_json::Value;
use systems::{AttributeChange, Effect};
use tokio::sync::mpsc;

use crate::{Node, Result};

/// Attributes whose pictures may wait to be made; a change that finds no room goes without.
const WAITING: usize = 1024;
/// Key of the name of the picture.
const HASH: &str = "auto_render_hash";

/// An attribute of an object whose value has changed.
pub(crate) type Changed = (Umid, AttributeId);

/// Changes on their way to the task that makes pictures.
pub(crate) fn channel() -> (mpsc::Sender<Changed>, mpsc::Receiver<Changed>) {
    mpsc::channel(WAITING)
}

impl Node {
    /// Has a picture made of an attribute, if its type asks for one.
    pub(crate) fn render_later(&self, object: Umid, id: &AttributeId) {
        if self.template_of(id).is_some() && self.renders.try_send((object, id.clone())).is_err() {
            tracing::warn!(%object, name = id.name, "too many pictures of texts are waiting");
        }
    }

    /// Makes pictures of texts until the node stops.
    pub(crate) async fn render_texts(self: Arc<Self>, mut changed: mpsc::Receiver<Changed>) {
        while let Some((object, id)) = changed.recv().await {
            if let Err(error) = self.render_text(object, &id).await {
                tracing::debug!(%error, %object, name = id.name, "no picture was made of a text");
            }
        }
    }

    /// The template of an attribute type, and the key of its text.
    fn template_of(&self, id: &AttributeId) -> Option<(Value, String)> {
        let catalogue = self.directory().catalogue();
        let render = catalogue.attribute_options(id, None).render_auto?;
        if render.content_type != ContentType::Text {
            return None;
        }
        let options = catalogue.attribute_types.get(id)?.as_ref()?;
        let template = options.get("render_auto")?.get("text_render_template")?;
        Some((template.clone(), render.value_field))
    }

    async fn render_text(&self, object: Umid, id: &AttributeId) -> Result<()> {
        let Some((template, field)) = self.template_of(id) else {
            return Ok(());
        };
        let target = AttributeTarget::Object(object);
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let present = self.store().attribute(target, id).await?;
        let value = present.and_then(|record| record.value).unwrap_or_default();
        let Some(string) = value
            .get(&field)
            .and_then(text)
            .filter(|text| !text.is_empty())
        else {
            return Ok(());
        };
        let frame = Frame::of_template(&template, &string)?;
        let [recipe, name] = frame.names();
        if value.get(HASH).and_then(text).as_ref() == Some(&name) {
            return Ok(());
        }
        if self.find_media(&name).await?.is_none() {
            let spool = self.media.spool.clone();
            let draw = move || spool.keep(&frame.draw()?);
            let drawn = self.media.pool.run(Urgency::Later, draw).await?;
            self.store_media(drawn, Kind::Image, None, vec![name.clone(), recipe])
                .await?;
        }
        let change = async {
            let present = self.store().attribute(target, id).await?;
            let options = present.as_ref().and_then(|record| record.options.clone());
            let mut value = present.and_then(|record| record.value).unwrap_or_default();
            // Another change has come meanwhile, whose picture comes next.
            if value.get(&field).and_then(text) != Some(string) {
                return Ok(((), Vec::new()));
            }
            value.insert(HASH.to_owned(), name.into());
            self.store().set_attribute(target, id, &value).await?;
            let change = AttributeChange {
                attribute: id.clone(),
                value: Some(value),
                options,
                removed: false,
            };
            Ok(((), vec![Effect::ObjectAttribute { object, change }]))
        };
        self.change_object(object, change).await
    }
}
