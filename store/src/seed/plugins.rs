//! Plugins (docs/spec/model.md §6.1).

use components::{Umid, ids};
use sea_orm::JsonValue;
use serde_json::json;
use uuid::uuid;

use super::Time;
use crate::entity::plugin::Model;

pub(super) const CANVAS: Umid = uuid!("c782385b-f518-4078-9988-24f356a37c72");
pub(super) const IMAGE: Umid = uuid!("ff40fbf0-8c22-437d-b27a-0258f99130fe");
pub(super) const TEXT: Umid = uuid!("fc9f2eb7-590a-4a1a-ac75-cd3bfeef28b2");
pub(super) const VIDEO: Umid = uuid!("308fdacc-8c2d-40dc-bd5f-d1549e3e03ba");
pub(super) const GOOGLE_DRIVE: Umid = uuid!("c3f89640-e0f0-4536-ae0d-8fc8a75ec0cd");
pub(super) const MIRO: Umid = uuid!("24071066-e8c6-4692-95b5-ae2dc3ed075c");
const EVENT_CALENDAR: Umid = uuid!("2b92edbc-5ef5-4028-89a6-d510f8583887");
pub(super) const HIGH_FIVE: Umid = uuid!("3253d616-215f-47a9-ba9d-93185eb3e6b5");
pub(super) const HACKATHON: Umid = uuid!("220578c8-5fec-42c8-ade1-14d970e714bd");
pub(super) const SDK: Umid = uuid!("3023d874-c186-45bf-a7a8-60e2f57b8877");

pub(super) const VIDEO_ASSET: Umid = uuid!("bda25d5d-2aab-45b4-9e8a-23579514cec1");
pub(super) const DRIVE_ASSET: Umid = uuid!("c601404b-61a2-47d5-a5c7-f3c704a8bf58");
pub(super) const MIRO_ASSET: Umid = uuid!("a31722a6-26b7-46bc-97f9-435c380c3ca9");

pub(super) fn rows(base_url: &str, time: Time) -> Vec<Model> {
    let row = |plugin_id, meta, options| Model {
        plugin_id,
        meta,
        options,
        created_at: time,
        updated_at: time,
    };
    // All but one have JSON null, which readers take for nothing just as they do SQL NULL.
    let named = |id, name: &str| row(id, json!({ "name": name }), Some(JsonValue::Null));
    let bundled = |id, name: &str, asset: Umid, bundle: Bundle| {
        let mut meta = json!({ "name": name, "assets2d": [asset] });
        bundle.add_to(&mut meta, base_url);
        row(id, meta, Some(JsonValue::Null))
    };
    vec![
        named(ids::CORE_PLUGIN, "Core"),
        named(ids::WALLET_PLUGIN, "Kusama"),
        row(CANVAS, json!({ "name": "Canvas creator" }), None),
        named(IMAGE, "Image"),
        named(TEXT, "Text"),
        bundled(VIDEO, "Video", VIDEO_ASSET, Bundle::VIDEO),
        bundled(
            GOOGLE_DRIVE,
            "Google Drive",
            DRIVE_ASSET,
            Bundle::GOOGLE_DRIVE,
        ),
        bundled(MIRO, "Miro", MIRO_ASSET, Bundle::MIRO),
        row(
            EVENT_CALENDAR,
            json!({ "name": "Event Calendar", "description": "Events of worlds and their start" }),
            Some(JsonValue::Null),
        ),
        named(HIGH_FIVE, "High five"),
        named(HACKATHON, "Odyssey hackaton"),
        named(SDK, "SDK"),
    ]
}

/// A front-end bundle: its module-federation scope and its folder below the base URL.
#[derive(Clone, Copy)]
pub(super) struct Bundle {
    scope: &'static str,
    folder: &'static str,
}

impl Bundle {
    pub(super) const VIDEO: Bundle = Bundle {
        scope: "plugin_video",
        folder: "video",
    };
    pub(super) const GOOGLE_DRIVE: Bundle = Bundle {
        scope: "plugin_google_drive",
        folder: "google-drive",
    };
    pub(super) const MIRO: Bundle = Bundle {
        scope: "plugin_miro",
        folder: "miro",
    };

    /// Adds `scopeName` and `scriptUrl` to a meta object.
    pub(super) fn add_to(self, meta: &mut JsonValue, base_url: &str) {
        if let Some(meta) = meta.as_object_mut() {
            let url = format!(
                "{}/plugins/{}/remoteEntry.js",
                base_url.trim_end_matches('/'),
                self.folder
            );
            meta.insert("scopeName".to_owned(), self.scope.into());
            meta.insert("scriptUrl".to_owned(), url.into());
        }
    }
}
