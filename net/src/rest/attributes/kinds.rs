//! The routes of each kind of owner: node, object, user in an object, user, and user about a user.

use axum::{Json, extract::State};
use components::AttributeTarget;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    ValueMap,
    one::{self, Stored},
    reference::{AttributeRef, AttributeSet, EntryRef, EntrySet, Removal, RemovalRef},
};
use crate::rest::{ApiError, App, Authenticated, Body, PathIds, Query, reasons};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(
            node::read_node_attribute,
            node::write_node_attribute,
            node::remove_node_attribute
        ))
        .routes(routes!(
            object::read_object_attribute,
            object::write_object_attribute,
            object::remove_object_attribute
        ))
        .routes(routes!(
            object_entry::read_object_attribute_key,
            object_entry::write_object_attribute_key,
            object_entry::remove_object_attribute_key
        ))
        .routes(routes!(
            object_user::read_object_user_attribute,
            object_user::write_object_user_attribute,
            object_user::remove_object_user_attribute
        ))
        .routes(routes!(
            object_user_entry::read_object_user_attribute_key,
            object_user_entry::write_object_user_attribute_key,
            object_user_entry::remove_object_user_attribute_key
        ))
        .routes(routes!(
            user::read_user_attribute,
            user::write_user_attribute,
            user::remove_user_attribute
        ))
        .routes(routes!(
            user_entry::read_user_attribute_key,
            user_entry::write_user_attribute_key,
            user_entry::remove_user_attribute_key
        ))
        .routes(routes!(write_user_user_attribute_key))
        .routes(routes!(read_my_attribute))
}

/// Declares the routes of whole attributes below one path: read, write and remove. The owner comes
/// from the ids in the path; `$absent` lists the reasons for ids of nothing.
macro_rules! whole {
    ($module:ident: $read:ident, $write:ident, $remove:ident at $path:tt ($($parameter:tt),*)
     [$($absent:ident),*] |$ids:ident: $count:tt| $target:expr) => {
        mod $module {
            use super::*;

            /// The value of an attribute; null if it has none.
            #[utoipa::path(
                get, path = $path, tag = "attributes", security(("bearer" = [])),
                params($($parameter,)* AttributeRef),
                responses((status = 200, body = Option<Object>, description = "The value")),
                extensions(("x-reasons" = json!(reasons![
                    InvalidRequestQuery, InvalidPluginAttribute, OperationNotPermitted, $($absent,)*
                    AttributeNotFound,
                ]))),
            )]
            pub(super) async fn $read(
                State(app): State<App>,
                Authenticated(caller): Authenticated,
                PathIds($ids): PathIds<$count>,
                Query(reference): Query<AttributeRef>,
            ) -> Result<Json<Option<ValueMap>>, ApiError> {
                one::read(&app, caller, $target, reference).await
            }

            /// Replaces the value of an attribute, and makes the attribute if need be.
            #[utoipa::path(
                post, path = $path, tag = "attributes", security(("bearer" = [])),
                params($($parameter,)*), request_body = AttributeSet,
                responses((status = 202, body = Option<Object>, description = "The value stored")),
                extensions(("x-reasons" = json!(reasons![
                    InvalidPluginId, InvalidAttribute, OperationNotPermitted, $($absent,)*
                    UserNotFound,
                ]))),
            )]
            pub(super) async fn $write(
                State(app): State<App>,
                Authenticated(caller): Authenticated,
                PathIds($ids): PathIds<$count>,
                Body(set): Body<AttributeSet>,
            ) -> Stored<Option<ValueMap>> {
                one::write(&app, caller, $target, set).await
            }

            /// Removes an attribute; one that is not there is fine.
            ///
            /// It is named in the query or in a JSON body.
            #[utoipa::path(
                delete, path = $path, tag = "attributes", security(("bearer" = [])),
                params($($parameter,)* RemovalRef), request_body = Option<RemovalRef>,
                responses((status = 200, description = "null")),
                extensions(("x-reasons" = json!(reasons![
                    InvalidRequestQuery, InvalidPluginAttribute, InvalidPluginId, InvalidAttribute,
                    OperationNotPermitted, $($absent,)* UserNotFound,
                ]))),
            )]
            pub(super) async fn $remove(
                State(app): State<App>,
                Authenticated(caller): Authenticated,
                PathIds($ids): PathIds<$count>,
                removal: Removal,
            ) -> Result<Json<()>, ApiError> {
                one::remove(&app, caller, $target, removal).await
            }
        }
    };
}

/// As `whole`, for one key of an attribute.
macro_rules! entry {
    ($module:ident: $read:ident, $write:ident, $remove:ident at $path:tt ($($parameter:tt),*)
     [$($absent:ident),*] |$ids:ident: $count:tt| $target:expr) => {
        mod $module {
            use super::*;

            /// The value under one key of an attribute. A dot is part of the key.
            #[utoipa::path(
                get, path = $path, tag = "attributes", security(("bearer" = [])),
                params($($parameter,)* EntryRef),
                responses((status = 200, body = Object, description = "The key with its value")),
                extensions(("x-reasons" = json!(reasons![
                    InvalidRequestQuery, InvalidPluginAttribute, OperationNotPermitted, $($absent,)*
                    AttributeValueNotFound, AttributeValueNil,
                ]))),
            )]
            pub(super) async fn $read(
                State(app): State<App>,
                Authenticated(caller): Authenticated,
                PathIds($ids): PathIds<$count>,
                Query(reference): Query<EntryRef>,
            ) -> Result<Json<ValueMap>, ApiError> {
                one::read_entry(&app, caller, $target, reference).await
            }

            /// Sets one key of an attribute and leaves the others alone.
            #[utoipa::path(
                post, path = $path, tag = "attributes", security(("bearer" = [])),
                params($($parameter,)*), request_body = EntrySet,
                responses((status = 202, body = Object, description = "The key with its value")),
                extensions(("x-reasons" = json!(reasons![
                    InvalidPluginId, InvalidAttribute, OperationNotPermitted, $($absent,)*
                    UserNotFound,
                ]))),
            )]
            pub(super) async fn $write(
                State(app): State<App>,
                Authenticated(caller): Authenticated,
                PathIds($ids): PathIds<$count>,
                Body(set): Body<EntrySet>,
            ) -> Stored<ValueMap> {
                one::write_entry(&app, caller, $target, set).await
            }

            /// Removes one key of an attribute; one that is not there is fine.
            ///
            /// It is named in the query or in a JSON body.
            #[utoipa::path(
                delete, path = $path, tag = "attributes", security(("bearer" = [])),
                params($($parameter,)* RemovalRef), request_body = Option<RemovalRef>,
                responses((status = 200, description = "null")),
                extensions(("x-reasons" = json!(reasons![
                    InvalidRequestQuery, InvalidPluginAttribute, InvalidPluginId, InvalidAttribute,
                    OperationNotPermitted, $($absent,)* UserNotFound,
                ]))),
            )]
            pub(super) async fn $remove(
                State(app): State<App>,
                Authenticated(caller): Authenticated,
                PathIds($ids): PathIds<$count>,
                removal: Removal,
            ) -> Result<Json<()>, ApiError> {
                one::remove_entry(&app, caller, $target, removal).await
            }
        }
    };
}

whole!(node: read_node_attribute, write_node_attribute, remove_node_attribute
    at "/node/attributes" ()
    [] |_ids: 0| AttributeTarget::Node);

whole!(object: read_object_attribute, write_object_attribute, remove_object_attribute
    at "/objects/{objectID}/attributes" (("objectID" = Uuid, Path))
    [ObjectNotFound]
    |ids: 1| AttributeTarget::Object(ids[0]));

entry!(object_entry: read_object_attribute_key, write_object_attribute_key,
    remove_object_attribute_key
    at "/objects/{objectID}/attributes/sub" (("objectID" = Uuid, Path))
    [ObjectNotFound]
    |ids: 1| AttributeTarget::Object(ids[0]));

whole!(object_user: read_object_user_attribute, write_object_user_attribute,
    remove_object_user_attribute
    at "/objects/{objectID}/{userID}/attributes"
    (("objectID" = Uuid, Path), ("userID" = Uuid, Path))
    [ObjectNotFound]
    |ids: 2| AttributeTarget::ObjectUser { object: ids[0], user: ids[1] });

entry!(object_user_entry: read_object_user_attribute_key, write_object_user_attribute_key,
    remove_object_user_attribute_key
    at "/objects/{objectID}/{userID}/attributes/sub"
    (("objectID" = Uuid, Path), ("userID" = Uuid, Path))
    [ObjectNotFound]
    |ids: 2| AttributeTarget::ObjectUser { object: ids[0], user: ids[1] });

whole!(user: read_user_attribute, write_user_attribute, remove_user_attribute
    at "/users/{userID}/attributes" (("userID" = Uuid, Path))
    []
    |ids: 1| AttributeTarget::User(ids[0]));

entry!(user_entry: read_user_attribute_key, write_user_attribute_key, remove_user_attribute_key
    at "/users/{userID}/attributes/sub" (("userID" = Uuid, Path))
    []
    |ids: 1| AttributeTarget::User(ids[0]));

/// Sets one key of what a user keeps about another user.
#[utoipa::path(
    post, path = "/users/attributes/sub/{userID}/{targetID}", tag = "attributes",
    security(("bearer" = [])), params(("userID" = Uuid, Path), ("targetID" = Uuid, Path)),
    request_body = EntrySet,
    responses((status = 202, body = Option<Object>, description = "The whole value")),
    extensions(("x-reasons" = json!(reasons![
        InvalidPluginId, InvalidAttribute, OperationNotPermitted, UserNotFound,
    ]))),
)]
async fn write_user_user_attribute_key(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    PathIds(ids): PathIds<2>,
    Body(set): Body<EntrySet>,
) -> Stored<Option<ValueMap>> {
    let [source, target] = ids;
    let target = AttributeTarget::UserUser { source, target };
    one::write_entry_of_whole(&app, caller, target, set).await
}

/// The value of an attribute of the caller's.
#[utoipa::path(
    get, path = "/users/me/attributes", tag = "attributes", security(("bearer" = [])),
    params(AttributeRef),
    responses((status = 200, body = Option<Object>, description = "The value")),
    extensions(("x-reasons" = json!(reasons![
        InvalidRequestQuery, InvalidPluginAttribute, OperationNotPermitted, AttributeNotFound,
    ]))),
)]
async fn read_my_attribute(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Query(reference): Query<AttributeRef>,
) -> Result<Json<Option<ValueMap>>, ApiError> {
    one::read(&app, caller, AttributeTarget::User(caller.user), reference).await
}
