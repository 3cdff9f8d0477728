//! Plugins: namespaces of attributes, perhaps with a front-end bundle (docs/spec/model.md §5.7).

use std::{collections::BTreeMap, sync::Arc};

use components::{AttributeId, JsonMap, Reason, Umid, ids, merge};
use media::{Kind, bundle::MANIFEST};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::{AttributeTypeRow, PluginRow, PluginUpdate};
use systems::Effect;
use tokio::time::timeout;
use uuid::uuid;

use crate::{Caller, Node, NodeError, Result, attributes::PATIENCE};

/// Plugins of a node at most, so that lists of all of them stay short; a node has a dozen from the
/// start.
pub const MAX_PLUGINS: usize = 1000;
/// Largest manifest in bytes; those that exist have less than two thousand.
const MAX_MANIFEST: u64 = 256 * 1024;
/// Most attribute types of one manifest. Their names are searched at every attribute request.
const MAX_ATTRIBUTE_TYPES: usize = 64;
/// Most kinds of places where a plugin shows, and most places of one kind.
const MAX_SCOPES: usize = 32;
/// Longest name of a plugin or attribute type in characters. The database takes 255 for the latter.
const MAX_NAME: usize = 128;
/// Longest other text in characters.
const MAX_TEXT: usize = 4096;
/// The roles that permissions may name (docs/spec/model.md §5.5).
const ROLES: [&str; 5] = ["any", "user", "admin", "user_owner", "target_user"];

/// The description of itself that a bundle brings along. Unknown keys are left out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Manifest {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    display_name: Option<String>,
    description: String,
    version: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    author: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    repository: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    homepage: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    license: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", rename = "type")]
    kind: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", rename = "attribute_types")]
    attribute_types: Option<Vec<Declared>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scopes: Option<BTreeMap<String, Vec<String>>>,
}

/// An attribute type in a manifest.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Declared {
    name: String,
    description: String,
    /// `object`: everybody in the object's world hears of changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    sync: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    permissions: Option<Permissions>,
}

/// Readers and writers: role names joined by `+`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Permissions {
    read: String,
    write: String,
}

/// A bundle that ships with the program, and the plugin that it is the front end of.
const VIDEO: (Umid, &str) = (
    uuid!("308fdacc-8c2d-40dc-bd5f-d1549e3e03ba"),
    "plugin_video",
);

impl Node {
    /// The plugins that clients can use: those without a bundle and those whose bundle is there.
    pub fn plugins(&self) -> Vec<PluginRow> {
        let plugins = self.directory().plugins();
        let usable = |plugin: &&PluginRow| {
            let script = plugin.meta.get("scriptUrl");
            plugin.meta.contains_key("hash") || !script.is_some_and(is_absent)
        };
        plugins.iter().filter(usable).cloned().collect()
    }

    /// Scope and address of the bundle that is active for a plugin.
    pub(super) fn bundle_of(&self, plugin: Umid) -> Option<(String, String)> {
        let plugins = self.directory().plugins();
        let plugin = plugins.iter().find(|known| known.id == plugin)?;
        let text = |key: &str| plugin.meta.get(key).and_then(Value::as_str);
        let url = format!(
            "{}/api/v4/media/render/plugin/{}/remoteEntry.js",
            self.options.base_url.trim_end_matches('/'),
            text("hash")?
        );
        Some((text("scopeName")?.to_owned(), url))
    }

    /// Makes a bundle that ships with the program the front end of its plugin, unless an admin has
    /// chosen another one.
    pub(crate) async fn activate_shipped(&self, hash: &str) -> Result<()> {
        let (id, scope) = VIDEO;
        let manifest = self.manifest(hash).await?;
        debug_assert_eq!(manifest.name, scope, "the seed knows it by this name");
        let lock = self.directory().write_lock(Umid::nil());
        let _held = timeout(PATIENCE, lock.lock())
            .await
            .map_err(|_| NodeError::Unavailable)?;
        let plugins = self.directory().plugins();
        let Some(plugin) = plugins.iter().find(|plugin| plugin.id == id) else {
            return Ok(());
        };
        if let Some(present) = plugin.meta.get("hash").and_then(Value::as_str) {
            let shipped = self.store().media(present).await?;
            if present == hash || !shipped.is_some_and(|row| row.blob.pinned) {
                return Ok(());
            }
        }
        let mut meta = plugin.meta.clone();
        meta.extend(manifest.meta(hash)?);
        self.set_plugin(id, meta, Vec::new()).await
    }

    /// Stores a plugin and tells the worlds. The caller has the node's write lock.
    async fn set_plugin(
        &self,
        id: Umid,
        meta: JsonMap,
        attribute_types: Vec<AttributeTypeRow>,
    ) -> Result<()> {
        let update = PluginUpdate {
            id,
            meta,
            attribute_types,
        };
        let plugin = self.store().save_plugin(&update).await?;
        let catalogue = self.directory().set_plugin(plugin, update.attribute_types);
        self.worlds()
            .announce(vec![Effect::Catalogue(Arc::clone(&catalogue))])
            .await;
        Ok(())
    }

    /// Makes an uploaded bundle a plugin of the node, or a newer version of the plugin that has its
    /// name.
    ///
    /// # Errors
    /// `NotAdmin` for those who are not admin of the node, `InvalidRequestBody` for what is no
    /// hash and for manifests that make no sense, `PluginNotFound` if there is no such bundle,
    /// `PluginIsBuiltIn`, `TooManyPlugins`.
    pub async fn activate_plugin(&self, caller: Caller, hash: &str) -> Result<()> {
        self.require_admin(caller, self.id())?;
        let plain = |byte: u8| byte.is_ascii_alphanumeric();
        if hash.is_empty() || !hash.bytes().all(plain) {
            let sentence = "plugin_hash is the hash of an uploaded bundle";
            return Err(NodeError::invalid(Reason::InvalidRequestBody, sentence));
        }
        let hash = &hash.to_ascii_lowercase();
        let manifest = self.manifest(hash).await?;
        manifest.check().map_err(refused)?;

        let lock = self.directory().write_lock(Umid::nil());
        let _held = timeout(PATIENCE, lock.lock())
            .await
            .map_err(|_| NodeError::Unavailable)?;
        self.require_admin(caller, self.id())?;
        let id = self.place_of(&manifest.name)?;
        let types = self.attribute_types(id, &manifest);
        self.set_plugin(id, manifest.meta(hash)?, types).await?;
        tracing::info!(plugin = %id, name = manifest.name, hash, "plugin activated");
        Ok(())
    }

    /// The manifest of a stored bundle.
    async fn manifest(&self, hash: &str) -> Result<Manifest> {
        let listing = self.listing(hash).await?;
        let digest = listing.find(MANIFEST).ok_or(Reason::PluginNotFound)?;
        let absent = Reason::PluginNotFound;
        let name = digest.to_string();
        let file = self.media_file(&name, Some(Kind::Plugin), absent).await?;
        if file.size() > MAX_MANIFEST {
            return Err(refused("it is too large"));
        }
        let bytes = self.media_bytes(&file).await?.bytes;
        serde_json::from_slice(&bytes).map_err(|error| refused(&error.to_string()))
    }

    /// The plugin that a manifest is about: the one with its name, else a new one.
    fn place_of(&self, name: &str) -> Result<Umid> {
        let plugins = self.directory().plugins();
        // Names differ by more than their case, so that none is taken for another.
        let same = |plugin: &&PluginRow| {
            name_of(plugin).is_some_and(|known| known.eq_ignore_ascii_case(name))
        };
        let known = plugins.iter().find(same);
        match known {
            // They keep what everybody depends on: names, roles, wallets.
            Some(plugin) if matches!(plugin.id, ids::CORE_PLUGIN | ids::WALLET_PLUGIN) => {
                Err(Reason::PluginIsBuiltIn.into())
            }
            Some(plugin) => Ok(plugin.id),
            None if plugins.len() >= MAX_PLUGINS => Err(Reason::TooManyPlugins.into()),
            None => Ok(Umid::now_v7()),
        }
    }

    /// Declarations of the manifest, laid over earlier ones: an option it does not speak
    /// of stays as it is.
    fn attribute_types(&self, plugin: Umid, manifest: &Manifest) -> Vec<AttributeTypeRow> {
        let catalogue = self.directory().catalogue();
        let declared = manifest.attribute_types.iter().flatten();
        declared
            .map(|declared| {
                let id = AttributeId {
                    plugin,
                    name: declared.name.clone(),
                };
                let present = catalogue.attribute_types.get(&id).cloned().flatten();
                AttributeTypeRow {
                    options: declared.options(present),
                    description: declared.description.clone(),
                    id,
                }
            })
            .collect()
    }
}

/// Whether a script is one that the seed of the platform names and that nobody serves.
pub(super) fn is_absent(script: &Value) -> bool {
    const ABSENT: [&str; 3] = ["video", "google-drive", "miro"];
    let is_at =
        |folder: &&str, url: &str| url.ends_with(&format!("/plugins/{folder}/remoteEntry.js"));
    let url = script.as_str().unwrap_or_default();
    ABSENT.iter().any(|folder| is_at(folder, url))
}

/// The name a plugin goes by.
fn name_of(plugin: &PluginRow) -> Option<&str> {
    plugin.meta.get("name").and_then(Value::as_str)
}

impl Manifest {
    fn check(&self) -> std::result::Result<(), &'static str> {
        check_name(&self.name)?;
        let texts = [
            Some(&self.description),
            Some(&self.version),
            self.display_name.as_ref(),
            self.author.as_ref(),
            self.repository.as_ref(),
            self.homepage.as_ref(),
            self.license.as_ref(),
            self.kind.as_ref(),
        ];
        for text in texts.into_iter().flatten() {
            check_text(text)?;
        }
        let types = self.attribute_types.as_deref().unwrap_or_default();
        if types.len() > MAX_ATTRIBUTE_TYPES {
            return Err("there are too many attribute types");
        }
        for (place, declared) in types.iter().enumerate() {
            declared.check()?;
            if types
                .iter()
                .take(place)
                .any(|other| other.name == declared.name)
            {
                return Err("two attribute types have the same name");
            }
        }
        let scopes = self.scopes.iter().flatten();
        if self
            .scopes
            .as_ref()
            .is_some_and(|scopes| scopes.len() > MAX_SCOPES)
        {
            return Err("there are too many scopes");
        }
        for (kind, places) in scopes {
            check_name(kind)?;
            if places.len() > MAX_SCOPES {
                return Err("a scope has too many places");
            }
            places.iter().try_for_each(|place| check_name(place))?;
        }
        Ok(())
    }

    /// As clients read it: they load the bundle by `scriptUrl` and find the plugin in it by
    /// `scopeName`.
    fn meta(&self, hash: &str) -> Result<JsonMap> {
        let meta = serde_json::to_value(self).map_err(|error| NodeError::Internal(error.into()))?;
        let added = json!({"hash": hash, "scopeName": self.name, "scriptUrl": hash});
        match merge(&added, &meta) {
            Value::Object(meta) => Ok(meta),
            _ => Ok(JsonMap::new()),
        }
    }
}

impl Declared {
    fn check(&self) -> std::result::Result<(), &'static str> {
        check_name(&self.name)?;
        check_text(&self.description)?;
        if self.sync.as_deref().is_some_and(|sync| sync != "object") {
            return Err("an attribute type can be in sync with its object only");
        }
        let known = |roles: &str| roles.split('+').all(|role| ROLES.contains(&role.trim()));
        let permissions = self.permissions.iter();
        if permissions
            .flat_map(|of| [&of.read, &of.write])
            .all(|roles| known(roles))
        {
            Ok(())
        } else {
            Err("permissions name an unknown role")
        }
    }

    fn options(&self, present: Option<JsonMap>) -> Option<JsonMap> {
        let mut options = JsonMap::new();
        if self.sync.is_some() {
            let told = json!({"scope": ["object"], "send_to": 1});
            options.insert("posbus_auto".to_owned(), told);
        }
        if let Some(Permissions { read, write }) = &self.permissions {
            let permissions = json!({"read": read, "write": write});
            options.insert("permissions".to_owned(), permissions);
        }
        if options.is_empty() {
            return present;
        }
        let present = present.map_or(Value::Null, Value::Object);
        match merge(&Value::Object(options), &present) {
            Value::Object(options) => Some(options),
            _ => None,
        }
    }
}

fn check_name(name: &str) -> std::result::Result<(), &'static str> {
    if name.is_empty() || name.chars().count() > MAX_NAME || name.chars().any(char::is_control) {
        return Err("a name is one line of at most 128 characters");
    }
    Ok(())
}

fn check_text(text: &str) -> std::result::Result<(), &'static str> {
    if text.chars().count() > MAX_TEXT || text.contains('\0') {
        return Err("a text is too long or has the character NUL");
    }
    Ok(())
}

fn refused(problem: &str) -> NodeError {
    NodeError::invalid(
        Reason::InvalidRequestBody,
        format!("the manifest of the plugin: {problem}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(value: Value) -> Manifest {
        serde_json::from_value(value).expect("parses")
    }

    #[test]
    fn manifests_are_checked() {
        let types = |types: Value| json!({"name": "Clock", "attribute_types": types});
        for good in [
            json!({"name": "Clock"}),
            json!({"name": "Clock", "version": "1", "scopes": {"ui": ["creatorTab"]}, "new": [1]}),
            types(
                json!([{"name": "a", "sync": "object", "permissions": {"read": "any", "write": "admin+user"}}]),
            ),
        ] {
            assert_eq!(manifest(good.clone()).check(), Ok(()), "{good}");
        }
        for bad in [
            json!({}),
            json!({"name": "two\nlines"}),
            json!({"name": "x".repeat(MAX_NAME + 1)}),
            json!({"name": "Clock", "description": "a\u{0}"}),
            json!({"name": "Clock", "scopes": {"": []}}),
            types(json!([{"description": "no name"}])),
            types(json!([{"name": "a"}, {"name": "a"}])),
            types(json!([{"name": "a", "sync": "everybody"}])),
            types(json!([{"name": "a", "permissions": {"read": "any", "write": "root"}}])),
            types(json!(
                (0..=MAX_ATTRIBUTE_TYPES)
                    .map(|n| json!({"name": n.to_string()}))
                    .collect::<Vec<_>>()
            )),
        ] {
            assert!(manifest(bad.clone()).check().is_err(), "{bad}");
        }
    }

    #[test]
    fn options_not_in_a_manifest_stay() {
        let declared =
            |value: Value| -> Declared { serde_json::from_value(value).expect("parses") };
        let map = |value: Value| value.as_object().cloned();
        let present =
            json!({"render_auto": {"slot_type": "texture"}, "posbus_auto": {"scope": ["world"]}});
        let plain = declared(json!({"name": "a"}));
        assert_eq!(plain.options(map(present.clone())), map(present.clone()));
        assert_eq!(plain.options(None), None);
        let told = declared(json!({"name": "a", "sync": "object"}));
        let expected = json!({"render_auto": {"slot_type": "texture"},
                              "posbus_auto": {"scope": ["object"], "send_to": 1}});
        assert_eq!(told.options(map(present)), map(expected));
        let only = json!({"posbus_auto": {"scope": ["object"], "send_to": 1}});
        assert_eq!(told.options(None), map(only));
    }
}
