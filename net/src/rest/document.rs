//! Parts of the OpenAPI document that all endpoints share: names and groups, what stands in paths,
//! the body of an empty success, the failures that any of them can answer with, and the one body of
//! all failures (docs/spec/rest.md §2).

use utoipa::openapi::{
    ContentBuilder, ObjectBuilder, OpenApi, RefOr, Response,
    path::{Operation, ParameterIn, PathItem},
    schema::Type,
    tag::TagBuilder,
};

use super::{BASE, reasons};

/// The groups of endpoints, in the order in which a client meets them.
const TAGS: [(&str, &str); 19] = [
    (
        "system",
        "The node itself: versions, probes, the configuration of clients",
    ),
    (
        "auth",
        "Getting a session token: as a guest, or by proving a wallet",
    ),
    ("users", "Accounts and what people tell about themselves"),
    (
        "stakes",
        "What is staked, held and owned, as the chains say",
    ),
    (
        "docks",
        "Docks between the worlds of two people who both want them",
    ),
    ("worlds", "Worlds: finding, showing and naming them"),
    ("objects", "What stands in worlds"),
    (
        "attributes",
        "Values that plugins keep on the node, on objects, on users, and on users in objects",
    ),
    ("members", "Who is admin of what"),
    (
        "activities",
        "What happened: the news of all worlds and the timeline of each",
    ),
    ("canvas", "Contributions to canvases"),
    (
        "assets",
        "What objects look like and what windows they open",
    ),
    ("media", "Files behind hashes and assets"),
    (
        "plugins",
        "Namespaces of attributes, perhaps with a part for the browser",
    ),
    ("node", "What admins of the node decide"),
    ("nft", "Worlds as tokens, for explorers of chains"),
    (
        "voice and chat",
        "Tokens for voice, screen sharing and text chat",
    ),
    ("pictures", "Skies and pictures made by providers"),
    ("webhooks", "What providers report"),
];

/// Meaning of the values in paths, where their endpoint says no more of them.
const PATH_VALUES: [(&str, &str); 15] = [
    (
        "objectID",
        "An object; a world and the node are objects, too",
    ),
    ("worldID", "A world"),
    ("userID", "A user"),
    ("targetID", "The user it is about"),
    ("activityID", "An activity"),
    ("pluginID", "A plugin"),
    ("attrName", "The name of an attribute of that plugin"),
    ("asset2dID", "A 2D asset"),
    (
        "asset3dID",
        "A 3D asset: the MD5 of its file, read as an id",
    ),
    (
        "nftID",
        "The id of a token in decimal digits: that of its world as a number of 128 bits",
    ),
    ("file", "A media hash: letters and digits"),
    ("skyboxID", "The number of a generated sky"),
    ("generationID", "The id of a generation"),
    (
        "secret",
        "The secret that the provider was given with the job",
    ),
    ("rsize", "A size: `s0` to `s9`"),
];

/// Adds to every operation the failures that come from what stands around the handlers.
pub(super) fn complete(mut document: OpenApi) -> OpenApi {
    let mut shared = reasons::Shared::new();
    for (path, item) in &mut document.paths.paths {
        let limited = path.starts_with(BASE);
        if limited && let Some(get) = &mut item.get {
            let known = Response::new("Nothing has changed since the `ETag` in `If-None-Match`");
            let responses = &mut get.responses.responses;
            responses.insert("304".to_owned(), RefOr::T(known));
        }
        for (method, operation) in operations(item) {
            operation.operation_id = Some(operation_id(method, path));
            // The line breaks are those of the source.
            operation.summary = operation.summary.take().map(|text| text.replace('\n', " "));
            describe_path(operation);
            describe_json(operation);
            reasons::describe(operation, limited, &mut shared);
        }
    }
    let components = document.components.get_or_insert_default();
    components.responses.extend(shared);
    let tags = TAGS.map(|(name, description)| {
        let tag = TagBuilder::new().name(name);
        tag.description(Some(description)).build()
    });
    document.tags = Some(tags.to_vec());
    document
}

/// Names of operations become names of functions in generated clients; those of the handlers are
/// not unique.
fn operation_id(method: &str, path: &str) -> String {
    let path = path.strip_prefix(BASE).unwrap_or(path);
    let mut id = method.to_owned();
    let words = path.split(|letter: char| !letter.is_ascii_alphanumeric());
    for word in words.filter(|word| !word.is_empty()) {
        id.push('_');
        id.push_str(word);
    }
    id
}

fn describe_path(operation: &mut Operation) {
    for parameter in operation.parameters.iter_mut().flatten() {
        let RefOr::T(parameter) = parameter else {
            continue;
        };
        let known = PATH_VALUES.iter().find(|(name, _)| *name == parameter.name);
        if let Some((_, description)) = known
            && matches!(parameter.parameter_in, ParameterIn::Path)
            && parameter.description.is_none()
        {
            parameter.description = Some((*description).to_owned());
        }
    }
}

/// A bare value is JSON, too, where it would be taken for text; an empty success is literally
/// `null` (docs/spec/rest.md §1).
fn describe_json(operation: &mut Operation) {
    const JSON: &str = "application/json";
    for (status, response) in &mut operation.responses.responses {
        let RefOr::T(response) = response else {
            continue;
        };
        if let Some(value) = response.content.shift_remove("text/plain") {
            response.content.insert(JSON.to_owned(), value);
        }
        if matches!(status.as_str(), "200" | "202") && response.content.is_empty() {
            let null = ObjectBuilder::new().schema_type(Type::Null).build();
            let content = ContentBuilder::new().schema(Some(null)).build();
            response.content.insert(JSON.to_owned(), RefOr::T(content));
        }
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    let PathItem {
        get,
        post,
        patch,
        delete,
        ..
    } = item;
    let named = [
        ("get", get),
        ("post", post),
        ("patch", patch),
        ("delete", delete),
    ];
    named
        .into_iter()
        .filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use components::Reason;
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

    /// Responses of an operation by status, those that operations share included.
    fn responses(operation: &Value) -> Vec<(String, Value)> {
        let document = serde_json::to_value(openapi()).expect("serialises");
        let responses = operation["responses"].as_object().expect("responses");
        let resolve = |response: &Value| match response["$ref"].as_str() {
            Some(reference) => document
                .pointer(reference.trim_start_matches('#'))
                .unwrap_or_else(|| panic!("{reference}"))
                .clone(),
            None => response.clone(),
        };
        responses
            .iter()
            .map(|(status, response)| (status.clone(), resolve(response)))
            .collect()
    }

    #[test]
    fn every_failure_has_the_one_body_and_names_its_reasons() {
        for (name, operation) in operations() {
            for (status, response) in responses(&operation) {
                if status.starts_with(['4', '5']) {
                    let parts = &response["content"]["application/json"]["schema"]["allOf"];
                    assert_eq!(
                        parts[0],
                        json!({"$ref": "#/components/schemas/ErrorBody"}),
                        "{name} {status}"
                    );
                    let codes = &parts[1]["properties"]["error"]["properties"]["reason"]["enum"];
                    for code in codes.as_array().expect("reasons") {
                        let mut reasons = Reason::ALL.iter();
                        let known = reasons.any(|reason| {
                            reason.status().to_string() == status && *code == reason.code()
                        });
                        assert!(known, "{name} {status}: {code}");
                    }
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

    #[test]
    fn every_endpoint_has_a_name_a_group_and_a_summary_and_says_what_it_answers() {
        let document = serde_json::to_value(openapi()).expect("serialises");
        let tags = document["tags"].as_array().cloned().unwrap_or_default();
        let mut ids = HashSet::new();
        for (name, operation) in operations() {
            let id = operation["operationId"].as_str().expect("an id").to_owned();
            assert!(ids.insert(id), "{name}: its id is another's, too");
            let tag = &operation["tags"][0];
            assert!(
                tags.iter().any(|known| known["name"] == *tag),
                "{name}: {tag}"
            );
            assert!(operation["summary"].is_string(), "{name}");
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                let described = parameter["in"] != "path" || parameter["description"].is_string();
                assert!(described, "{name}: {parameter}");
            }
            for (status, response) in responses(&operation) {
                let bare = !status.starts_with('2') || status == "204";
                assert!(bare || response["content"].is_object(), "{name} {status}");
            }
        }
    }

    /// Clients refuse null where a key may be absent, and count on keys that may be null
    /// (docs/spec/rest.md §1).
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
