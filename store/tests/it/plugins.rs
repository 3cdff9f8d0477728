//! Plugins and their attribute types (docs/spec/model.md §5.7).

use components::{AttributeId, JsonMap, Umid};
use serde_json::{Value, json};
use store::{AttributeTypeRow, PluginUpdate};

use crate::fixture::{Fixture, on_both};

on_both!(a_plugin_is_stored_with_what_it_declares);

fn map(value: Value) -> JsonMap {
    value.as_object().cloned().unwrap()
}

async fn a_plugin_is_stored_with_what_it_declares(fixture: Fixture) {
    let id = Umid::now_v7();
    let declared = |name: &str, options: Option<Value>| AttributeTypeRow {
        id: AttributeId {
            plugin: id,
            name: name.to_owned(),
        },
        description: format!("What is {name}"),
        options: options.map(map),
    };
    let types = vec![
        declared("plain", None),
        declared("told", Some(json!({"posbus_auto": {"scope": ["object"]}}))),
    ];
    let mut update = PluginUpdate {
        id,
        meta: map(json!({"name": "Clock"})),
        attribute_types: types.clone(),
    };
    let first = fixture.store.save_plugin(&update).await.unwrap();
    assert_eq!((first.id, &first.meta), (id, &update.meta));

    update.meta = map(json!({"name": "Clock", "version": "2"}));
    update.attribute_types = vec![declared("plain", Some(json!({"a": 1})))];
    let second = fixture.store.save_plugin(&update).await.unwrap();
    assert_eq!(second.meta, update.meta);
    assert_eq!(second.created_at, first.created_at);
    assert!(second.updated_at > first.updated_at);

    let directory = fixture.store.load_directory().await.unwrap();
    assert!(directory.plugins.contains(&second));
    let mut stored = directory.attribute_types;
    stored.retain(|row| row.id.plugin == id);
    stored.sort_by(|a, b| a.id.cmp(&b.id));
    assert_eq!(
        stored,
        [update.attribute_types[0].clone(), types[1].clone()]
    );

    update.attribute_types.clear();
    fixture.store.save_plugin(&update).await.unwrap();
}
