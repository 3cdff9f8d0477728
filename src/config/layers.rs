//! Sources of values: file, environment, command line. Each value remembers its source, for
//! complaints.

use std::{env, fs, io::ErrorKind, path::Path};

use anyhow::{Context, bail};
use figment::{
    Error, Figment, Metadata, Profile, Provider,
    value::{Dict, Map, Value},
};

use super::Settings;

/// The file that is read when none is named.
const DEFAULT_FILE: &str = "odyssey.toml";
const PREFIX: &str = "ODYSSEY_";
/// Names the file, hence no value in it.
const CONFIG_FILE: &str = "ODYSSEY_CONFIG";
/// Tables that a bare value means a key of: `limits = "off"` is what the command line says, too.
const SHORT: [(&str, &str); 2] = [("limits", "enabled"), ("quic", "listen")];
/// Separator of the names of a table and of a key in it.
const NESTED: &str = "__";

/// All values with their sources, later layers winning.
pub(super) fn merged(settings: &Settings, defaults: Dict) -> anyhow::Result<Figment> {
    let mut figment = Figment::from(Layer::new("default", defaults));
    if let Some(layer) = file(settings.config.as_deref())? {
        figment = figment.merge(layer);
    }
    for layer in environment()? {
        figment = figment.merge(layer);
    }
    for layer in command_line(settings) {
        figment = figment.merge(layer);
    }
    Ok(figment)
}

/// Values from one source.
struct Layer {
    source: String,
    values: Dict,
}

impl Layer {
    fn new(source: impl Into<String>, values: Dict) -> Self {
        Self {
            source: source.into(),
            values,
        }
    }

    /// One text, below the given names.
    fn text(source: impl Into<String>, path: &[&str], text: &str) -> Self {
        let nested = path.iter().rev().fold(Value::from(text), |value, name| {
            Value::from(Dict::from([((*name).to_owned(), value)]))
        });
        Self::new(source, nested.into_dict().unwrap_or_default())
    }
}

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.source.clone())
    }

    fn data(&self) -> Result<Map<Profile, Dict>, Error> {
        Ok(Profile::Default.collect(self.values.clone()))
    }
}

fn file(named: Option<&Path>) -> anyhow::Result<Option<Layer>> {
    let path = named.unwrap_or(Path::new(DEFAULT_FILE));
    let source = format!("file {}", path.display());
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound && named.is_none() => return Ok(None),
        Err(error) => return Err(error).with_context(|| format!("config: {source}")),
    };
    let mut table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
        let before = error.span().and_then(|span| text.get(..span.start));
        let line = before.map_or(1, |before| before.matches('\n').count() + 1);
        anyhow::anyhow!("config: {source}, line {line}: {}", error.message())
    })?;
    for (name, key) in SHORT {
        if let Some(value) = table.get_mut(name)
            && !value.is_table()
        {
            *value = toml::Table::from_iter([(key.to_owned(), value.clone())]).into();
        }
    }
    let values = Value::serialize(table)
        .ok()
        .and_then(Value::into_dict)
        .with_context(|| format!("config: {source} is no table"))?;
    Ok(Some(Layer::new(source, values)))
}

fn environment() -> anyhow::Result<Vec<Layer>> {
    let mut layers = Vec::new();
    for (name, value) in env::vars_os() {
        let Some(name) = name.to_str().filter(|name| *name != CONFIG_FILE) else {
            continue;
        };
        let Some(key) = name.strip_prefix(PREFIX) else {
            continue;
        };
        let source = format!("environment variable {name}");
        let Some(value) = value.to_str() else {
            bail!("{source} is not UTF-8");
        };
        let mut path: Vec<String> = key.split(NESTED).map(str::to_lowercase).collect();
        if let Some((_, key)) = SHORT.iter().find(|(name, _)| path == [*name]) {
            path.push((*key).to_owned());
        }
        // The keys below it are upper-case and not ours.
        if path.first().is_some_and(|table| table == "ui_client")
            && let (Some(last), Some((_, exact))) = (path.get_mut(1), key.split_once(NESTED))
        {
            *last = exact.to_owned();
            path.truncate(2);
        }
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        layers.push(Layer::text(source, &path, value));
    }
    Ok(layers)
}

fn command_line(settings: &Settings) -> impl Iterator<Item = Layer> {
    [
        ("--bind", &["bind"] as &[_], &settings.bind),
        ("--data", &["data"], &settings.data),
        ("--database-url", &["database_url"], &settings.database_url),
        ("--tick-rate", &["tick_rate"], &settings.tick_rate),
        ("--limits", &["limits", "enabled"], &settings.limits),
        ("--quic", &["quic", "listen"], &settings.quic),
    ]
    .into_iter()
    .filter_map(|(option, path, value)| {
        let value = value.as_deref()?;
        Some(Layer::text(format!("option {option}"), path, value))
    })
}
