//! Operations on one attribute of any kind.

use axum::{Json, http::StatusCode};
use components::AttributeTarget;
use node::Caller;
use serde_json::Value;

use super::{
    ValueMap,
    reference::{AttributeRef, AttributeSet, EntryRef, EntrySet, Form, Removal},
};
use crate::rest::{ApiError, App};

/// The answer to a write.
pub(super) type Stored<T> = Result<(StatusCode, Json<T>), ApiError>;

/// The value; null if there is a row without one.
pub(super) async fn read(
    app: &App,
    caller: Caller,
    target: AttributeTarget,
    reference: AttributeRef,
) -> Result<Json<Option<ValueMap>>, ApiError> {
    let id = reference.id()?;
    Ok(Json(app.node.attribute(caller, target, &id).await?))
}

/// Replaces the value.
pub(super) async fn write(
    app: &App,
    caller: Caller,
    target: AttributeTarget,
    set: AttributeSet,
) -> Stored<Option<ValueMap>> {
    let (id, value) = set.parts()?;
    let stored = app.node.set_attribute(caller, target, &id, value).await;
    let stored = stored.map_err(|error| Form::Body.refusal(error))?;
    Ok((StatusCode::ACCEPTED, Json(stored)))
}

/// Removes the attribute; none is fine.
pub(super) async fn remove(
    app: &App,
    caller: Caller,
    target: AttributeTarget,
    removal: Removal,
) -> Result<Json<()>, ApiError> {
    let removed = app.node.remove_attribute(caller, target, &removal.id).await;
    removed.map_err(|error| removal.form.refusal(error))?;
    Ok(Json(()))
}

/// The value under one key.
pub(super) async fn read_entry(
    app: &App,
    caller: Caller,
    target: AttributeTarget,
    reference: EntryRef,
) -> Result<Json<ValueMap>, ApiError> {
    let (id, key) = reference.id()?;
    let value = app.node.sub_attribute(caller, target, &id, &key).await?;
    Ok(entry(key, value))
}

/// Sets one key; the answer is that key alone.
pub(super) async fn write_entry(
    app: &App,
    caller: Caller,
    target: AttributeTarget,
    set: EntrySet,
) -> Stored<ValueMap> {
    let key = set.key();
    let (status, Json(stored)) = write_entry_of_whole(app, caller, target, set).await?;
    let value = stored.and_then(|mut value| value.swap_remove(&key));
    Ok((status, entry(key, value.unwrap_or_default())))
}

/// Sets one key; the answer is the whole value.
pub(super) async fn write_entry_of_whole(
    app: &App,
    caller: Caller,
    target: AttributeTarget,
    set: EntrySet,
) -> Stored<Option<ValueMap>> {
    let (id, key, value) = set.parts()?;
    let stored = app
        .node
        .set_sub_attribute(caller, target, &id, key, value)
        .await;
    let stored = stored.map_err(|error| Form::Body.refusal(error))?;
    Ok((StatusCode::ACCEPTED, Json(stored)))
}

/// Removes one key; none is fine.
pub(super) async fn remove_entry(
    app: &App,
    caller: Caller,
    target: AttributeTarget,
    removal: Removal,
) -> Result<Json<()>, ApiError> {
    let key = removal.key()?;
    let removed = app
        .node
        .remove_sub_attribute(caller, target, &removal.id, key)
        .await;
    removed.map_err(|error| removal.form.refusal(error))?;
    Ok(Json(()))
}

fn entry(key: String, value: Value) -> Json<ValueMap> {
    Json(ValueMap::from_iter([(key, value)]))
}
