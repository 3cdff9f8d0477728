//! Reasons for which operations refuse requests, as the OpenAPI document lists them.
//!
//! A handler names its own with [`reasons!`]; those of its surroundings (token, path, body, limits)
//! are added here. Both become the responses of the operation.

use std::collections::BTreeMap;

use components::Reason;
use utoipa::openapi::{
    ContentBuilder, ObjectBuilder, Ref, RefOr, Response, ResponseBuilder,
    path::{Operation, ParameterIn},
    schema::{AllOfBuilder, Type},
};

use super::extract;

/// Extension under which an operation keeps the reasons of its handler until [`describe`] runs.
const EXTENSION: &str = "x-reasons";

/// Lists the reasons of a handler for `extensions(("x-reasons" = json!(reasons![…])))`. A reason
/// may be followed by a colon and a text that says when it applies.
macro_rules! reasons {
    ($($reason:ident $(: $when:literal)?),* $(,)?) => {
        [$((
            components::Reason::$reason.status(),
            components::Reason::$reason.code(),
            concat!($($when)?),
        )),*]
    };
}
pub(super) use reasons;

/// A reason and when it applies; an empty text where the reason says it all.
type Listed = (Reason, String);

/// Responses that operations share, by name.
pub(super) type Shared = BTreeMap<String, RefOr<Response>>;

/// Turns the reasons of an operation into its responses. `limited` operations are subject to rate
/// limits and to the deadline of answers. A response with nothing of its own goes to `shared`.
pub(super) fn describe(operation: &mut Operation, limited: bool, shared: &mut Shared) {
    let mut by_status = BTreeMap::<u16, Vec<Listed>>::new();
    for (reason, when) in surrounding(operation, limited)
        .into_iter()
        .chain(declared(operation))
    {
        let listed = by_status.entry(reason.status()).or_default();
        match listed.iter_mut().find(|(known, _)| *known == reason) {
            Some(known) => known.1 = when,
            None => listed.push((reason, when)),
        }
    }
    for (status, listed) in by_status {
        let response = RefOr::T(response(&listed));
        let response = match listed.as_slice() {
            [(reason, when)] if when == usual(*reason) => {
                let name = format!("{reason:?}");
                shared.entry(name.clone()).or_insert(response);
                RefOr::Ref(Ref::from_response_name(name))
            }
            _ => response,
        };
        let responses = &mut operation.responses.responses;
        responses.insert(status.to_string(), response);
    }
}

/// Takes the reasons of the handler out of the extensions.
fn declared(operation: &mut Operation) -> Vec<Listed> {
    let Some(extensions) = &mut operation.extensions else {
        return Vec::new();
    };
    let listed = extensions.remove(EXTENSION).unwrap_or_default();
    if extensions.is_empty() {
        operation.extensions = None;
    }
    let listed: Vec<(u16, String, String)> = serde_json::from_value(listed).unwrap_or_default();
    let listed = listed.into_iter().filter_map(|(status, code, when)| {
        let mut all = Reason::ALL.iter().copied();
        let reason = all.find(|reason| (reason.status(), reason.code()) == (status, &code));
        Some((reason?, when))
    });
    listed.collect()
}

/// Reasons that come from what stands around the handlers.
fn surrounding(operation: &Operation, limited: bool) -> Vec<Listed> {
    let mut reasons = Vec::new();
    for parameter in operation.parameters.iter().flatten() {
        if let RefOr::T(parameter) = parameter
            && matches!(parameter.parameter_in, ParameterIn::Path)
        {
            reasons.extend(extract::malformed_id(&parameter.name));
            reasons.push(Reason::InvalidRequestPath);
        }
    }
    if operation.security.is_some() {
        reasons.push(Reason::FailedToVerifyAccessToken);
    }
    if operation.request_body.is_some() {
        reasons.extend([Reason::InvalidRequestBody, Reason::RequestTooLarge]);
    }
    if limited {
        reasons.extend([
            Reason::TooManyRequests,
            Reason::InternalError,
            Reason::Unavailable,
        ]);
    }
    let reasons = reasons.into_iter();
    reasons
        .map(|reason| (reason, usual(reason).to_owned()))
        .collect()
}

/// When a reason applies to an operation that says nothing about it.
fn usual(reason: Reason) -> &'static str {
    match reason {
        Reason::TooManyRequests => "`Retry-After` says how long to wait, in seconds",
        _ => "",
    }
}

/// The response of one status, whose schema is the body of all failures with these reasons only.
fn response(listed: &[Listed]) -> Response {
    let codes = listed.iter().map(|(reason, _)| reason.code());
    let reason = ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(codes));
    let error = ObjectBuilder::new().property("reason", reason);
    let body = ObjectBuilder::new().property("error", error);
    let schema = AllOfBuilder::new()
        .item(Ref::from_schema_name("ErrorBody"))
        .item(body);
    let content = ContentBuilder::new().schema(Some(schema)).build();
    ResponseBuilder::new()
        .description(sentence(listed))
        .content("application/json", content)
        .build()
}

/// All reasons of a status in one line, for people.
fn sentence(listed: &[Listed]) -> String {
    let mut text = String::new();
    let mut after_text = false;
    for (reason, when) in listed {
        if !text.is_empty() {
            let with_text = after_text || !when.is_empty();
            text.push_str(if with_text { "; " } else { ", " });
        }
        text.push_str(&format!("`{reason}`"));
        if !when.is_empty() {
            text.push_str(&format!(": {when}"));
        }
        after_text = !when.is_empty();
    }
    text
}
