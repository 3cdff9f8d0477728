//! Pictures of what attributes of objects say (`render_auto`): texts, and posters of videos.
//!
//! The write of the attribute does not wait: the picture is made afterwards, and its name is put
//! into the value under `auto_render_hash`, which fills the slot and tells everybody in the world.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use components::{AttributeId, AttributeTarget, Catalogue, ContentType, JsonMap, Reason, Umid};
use integrations::VideoId;
use media::{Format, Frame, Kind, MediaError, Pixels, Urgency, poster, poster_name};
use parking_lot::Mutex;
use serde_json::Value;
use systems::{AttributeChange, Effect};
use tokio::sync::{Semaphore, mpsc};

use crate::{Node, NodeError, Result};

/// Attributes whose pictures may wait to be made; a change that finds no room goes without.
const WAITING: usize = 16_384;
/// Key of the name of the picture.
const HASH: &str = "auto_render_hash";
/// Posters that are fetched at one time.
const FETCHES: usize = 4;
/// Time for which a video without a poster is not asked for again.
const RETRY: Duration = Duration::from_secs(600);
/// Videos without a poster that are remembered.
const MAX_FAILURES: usize = 1024;

/// An attribute of an object whose value has changed.
pub(crate) type Changed = (Umid, AttributeId);

/// Changes on their way to the task that makes pictures.
pub(crate) fn channel() -> (Renders, mpsc::Receiver<Changed>) {
    let (sender, receiver) = mpsc::channel(WAITING);
    (Renders(sender), receiver)
}

/// Tells the task that makes pictures of changes.
pub(crate) struct Renders(mpsc::Sender<Changed>);

impl Renders {
    /// Has pictures made of what has changed, where it asks for them.
    pub(crate) fn follow(&self, effects: &[Effect], catalogue: &Catalogue) {
        for effect in effects {
            match effect {
                Effect::ObjectAttribute { object, change } => {
                    self.add(*object, &change.attribute, catalogue);
                }
                Effect::Object(state) => {
                    for attribute in &state.attributes {
                        self.add(state.id, &attribute.id, catalogue);
                    }
                }
                _ => {}
            }
        }
    }

    fn add(&self, object: Umid, id: &AttributeId, catalogue: &Catalogue) {
        if content_of(catalogue, id).is_some() && self.0.try_send((object, id.clone())).is_err() {
            tracing::warn!(%object, name = id.name, "too many pictures of texts are waiting");
        }
    }
}

/// Way to the picture of an attribute.
enum Recipe {
    /// The text is put into this template.
    Text(Value),
    /// The text is the address of a video.
    Poster,
}

/// Videos that had no poster when they were last asked for.
#[derive(Default)]
struct Failures(Mutex<HashMap<VideoId, Instant>>);

impl Failures {
    fn knows(&self, video: &VideoId) -> bool {
        let failures = self.0.lock();
        failures.get(video).is_some_and(|at| at.elapsed() < RETRY)
    }

    fn add(&self, video: VideoId) {
        let mut failures = self.0.lock();
        failures.retain(|_, at| at.elapsed() < RETRY);
        if failures.len() < MAX_FAILURES {
            failures.insert(video, Instant::now());
        }
    }
}

/// Way to the picture of an attribute, and the key of its text.
fn recipe_of(catalogue: &Catalogue, id: &AttributeId) -> Option<(Recipe, String)> {
    let (content, field) = content_of(catalogue, id)?;
    let recipe = match content {
        ContentType::Video => Recipe::Poster,
        _ => {
            let options = catalogue.attribute_types.get(id)?.as_ref()?;
            let template = options.get("render_auto")?.get("text_render_template")?;
            Recipe::Text(template.clone())
        }
    };
    Some((recipe, field))
}

/// Content of an attribute that gets a picture, and the key of its text.
fn content_of(catalogue: &Catalogue, id: &AttributeId) -> Option<(ContentType, String)> {
    let render = catalogue.attribute_options(id, None).render_auto?;
    let pictured = matches!(render.content_type, ContentType::Text | ContentType::Video);
    pictured.then_some((render.content_type, render.value_field))
}

impl Node {
    /// Makes pictures until the node stops.
    pub(crate) async fn render_attributes(self: Arc<Self>, mut changed: mpsc::Receiver<Changed>) {
        let fetches = Arc::new(Semaphore::new(FETCHES));
        let failures = Arc::new(Failures::default());
        while let Some((object, id)) = changed.recv().await {
            let Some((recipe, field)) = recipe_of(&self.directory().catalogue(), &id) else {
                continue;
            };
            let report = move |id: &AttributeId, done: Result<()>| {
                if let Err(error) = done {
                    tracing::warn!(%error, %object, name = id.name, "an attribute has no picture");
                }
            };
            match recipe {
                Recipe::Text(template) => {
                    let done = self.render_text(object, &id, &template, &field).await;
                    report(&id, done);
                }
                // Texts do not wait for somebody else's server.
                Recipe::Poster => {
                    let Ok(fetch) = Arc::clone(&fetches).acquire_owned().await else {
                        return;
                    };
                    let (node, failures) = (Arc::clone(&self), Arc::clone(&failures));
                    tokio::spawn(async move {
                        let _fetch = fetch;
                        let done = node.render_poster(object, &id, &field, &failures).await;
                        report(&id, done);
                    });
                }
            }
        }
    }

    async fn render_text(
        &self,
        object: Umid,
        id: &AttributeId,
        template: &Value,
        field: &str,
    ) -> Result<()> {
        let Some((string, made)) = self.text_of(object, id, field).await? else {
            return Ok(());
        };
        let frame = Frame::of_template(template, &string)?;
        let [recipe, name] = frame.names();
        if made.as_ref() == Some(&name) {
            return Ok(());
        }
        if self.find_media(&name).await?.is_none() {
            let mut files = Vec::new();
            for name in frame.pictures() {
                if let Some(file) = self.picture(&name).await? {
                    files.push((name, file));
                }
            }
            let limits = self.options().media.limits.pictures;
            let draw = move || {
                let decode = |(name, (format, bytes))| {
                    Some((name, Pixels::decode(format, bytes, &limits).ok()?))
                };
                frame.draw(&files.into_iter().filter_map(decode).collect())
            };
            self.keep_picture(draw, vec![name.clone(), recipe]).await?;
        }
        self.set_picture(object, id, (field, &string), name).await
    }

    /// The bytes of a stored picture, if there is one of that name.
    async fn picture(&self, name: &str) -> Result<Option<(Format, Bytes)>> {
        match self
            .media_file(name, Some(Kind::Image), Reason::NotFound)
            .await
        {
            Ok(file) => {
                let bytes = self.media_bytes(&file).await?.bytes;
                Ok(Format::of_mime(&file.row.blob.mime).map(|format| (format, bytes)))
            }
            Err(NodeError::Refused(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn render_poster(
        &self,
        object: Umid,
        id: &AttributeId,
        field: &str,
        failures: &Failures,
    ) -> Result<()> {
        let Some((address, made)) = self.text_of(object, id, field).await? else {
            return Ok(());
        };
        let name = poster_name(&address);
        let Some(video) = VideoId::of_address(&address).filter(|_| made.as_ref() != Some(&name))
        else {
            return Ok(());
        };
        if self.find_media(&name).await?.is_none() {
            if failures.knows(&video) {
                return Ok(());
            }
            let youtube = &self.options().third_parties.youtube;
            let fetched = youtube.picture(&self.third_parties.outbound, &video).await;
            let kept = match fetched {
                Ok(picture) => {
                    let limits = self.options().media.limits.pictures;
                    let draw = move || poster(&picture, &limits);
                    self.keep_picture(draw, vec![name.clone()]).await
                }
                Err(error) => Err(NodeError::from(error)),
            };
            if kept.is_err() {
                failures.add(video);
            }
            kept?;
        }
        self.set_picture(object, id, (field, &address), name).await
    }

    /// The text that a picture is made of, if there is one, and the name of the present picture.
    async fn text_of(
        &self,
        object: Umid,
        id: &AttributeId,
        field: &str,
    ) -> Result<Option<(String, Option<String>)>> {
        let present = self.store().attribute(AttributeTarget::Object(object), id);
        let value = present.await?.and_then(|record| record.value);
        let value = value.unwrap_or_default();
        let made = text_in(&value, HASH);
        Ok(text_in(&value, field)
            .filter(|text| !text.is_empty())
            .map(|text| (text, made)))
    }

    /// Draws a picture on the pool and stores it under names.
    async fn keep_picture<F>(&self, draw: F, names: Vec<String>) -> Result<()>
    where
        F: FnOnce() -> std::result::Result<Vec<u8>, MediaError> + Send + 'static,
    {
        let spool = self.media.spool.clone();
        let drawn = move || spool.keep(&draw()?);
        let drawn = self.media.pool.run(Urgency::Later, drawn).await?;
        self.store_media(drawn, Kind::Image, None, names).await?;
        Ok(())
    }

    /// Puts the name of a picture beside the text that it was made of.
    async fn set_picture(
        &self,
        object: Umid,
        id: &AttributeId,
        (field, text): (&str, &str),
        name: String,
    ) -> Result<()> {
        let target = AttributeTarget::Object(object);
        let change = async {
            let present = self.store().attribute(target, id).await?;
            let options = present.as_ref().and_then(|record| record.options.clone());
            let mut value = present.and_then(|record| record.value).unwrap_or_default();
            // Another change has come meanwhile, whose picture comes next.
            if text_in(&value, field).as_deref() != Some(text) {
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

fn text_in(value: &JsonMap, key: &str) -> Option<String> {
    value.get(key)?.as_str().map(str::to_owned)
}
