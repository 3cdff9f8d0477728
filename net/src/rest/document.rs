//! What the OpenAPI document says of all endpoints alike: the failures that any of them can answer with, and the one
//! body of all failures (spec rest §1.2, §1.3).

use utoipa::openapi::{
    ContentBuilder, OpenApi, Ref, RefOr, Response,
    path::{Operation, PathItem},
};

use super::BASE;

/// Adds to every operation the failures that come from what stands around the handlers.
pub(super) fn complete(mut document: OpenApi) -> OpenApi {
    for (path, item) in &mut document.paths.paths {
        let limited = path.starts_with(BASE);
        if limited && let Some(get) = &mut item.get {
            let known = Response::new("Nothing has changed since the `ETag` in `If-None-Match`");
            let responses = &mut get.responses.responses;
            responses.insert("304".to_owned(), RefOr::T(known));
        }
        for operation in operations(item) {
            describe_failures(operation, limited);
        }
    }
    document
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem {
        get,
        post,
        patch,
        delete,
        ..
    } = item;
    [get, post, patch, delete].into_iter().flatten()
}

fn describe_failures(operation: &mut Operation, limited: bool) {
    let responses = &mut operation.responses.responses;
    let mut common = Vec::new();
    if operation.security.is_some() {
        common.push(("401", "`failed_to_verify_access_token`"));
    }
    if operation.request_body.is_some() {
        common.push(("400", "`invalid_request_body`"));
        common.push(("413", "`request_too_large`"));
    }
    if limited {
        common.push(("429", "`too_many_requests`, with `Retry-After` in seconds"));
        common.push(("500", "`internal_error`"));
        common.push(("503", "`unavailable`"));
    }
    for (status, description) in common {
        responses
            .entry(status.to_owned())
            .or_insert_with(|| RefOr::T(Response::new(description)));
    }
    for (status, response) in responses {
        if let RefOr::T(response) = response
            && status.starts_with(['4', '5'])
        {
            response
                .content
                .entry("application/json".to_owned())
                .or_insert_with(|| {
                    let body = Ref::from_schema_name("ErrorBody");
                    RefOr::T(ContentBuilder::new().schema(Some(body)).build())
                });
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::rest::openapi;

    fn operations() -> Vec<(String, Value)> {
        let document = serde_json::to_value(openapi()).expect("serialises");
        let paths = document["paths"].as_object().expect("paths").clone();
        paths
            .into_iter()
            .flat_map(|(path, item)| {
                let operations = item.as_object().cloned().unwrap_or_default();
                operations
                    .into_iter()
                    .map(move |(method, operation)| (format!("{method} {path}"), operation))
            })
            .collect()
    }

    #[test]
    fn every_failure_has_the_one_body() {
        for (name, operation) in operations() {
            let responses = operation["responses"].as_object().expect("responses");
            for (status, response) in responses {
                if status.starts_with(['4', '5']) {
                    assert_eq!(
                        response["content"]["application/json"]["schema"],
                        json!({"$ref": "#/components/schemas/ErrorBody"}),
                        "{name} {status}"
                    );
                }
            }
        }
    }

    #[test]
    fn every_endpoint_names_the_failures_around_it() {
        for (name, operation) in operations() {
            let says = |status: &str| operation["responses"].get(status).is_some();
            if operation.get("security").is_some() {
                assert!(says("401"), "{name}");
            }
            if operation.get("requestBody").is_some() {
                assert!(says("400") && says("413"), "{name}");
            }
            if name.contains("/api/v4/") {
                assert!(says("429") && says("500") && says("503"), "{name}");
            }
        }
    }

    /// Clients refuse null where a key may be absent, and count on keys that may be null (spec rest §2.0).
    #[test]
    fn absent_keys_are_told_from_null_ones() {
        let document = serde_json::to_value(openapi()).expect("serialises");
        let schema = |name: &str| document["components"]["schemas"][name].clone();
        for (name, key) in [
            ("User", "wallet"),
            ("User", "token"),
            ("Profile", "avatarHash"),
        ] {
            assert_eq!(
                schema(name)["properties"][key]["type"],
                "string",
                "{name} {key}"
            );
        }
        for (name, key) in [("WorldRow", "owner_name"), ("WorldStaker", "avatarHash")] {
            let schema = schema(name);
            let required = schema["required"].as_array().cloned().unwrap_or_default();
            assert!(required.contains(&json!(key)), "{name} {key}");
            assert_eq!(schema["properties"][key]["type"], json!(["string", "null"]));
        }
    }
}
