//! The OpenAPI document, to which every refusal that a test sees is held.

use std::sync::LazyLock;

use serde_json::Value;

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../../docs/openapi.json")).expect("JSON")
});

/// Checks that the document lists the reason of a refusal for the operation that refused.
///
/// # Panics
/// If it does not.
pub(crate) fn check_refusal(method: &str, path: &str, status: u16, body: &[u8]) {
    let Some(operation) = operation(method, path) else {
        return;
    };
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let reason = &body["error"]["reason"];
    let listed = reasons(operation, status);
    assert!(
        listed.contains(reason),
        "{method} {path}: the document does not list {status} {reason} but {listed:?}"
    );
}

/// The operation of a request, if there is one.
fn operation(method: &str, path: &str) -> Option<&'static Value> {
    let paths = DOCUMENT["paths"].as_object().expect("paths");
    let matching = paths.iter().filter(|(template, _)| matches(template, path));
    // Literal segments win over parameters.
    let (_, item) = matching.min_by_key(|(template, _)| template.matches('{').count())?;
    item.get(method.to_ascii_lowercase())
}

fn matches(template: &str, path: &str) -> bool {
    let (mut template, mut path) = (template.split('/'), path.split('/'));
    loop {
        match (template.next(), path.next()) {
            (None, None) => return true,
            (Some(expected), Some(found)) => {
                let is_parameter = expected.starts_with('{') && !found.is_empty();
                if !is_parameter && expected != found {
                    return false;
                }
            }
            _ => return false,
        }
    }
}

/// Codes that the document lists for a status of an operation.
fn reasons(operation: &Value, status: u16) -> Vec<Value> {
    let mut response = &operation["responses"][status.to_string()];
    if let Some(reference) = response["$ref"].as_str() {
        let pointer = reference.trim_start_matches('#');
        response = DOCUMENT.pointer(pointer).expect("what is referred to");
    }
    let schema = &response["content"]["application/json"]["schema"]["allOf"][1];
    let reason = &schema["properties"]["error"]["properties"]["reason"];
    reason["enum"].as_array().cloned().unwrap_or_default()
}
