//! Attribute types with their default options (docs/spec/model.md §6.2).

use components::{Umid, ids};
use sea_orm::JsonValue;
use serde_json::json;

use super::{object_literal, plugins};
use crate::entity::attribute_type::Model;

pub(super) fn rows() -> Vec<Model> {
    let core = ids::CORE_PLUGIN;
    let mut rows = Vec::new();
    let mut add = |plugin: Umid, name: &str, options: Option<JsonValue>| {
        rows.push(Model {
            plugin_id: plugin,
            attribute_name: name.to_owned(),
            description: String::new(),
            options,
        });
    };

    // Objects and worlds.
    add(
        core,
        "name",
        Some(with_template(
            render("texture", Some("name"), "text", Some("name")),
            name_template(),
        )),
    );
    add(
        core,
        "description",
        Some(json!({ "render_type": "texture" })),
    );
    add(
        core,
        "world_avatar",
        Some(render("texture", None, "image", None)),
    );
    add(core, "website_link", None);
    add(core, "world_meta", None);
    add(core, "world_settings", None);
    add(
        core,
        "active_skybox",
        Some(render("texture", Some("skybox_custom"), "image", None)),
    );
    add(core, "skybox_list", None);
    let owners = permissions("admin+user_owner", "admin+user_owner");
    add(core, "skybox_ai", Some(both(owners, publish(&["user"]))));
    let string = || render("string", None, "string", None);
    add(
        core,
        "object_color",
        Some(both(string(), json!({ "cloneable": {} }))),
    );
    let transparent = json!({ "cloneable": { "use_default": { "value": "transparent" } } });
    add(core, "object_effect", Some(both(string(), transparent)));
    let wrap = render("texture", Some("object_texture"), "image", None);
    add(
        core,
        "texture",
        Some(both(wrap, json!({ "cloneable": {} }))),
    );
    let claimed = render(
        "texture",
        Some("object_texture"),
        "image",
        Some("image_hash"),
    );
    add(core, "user_customisable_data", Some(claimed));
    let audio = render("audio", Some("spatial"), "audio", Some(""));
    add(
        core,
        "spatial_audio",
        Some(both(publish(&["world"]), audio)),
    );
    add(core, "soundtrack", Some(publish(&["object"])));
    add(core, "shaders", Some(publish(&["world"])));
    add(core, "events", None);
    add(core, "vote", Some(publish(&["user", "object"])));
    add(core, "comments", Some(publish(&["user", "object"])));
    add(core, "timeline_last_seen", None);
    add(core, "last_known_position", None);
    add(core, "VoiceChatUser", Some(publish(&["object"])));
    add(core, "VoiceChatAction", Some(publish(&["object"])));
    add(core, "screenshare", Some(publish(&["object"])));
    add(core, "emojis", None);
    add(core, "emoji", None);
    add(core, "magic_links", None);
    add(core, "staking", None);
    add(core, "high_five", None);

    // Written by clients, but missing in the reference's seed.
    add(core, "teleport", None);
    add(
        core,
        "dock_face",
        Some(render("texture", Some("object_texture"), "image", None)),
    );
    add(core, "spawn_point", None);

    // The node.
    add(core, "node_settings", None);
    add(core, "world_template", None);
    add(core, "jwt_key", Some(sealed()));
    add(core, "tracker_ai_usage", None);
    for secret in ["blockadelabs", "leonardo", "open_ai", "hosting_allow_list"] {
        add(core, secret, Some(permissions("admin", "admin")));
    }
    add(core, "node_private_key", Some(sealed()));
    add(core, "node_public_key", Some(permissions("any", "admin")));
    add(core, "frontend_plugins", Some(permissions("any", "admin")));
    add(
        ids::WALLET_PLUGIN,
        "wallet",
        Some(permissions("admin+user_owner", "admin")),
    );
    add(ids::WALLET_PLUGIN, "challenge_store", Some(sealed()));

    // Plugins.
    add(
        plugins::IMAGE,
        "state",
        Some(render("texture", Some("object_image"), "image", None)),
    );
    let text = render("object_texture", Some("description"), "text", Some("value"));
    add(
        plugins::TEXT,
        "state",
        Some(with_template(text, text_template())),
    );
    add(
        plugins::VIDEO,
        "state",
        Some(render(
            "texture",
            Some("object_texture"),
            "video",
            Some("value"),
        )),
    );
    for plugin in [plugins::GOOGLE_DRIVE, plugins::MIRO] {
        add(plugin, "state", Some(publish(&["object"])));
        add(plugin, "config", None);
    }
    add(
        plugins::CANVAS,
        "canvas",
        Some(permissions("admin", "admin")),
    );
    let contribution = render(
        "texture",
        Some("object_texture"),
        "image",
        Some("image_hash"),
    );
    add(
        plugins::CANVAS,
        "canvas_contribution",
        Some(both(permissions("any", "admin"), contribution)),
    );
    add(plugins::HIGH_FIVE, "count", None);
    add(plugins::SDK, "bot", Some(json!({})));
    add(plugins::SDK, "bot_world", Some(publish(&["world"])));
    for name in ["solution", "problem"] {
        add(
            plugins::HACKATHON,
            name,
            Some(json!({ "render_type": "texture", "content_type": "text" })),
        );
    }
    add(
        plugins::HACKATHON,
        "video",
        Some(json!({ "render_type": "texture", "content_type": "video" })),
    );
    for name in ["poster", "tile", "third", "meme"] {
        add(
            plugins::HACKATHON,
            name,
            Some(json!({ "render_type": "texture" })),
        );
    }
    rows
}

/// Readers and writers; an empty expression means nobody.
/// Options of what nobody may read or write through the API.
pub(super) fn sealed() -> JsonValue {
    permissions("", "")
}

fn permissions(read: &str, write: &str) -> JsonValue {
    json!({ "permissions": { "read": read, "write": write } })
}

/// Receivers of changes; `topic` and `send_to` are legacy that nobody reads.
fn publish(scope: &[&str]) -> JsonValue {
    json!({ "posbus_auto": { "scope": scope, "topic": "", "send_to": 1 } })
}

/// The render slot that shows the value; absent keys have defaults (docs/spec/model.md §5.4).
fn render(
    slot_type: &str,
    slot_name: Option<&str>,
    content_type: &str,
    value_field: Option<&str>,
) -> JsonValue {
    let mut rule = object_literal(json!({ "slot_type": slot_type, "content_type": content_type }));
    if let Some(name) = slot_name {
        rule.insert("slot_name".to_owned(), name.into());
    }
    if let Some(field) = value_field {
        rule.insert("value_field".to_owned(), field.into());
    }
    json!({ "render_auto": rule })
}

fn with_template(mut options: JsonValue, template: JsonValue) -> JsonValue {
    if let Some(rule) = options
        .get_mut("render_auto")
        .and_then(JsonValue::as_object_mut)
    {
        rule.insert("text_render_template".to_owned(), template);
    }
    options
}

fn both(a: JsonValue, b: JsonValue) -> JsonValue {
    let mut options = object_literal(a);
    options.extend(object_literal(b));
    JsonValue::Object(options)
}

/// The plate that carries an object's name. Its keys are part of its identity.
fn name_template() -> JsonValue {
    json!({
        "x": 0, "y": 0, "width": 1024, "height": 64, "thickness": 0,
        "color": [0, 255, 0, 0], "background": [0, 0, 0, 0],
        "text": {
            "string": "%TEXT%", "fontfile": "", "fontsize": 0, "fontcolor": [220, 220, 200, 255], "wrap": false,
            "padX": 0, "padY": 1, "alignH": "center", "alignV": "center",
        },
    })
}

/// The board that carries the text of a text object.
fn text_template() -> JsonValue {
    json!({
        "x": 0, "y": 0, "width": 1024, "height": 512, "thickness": 4,
        "color": [20, 20, 20], "background": [10, 10, 10],
        "sub": [{
            "x": 4, "y": 4, "width": 1012, "height": 504, "thickness": 1,
            "color": [0, 255, 255], "background": [0, 40, 0],
            "text": {
                "string": "%TEXT%", "fontfile": "IBMPlexSans-SemiBold", "fontsize": 17, "fontcolor": [0, 255, 255],
                "wrap": true, "padX": 4, "padY": 4, "alignH": "left", "alignV": "top",
            },
        }],
    })
}
